"""Fields and forms."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Select

from tests.tui.kit.app import KitApp, screen_text, shown, until
from tests.tui.kit.hostile import HOSTILE
from tui.widgets.fields import (
    ChoiceField,
    Field,
    LongTextField,
    NumberField,
    SecretField,
    TextField,
    TypedSecret,
    YesNoField,
)
from tui.widgets.form import Form

FIELDS = (
    TextField(key="name", label="Name", required=True),
    YesNoField(key="enabled", label="Enabled"),
    ChoiceField(key="api", label="API Type", options=(("One API", "one"), ("XML API", "xml")), required=True),
    SecretField(key="key", label="API Key", stored="••••1f3a", help="From the portal."),
    TextField(key="channel", label="Channel", choices=("SMS", "whatsapp")),
    NumberField(key="rate", label="Retry Rate (mins)", unit="mins", least=0, most=1440, required=True),
    LongTextField(key="notes", label="Notes", lines=3),
)


@asynccontextmanager
async def form_shown(
    fields: Sequence[Field], values: Mapping[str, Any] | None = None, *, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[KitApp, Pilot[Any], Form]]:
    app = KitApp()
    async with shown(app, size) as pilot:
        form = Form(fields, values)
        await app.mount(form)
        app.screen.focus_next()
        await pilot.pause()
        yield app, pilot, form


VALUES = {
    "name": "Clickatell",
    "enabled": True,
    "api": "xml",
    "channel": "SMS",
    "rate": 1,
    "notes": "a\nb",
}


async def test_values_are_those_given_until_something_is_typed() -> None:
    async with form_shown(FIELDS, VALUES) as (app, pilot, form):
        assert form.values() == {**VALUES, "key": None}
        assert form.changed == ()
        await pilot.press("x")
        assert form.value("name") == "Clickatellx"
        assert form.changed == ("Name",)
        await pilot.press("tab", "space", "tab", "tab", *"secret")
        await pilot.press("tab", "down", "tab", "0", "tab", "z")
        assert form.values() == {
            "name": "Clickatellx",
            "enabled": False,
            "api": "xml",
            "key": "secret",
            "channel": "whatsapp",
            "rate": 10,
            "notes": "za\nb",
        }
        assert "secret" not in repr(form.values())
        assert "secret" not in screen_text(app)
        changed = {message.key for message in app.of(Form.Changed)}
        assert changed == {"name", "enabled", "key", "channel", "rate", "notes"}
        form.set_value("name", "Clickatell")
        assert "Name" not in form.changed


async def test_a_choice_is_made() -> None:
    async with form_shown(FIELDS, VALUES) as (app, pilot, form):
        form.focus_field("api")
        await until(pilot, lambda: isinstance(app.focused, Select))
        await pilot.press("enter", "up", "enter")
        await until(pilot, lambda: form.value("api") == "one")
        assert form.changed == ("API Type",)


async def test_help_note_warning_and_error_take_turns() -> None:
    async with form_shown(FIELDS, VALUES) as (app, pilot, form):
        assert "From the portal." in screen_text(app)
        form.set_note("rate", "No retry: Retry Rate is 0", "warning")
        form.set_error("key", "The key [red]was\x1b[31m refused")
        await pilot.pause()
        assert "▲ No retry: Retry Rate is 0" in screen_text(app)
        assert "✗ The key [red]was␛[31m refused" in screen_text(app)
        assert "From the portal." not in screen_text(app)
        form.focus_field("key")
        await until(pilot, lambda: app.focused is form.control_of("key"))
        await pilot.press("k")
        await until(pilot, lambda: form.error("key") is None)
        form.set_note("rate", None)
        await pilot.pause()
        assert "From the portal." in screen_text(app)
        assert "No retry" not in screen_text(app)


async def test_what_cannot_be_read_is_said_and_the_first_gets_the_focus() -> None:
    async with form_shown(FIELDS, {**VALUES, "name": ""}) as (app, pilot, form):
        form.set_value("rate", None)
        assert form.check() == {
            "name": "Name is needed.",
            "rate": "Retry Rate (mins) is needed: a whole number.",
        }
        await until(pilot, lambda: app.focused is form.control_of("name"))
        form.set_value("name", "x")
        for typed, problem in {
            "1.5": "Retry Rate (mins) must be a whole number.",
            "-1": "Retry Rate (mins) must be a whole number.",
            "٣": "Retry Rate (mins) must be a whole number.",
            "1441": "Retry Rate (mins) must be 0 to 1,440.",
        }.items():
            form.control_of("rate").value = typed
            assert form.check() == {"rate": problem}
        form.control_of("rate").value = " 5 "
        assert form.check() == {}
        assert form.value("rate") == 5


async def test_fields_taken_out_keep_what_was_typed() -> None:
    async with form_shown(FIELDS, {**VALUES, "name": ""}) as (_, pilot, form):
        form.show("name", False)
        await pilot.pause()
        assert "name" not in form.values()
        assert form.check() == {}
        form.set_value("name", "kept")
        form.show("name")
        assert form.value("name") == "kept"


async def test_a_secret_is_needed_only_where_none_is_stored() -> None:
    needed = SecretField(key="key", label="API Key", required=True)
    stored = SecretField(key="old", label="Password", required=True, stored="••••1f3a")
    async with form_shown((needed, stored)) as (app, pilot, form):
        assert "••••1f3a" in screen_text(app)
        assert form.check() == {"key": "API Key is needed."}
        await pilot.press("k")
        assert isinstance(form.value("key"), TypedSecret)
        assert form.values() == {"key": "k", "old": None}


async def test_hostile_values_are_shown_safely_and_come_back_untouched() -> None:
    fields = tuple(
        field
        for index in range(len(HOSTILE))
        for field in (
            TextField(key=f"t{index}", label="x"),
            LongTextField(key=f"l{index}", label="x", lines=2),
        )
    )
    values = {f"{kind}{index}": text for index, text in enumerate(HOSTILE.values()) for kind in ("t", "l")}
    async with form_shown(fields, values, size=(160, 120)) as (app, pilot, form):
        await pilot.pause()
        assert not {"\x1b", "\x9b", "\u202e", "\x07"} & set(screen_text(app))
        assert form.values() == values
        assert form.changed == ()


async def test_what_is_pasted_is_made_safe() -> None:
    async with form_shown(FIELDS, {**VALUES, "name": "", "notes": ""}) as (app, pilot, form):
        app.post_message(Paste("evil\x1b]52;c;aGk=\x07 👩‍👩‍👧"))
        await until(pilot, lambda: form.value("name"))
        form.control_of("notes").focus()
        await until(pilot, lambda: app.focused is form.control_of("notes"))
        app.post_message(Paste("one\x1b[31m\r\ntwo"))
        await until(pilot, lambda: form.value("notes"))
        assert form.value("name") == "evil 👩‍👩‍👧"
        assert form.value("notes") == "one\ntwo"


async def test_hostile_labels_choices_and_helps() -> None:
    options = tuple((text, index) for index, text in enumerate(HOSTILE.values()))
    fields = [
        ChoiceField(key=str(index), label=text[:40], help=text[:200], options=options, required=True)
        for index, text in enumerate(HOSTILE.values())
    ]
    values = {str(index): index for index in range(len(HOSTILE))}
    async with form_shown(fields, values, size=(160, 150)) as (app, pilot, form):
        await pilot.press("enter")
        await pilot.pause()
        assert not {"\x1b", "\x9b", "\u202e", "\x07"} & set(screen_text(app))
        assert form.values() == values


async def test_enter_goes_to_the_next_field() -> None:
    async with form_shown(FIELDS, VALUES) as (app, pilot, form):
        assert app.focused is form.control_of("name")
        await pilot.press("enter")
        assert app.focused is form.control_of("enabled")


async def test_a_field_is_found_by_key_or_label() -> None:
    async with form_shown(FIELDS) as (_, _, form):
        assert form.find("name") == "name"
        assert form.find("retry rate (MINS)") == "rate"
        assert form.find("nothing") is None
        assert form.find(None) is None
