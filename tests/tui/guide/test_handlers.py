"""The guide's steps for the communication handler: its two forms, the retry settings, the Status column."""

from datetime import timedelta
from pathlib import Path

import pytest

from demo_data.clickatell.settings import SAMPLE_API_ID, SAMPLE_API_KEY, SAMPLE_PASSWORD, SAMPLE_USER
from demo_data.clickatell.threaded import ThreadedClickatell
from storage.records import Handler as StoredHandler
from tests.handler_values import made
from tests.operations.arrange import make_handler, to
from tests.tui.guide.hands import at_field, choose, paste, type_in, whole_console
from tests.tui.sections.people import rows_are
from tests.tui.support import console, say_yes, screen_text, settle, shown, told
from tui.editors.handler import HandlerEditor
from tui.operations import handler_status, handlers, sending
from tui.operations.desk import Desk


def only(desk: Desk) -> StoredHandler:
    (view,) = handler_status.listing(desk)
    return view.handler


async def new_handler(pilot) -> HandlerEditor:  # type: ignore[no-untyped-def]
    await pilot.press("n")
    editor = await shown(pilot, HandlerEditor)
    await settle(pilot, lambda: editor.form.control_of("name").has_focus)
    return editor


async def test_step_a_handler_of_the_api_type_one_api(desk: Desk) -> None:
    async with console(desk) as pilot:
        editor = await new_handler(pilot)
        assert "Clickatell SMS Sender" in screen_text(pilot)
        await type_in(pilot, "One")
        assert editor.form.value("api_type") == "one"
        assert editor.form.value("channel") == "SMS"
        await at_field(pilot, editor.form, "api_key")
        await paste(pilot, SAMPLE_API_KEY)
        await pilot.press("tab", "down")
        assert editor.form.value("channel") == "whatsapp"
        await type_in(pilot, "<ctrl+u>", "viber", "<ctrl+s>")
        await settle(pilot, lambda: "One is saved" in told(pilot))
        assert SAMPLE_API_KEY not in screen_text(pilot)
    made = only(desk)
    assert (made.name, made.api_type, made.settings["channel"]) == ("One", "one", "viber")
    assert made.secret_hint.startswith("••••") and made.secret_hint[4:] == SAMPLE_API_KEY[-4:]


async def test_step_a_handler_of_the_api_type_xml_api(desk: Desk) -> None:
    async with console(desk) as pilot:
        editor = await new_handler(pilot)
        await type_in(pilot, "Old", "<tab>", "<tab>", "<enter>", "<down>", "<enter>")
        await settle(pilot, lambda: editor.form.value("api_type") == "xml")
        await settle(pilot, lambda: "API URI" in screen_text(pilot))
        await type_in(pilot, "<tab>", "site", "<tab>", "pass", "<tab>", "3456", "<tab>")
        uri = editor.form.control_of("api_uri")
        assert uri.has_focus and editor.form.value("api_uri") == "https://api.clickatell.com/xml/xml"
        await pilot.press("down")
        assert editor.form.value("api_uri") == "http://api.clickatell.com/xml/xml"
        await pilot.press("up", "tab")
        await type_in(pilot, "61400", "<ctrl+s>")
        await settle(pilot, lambda: "Old is saved" in told(pilot))
    made = only(desk)
    assert made.api_type == "xml"
    assert [made.settings[key] for key in ("user_name", "api_id", "sender_id")] == ["site", "3456", "61400"]
    assert made.settings["api_uri"] == "https://api.clickatell.com/xml/xml"


async def test_step_the_retry_settings(desk: Desk) -> None:
    make_handler(desk)
    async with console(desk) as pilot:
        await rows_are(pilot, 1)
        await pilot.press("enter")
        editor = await shown(pilot, HandlerEditor)
        await settle(pilot, lambda: "5 attempts: now, +1, +2, +3, +4 min" in screen_text(pilot))
        await at_field(pilot, editor.form, "retry_rate")
        await type_in(pilot, "<ctrl+u>", "2", "<tab>", "<ctrl+u>", "6")
        await settle(pilot, lambda: "3 attempts: now, +2, +4 min" in screen_text(pilot))
        await type_in(pilot, "<ctrl+u>", "0")
        await settle(pilot, lambda: "▲ No retry" in screen_text(pilot))
        await type_in(pilot, "<ctrl+u>", "6", "<ctrl+s>")
        await settle(pilot, lambda: "Clickatell is saved" in told(pilot))
    assert (only(desk).retry_rate, only(desk).stop_retrying_after) == (
        timedelta(minutes=2), timedelta(minutes=6)
    )  # fmt: skip


async def test_step_edit_a_handler_by_right_click(desk: Desk) -> None:
    make_handler(desk)
    async with console(desk) as pilot:
        section = await rows_are(pilot, 1)
        await pilot.click(section.table, offset=(6, 1), button=3)
        await choose(pilot, "Edit")
        editor = await shown(pilot, HandlerEditor)
        assert editor.form.value("name") == "Clickatell"


@pytest.mark.parametrize("api", ["one", "xml"])
async def test_the_status_column(tmp_path: Path, clickatell: ThreadedClickatell, api: str) -> None:
    """Running with the balance, an error that says what is wrong, Disabled."""
    async with whole_console(tmp_path / "site", (160, 50)) as pilot:
        await rows_are(pilot, 0)
        desk: Desk = pilot.app.desk  # type: ignore[attr-defined]
        key = handlers.add(desk, _form(clickatell, api)).handler.id
        balance = "EUR 100.00" if api == "one" else "500.00 credits"
        await settle(pilot, lambda: "● Running" in screen_text(pilot) and balance in screen_text(pilot))
        clickatell.clickatell.settings.keys_refused = True
        sending.send(desk, sending.Request(key, to("+61400000000"), "hello"))
        pilot.app.nudge()  # type: ignore[attr-defined]
        code = "1 " if api == "one" else "001 "
        await settle(
            pilot, lambda: f"▲ {code}" in screen_text(pilot) and "● Running" not in screen_text(pilot)
        )
        await pilot.press("e")
        await say_yes(pilot)
        await settle(pilot, lambda: "○ Disabled" in screen_text(pilot))
        assert not only(desk).enabled


async def test_the_status_column_without_an_engine(desk: Desk) -> None:
    make_handler(desk)
    async with console(desk) as pilot:
        await settle(pilot, lambda: "○ Stopped" in screen_text(pilot))
        assert "no engine is running" in screen_text(pilot)


def _form(clickatell: ThreadedClickatell, api: str) -> handlers.HandlerForm:
    if api == "one":
        return made(handlers.HandlerForm, name="Gate", secret=SAMPLE_API_KEY, base_url=clickatell.base_url)
    return made(
        handlers.HandlerForm,
        name="Gate", api_type=api, secret=SAMPLE_PASSWORD, user_name=SAMPLE_USER, api_id=SAMPLE_API_ID,
        api_uri=clickatell.api_uri,
    )  # fmt: skip
