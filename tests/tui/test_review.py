"""The section Review: narrowing, words, an entry with its links, the file it is written to, many rows."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from storage import handlers as stored_handlers
from storage import sqlite
from storage.records import ReviewEntry
from storage.vocabulary import Category, EntryKind, Level
from tests.operations.arrange import JOE, make_handler, to
from tests.tui.support import console, make_desk, screen_text, settle, shown, told
from tui.editors.handler import HandlerEditor
from tui.messages.detail import MessageDetail
from tui.operations import sending
from tui.operations.desk import Desk
from tui.review.entry import EntryDetail
from tui.review.export import ExportReview
from tui.sections.review import ReviewSection
from tui.widgets.menu import ContextMenu
from tui.widgets.paged_table import PagedTable


@pytest.fixture
def desk(tmp_path):  # type: ignore[no-untyped-def]
    made = make_desk(tmp_path / "site")
    yield made
    made.database.close()


def say(desk: Desk, *entries: ReviewEntry, at: datetime | None = None) -> None:
    with desk.database.write() as tx:
        tx.review(at or desk.now(), *entries)


def a_past(desk: Desk) -> int:
    """Entries of all kinds; the id of the handler that some are about."""
    key = make_handler(desk)
    for name, about in (("handler_id", key), ("operator", "tom")):
        say(desk, ReviewEntry(Category.HANDLER, f"about {name}", kind=EntryKind.NOTE, **{name: about}))  # type: ignore[arg-type]
    say(desk, ReviewEntry(Category.MESSAGE, "sms refused", Level.ERROR, kind=EntryKind.NOTE))
    say(desk, ReviewEntry(Category.TASK, "report fired", kind=EntryKind.NOTE))
    return key


def table(pilot: Pilot[Any]) -> PagedTable:
    return pilot.app.screen.query_one("#review", ReviewSection).table


def texts(pilot: Pilot[Any]) -> list[str]:
    found = table(pilot)
    rows = [found.row_at(index) for index in range(found.count)]
    return [str(row.cells[3]) for row in rows if row is not None]


async def narrowed(pilot: Pilot[Any], kind: str, value: str, count: int) -> None:
    pilot.app.screen.query_one(ReviewSection).narrow(kind, value)
    await settle(pilot, lambda: table(pilot).is_read and table(pilot).count == count)


async def test_the_newest_comes_first_and_a_new_one_on_top(desk: Desk) -> None:
    a_past(desk)
    async with console(desk, section="review") as pilot:
        assert texts(pilot)[:2] == ["report fired", "sms refused"]
        say(desk, ReviewEntry(Category.SYSTEM, "something new", kind=EntryKind.NOTE))
        await settle(pilot, lambda: texts(pilot)[:1] == ["something new"])


async def test_it_is_narrowed_by_category_level_time_handler_and_operator(desk: Desk) -> None:
    say(
        desk,
        ReviewEntry(Category.MESSAGE, "long ago", kind=EntryKind.NOTE),
        at=datetime.now(UTC) - timedelta(days=3),
    )
    key = a_past(desk)
    async with console(desk, section="review") as pilot:
        everything = table(pilot).count
        await narrowed(pilot, "category", "Message", 2)
        await narrowed(pilot, "since", "24 h", 1)
        assert texts(pilot) == ["sms refused"]
        assert "Only Message, the last 24 h" in screen_text(pilot)
        await narrowed(pilot, "only", "", everything)
        assert "Only" not in screen_text(pilot)
        await narrowed(pilot, "handler", str(key), 2)
        assert "about handler_id" in texts(pilot)
        await narrowed(pilot, "only", "", everything)
        await narrowed(pilot, "operator", "tom", 1)
        assert texts(pilot) == ["about operator"]


async def test_the_menu_offers_what_there_is_and_v_shows_problems(desk: Desk) -> None:
    a_past(desk)
    async with console(desk, section="review") as pilot:
        await pilot.press("f")
        await settle(pilot, lambda: pilot.app.screen.query(ContextMenu))
        menu = pilot.app.screen.query_one(ContextMenu)
        options = menu if isinstance(menu, OptionList) else menu.query_one(OptionList)
        offered = [str(option.prompt) for option in options.options]
        for label in ("everything", "only Message", "only errors", "handler Clickatell", "by tom"):
            assert any(label in each for each in offered), offered
        await pilot.press("down", "enter")
        await settle(pilot, lambda: "Only Handler" in screen_text(pilot))
        await pilot.press("f")
        await settle(pilot, lambda: pilot.app.screen.query(ContextMenu))
        await pilot.press("enter")
        await settle(pilot, lambda: table(pilot).is_read and "report fired" in texts(pilot))
        await pilot.press("p")
        await settle(pilot, lambda: texts(pilot) == ["sms refused"])
        await pilot.press("p")
        await settle(pilot, lambda: "report fired" in texts(pilot))


async def test_words_are_looked_for_in_all_of_it(desk: Desk) -> None:
    a_past(desk)
    say(
        desk,
        *(ReviewEntry(Category.SYSTEM, f"filler {number}", kind=EntryKind.NOTE) for number in range(500)),
    )
    async with console(desk, section="review") as pilot:
        await pilot.press("slash", *"refused")
        await settle(pilot, lambda: texts(pilot) == ["sms refused"])
        await pilot.press("escape")
        await settle(pilot, lambda: table(pilot).count > 500)
        await pilot.press("end")
        await settle(pilot, lambda: table(pilot).is_read and "added" in screen_text(pilot))
        assert table(pilot).rows_held <= 500


async def test_an_entry_leads_to_what_it_is_about(desk: Desk) -> None:
    key = make_handler(desk)
    sending.send(desk, sending.Request(key, to(JOE), "hello"))
    with desk.database.read() as connection:
        name = stored_handlers.listing(connection)[0].name
    say(
        desk,
        ReviewEntry(
            Category.MESSAGE, "about both", message_id=1, handler_id=key, handler=name, kind=EntryKind.NOTE
        ),
    )
    async with console(desk, section="review") as pilot:
        await pilot.press("enter")
        await shown(pilot, EntryDetail)
        await settle(pilot, lambda: "Message" in screen_text(pilot).splitlines()[-1])
        text = screen_text(pilot)
        assert "about both" in text
        keys = text.splitlines()[-1]
        assert "v Message" in keys and "H Handler" in keys and "User" not in keys
        await pilot.press("u")  # no link: nothing happens
        await pilot.press("v")
        await shown(pilot, MessageDetail)
        await pilot.press("escape")
        await shown(pilot, EntryDetail)
        await pilot.press("H")
        await shown(pilot, HandlerEditor)
        await pilot.press("escape")
        await shown(pilot, EntryDetail)
        await pilot.press("escape")
        await settle(pilot, lambda: table(pilot).has_focus)


async def test_a_link_to_what_is_gone_is_told(desk: Desk) -> None:
    say(desk, ReviewEntry(Category.TASK, "of a task", task_id=77, kind=EntryKind.NOTE))
    async with console(desk, section="review") as pilot:
        await pilot.press("enter")
        await shown(pilot, EntryDetail)
        await pilot.press("o")
        await settle(pilot, lambda: told(pilot))
        assert isinstance(pilot.app.screen, EntryDetail)


async def test_an_entry_of_the_panel_opens(desk: Desk) -> None:
    say(desk, ReviewEntry(Category.SYSTEM, "in the panel", kind=EntryKind.NOTE))
    async with console(desk) as pilot:
        await settle(pilot, lambda: "in the panel" in screen_text(pilot))
        await pilot.press("tab", "up", "enter")
        detail = await shown(pilot, EntryDetail)
        assert detail.entry.text == "in the panel"


async def test_an_entry_without_its_text_leaves_the_panel_whole(desk: Desk) -> None:
    say(desk, *(ReviewEntry(Category.TASK, f"fired {n}", kind=EntryKind.NOTE) for n in range(3)))
    connection = sqlite.connect(desk.database.path)
    connection.execute("UPDATE review SET body = NULL WHERE body = 'fired 1'")
    connection.close()
    async with console(desk, section="handlers") as pilot:
        await settle(pilot, lambda: "fired 2" in screen_text(pilot))
        assert "(erased)" in screen_text(pilot) and "fired 0" in screen_text(pilot)


async def test_what_is_shown_is_written_to_a_file(desk: Desk, tmp_path: Path) -> None:
    a_past(desk)
    target = tmp_path / "errors.jsonl"
    async with console(desk, section="review") as pilot:
        await narrowed(pilot, "category", "Message", 1)
        await pilot.press("X")
        screen = await shown(pilot, ExportReview)
        screen.form.set_value("file", str(target))
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "1 entry written" in told(pilot))
        assert [json.loads(line)["text"] for line in target.read_text().splitlines()] == ["sms refused"]
        await pilot.press("X")
        screen = await shown(pilot, ExportReview)
        screen.form.set_value("file", str(target))
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "is there already" in screen_text(pilot))
