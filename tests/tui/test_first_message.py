"""From an empty data folder to a first accepted message, as somebody who has never seen the program."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from demo_data.clickatell.settings import SAMPLE_API_KEY
from demo_data.clickatell.threaded import ThreadedClickatell
from tests.operations.arrange import make_handler, make_people
from tests.tui.guide.hands import at_field, click_on, paste, type_in, whole_console
from tests.tui.sections.people import rows_are
from tests.tui.support import screen_text, settle, shown, told
from tui.dialogs.confirm import Question
from tui.editors.field import FieldEditor
from tui.editors.handler import HandlerEditor
from tui.editors.user import UserEditor
from tui.messages.send_message import SendMessage
from tui.widgets.next_step import NextStep

NUMBER, SENT_TO = "+447400123456", "447400123456"


@pytest.fixture
def clickatell() -> Iterator[ThreadedClickatell]:
    with ThreadedClickatell() as running:
        yield running


async def says(pilot: Pilot[Any], *words: str) -> None:
    await settle(pilot, lambda: all(each in screen_text(pilot) for each in words))


async def home(pilot: Pilot[Any]) -> None:
    app: Any = pilot.app
    await settle(pilot, lambda: app.screen is app._main)


async def fill_in_the_account(pilot: Pilot[Any], clickatell: ThreadedClickatell) -> None:
    editor = await shown(pilot, HandlerEditor)
    await settle(pilot, lambda: editor.form.control_of("name").has_focus)
    await type_in(pilot, "Gate")
    await at_field(pilot, editor.form, "api_key")
    await paste(pilot, SAMPLE_API_KEY)
    await pilot.press("f2")
    await settle(pilot, lambda: editor.more.control_of("base_url").has_focus)
    await pilot.press("ctrl+u")
    await paste(pilot, clickatell.base_url)
    await pilot.press("ctrl+s")


async def fill_in_the_user(pilot: Pilot[Any]) -> None:
    editor = await shown(pilot, UserEditor)
    await settle(pilot, lambda: editor.form.control_of("name").has_focus)
    await type_in(pilot, "Joe Hart", "<f2>")
    await settle(pilot, lambda: editor.values_form.control_of("id:1").has_focus)
    await type_in(pilot, NUMBER)
    await says(pilot, "+44 7400 123456 · United Kingdom")
    await pilot.press("ctrl+s")
    await home(pilot)


async def accepted(pilot: Pilot[Any], clickatell: ThreadedClickatell) -> None:
    """The phone has it, and the console says so in the list and in the live review."""
    await says(pilot, "✓  accepted", "✓  Message")
    (received,) = clickatell.clickatell.inbox
    assert (received.to, received.text) == (SENT_TO, "Hello")
    assert any(sentence.startswith("1 message queued") for sentence in told(pilot))


async def test_f7_leads_from_step_to_step(tmp_path: Path, clickatell: ThreadedClickatell) -> None:
    async with whole_console(tmp_path / "site", (80, 24)) as pilot:
        await says(pilot, "Step 1 of 4  ▲ No handler yet", "f7 adds one", "No handlers yet. Press n")
        await pilot.press("f7")
        await fill_in_the_account(pilot, clickatell)
        await home(pilot)
        await says(pilot, "Step 2 of 4  ▲ No Telephone Number field yet", "● Running", "EUR 100.00")
        await pilot.press("f7")
        field = await shown(pilot, FieldEditor)
        await says(pilot, "Mobile", "Telephone Number")
        await settle(pilot, lambda: field.form.control_of("name").has_focus)
        await pilot.press("ctrl+s")
        await home(pilot)
        await says(pilot, "Step 3 of 4  ▲ No user with a number yet", "No users yet. Press n")
        await pilot.press("f7")
        await fill_in_the_user(pilot)
        await says(pilot, "Step 4 of 4  ✓ All is there to send with", "Joe Hart")
        await pilot.press("f7")
        dialog = await shown(pilot, SendMessage)
        await settle(pilot, lambda: dialog.picker.reach.reached)
        await says(pilot, "Recipients (1)", "Gate  ● Running")
        await type_in(pilot, "Hello", "<ctrl+s>")
        await home(pilot)
        await accepted(pilot, clickatell)
        await settle(pilot, lambda: "Step " not in screen_text(pilot))


async def test_without_f7_each_section_says_what_comes_first(
    tmp_path: Path, clickatell: ThreadedClickatell
) -> None:
    async with whole_console(tmp_path / "site", (160, 50)) as pilot:
        await says(pilot, "No handlers yet. Press n")
        # Straight to writing a message: what is missing is said and made on the way.
        await pilot.press("5")
        await says(pilot, "No messages yet. Press n to write one.")
        await rows_are(pilot, 0)
        await pilot.press("n")
        await shown(pilot, Question)
        await says(pilot, "No handler yet: add the account at Clickatell?")
        await pilot.press("enter")
        await fill_in_the_account(pilot, clickatell)
        await shown(pilot, SendMessage)
        await says(pilot, "No users and no groups yet: a number can be")
        await pilot.press("escape")
        await home(pilot)
        await pilot.press("2")
        await says(pilot, "No users yet. Press n to add one")
        await rows_are(pilot, 0)
        await pilot.press("n")
        await shown(pilot, Question)
        await says(pilot, "Make the field first")
        await pilot.press("enter")
        field = await shown(pilot, FieldEditor)
        await settle(pilot, lambda: field.form.control_of("name").has_focus)
        await pilot.press("ctrl+s")
        await rows_are(pilot, 1)
        await pilot.press("o")
        await rows_are(pilot, 0)
        await settle(pilot, lambda: "No Telephone Number field yet" not in screen_text(pilot))
        await pilot.press("n")
        await fill_in_the_user(pilot)
        await rows_are(pilot, 1)
        await pilot.press("m", "enter")
        dialog = await shown(pilot, SendMessage)
        await settle(pilot, lambda: dialog.picker.reach.reached)
        await type_in(pilot, "Hello", "<ctrl+s>")
        await home(pilot)
        await pilot.press("5")
        await accepted(pilot, clickatell)


async def test_a_user_without_a_number_is_named_and_a_click_enters_it(tmp_path: Path) -> None:
    async with whole_console(tmp_path / "site") as pilot:
        await says(pilot, "Step 1 of 4")
        desk = pilot.app.desk  # type: ignore[attr-defined]
        make_handler(desk, base_url="http://127.0.0.1:9")
        make_people(desk.database, {"Joe[/] Hart": None})
        await says(pilot, "Step 3 of 4  ▲ Joe[/] Hart has no number   f7 enters it")
        await click_on(pilot, "f7 enters it")
        editor = await shown(pilot, UserEditor)
        await settle(pilot, lambda: editor.values_form.control_of("id:1").has_focus)
        await type_in(pilot, NUMBER, "<ctrl+s>")
        await home(pilot)
        await says(pilot, "Step 4 of 4")
        assert pilot.app.screen.query_one(NextStep).has_class("-shown")
