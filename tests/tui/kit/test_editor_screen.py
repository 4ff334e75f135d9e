"""The editor: saving off the screen's thread, errors at their fields, and leaving."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.widgets import TabbedContent, TabPane

from tests.tui.kit.app import KitApp, screen_text, shown, until
from tui.dialogs.confirm import Confirm
from tui.dialogs.editor_screen import EditorScreen
from tui.operations.errors import Refused
from tui.widgets.fields import LongTextField, NumberField, TextField
from tui.widgets.form import Form

FIELDS = (
    TextField(key="name", label="Name", required=True),
    NumberField(key="rate", label="Retry Rate (mins)"),
    LongTextField(key="notes", label="Notes", lines=16),
    TextField(key="last", label="Last field"),
)
VALUES = {"name": "Clickatell", "rate": 1, "notes": "", "last": ""}


def saves(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return values


async def opened(
    pilot: Pilot[Any], save: Callable[[Mapping[str, Any]], Any]
) -> tuple[EditorScreen, list[Any]]:
    ended: list[Any] = []
    screen: EditorScreen[Any] = EditorScreen("Handler: [red]A\x1b[31m", FIELDS, VALUES, save=save)
    await pilot.app.push_screen(screen, ended.append)
    await pilot.pause()
    return screen, ended


def heading(app: KitApp) -> str:
    return screen_text(app).splitlines()[0].strip()


async def test_what_was_typed_is_saved_on_another_thread() -> None:
    threads: list[int] = []

    def save(values: Mapping[str, Any]) -> Mapping[str, Any]:
        threads.append(threading.get_ident())
        return values

    app = KitApp()
    async with shown(app) as pilot:
        _, ended = await opened(pilot, save)
        assert heading(app) == "Handler: [red]A␛[31m"
        await pilot.press("x")
        assert heading(app).endswith("· changed")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: ended)
        assert ended == [{**VALUES, "name": "Clickatellx"}]
        assert threads != [threading.get_ident()]


async def test_an_async_save() -> None:
    async def save(values: Mapping[str, Any]) -> str:
        return values["name"]

    app = KitApp()
    async with shown(app) as pilot:
        _, ended = await opened(pilot, save)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: ended)
        assert ended == ["Clickatell"]


@pytest.mark.parametrize("field", ["rate", "Retry Rate (mins)"])
async def test_a_refusal_is_shown_at_its_field_and_nothing_is_lost(field: str) -> None:
    def save(values: Mapping[str, Any]) -> None:
        raise Refused("Retry Rate (mins) is [too] long.", field)

    app = KitApp()
    async with shown(app) as pilot:
        screen, ended = await opened(pilot, save)
        await pilot.press("x", "ctrl+s")
        await until(pilot, lambda: screen.form.error("rate"))
        await until(pilot, lambda: app.focused is screen.form.control_of("rate"))
        assert "✗ Retry Rate (mins) is [too] long." in screen_text(app)
        assert screen.form.value("name") == "Clickatellx"
        assert not ended


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Refused("An engine is \x1b[31mrunning."), "✗ An engine is ␛[31mrunning."),
        (Refused("No such field.", "elsewhere"), "✗ No such field."),
        (OSError("disk full"), "✗ This could not be saved: disk full"),
        (KeyError(), "✗ This could not be saved: KeyError"),
    ],
)
async def test_any_other_error_is_shown_above_the_form(error: Exception, sentence: str) -> None:
    def save(values: Mapping[str, Any]) -> None:
        raise error

    app = KitApp()
    async with shown(app) as pilot:
        screen, ended = await opened(pilot, save)
        await pilot.press("x", "ctrl+s")
        await until(pilot, lambda: sentence in screen_text(app))
        assert screen.form.value("name") == "Clickatellx"
        assert not screen.form.disabled
        assert not ended


async def test_while_saving_nothing_else_happens() -> None:
    go, calls = threading.Event(), []

    def save(values: Mapping[str, Any]) -> str:
        calls.append(values)
        assert go.wait(60)
        return "saved"

    app = KitApp()
    async with shown(app) as pilot:
        _, ended = await opened(pilot, save)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: calls)
        await pilot.press("ctrl+s", "escape", "x")
        assert "saving…" in heading(app)
        go.set()
        await until(pilot, lambda: ended)
        assert ended == ["saved"]
        assert calls == [VALUES]


async def test_what_cannot_be_read_is_not_saved() -> None:
    calls: list[Any] = []
    app = KitApp()
    async with shown(app) as pilot:
        screen, _ = await opened(pilot, calls.append)
        screen.form.control_of("rate").value = "soon"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.focused is screen.form.control_of("rate"))
        assert "must be a whole number" in screen_text(app)
        assert calls == []


async def test_leaving_asks_only_where_something_would_be_lost() -> None:
    app = KitApp()
    async with shown(app) as pilot:
        screen, ended = await opened(pilot, saves)
        await pilot.press("x", "escape")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert "Changed: Name" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        assert screen.form.value("name") == "Clickatellx"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("down", "enter")
        await until(pilot, lambda: ended)
        _, unchanged = await opened(pilot, saves)
        await pilot.press("escape")
        await until(pilot, lambda: unchanged)
        assert ended == unchanged == [None]


async def test_a_form_longer_than_the_screen_scrolls_to_the_field() -> None:
    app = KitApp()
    async with shown(app, (80, 24)) as pilot:
        screen, _ = await opened(pilot, saves)
        screen.form.focus_field("last")
        await until(pilot, lambda: "Last field" in screen_text(app))
        await until(pilot, lambda: "Save" in screen_text(app).splitlines()[-1])


class TabbedEditor(EditorScreen[Any]):
    def compose_body(self) -> ComposeResult:
        with TabbedContent():
            with TabPane("First"):
                yield self.form
            with TabPane("Second"):
                yield Form([TextField(key="other", label="Other", required=True)])

    def save_values(self, values: Mapping[str, Any]) -> Any:
        return dict(values)


async def test_an_error_on_another_tab_shows_that_tab() -> None:
    app = KitApp()
    async with shown(app) as pilot:
        ended: list[Any] = []
        screen = TabbedEditor("Tabs", FIELDS, VALUES)
        await app.push_screen(screen, ended.append)
        await pilot.pause()
        await pilot.press("ctrl+s")
        second = screen.forms[1]
        await until(pilot, lambda: app.focused is second.control_of("other"))
        assert "✗ Other is needed." in screen_text(app)
        await pilot.press("y", "ctrl+s")
        await until(pilot, lambda: ended)
        assert ended == [{**VALUES, "other": "y"}]
