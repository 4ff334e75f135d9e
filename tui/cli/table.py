"""Listings for people: columns that line up, without lines or boxes."""

import unicodedata
from collections.abc import Collection, Sequence

GAP = "  "


def width(text: str) -> int:
    """How many columns of a terminal the text takes (East Asian wide and full-width take two)."""
    if text.isascii():
        return len(text)
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def lines(headers: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """A heading and a line a row. Columns numbered in `right` stand at their right edge.

    The cells are plain already (`plain_str`).
    """
    table = [list(headers), *(list(row) for row in rows)]
    widths = [max(width(row[column]) for row in table) for column in range(len(headers))]
    return [
        GAP.join(_cell(text, widths[column], column in right) for column, text in enumerate(row)).rstrip()
        for row in table
    ]


def _cell(text: str, wanted: int, at_right: bool) -> str:
    space = " " * (wanted - width(text))
    return space + text if at_right else text + space


def facts(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """One thing in full: a name and a value a line; pairs without a value are left out."""
    shown = [(name, value) for name, value in pairs if value]
    wide = max((width(name) for name, _ in shown), default=0)
    return [f"{name}{' ' * (wide - width(name))}{GAP}{value}".rstrip() for name, value in shown]
