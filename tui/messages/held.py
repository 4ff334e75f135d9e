"""What is held: for whom, until when and why; sent now or given up from here."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from storage.held import Held
from tui.dialogs.listing import ListScreen
from tui.operations import held
from tui.port import run_waiting
from tui.text.content import plain
from tui.widgets.columns import Column
from tui.widgets.paged_table import PagedTable
from tui.widgets.row_source import ListSource, Row, RowSource

if TYPE_CHECKING:
    from tui.port import Console


class HeldList(ListScreen):
    HELP = """\
Messages that quiet hours or the limit hold, the newest first, with when they go out and why they wait. \
r sends the one under the cursor now, D gives it up: it is not sent when its hold ends."""
    EMPTY = "Nothing is held."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "resend", "Send now"),
        Binding("D", "drop", "Give up", key_display="D"),
    ]
    COLUMNS: ClassVar[Sequence[Column]] = (
        Column("to", "To", 16, flex=1, sortable=False),
        Column("until", "Until", 12, sortable=False),
        Column("text", "Text", 16, flex=2, sortable=False),
        Column("why", "Why", 18, flex=1, sortable=False, priority=1),
    )

    def __init__(self, console: "Console") -> None:
        super().__init__(console, "Held", "They are no messages yet: they go out when what holds them ends")

    async def make_source(self) -> RowSource:
        found = await self.console.ask(held.listing)
        return ListSource([_row(row) for row in found[::-1]])

    def action_resend(self) -> None:
        """Send the held message under the cursor now."""
        if (key := self.query_one(PagedTable).cursor_key) is not None:
            run_waiting(self, self._release(key))

    async def _release(self, key: int) -> None:
        row, message_id = await self.console.operate(held.release, key)
        self.console.tell(f"Sent to {row.user or row.to} as message {message_id}")
        await self._fill()

    def action_drop(self) -> None:
        """Give up the held message under the cursor."""
        if (key := self.query_one(PagedTable).cursor_key) is not None:
            run_waiting(self, self._drop(key))

    async def _drop(self, key: int) -> None:
        row = await self.console.operate(held.drop, key)
        self.console.tell(f"Given up: {row.user or row.to}")
        await self._fill()


def _row(row: Held) -> Row:
    until = row.until.astimezone()
    return Row(
        row.id,
        (row.user or row.to, f"{until:%a %H:%M}", plain(row.text, width=200), plain(row.why, width=80)),
    )
