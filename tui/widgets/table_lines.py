"""One line of a table: cells cut and padded to their columns, as a strip for the screen."""

from collections.abc import Callable, Iterable, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.style import Style

from tui.text.content import plain
from tui.widgets.columns import Placed
from tui.widgets.row_source import Row

GUTTER = 3
"""Cells before the first column: a blank, the cursor's sign, the mark's sign."""

CURSOR_SIGN = "▸"
MARK_SIGN = "■"

ParseStyle = Callable[[str | Style], Style]


def row_strip(
    row: Row | None,
    placed: Sequence[Placed],
    width: int,
    style: Style,
    parse_style: ParseStyle,
    *,
    cursor: bool = False,
    marked: bool = False,
) -> Strip:
    """A row of exactly `width` cells; `…` in each column where the row is still being read."""
    sign = f" {CURSOR_SIGN if cursor else ' '}{MARK_SIGN if marked else ' '}"
    cells = (_cell(row, place) for place in placed)
    return _line(sign, zip(placed, cells, strict=True), width, style, parse_style)


def header_strip(
    placed: Sequence[Placed],
    width: int,
    style: Style,
    parse_style: ParseStyle,
    sorted_by: str | None,
    descending: bool,
) -> Strip:
    """The titles, with an arrow on the column that the list is sorted by."""
    arrow = "↓" if descending else "↑"
    titles = (
        _fitted(Content(f"{place.column.title} {arrow}"), place)
        if place.column.key == sorted_by
        else _fitted(Content(place.column.title), place)
        for place in placed
    )
    return _line(" " * GUTTER, zip(placed, titles, strict=True), width, style, parse_style)


def text_strip(text: str, width: int, style: Style) -> Strip:
    """One sentence in place of rows. It is outside text where it tells of an error."""
    content = plain(text, width=max(0, width - GUTTER))
    segment = Segment(" " * GUTTER + content.plain, style.rich_style)
    return Strip([segment], cell_len(segment.text)).adjust_cell_length(width, style.rich_style)


def _cell(row: Row | None, place: Placed) -> Content:
    if row is None:
        return _fitted(Content("…"), place)
    cell = row.cells[place.index] if place.index < len(row.cells) else ""
    if isinstance(cell, str):
        return _fitted(plain(cell, width=place.width), place)
    if "\n" in cell.plain:
        cell = cell.first_line
    return _fitted(cell, place)


def _fitted(cell: Content, place: Placed) -> Content:
    cell = cell.truncate(place.width, ellipsis=True)
    blank = place.width - cell.cell_length
    if blank <= 0:
        return cell
    return cell.pad_left(blank) if place.column.align == "right" else cell.pad_right(blank)


def _line(
    sign: str, cells: Iterable[tuple[Placed, Content]], width: int, style: Style, parse_style: ParseStyle
) -> Strip:
    base = style.rich_style
    segments, at = [Segment(sign, base)], GUTTER
    for place, cell in cells:
        gap = GUTTER + place.start - at
        if gap:
            segments.append(Segment(" " * gap, base))
        segments.extend(_segments(cell, style, parse_style))
        at = GUTTER + place.start + place.width
    return Strip(segments, at).adjust_cell_length(width, base)


def _segments(cell: Content, style: Style, parse_style: ParseStyle) -> Iterable[Segment]:
    # Coloured text on a reversed line would become coloured blocks.
    cell = cell.without_spans if style.reverse else cell
    for text, part in cell.render(style, end="", parse_style=parse_style):
        yield Segment(text, part.rich_style)
