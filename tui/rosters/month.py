"""A roster's next 31 days: one line a shift, holes red."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from tui.dialogs.listing import ListScreen
from tui.operations import duty
from tui.operations.desk import Desk
from tui.rosters import lines
from tui.widgets.columns import Column
from tui.widgets.row_source import ListSource, Row, RowSource

if TYPE_CHECKING:
    from scheduling.on_duty import Shift
    from storage.roster_records import Roster
    from tui.port import Console


class RosterMonth(ListScreen):
    HELP = """\
Every shift of the next 31 days, in the roster's zone: from when until when, who is on duty, and which \
rule or cover says so. ✗ marks a time when nobody is on duty: cover it with n in Duty, or give the \
roster a fallback."""
    EMPTY = "Nobody is ever on duty: the roster has no rule yet."
    COLUMNS: ClassVar[Sequence[Column]] = (
        Column("from", "From", 17, sortable=False),
        Column("to", "To", 17, sortable=False),
        Column("who", "On duty", 12, flex=2, sortable=False),
        Column("why", "Why", 8, flex=2, sortable=False, priority=1),
    )

    def __init__(self, console: "Console", roster_id: int, name: str, zone: str) -> None:
        super().__init__(console, f"Duty by {name}", f"The next 31 days, in {zone}")
        self.roster_id = roster_id

    async def make_source(self) -> RowSource:
        roster, shifts = await self.console.ask(_read, self.roster_id)
        return ListSource([_row(roster, place, shift) for place, shift in enumerate(shifts, 1)])


def _read(desk: Desk, roster_id: int) -> "tuple[Roster, list[Shift]]":
    roster = duty.read(desk, roster_id)
    now: datetime = desk.now()
    return roster, lines.month(roster, now)


def _row(roster: "Roster", place: int, shift: "Shift") -> Row:
    return Row(
        place,
        (
            lines.when(roster, shift.start),
            lines.when(roster, shift.end),
            lines.who(roster, shift),
            lines.why(roster, shift),
        ),
    )
