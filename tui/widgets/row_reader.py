"""Reading a list anew without anything on the screen jumping."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tui.widgets.columns import Column
from tui.widgets.row_source import Pages, RowSource

# The cursor may move while a read is under way; then the read looks again, but not for ever.
_LOOKS = 3


@dataclass(frozen=True)
class View:
    """What of a list is on the screen: the cursor's row, the first row and how many rows fit.

    With `stays` the first row shown stays at its index while the cursor's row is in sight: a list
    that grows at its beginning shows what is new, and only the cursor moves along with its row.
    """

    cursor: int
    top: int
    height: int
    stays: bool = False


class RowReader:
    """The rows of a source as they were last read."""

    def __init__(
        self,
        source: RowSource,
        *,
        anew: bool = False,
        seek: int | None = None,
        columns: Sequence[Column] | None = None,
    ) -> None:
        """With `anew` the cursor goes to the first row, or to the one with the key `seek`.

        `columns` are those of its rows, where they are others than before.
        """
        self.source = source
        self.anew, self.seek = anew, seek
        self.columns = columns
        self.pages = Pages()
        self.loaded = False

    def key(self, index: int) -> int | None:
        """The key of the row at this index, None when it is not at hand."""
        row = self.pages.row(index)
        return row.key if row else None

    async def read_page(self, number: int) -> bool:
        """Fetch one page into the present reading; False when a newer reading took its place."""
        pages = self.pages
        pages.put(number, await self.source.page(pages.wanted(number)))
        return pages is self.pages

    async def read_anew(self, look: Callable[[], View], *, keys_from: "RowReader | None" = None) -> View:
        """Read the list again and say where the cursor and the first row are now.

        The row under the cursor stays under the cursor and on the same line of the screen; where
        the cursor is scrolled out of sight, the first row shown stays first. A row that is gone
        leaves the cursor at its index. `keys_from` is the reader whose rows are on the screen,
        when that is another than this one.
        """
        shown = keys_from or self
        for _ in range(_LOOKS):
            view = look()
            pages = Pages(await self.source.count())
            placed = await self._placed(view, shown, pages.count)
            for number in pages.missing(placed.top, placed.top + max(1, view.height) - 1):
                pages.put(number, await self.source.page(pages.wanted(number)))
            if look() == view:
                break
        self.pages, self.loaded = pages, True
        return placed

    async def _placed(self, view: View, shown: "RowReader", count: int) -> View:
        if self.anew:
            sought = await self.source.position(self.seek) if self.seek is not None else 0
            if sought is not None:
                in_sight = view.top <= sought < view.top + view.height
                top = view.top if in_sight else sought - view.height // 2
                return View(sought, max(0, min(top, count - view.height)), view.height)
        cursor = await self._now_at(view.cursor, shown, count)
        if view.stays and view.top <= cursor < view.top + view.height:
            top = view.top
        elif view.top <= view.cursor < view.top + view.height:
            top = cursor - (view.cursor - view.top)
        else:
            top = await self._now_at(view.top, shown, count)
        return View(cursor, max(0, min(top, count - view.height)), view.height)

    async def _now_at(self, index: int, shown: "RowReader", count: int) -> int:
        key = shown.key(index)
        found = await self.source.position(key) if key is not None else None
        return max(0, min(index if found is None else found, count - 1))
