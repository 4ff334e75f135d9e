"""Keys that come together act in the order in which they were typed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from tests.tui.support import console, make_desk, settle, shown
from tests.tui.textual_private import comes, hand_on, key_comes
from tui.editors.handler import HandlerEditor
from tui.operations.desk import Desk
from tui.terminal import key_order as typed
from tui.terminal.key_order import InOrder
from tui.users.import_users import FileInput, ImportUsers
from tui.widgets.inputs import TextInput

BACKSPACE, LEFT, TAB = "backspace", "left", "tab"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = make_desk(tmp_path / "site")
    yield made
    made.database.close()


def at_once(pilot: Pilot[Any], *keys: str) -> None:
    """As from a link that hung: all of them are there before the first is looked at."""
    for key in keys:
        key_comes(pilot.app, key)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("a", "b", BACKSPACE, "c"), "ac"),
        (("a", LEFT, "b", "end", "c"), "bac"),
        (("a", "b", "ctrl+u", "c", "d", BACKSPACE), "c"),
        ((*"abc", *[BACKSPACE] * 3, *"de"), "de"),
    ],
)
async def test_text_is_what_was_typed(desk: Desk, keys: tuple[str, ...], text: str) -> None:
    async with console(desk, section="users") as pilot:
        await pilot.press("I")
        screen = await shown(pilot, ImportUsers)
        field = screen.query_one(FileInput)
        at_once(pilot, *keys, "1")
        await settle(pilot, lambda: "1" in field.value)
        assert field.value == f"{text}1"
        # What was pasted comes between them as well.
        at_once(pilot, BACKSPACE)
        comes(pilot.app, events.Paste("x y"))
        at_once(pilot, LEFT, "z", "end", "2")
        await settle(pilot, lambda: "2" in field.value)
        assert field.value == f"{text}x zy2"


async def test_what_follows_tab_goes_into_the_next_field(desk: Desk) -> None:
    async with console(desk, section="handlers") as pilot:
        await pilot.press("n")
        editor = await shown(pilot, HandlerEditor)
        rate, stop = (field for field in editor.query(TextInput) if field.value in ("1", "5"))
        rate.focus()
        at_once(pilot, "2", TAB, "3", "shift+tab", "4", TAB, "6")
        await settle(pilot, lambda: "6" in stop.value)
        assert (rate.value, stop.value) == ("124", "536")


async def test_what_is_typed_as_a_screen_opens_is_for_that_screen(desk: Desk) -> None:
    async with console(desk, section="users") as pilot:
        at_once(pilot, "I", *"ab", BACKSPACE, "c")
        screen = await shown(pilot, ImportUsers)
        await settle(pilot, lambda: "c" in screen.query_one(FileInput).value)
        assert screen.query_one(FileInput).value == "ac"


async def test_a_key_that_never_comes_to_its_end_holds_nothing_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed, "LONGEST", 0.0)
    async with console(desk, section="users") as pilot:
        await pilot.press("I")
        field = (await shown(pilot, ImportUsers)).query_one(FileInput)
        monkeypatch.setattr(InOrder, "_follow", lambda *about: None)
        at_once(pilot, "a", "b")
        await settle(pilot, lambda: field.value == "ab")


async def test_what_comes_when_the_console_has_closed_is_for_nobody(desk: Desk) -> None:
    async with console(desk, section="users") as pilot:
        app = pilot.app
    on_its_way = events.Key(LEFT, None)
    hand_on(on_its_way)
    for key in (on_its_way, events.Key("a", "a")):
        await app.on_event(key)
