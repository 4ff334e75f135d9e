"""How the columns of a table share its width."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

GAP = 2
"""Blank cells between two columns."""


@dataclass(frozen=True)
class Column:
    """One column, declared as data.

    `width` is in cells: exact when `flex` is 0, else the least the column needs. `flex` is its
    share of what is left. Columns of `priority` 0 stay; of the others the highest number goes
    first when the table is too narrow. Figures want `align="right"`.
    """

    key: str
    title: str
    width: int
    flex: int = 0
    align: Literal["left", "right"] = "left"
    priority: int = 0
    sortable: bool = True


@dataclass(frozen=True)
class Placed:
    """A column that is shown: its index among the declared ones, where it starts and its cells."""

    index: int
    column: Column
    start: int
    width: int


def arrange(columns: Sequence[Column], width: int) -> tuple[Placed, ...]:
    """The columns that fit into `width` cells, from left to right.

    Where not even the columns of priority 0 fit, they are narrowed from the right, and those
    left without a cell are dropped.
    """
    shown = _those_that_fit(columns, width)
    spare = max(0, width - _needed(columns[index] for index in shown))
    shares = sum(columns[index].flex for index in shown)
    placed, start = [], 0
    for index in shown:
        column = columns[index]
        extra = spare * column.flex // shares if shares else 0
        spare, shares = spare - extra, shares - column.flex
        cells = min(column.width + extra, width - start)
        if cells > 0:
            placed.append(Placed(index, column, start, cells))
        start += cells + GAP
    return tuple(placed)


def _those_that_fit(columns: Sequence[Column], width: int) -> list[int]:
    shown = list(range(len(columns)))
    while _needed(columns[index] for index in shown) > width:
        least = max(shown, key=lambda index: (columns[index].priority, index), default=None)
        if least is None or columns[least].priority == 0:
            break
        shown.remove(least)
    return shown


def _needed(columns: Iterable[Column]) -> int:
    widths = [column.width for column in columns]
    return sum(widths) + GAP * max(0, len(widths) - 1)
