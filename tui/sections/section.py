"""What every section has: a list of records, a filter, a menu, and a detail pane where there is room."""

import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial, wraps
from typing import Any, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from tui.keys.registry import REGISTRY
from tui.operations.errors import Refused
from tui.port import Console, console_of, run_waiting
from tui.text.content import plain
from tui.widgets.columns import Column
from tui.widgets.menu import ContextMenu, MenuItem
from tui.widgets.paged_table import PagedTable
from tui.widgets.row_source import ListSource, RowSource
from tui.widgets.steady_text import SteadyText

log = logging.getLogger(__name__)

T = TypeVar("T")

REFRESH_EVERY = 0.5  # seconds at least between two readings of a list that keeps changing


class FilterInput(Input):
    """The words to look for. Escape empties and closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "Close the filter"), ("down", "to_list", "")]

    def action_leave(self) -> None:
        self.value = ""
        self.action_to_list()

    def action_to_list(self) -> None:
        section = next(node for node in self.ancestors if isinstance(node, Section))
        if not self.value:
            section.show_filter(False)
        section.focus_list()


def _in_worker(action: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """An action that may wait for an answer must not hold up the screen's own messages, as a key's does."""

    @wraps(action)
    def run(section: "Section", *parameters: object) -> None:
        run_waiting(section, action(section, *parameters), exclusive=False)

    return run


class Section(Vertical):
    """A subclass names its columns and its source; actions are methods `action_…` as the registry says."""

    PLACE: ClassVar[str] = ""
    COLUMNS: ClassVar[Sequence[Column]] = ()
    EMPTY: str = "Nothing here yet."
    MENU: ClassVar[Sequence[str]] = ()  # action ids; "-" draws a line
    DETAIL: ClassVar[bool] = True
    SORT: ClassVar[tuple[str, bool] | None] = None
    RECORD: ClassVar[str] = ""  # where an editor's result holds the record; empty: it is the record

    def __init_subclass__(cls, **options: Any) -> None:
        # Before Textual merges the bindings of the class.
        if cls.PLACE:
            cls.BINDINGS = [*REGISTRY.bindings(cls.PLACE)]
        for name, method in list(vars(cls).items()):
            if name.startswith("action_") and inspect.iscoroutinefunction(method):
                setattr(cls, name, _in_worker(method))
        super().__init_subclass__(**options)

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.words = ""
        self.order: tuple[str, bool] | None = self.SORT
        self._stale: Timer | None = None
        self._detail_of: int | None = None
        self._narrowed_to: object = None

    @property
    def console(self) -> Console:
        return console_of(self)

    @property
    def table(self) -> PagedTable:
        return self.query_one(PagedTable)

    def compose(self) -> ComposeResult:
        with Horizontal(classes="only-line"):
            yield SteadyText(classes="only")
            yield SteadyText(classes="count")
        filter_input = FilterInput(placeholder="Words to look for", classes="filter", compact=True)
        filter_input.display = False
        with Horizontal(classes="filter-line") as filter_line:
            yield filter_input
            yield SteadyText(classes="count")
        filter_line.display = False
        with Horizontal(classes="list-and-detail"):
            yield PagedTable(self.COLUMNS, ListSource(), empty="Reading…", sort=self.SORT)
            if self.DETAIL:
                with VerticalScroll(classes="detail", can_focus=False):
                    yield SteadyText(classes="detail-text")

    # What a subclass says

    async def make_source(self) -> RowSource:
        """The rows for the present filter (`words`) and order. Reads off the screen's thread."""
        raise NotImplementedError

    async def detail(self, key: int) -> Content | None:
        """What stands beside the list for the record under the cursor."""
        return None

    def narrowing(self) -> object:
        """What the list is narrowed to. Where that changes, the first row is under the cursor."""
        return self.words

    def only(self) -> Content | None:
        """What is shown, besides the words that are looked for; None where that is everything."""
        return None

    async def total(self) -> int | None:
        """How many rows there are without any narrowing; None where that is not known."""
        return None

    def saved_key(self, saved: object) -> int | None:
        """The key of the row that an editor has saved, if it is one of this list."""
        record = getattr(saved, self.RECORD, None) if self.RECORD else saved
        key = getattr(record, "id", None)
        return key if isinstance(key, int) else None

    def may(self, action_id: str, keys: tuple[int, ...]) -> bool:
        """Whether a menu item makes sense for these records."""
        return True

    # Life

    def returned_to(self) -> None:
        """Someone comes back to it from a list that was shown in its place."""

    def site_ready(self) -> None:
        self.reload()

    def site_changed(self) -> None:
        """Something was written: read again soon, however many changes come."""
        if self._stale is None and self.console.desk is not None:
            self._stale = self.set_timer(REFRESH_EVERY, self._refresh)

    def _refresh(self) -> None:
        self._stale = None
        if self.display and len(self.app.screen_stack) == 1:
            self.reload()

    def show_trouble(self, reason: str) -> None:
        self.table.set_source(ListSource(), empty=reason)

    def reload(self) -> None:
        if self.console.desk is not None and self._has_list(self.reload):
            narrowing = self.narrowing()
            if narrowing != self._narrowed_to:
                # From this moment on, so that no key still reaches a row of the list before.
                self._narrowed_to = narrowing
                self.table.begin_anew()
            self._begin_reading(self._reload, "source")

    def _begin_reading(self, work: Callable[[], Awaitable[None]], group: str) -> None:
        """Begin reading in place of what of its group still reads.

        The coroutine is made by the worker itself: a console that ends first leaves none unawaited.
        """
        self.run_worker(cast(Callable[[], None], work), group=group, exclusive=True, exit_on_error=False)

    def saved(self, saved: object) -> None:
        """An editor has closed: the row that it saved is under the cursor."""
        key = self.saved_key(saved)
        if key is not None and self._has_list(partial(self.saved, saved)):
            self.table.begin_anew(seek=key)
        self.reload()

    def columns(self) -> Sequence[Column]:
        """The columns of the rows that the source now gives."""
        return self.COLUMNS

    async def _reload(self) -> None:
        self._show_only()
        try:
            source = await self.make_source()
        except Exception as error:
            self.console.tell(f"The list cannot be read: {error}", problem=True)
            return
        empty = f"Nothing with the words {self.words!r}. Escape shows all." if self.words else self.EMPTY
        self.table.set_source(source, empty=empty, columns=self.columns())
        self._show_detail(self.table.cursor_key)

    def _show_only(self) -> None:
        only = self.only()
        self.query_one(".only-line").set_class(only is not None, "-shown")
        self.query_one(".only", Static).update(only or Content(""))

    def on_paged_table_list_read(self, event: PagedTable.ListRead) -> None:
        if self.words or self.only() is not None:
            self._begin_reading(partial(self._count, event.count), "count")
        else:
            self._say_count("")

    async def _count(self, shown: int) -> None:
        total = await self.total()
        self._say_count("" if total is None else f"{shown:,} of {total:,}")

    def _say_count(self, said: str) -> None:
        for line in self.query(".count").results(Static):
            line.update(said)

    def focus_list(self) -> None:
        if self.display and self._has_list(self.focus_list):
            self.table.focus()

    def _has_list(self, then: Callable[[], object]) -> bool:
        """Whether the list is there; on a busy machine it comes a moment later, and `then` is called."""
        if self.query_one_optional(PagedTable) is None:
            self.call_after_refresh(then)
            return False
        return True

    # The list

    def start_filter(self) -> None:
        self.show_filter(True)
        self.query_one(FilterInput).focus()

    def show_filter(self, shown: bool) -> None:
        """Show the line for the words, or take it away."""
        self.query_one(".filter-line").display = self.query_one(FilterInput).display = shown

    def on_input_changed(self, event: Input.Changed) -> None:
        if isinstance(event.input, FilterInput):
            event.stop()
            self.words = event.value.strip()
            self.reload()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if isinstance(event.input, FilterInput):
            event.stop()
            self.focus_list()

    def on_paged_table_row_highlighted(self, event: PagedTable.RowHighlighted) -> None:
        self._show_detail(event.key)

    def on_paged_table_row_chosen(self, event: PagedTable.RowChosen) -> None:
        self.run_worker(self.app.run_action("edit", self), exit_on_error=False)

    def on_paged_table_sort_changed(self, event: PagedTable.SortChanged) -> None:
        self.order = (event.column, event.descending)
        self.reload()

    def on_paged_table_menu_requested(self, event: PagedTable.MenuRequested) -> None:
        items = list(self._menu_items(event.keys))
        if items:
            title = f"{len(event.keys)} selected" if len(event.keys) > 1 else ""
            ContextMenu.open(self.screen, items, (event.x, event.y), keys=event.keys, title=title)

    def _menu_items(self, keys: tuple[int, ...]) -> list[MenuItem]:
        items: list[MenuItem] = []
        parted = False
        for action_id in self.MENU:
            if action_id == "-":
                parted = True
                continue
            action = REGISTRY[action_id]
            role = self.console.role
            allowed = role is not None and role.allows(action.role)
            shown = " ".join(REGISTRY.shown_keys(action_id)[:1])
            items.append(
                MenuItem(action_id, action.title, shown, allowed and self.may(action_id, keys), parted)
            )
            parted = False
        return items

    def on_context_menu_chosen(self, event: ContextMenu.Chosen) -> None:
        action = REGISTRY[event.action_id]
        self.run_worker(self.app.run_action(action.action, self), exit_on_error=False)

    # Detail

    def on_resize(self) -> None:
        self._show_detail(self._detail_of)  # there may be room for it only now

    def _show_detail(self, key: int | None) -> None:
        self._detail_of = key
        if self.DETAIL and self.screen.has_class("-wide"):
            self._begin_reading(partial(self._load_detail, key), "detail")

    async def _load_detail(self, key: int | None) -> None:
        try:
            content = await self.detail(key) if key is not None else None
        except Exception as error:
            content = plain(f"This cannot be read: {error}")
        if key == self._detail_of:
            self.query_one(".detail-text", Static).update(content or Content(""))

    # Doing

    async def attempt(self, work: Awaitable[T]) -> T | None:
        """Await an operation; a refusal is told in its own words and gives None."""
        try:
            result = await work
        except Refused as refusal:
            self.console.tell(refusal.message, problem=True)
            return None
        self.reload()
        return result
