"""Keys that ended the program once: each by its kind."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from rich.style import Style
from textual import events
from textual.command import CommandList, CommandPalette
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import OptionList, Select, Static, TabbedContent

from tests.operations.arrange import make_handler, make_people
from tests.tui.sections.people import desk_at
from tests.tui.support import console, settle, shown, told
from tests.tui.test_key_order import at_once
from tests.tui.textual_private import drag_in
from tui.console.app import ConsoleApp
from tui.dialogs.confirm import Confirm, Question
from tui.dialogs.diagnosis import Diagnosis, FindingView
from tui.editors.group import GroupEditor
from tui.editors.handler import HandlerEditor
from tui.editors.members import MemberSearch
from tui.editors.user import UserEditor
from tui.messages.send_message import SendMessage
from tui.operations import groups
from tui.operations.desk import Desk
from tui.terminal.textual_private import is_going
from tui.widgets.fields import TextField
from tui.widgets.form import Form
from tui.widgets.inputs import TextInput
from tui.widgets.recipients_picker import SearchInput


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path) as made:
        make_handler(made)
        make_people(made.database, {"Joe Hart": "+61400000000"})
        yield made


async def test_up_in_a_search_of_recipients(desk: Desk) -> None:
    """A field without choices went through them: a division by zero."""
    async with console(desk, section="messages") as pilot:
        await pilot.press("n")
        dialog = await shown(pilot, SendMessage)
        await settle(pilot, lambda: dialog.query("SearchInput:focus"))
        await pilot.press("up", "down", "up", "up")
        assert isinstance(dialog.focused, SearchInput)


async def test_up_in_a_search_of_members(desk: Desk) -> None:
    group = groups.add(desk, "Night")
    async with console(desk, section="users") as pilot:
        pilot.app.push_screen(await GroupEditor.load(pilot.app, group.id))  # type: ignore[attr-defined]
        editor = await shown(pilot, GroupEditor)
        await pilot.press("f2")
        await settle(pilot, lambda: isinstance(editor.focused, MemberSearch))
        await pilot.press("up", "down", "up", "up")
        assert isinstance(editor.focused, MemberSearch)


def test_no_field_goes_through_choices_that_it_does_not_have() -> None:
    """Whoever asks for it: a subclass may say that it can."""
    TextInput.action_choice(cast(TextInput, SimpleNamespace(_choices=())), -1)


@pytest.mark.parametrize("key", ["pagedown", "pageup", "end", "home", "down", "up"])
async def test_a_key_that_comes_with_the_one_that_opens_a_list(desk: Desk, key: str) -> None:
    """The palette, a choice and a question: lists that have no lines yet."""
    async with console(desk) as pilot:
        at_once(pilot, "ctrl+p", key, key)
        await settle(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))
        await pilot.press(key, "escape")
        for question in (Confirm("Go?", yes="Go"), Question("?", (), safe="")):
            pilot.app.push_screen(question)
            options = OptionList(*"abc")
            pilot.app.screen.mount(options)
            options.highlighted = 1
            getattr(options, "action_" + {"pagedown": "page_down", "pageup": "page_up"}.get(key, "first"))()
            await pilot.pause()
            await pilot.press("escape")
        assert told(pilot) == []


async def test_a_page_key_in_a_choice_that_has_no_room(desk: Desk) -> None:
    async with console(desk, size=(20, 3)) as pilot:
        await pilot.app.screen.mount(choice := Select([("a", 1), ("b", 2)]))
        choice.focus()
        at_once(pilot, "enter", "pagedown", "pageup", "pagedown")
        await pilot.pause()
        await pilot.press("pagedown", "escape")
        assert told(pilot) == []


async def test_an_action_that_fails_stops_only_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(desk) as pilot:
        app = pilot.app

        def fail(self: object) -> None:
            raise KeyError("x")

        monkeypatch.setattr(type(app._main), "action_reload", fail)  # type: ignore[attr-defined]
        await pilot.press("ctrl+r")
        await settle(pilot, lambda: any("did not work (KeyError)" in said for said in told(pilot)))
        await pilot.press("2")
        await settle(pilot, lambda: app._main.current.id == "users")  # type: ignore[attr-defined]
        assert [type(each) for each in app.mishaps] == [KeyError]  # type: ignore[attr-defined]
        app.mishaps = []  # type: ignore[attr-defined]


async def test_an_editor_that_is_closed_as_it_opens(desk: Desk) -> None:
    async with console(desk, section="users") as pilot:
        form = Form((TextField(key="name", label="Name"),), {"name": "Joe"})
        assert form.value("name") == "Joe", "what does not stand yet is untouched"
        for _ in range(5):
            at_once(pilot, "enter", "escape", "escape")
            await pilot.pause()
        assert pilot.app.failure is None  # type: ignore[attr-defined]


async def test_only_what_is_being_taken_away_may_fail_unseen(desk: Desk) -> None:
    async with console(desk) as pilot:
        section = pilot.app._main.current  # type: ignore[attr-defined]
        assert not is_going(section)
        assert not is_going(pilot.app)
        screen: Screen[None] = Screen()
        pilot.app.push_screen(screen)
        await pilot.pause()
        assert not is_going(screen)
        pilot.app.pop_screen()
        assert is_going(screen), "it is off the stack, and goes a little later"
        await settle(pilot, lambda: not screen.is_running)


async def test_work_for_a_screen_that_is_off_the_stack_may_fail(desk: Desk) -> None:
    """As the palette's search, when a double click beside the palette has closed it."""
    gate = asyncio.Event()

    async def search() -> None:
        await gate.wait()
        raise NoMatches("no list")

    async with console(desk) as pilot:
        screen: Screen[None] = Screen()
        await pilot.app.push_screen(screen)
        worker = screen.run_worker(search())
        await pilot.pause()
        pilot.app.pop_screen()
        gate.set()
        await settle(pilot, lambda: worker.is_finished)
        assert isinstance(worker.error, NoMatches)
        assert pilot.app.failure is None  # type: ignore[attr-defined]


async def test_an_editor_that_ends_under_the_palette_that_opens(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """As one that is being saved: the palette looked for the screen under it, an IndexError, and hung."""
    async with console(desk, section="users") as pilot:
        for turns in range(16):
            await pilot.press("n")
            editor = await shown(pilot, UserEditor)
            pilot.app.action_command_palette()  # type: ignore[attr-defined]
            for _ in range(turns):
                await asyncio.sleep(0)
            editor.dismiss(None)
            await settle(pilot, lambda: pilot.app.screen is pilot.app._main)  # type: ignore[attr-defined]
            await pilot.pause()
        assert [record.getMessage() for record in caplog.records] == []


async def test_the_palette_opens_once_whatever_lies_over_it(desk: Desk) -> None:
    async with console(desk) as pilot:
        for _ in range(3):
            at_once(pilot, "ctrl+p", "f1", "ctrl+p", "ctrl+p")
            await pilot.pause()
            at_once(pilot, "escape", "ctrl+p", "escape", "escape", "ctrl+p")
            await pilot.pause()
        assert sum(isinstance(each, CommandPalette) for each in pilot.app.screen_stack) <= 1
        assert told(pilot) == []


async def test_a_question_that_nobody_waits_for_any_more(desk: Desk) -> None:
    """Its answer went to a future that was cancelled with the worker: InvalidStateError."""
    async with console(desk) as pilot:
        app = pilot.app
        assert isinstance(app, ConsoleApp)
        worker = app.run_worker(app.ask_person(Confirm("Go?", yes="Go")), exit_on_error=False)
        await shown(pilot, Confirm)
        worker.cancel()
        await pilot.pause()
        await pilot.press("down", "enter")
        await settle(pilot, lambda: app.screen is app._main)
        assert app.failure is None


@pytest.mark.parametrize("wrap", ["wrap", "nowrap"])
async def test_text_that_has_no_room(desk: Desk, wrap: str) -> None:
    """Cut into pieces of no width: a ValueError in a terminal that was made small."""
    async with console(desk) as pilot:
        await pilot.app.screen.mount(text := Static("as wide as it is"))
        text.styles.text_wrap, text.styles.text_overflow = wrap, "fold"  # type: ignore[assignment]
        assert text.visual.get_height({}, 0) >= 0
        for size in ((1, 1), (2, 3), (20, 5), (80, 24)):
            await pilot.resize_terminal(*size)
        assert pilot.app.failure is None  # type: ignore[attr-defined]


async def test_a_question_that_is_answered_twice_takes_nothing_else_along(desk: Desk) -> None:
    async with console(desk, section="users") as pilot:
        app = pilot.app
        await pilot.press("enter")
        editor = await shown(pilot, UserEditor)
        answers: list[str | None] = []
        app.push_screen(question := Confirm("Go?", yes="Go"), answers.append)
        await shown(pilot, Confirm)
        at_once(pilot, "enter", "enter", "escape")
        await settle(pilot, lambda: question not in app.screen_stack)
        question.dismiss("yes")
        await pilot.pause()
        assert editor in app.screen_stack or app.screen_stack == [app._main]  # type: ignore[attr-defined]
        assert answers == ["no"]


async def test_an_editor_that_is_done_below_a_help_closes_itself(desk: Desk) -> None:
    async with console(desk, section="users") as pilot:
        app = pilot.app
        await pilot.press("enter")
        editor = await shown(pilot, UserEditor)
        await pilot.press("f1")
        await settle(pilot, lambda: app.screen is not editor)
        editor.dismiss(None)
        await settle(pilot, lambda: app.screen_stack == [app._main])  # type: ignore[attr-defined]


async def test_enter_twice_in_the_palette(desk: Desk) -> None:
    async with console(desk) as pilot:
        for _ in range(3):
            await pilot.press("ctrl+p", *"users")
            await settle(
                pilot, lambda: any(found.option_count for found in pilot.app.screen.query(CommandList))
            )
            at_once(pilot, "down", "enter", "enter", "enter")
            await settle(pilot, lambda: not isinstance(pilot.app.screen, CommandPalette))
            # The enters behind the first may have opened what is under the cursor.
            await settle(pilot, lambda: not any(each.is_running for each in pilot.app.workers))
            while len(pilot.app.screen_stack) > 1:
                await pilot.press("escape")
        assert pilot.app.failure is None  # type: ignore[attr-defined]


async def test_a_section_that_is_asked_for_again_while_it_is_made(desk: Desk) -> None:
    async with console(desk) as pilot:
        at_once(pilot, *"22256256", "2")
        await settle(pilot, lambda: pilot.app._main.current.id == "users")  # type: ignore[attr-defined]
        at_once(pilot, *"ooO2oO")
        await pilot.pause()
        assert pilot.app.failure is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [events.MouseDown, events.MouseMove])
async def test_a_click_on_what_was_taken_away_since_it_was_drawn(
    desk: Desk, kind: type[events.MouseEvent]
) -> None:
    """A text without a parent was asked where it stands: an AttributeError."""
    async with console(desk) as pilot:
        pilot.app.push_screen(Diagnosis(cast(ConsoleApp, pilot.app)))
        dialog = await shown(pilot, Diagnosis)
        await settle(pilot, lambda: dialog.query(FindingView) and dialog.query(FindingView).first().region)
        finding = dialog.query(FindingView).first()
        x, y = finding.region.x + 2, finding.region.y
        await pilot.mouse_down(offset=(x, y))
        event = kind(None, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y)
        drag_in(dialog, event, over=finding)
        await pilot.pause()
        assert pilot.app.failure is None  # type: ignore[attr-defined]


async def test_a_click_on_an_option_that_the_list_has_lost_since_it_was_drawn(desk: Desk) -> None:
    """The option that was drawn there was looked up: an IndexError."""
    async with console(desk) as pilot:
        await pilot.press("ctrl+p")
        palette = await shown(pilot, CommandPalette)
        await settle(pilot, lambda: palette.query_one(CommandList).option_count > 3)
        await pilot.pause()
        options = palette.query_one(CommandList)
        drawn = Style(meta={"option": options.option_count - 1})
        options.clear_options()
        click = events.Click(options, 2, 2, 0, 0, 1, False, False, False, style=drawn)
        options.post_message(click)
        await pilot.pause()
        assert pilot.app.failure is None  # type: ignore[attr-defined]


async def test_which_keys_hold_is_asked_before_an_editor_stands(desk: Desk) -> None:
    """A tab that was not there yet was asked for: NoMatches."""
    async with console(desk) as pilot:
        editor = await GroupEditor.load(cast(ConsoleApp, pilot.app), None)
        assert editor.check_action("only_members", ()) is False


async def test_a_key_that_comes_before_an_editor_stands_acts_once_it_does(desk: Desk) -> None:
    async with console(desk) as pilot:
        app = pilot.app
        assert isinstance(app, ConsoleApp)
        editor = await HandlerEditor.load(app, None)
        app.push_screen(editor)
        assert not editor.is_mounted
        assert await app.run_action("turn", editor)
        await settle(pilot, lambda: editor.is_mounted and editor.query_one(TabbedContent).active == "more")
        assert app.mishaps == []
