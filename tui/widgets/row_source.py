"""Where the rows of a table come from, and the pages of them that are kept at hand."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from textual.content import Content

PAGE_ROWS = 200
PAGES_KEPT = 20


@dataclass(frozen=True)
class Row:
    """One record of a list.

    `key` names the record for as long as it lives. `cells` follow the declared columns; a `str`
    is outside text and is made plain, a `Content` is shown as it is. `marks` are style names
    for the whole row: `dim` (off, finished), `strong`.
    """

    key: int
    cells: tuple[Content | str, ...]
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PageWanted:
    """Rows `offset` up to `offset + limit` (the last page may hold fewer).

    `after` and `before` are the keys of the rows just outside where they are known, so that a
    source may seek by key instead of counting its way to the offset.
    """

    offset: int
    limit: int
    after: int | None = None
    before: int | None = None


class RowSource(Protocol):
    """A list of any length in a fixed order. Whatever takes time is done off the UI thread."""

    async def count(self) -> int:
        """How many rows there are."""

    async def page(self, wanted: PageWanted) -> Sequence[Row]:
        """The rows asked for, in order."""

    async def position(self, key: int) -> int | None:
        """The index at which the row with this key is now; None when it is gone."""

    async def keys(self, limit: int) -> Sequence[int]:
        """The keys of the first `limit` rows, for marking all."""


class ListSource:
    """Rows that are in memory already, for lists that stay short."""

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        self.rows = list(rows)

    async def count(self) -> int:
        return len(self.rows)

    async def page(self, wanted: PageWanted) -> Sequence[Row]:
        return self.rows[wanted.offset : wanted.offset + wanted.limit]

    async def position(self, key: int) -> int | None:
        return next((index for index, row in enumerate(self.rows) if row.key == key), None)

    async def keys(self, limit: int) -> Sequence[int]:
        return [row.key for row in self.rows[:limit]]


@dataclass
class Pages:
    """The pages last used, of one reading of a source that held `count` rows."""

    count: int = 0
    _pages: OrderedDict[int, Sequence[Row]] = field(default_factory=OrderedDict)

    def row(self, index: int) -> Row | None:
        """The row at this index, None when its page is not here."""
        number, within = divmod(index, PAGE_ROWS)
        rows = self._pages.get(number)
        if rows is None:
            return None
        self._pages.move_to_end(number)
        return rows[within] if within < len(rows) else None

    def put(self, number: int, rows: Sequence[Row]) -> None:
        """Keep this page; the one longest unused goes when there are too many."""
        self._pages[number] = tuple(rows)
        self._pages.move_to_end(number)
        while len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)

    def wanted(self, number: int) -> PageWanted:
        """What to ask the source for to get this page."""
        offset = number * PAGE_ROWS
        earlier, later = self._pages.get(number - 1), self._pages.get(number + 1)
        return PageWanted(
            offset=offset,
            limit=min(PAGE_ROWS, max(0, self.count - offset)),
            after=earlier[-1].key if earlier and len(earlier) == PAGE_ROWS else None,
            before=later[0].key if later else None,
        )

    def missing(self, first: int, last: int) -> list[int]:
        """The numbers of the pages not here that hold rows `first` to `last` (included)."""
        last = min(last, self.count - 1)
        if last < first:
            return []
        return [
            number for number in range(first // PAGE_ROWS, last // PAGE_ROWS + 1) if number not in self._pages
        ]

    def held(self) -> int:
        """How many rows are in memory."""
        return sum(len(rows) for rows in self._pages.values())
