"""Reading a list again without a jump."""

import asyncio

from tests.tui.kit.sources import KeySource
from tui.widgets.row_reader import RowReader, View
from tui.widgets.row_source import PAGE_ROWS, PAGES_KEPT, ListSource, Pages, Row


async def read(reader: RowReader, cursor: int, top: int, height: int = 10) -> View:
    return await reader.read_anew(lambda: View(cursor, top, height))


async def test_new_rows_above_leave_the_cursor_on_its_record_and_line() -> None:
    source = KeySource(list(range(100, 200)))
    reader = RowReader(source)
    await read(reader, 0, 0)
    source.keys_now = list(range(95, 200))
    assert await read(reader, 4, 2) == View(9, 7, 10)
    assert reader.key(9) == 104


async def test_a_record_that_is_gone_leaves_the_cursor_at_its_index() -> None:
    source = KeySource([1, 2, 3, 4, 5])
    reader = RowReader(source)
    await read(reader, 0, 0)
    source.keys_now = [1, 2, 4, 5]
    assert (await read(reader, 2, 0)).cursor == 2
    source.keys_now = [1]
    assert (await read(reader, 2, 0)).cursor == 0
    source.keys_now = []
    assert await read(reader, 0, 0) == View(0, 0, 10)


async def test_scrolled_away_from_the_cursor_the_first_row_shown_stays() -> None:
    source = KeySource(list(range(1000)))
    reader = RowReader(source)
    await read(reader, 0, 0)
    await reader.read_page(0)
    source.keys_now = [-2, -1, *range(1000)]
    assert await read(reader, 0, 50) == View(2, 52, 10)


async def test_a_cursor_that_moves_during_the_read_is_followed() -> None:
    source = KeySource(list(range(100)))
    reader = RowReader(source)
    await read(reader, 0, 0)
    source.keys_now = [-1, *range(100)]
    cursors = iter([3, 5, 5, 5])
    view = await reader.read_anew(lambda: View(next(cursors), 0, 10))
    assert view.cursor == 6


async def test_the_rows_in_sight_are_there_when_the_reading_is_shown() -> None:
    reader = RowReader(KeySource(range(1_000_000)))
    await read(reader, 0, 0)
    reader.pages.put(2500, [Row(key, ()) for key in range(500_000, 500_200)])
    view = await read(reader, 500_100, 500_095)
    assert all(reader.key(index) == index for index in range(view.top, view.top + view.height))


async def test_a_late_page_of_an_old_reading_is_dropped() -> None:
    source = KeySource(list(range(1000)))
    reader = RowReader(source)
    await read(reader, 0, 0)
    source.gate = asyncio.Event()
    late = asyncio.ensure_future(reader.read_page(3))
    await asyncio.sleep(0)
    gate, source.gate = source.gate, None
    source.keys_now = list(range(5000, 6000))
    await read(reader, 0, 0)
    gate.set()
    assert await late is False
    assert reader.key(3 * PAGE_ROWS) is None


def test_only_the_pages_last_used_are_kept() -> None:
    pages = Pages(1_000_000)
    for number in range(PAGES_KEPT + 5):
        pages.put(number, [Row(number * PAGE_ROWS + index, ()) for index in range(PAGE_ROWS)])
        assert pages.row(0) is not None
    assert pages.held() == PAGES_KEPT * PAGE_ROWS
    assert pages.row(PAGE_ROWS) is None


def test_a_page_beside_one_at_hand_can_be_sought_by_key() -> None:
    pages = Pages(3 * PAGE_ROWS + 7)
    pages.put(1, [Row(10_000 + index, ()) for index in range(PAGE_ROWS)])
    after, before = pages.wanted(2), pages.wanted(0)
    assert (after.offset, after.limit, after.after, after.before) == (400, 200, 10_199, None)
    assert (before.offset, before.limit, before.after, before.before) == (0, 200, None, 10_000)
    assert pages.wanted(3).limit == 7
    assert pages.missing(150, 450) == [0, 2]
    assert pages.missing(590, 10_000) == [2, 3]


async def test_rows_in_memory() -> None:
    source = ListSource([Row(7, ("a",)), Row(9, ("b",))])
    assert await source.count() == 2
    assert await source.position(9) == 1
    assert await source.position(8) is None
    assert await source.keys(1) == [7]
