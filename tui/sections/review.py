"""The section Review: everything that happened, the newest first, however long the history."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

import sqlalchemy as sa
from textual.content import Content

from storage import handlers
from storage import review as stored
from storage.records import Review
from storage.review import ReviewFilter
from storage.vocabulary import Category, Level
from tui.keys.places import Place
from tui.review.entry import entry_content, show_entry
from tui.review.kinds import kind_of
from tui.review.lines import COLOURS, SIGNS, short_time
from tui.sections.section import Section
from tui.text.content import plain
from tui.widgets.columns import Column
from tui.widgets.menu import ContextMenu, MenuItem
from tui.widgets.row_source import PageWanted, Row, RowSource

if TYPE_CHECKING:
    from tui.port import Console

SINCE = {"1 h": timedelta(hours=1), "24 h": timedelta(days=1), "7 days": timedelta(days=7)}


class ReviewSource:
    """Entries that fit a filter, by pages."""

    def __init__(self, console: "Console", wanted: ReviewFilter) -> None:
        self._console, self._wanted = console, wanted

    async def count(self) -> int:
        return await self._console.read(stored.total, self._wanted)

    async def page(self, wanted: PageWanted) -> Sequence[Row]:
        found = await self._console.read(
            stored.page, self._wanted, offset=wanted.offset, limit=wanted.limit, older_than=wanted.after
        )
        now = datetime.now(UTC)
        return [_row(entry, now) for entry in found]

    async def position(self, key: int) -> int | None:
        return await self._console.read(stored.position, key, self._wanted)

    async def keys(self, limit: int) -> Sequence[int]:
        return await self._console.read(stored.ids, limit, self._wanted)


class ReviewSection(Section):
    """The whole review."""

    PLACE = Place.REVIEW
    HELP = """\
Everything that happened, the newest first: handlers, each attempt to send and each retry, alerts, \
tasks, and what operators did. Enter shows an entry with what it is about. f chooses a category, a \
level, a time, a handler or an operator; / looks for words; X writes what is shown to a file."""
    EMPTY = "Nothing has happened yet."
    COLUMNS: ClassVar[Sequence[Column]] = (
        Column("at", "When", 12, align="right", sortable=False),
        Column("sign", "", 2, sortable=False),
        Column("category", "Category", 8, sortable=False),
        Column("text", "What happened", 44, flex=5, sortable=False),
        Column("operator", "Operator", 12, flex=1, priority=1, sortable=False),
    )
    MENU = ("review.open", "-", "review.category", "review.level", "review.export")

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.wanted = ReviewFilter()
        self._named: dict[str, str] = {}
        self._names: dict[int, str] = {}

    async def make_source(self) -> RowSource:
        self.wanted = replace(self.wanted, words=self.words)
        return ReviewSource(self.console, self.wanted)

    async def detail(self, key: int) -> Content | None:
        entry = await self.console.read(stored.get, key)
        return entry_content(entry) if entry else None

    # Choosing what is shown

    async def action_category(self) -> None:
        """A menu of everything that the list can be narrowed to."""
        names, people = await self.console.read(_choices)
        items = [MenuItem("only:", "everything")]
        items += [MenuItem(f"category:{c}", f"only {c}", parted=c is Category.HANDLER) for c in Category]
        items += [MenuItem("level:error", "only errors", parted=True)]
        items += [MenuItem("level:warning", "only warnings")]
        items += [MenuItem(f"since:{s}", f"the last {s}", parted=s == "1 h") for s in SINCE]
        items += [
            MenuItem(f"handler:{key}", f"handler {name}", parted=not place)
            for place, (key, name) in enumerate(names.items())
        ]
        items += [
            MenuItem(f"operator:{name}", f"by {name}", parted=not place) for place, name in enumerate(people)
        ]
        self._names = names
        region = self.table.region
        self.table.focus()
        ContextMenu.open(self.screen, items, (region.x + 2, region.y + 1), title="Show")

    def action_level(self) -> None:
        """Errors only, or everything again."""
        self.narrow("only" if self.wanted.level else "level", "" if self.wanted.level else Level.ERROR)

    def on_context_menu_chosen(self, event: ContextMenu.Chosen) -> None:
        kind, colon, value = event.action_id.partition(":")
        if colon:
            event.prevent_default()
            event.stop()
            self.narrow(kind, value)

    def narrow(self, kind: str, value: str) -> None:
        """Show only what fits; `only` with nothing shows everything again."""
        match kind:
            case "only":
                self.wanted, self._named = ReviewFilter(), {}
            case "category":
                self.wanted = replace(self.wanted, category=Category(value))
            case "level":
                self.wanted = replace(self.wanted, level=Level(value))
            case "since":
                self.wanted = replace(self.wanted, since=datetime.now(UTC) - SINCE[value])
            case "handler":
                self.wanted = replace(self.wanted, handler_id=int(value))
                value = self._names.get(int(value), value)
            case "operator":
                self.wanted = replace(self.wanted, operator=value)
        if kind != "only":
            self._named[kind] = f"the last {value}" if kind == "since" else value
        self.reload()

    def narrowing(self) -> object:
        return self.words, replace(self.wanted, words="")

    def only(self) -> Content | None:
        if not self._named:
            return None
        return plain(f"Only {', '.join(self._named.values())}  ·  f chooses, and shows everything again")

    async def total(self) -> int | None:
        return await self.console.read(stored.total)

    # What can be done

    def action_open(self) -> None:
        key = self.table.cursor_key
        if key is not None:
            show_entry(self.console, key)

    def action_edit(self) -> None:
        self.action_open()

    async def action_export(self) -> None:
        from tui.review.export import ExportReview

        count = await self.console.ask_person(ExportReview(self.console, self.wanted))
        if count is not None:
            self.console.tell(f"{count:,} {'entry' if count == 1 else 'entries'} written")


def _choices(connection: sa.Connection) -> tuple[dict[int, str], list[str]]:
    known = {handler.id: handler.name for handler in handlers.listing(connection)}
    return known, stored.operators(connection)


def _row(entry: Review, now: datetime) -> Row:
    kind = kind_of(entry)
    return Row(
        entry.id,
        (
            short_time(entry.at, now),
            Content.styled(SIGNS[kind], COLOURS[kind]),
            str(entry.category),
            plain(entry.text, width=400),
            entry.operator or "",
        ),
    )
