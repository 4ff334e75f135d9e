"""The table of records, in the hands of a person."""

import asyncio

import pytest

from tests.tui.kit.app import KitApp, screen_text, shown, until
from tests.tui.kit.hostile import HOSTILE
from tests.tui.kit.sources import COLUMNS, KeySource
from tests.tui.textual_private import notified
from tui.widgets.marks import MOST_MARKS
from tui.widgets.paged_table import ListSource, PagedTable, Row

MILLION = 1_000_000
EMPTY = "No handlers yet. Press n to add one."


def table_of(source, **options) -> PagedTable:
    return PagedTable(COLUMNS, source, empty=EMPTY, **options)


def lines(app: KitApp) -> list[str]:
    return screen_text(app).splitlines()


async def test_a_million_rows_are_gone_through_with_a_few_in_memory() -> None:
    source = KeySource(range(MILLION))
    table = table_of(source)
    app = KitApp(table)
    async with shown(app) as pilot:
        await until(pilot, lambda: table.is_read)
        assert "row 0" in lines(app)[1]
        await pilot.press("end")
        await until(pilot, lambda: table.cursor_key == MILLION - 1)
        assert "row 999999" in lines(app)[-1]
        await pilot.press("pageup", "up")
        assert table.cursor_key == MILLION - 1 - 22 - 1
        for index in range(0, MILLION, 50_000):
            table.move_to(index)
            await until(pilot, lambda at=index: table.cursor_key == at)
        assert table.rows_held <= 20 * 200
        await pilot.press("home")
        await until(pilot, lambda: table.cursor_key == 0)
        assert max(wanted.limit for wanted in source.asked) <= 200


@pytest.mark.parametrize(("size", "note"), [((80, 24), True), ((48, 12), False), ((160, 50), True)])
async def test_columns_vanish_where_it_is_narrow(size: tuple[int, int], note: bool) -> None:
    table = table_of(KeySource(range(100)))
    app = KitApp(table)
    async with shown(app, size) as pilot:
        await until(pilot, lambda: table.is_read)
        title = lines(app)[0]
        assert ("Note" in title) is note
        assert "Count" in title
        at = title.index("Count") + len("Count")
        assert lines(app)[10][:at].endswith("  9")


async def test_rows_not_read_yet_show_dots_and_nothing_waits_for_them() -> None:
    source = KeySource(range(10_000))
    table = table_of(source)
    app = KitApp(table)
    async with shown(app) as pilot:
        await until(pilot, lambda: table.is_read)
        source.gate = asyncio.Event()
        await pilot.press("end")
        assert "…" in lines(app)[-1]
        assert table.cursor_key is None
        await pilot.press("home")
        assert table.cursor_key == 0
        await pilot.press("end")
        source.gate.set()
        await until(pilot, lambda: table.cursor_key == 9_999)
        assert [message.key for message in app.of(PagedTable.RowHighlighted)][-1] == 9_999


async def test_reading_again_moves_nothing() -> None:
    source = KeySource(list(range(1000, 2000)))
    table = table_of(source)
    app = KitApp(table)
    async with shown(app) as pilot:
        await until(pilot, lambda: table.is_read)
        table.move_to(300)
        await until(pilot, lambda: table.cursor_key == 1300)
        before = screen_text(app)
        source.keys_now = [1, 2, 3, *range(1000, 2000)]
        table.reload()
        await until(pilot, lambda: table.is_read and table.count == 1003)
        assert table.cursor == 303
        assert screen_text(app) == before
        highlighted = len(app.of(PagedTable.RowHighlighted))
        table.reload()
        await until(pilot, lambda: table.is_read)
        assert len(app.of(PagedTable.RowHighlighted)) == highlighted


async def test_an_empty_list_says_what_to_do_and_fills_when_there_is_something() -> None:
    source = KeySource([])
    table = table_of(source)
    app = KitApp(table)
    async with shown(app) as pilot:
        await until(pilot, lambda: table.is_read)
        assert EMPTY in screen_text(app)
        await pilot.press("space", "enter", "m", "down", "end", "s", "c")
        assert not app.of(PagedTable.RowChosen)
        assert not app.of(PagedTable.MenuRequested)
        source.keys_now = [5]
        table.reload()
        await until(pilot, lambda: table.cursor_key == 5)
        assert EMPTY not in screen_text(app)


async def test_a_source_that_fails_is_told_and_the_rows_stay() -> None:
    source = KeySource(range(50))
    table = table_of(source)
    app = KitApp(table)
    async with shown(app) as pilot:
        await until(pilot, lambda: table.is_read)
        source.error = OSError("disk \x1b[31m[gone]")
        table.reload()
        await until(pilot, lambda: app.of(PagedTable.ReadFailed))
        assert "This list cannot be read: disk ␛[31m[gone]" in lines(app)[-1]
        assert "row 3" in screen_text(app)
        source.error = None
        table.reload()
        await until(pilot, lambda: table.is_read)
        assert "cannot be read" not in screen_text(app)


async def test_marks_and_what_an_action_works_on() -> None:
    table = table_of(KeySource(range(30)))
    app = KitApp(table)
    async with shown(app) as pilot:
        await until(pilot, lambda: table.is_read)
        assert table.chosen == (0,)
        await pilot.press("down", "space", "down", "down", "space")
        assert table.chosen == (1, 3)
        assert lines(app)[2].startswith("  ■")
        assert lines(app)[4].startswith(" ▸■")
        await pilot.press("shift+down")
        assert table.marked == (1, 3, 4)
        await pilot.press("ctrl+a")
        await until(pilot, lambda: len(table.marked) == 30)
        await pilot.press("escape")
        assert table.marked == ()
        assert app.of(PagedTable.MarksChanged)[-1].keys == ()


async def test_too_many_rows_are_not_marked_by_one_key() -> None:
    table = table_of(KeySource(range(MOST_MARKS + 1)))
    app = KitApp(table)
    async with shown(app) as pilot:
        await until(pilot, lambda: table.is_read)
        await pilot.press("ctrl+a")
        await until(pilot, lambda: notified(app))
        assert table.marked == ()


async def test_enter_menu_and_sort_are_told() -> None:
    table = table_of(KeySource(range(30)), sort=("name", False))
    app = KitApp(table)
    async with shown(app) as pilot:
        await until(pilot, lambda: table.is_read)
        await pilot.press("down", "enter", "space", "down", "m", "s", "S")
        assert [message.key for message in app.of(PagedTable.RowChosen)] == [1]
        menu = app.of(PagedTable.MenuRequested)[0]
        assert (menu.keys, menu.x, menu.y) == ((1,), 3, 4)
        sorts = [(message.column, message.descending) for message in app.of(PagedTable.SortChanged)]
        assert sorts == [("state", False), ("state", True)]
        assert "State ↓" in lines(app)[0]


async def test_the_mouse() -> None:
    table = table_of(KeySource(range(30)), sort=("name", False))
    app = KitApp(table)
    async with shown(app) as pilot:
        await until(pilot, lambda: table.is_read)
        await pilot.click(table, offset=(10, 6))
        assert table.cursor_key == 5
        await pilot.click(table, offset=(10, 8), times=2)
        assert [message.key for message in app.of(PagedTable.RowChosen)] == [7]
        await pilot.click(table, offset=(1, 3))
        assert table.marked == (2,)
        await pilot.click(table, offset=(10, 3), button=3)
        await pilot.click(table, offset=(20, 5), button=3)
        menus = [(menu.keys, menu.x, menu.y) for menu in app.of(PagedTable.MenuRequested)]
        assert menus == [((2,), 10, 3), ((4,), 20, 5)]
        await pilot.click(table, offset=(5, 0))
        assert app.of(PagedTable.SortChanged)[-1].descending is True


async def test_another_order_keeps_the_cursor_on_its_record() -> None:
    table = table_of(KeySource(list(range(500))))
    app = KitApp(table)
    async with shown(app) as pilot:
        await until(pilot, lambda: table.is_read)
        table.move_to(3)
        table.set_source(KeySource(list(reversed(range(500)))))
        await until(pilot, lambda: table.is_read and table.cursor == 496)
        assert table.cursor_key == 3
        assert "row 3 " in screen_text(app)


async def test_hostile_cells_break_nothing_and_are_copied_plain() -> None:
    rows = [Row(key, (text, text, text, text)) for key, text in enumerate(HOSTILE.values())]
    table = table_of(ListSource(rows))
    app = KitApp(table)
    async with shown(app, (160, 50)) as pilot:
        await until(pilot, lambda: table.is_read)
        text = screen_text(app)
        assert not {"\x1b", "\x9b", "\u202e", "\x07", "\u200b"} & set(text)
        assert "[@click=app.quit]press me[/]" in text
        table.move_to(5)
        await pilot.press("c")
        assert app.clipboard.startswith("␛]52;c;c2VjcmV0␇\t")


async def test_shrinking_and_growing_keeps_the_cursor_in_sight() -> None:
    table = table_of(KeySource(range(200)))
    app = KitApp(table)
    async with shown(app, (160, 50)) as pilot:
        await until(pilot, lambda: table.is_read)
        table.move_to(45)
        await pilot.resize_terminal(80, 12)
        await until(pilot, lambda: "▸" in screen_text(app))
        assert "row 45" in screen_text(app)
