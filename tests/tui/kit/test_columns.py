"""How columns share the width, and how a line is put together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content
from textual.style import Style

from tests.tui.kit.hostile import hostile_text
from tui.widgets.columns import GAP, Column, arrange
from tui.widgets.row_source import Row
from tui.widgets.table_lines import GUTTER, header_strip, row_strip

COLUMNS = (
    Column("name", "Name", 14, flex=2),
    Column("status", "Status", 18, flex=3),
    Column("balance", "Balance", 11, align="right"),
    Column("last", "Last ok", 8, priority=1),
    Column("channel", "Channel", 8, priority=2),
)


def keys(width: int) -> list[str]:
    return [place.column.key for place in arrange(COLUMNS, width)]


def test_the_least_important_columns_go_first() -> None:
    assert keys(160) == ["name", "status", "balance", "last", "channel"]
    assert keys(66) == ["name", "status", "balance", "last"]
    assert keys(50) == ["name", "status", "balance"]


def test_what_is_left_is_shared_by_weight() -> None:
    widths = {place.column.key: place.width for place in arrange(COLUMNS, 160)}
    assert sum(widths.values()) + GAP * 4 == 160
    assert widths["balance"] == 11
    assert widths["status"] - 18 == pytest.approx((widths["name"] - 14) * 1.5, abs=2)


@given(st.integers(0, 200))
def test_columns_never_overlap_nor_leave_the_table(width: int) -> None:
    end = -GAP
    for place in arrange(COLUMNS, width):
        assert place.start >= end + GAP
        assert place.width > 0
        end = place.start + place.width
    assert end <= max(0, width)


@given(st.lists(hostile_text, min_size=5, max_size=5), st.integers(4, 170))
def test_a_line_is_exactly_as_wide_as_the_table(cells: list[str], width: int) -> None:
    row = Row(1, tuple(cells))
    strip = row_strip(row, arrange(COLUMNS, width - GUTTER), width, Style(), Style.parse, cursor=True)
    assert cell_len(strip.text) == width
    assert "\x1b" not in strip.text


def test_cells_stand_in_their_columns_whatever_is_before_them() -> None:
    placed = arrange(COLUMNS, 77)
    balance = next(place for place in placed if place.column.key == "balance")
    for name in ("Clickatell", "国际短信通知中心", "👍👍👍👍👍👍👍👍👍👍", "Z\u0300\u0301"):
        strip = row_strip(
            Row(1, (name, Content("● Running"), "87.41", "", "")), placed, 80, Style(), Style.parse
        )
        cut = strip.crop(GUTTER + balance.start, GUTTER + balance.start + balance.width)
        assert cut.text == "87.41".rjust(11)


def test_signs_tell_cursor_and_mark_without_colour() -> None:
    placed = arrange(COLUMNS, 77)
    row = Row(1, ("a", "b", "c", "d", "e"))
    texts = {
        row_strip(row, placed, 80, Style(), Style.parse, cursor=cursor, marked=marked).text[:GUTTER]
        for cursor in (False, True)
        for marked in (False, True)
    }
    assert texts == {"   ", " ▸ ", "  ■", " ▸■"}


def test_the_sorted_column_has_an_arrow() -> None:
    placed = arrange(COLUMNS, 77)
    assert "Name ↑" in header_strip(placed, 80, Style(), Style.parse, "name", False).text
    assert "Balance ↓" in header_strip(placed, 80, Style(), Style.parse, "balance", True).text
