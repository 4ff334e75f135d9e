"""What the terminal shows already: of an update only the cells that differ are sent.

Textual draws whole widgets, and the whole screen several times when a dialog opens; over a slow
link most of that is there already. Kept line by line and cell by cell; a line with characters that
are not one cell wide is compared and sent as a whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from rich.cells import get_character_cell_size
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.terminal.textual_private import ChopsUpdate, CompositorUpdate, LayoutUpdate

Cell = tuple[str, Style | None]
Piece = tuple[int, int, list[Segment]]
"""A line, a column, and what is drawn from there on."""

GAP = 8  # moving the cursor costs about as many bytes as so many cells that are the same


class Changes(CompositorUpdate):
    """An update that holds only what differs."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = pieces

    def render_segments(self, console: Console) -> str:
        return "".join(
            Control.move_to(x, y).segment.text + Strip(segments).render(console)
            for y, x, segments in self.pieces
        )


class TerminalCells:
    """The cells of the terminal, as far as they are known."""

    def __init__(self) -> None:
        self._cells: dict[int, dict[int, Cell]] = {}
        self._wholes: dict[tuple[int, int], list[Segment]] = {}

    def forget(self) -> None:
        """Nothing is known any more: the size has changed, or something else has written."""
        self._cells.clear()
        self._wholes.clear()

    def changes(self, update: CompositorUpdate) -> CompositorUpdate | None:
        """What of the update has to be sent, None where it is nothing; it counts as sent."""
        pieces = _pieces(update)
        if pieces is None:
            self.forget()
            return update
        changed = [found for piece in pieces for found in self._differing(*piece)]
        return Changes(changed) if changed else None

    def _differing(self, y: int, x: int, segments: list[Segment]) -> Iterator[Piece]:
        if not all(_is_simple(segment.text) for segment in segments):
            if self._wholes.get((y, x)) != segments:
                self._cells.pop(y, None)
                self._forget_wholes(y)
                self._wholes[y, x] = segments
                yield y, x, segments
            return
        known = self._cells.setdefault(y, {})
        if any(line == y for line, _ in self._wholes):
            known.clear()
            self._forget_wholes(y)
        drawn: list[Cell] = [(letter, each.style) for each in segments for letter in each.text]
        differ = [place for place, cell in enumerate(drawn, x) if known.get(place) != cell]
        known.update(enumerate(drawn, x))
        for first, last in _runs(differ):
            yield y, first, _segments(drawn[first - x : last - x + 1])

    def _forget_wholes(self, y: int) -> None:
        for key in [key for key in self._wholes if key[0] == y]:
            del self._wholes[key]


def _is_simple(text: str) -> bool:
    return text.isascii() or all(get_character_cell_size(letter) == 1 for letter in text)


def _runs(places: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The first and last of each group of places with no wide gap between them."""
    first = last = None
    for place in places:
        if first is not None and last is not None and place - last > GAP:
            yield first, last
            first = place
        elif first is None:
            first = place
        last = place
    if first is not None and last is not None:
        yield first, last


def _segments(cells: Sequence[Cell]) -> list[Segment]:
    return [
        Segment("".join(letter for letter, _ in group), style)
        for style, group in groupby(cells, itemgetter(1))
    ]


def _pieces(update: CompositorUpdate) -> list[Piece] | None:
    """What an update draws, and where; None for one whose inside is not known."""
    if isinstance(update, LayoutUpdate):
        left, top = update.region.x, update.region.y
        lines = enumerate(update.strips, top)
        return [(y, left, [each for strip in line for each in strip]) for y, line in lines]
    if isinstance(update, ChopsUpdate):
        return list(_chops(update))
    return None


def _chops(update: ChopsUpdate) -> Iterator[Piece]:
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x <= x2 and end > x1:
                yield y, x, list(strip.crop(0, min(end, x2) - x))
