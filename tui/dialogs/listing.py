"""A list over the main screen: a heading, a table, a line of keys."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui.text.content import plain
from tui.widgets.columns import Column
from tui.widgets.key_line import KeyLine
from tui.widgets.paged_table import PagedTable
from tui.widgets.row_source import ListSource, RowSource
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.port import Console


class ListScreen(Screen[None]):
    """A subclass names its columns and reads its rows."""

    COLUMNS: ClassVar[Sequence[Column]] = ()
    EMPTY: ClassVar[str] = "Nothing here yet."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "leave", "Close", key_display="esc")]

    DEFAULT_CSS = """
    ListScreen {
        background: $background;
        & > #heading { height: 1; padding: 0 1; text-style: bold; }
        & > #note { height: auto; max-height: 3; padding: 0 1; color: $text-muted; }
    }
    """

    def __init__(self, console: "Console", heading: str, note: str = "") -> None:
        """`heading` and `note` may hold outside text."""
        super().__init__()
        self.console, self.heading, self.note = console, heading, note

    async def make_source(self) -> RowSource:
        """The rows; read off the screen's thread."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield SteadyText(plain(self.heading), id="heading")
        yield SteadyText(plain(self.note), id="note")
        yield PagedTable(self.COLUMNS, ListSource(), empty="Reading…")
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(PagedTable).focus()
        self.run_worker(self._fill(), group="fill", exit_on_error=False)

    async def _fill(self) -> None:
        table = self.query_one(PagedTable)
        try:
            table.set_source(await self.make_source(), empty=self.EMPTY)
        except Exception as error:
            table.set_source(ListSource(), empty=f"This cannot be read: {error}")

    def action_leave(self) -> None:
        self.dismiss(None)
