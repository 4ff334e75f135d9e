"""Shifts as lines: from when until when, who is on, and why. A time when nobody is shows as a hole."""

from datetime import datetime

from textual.content import Content

from scheduling import on_duty
from scheduling.on_duty import Shift
from storage.roster_records import Roster
from tui.operations import duty
from tui.text.content import detail_line, plain

HOLE = "✗ nobody"
MOST_LINES = 60  # of the detail beside the list


def who(roster: Roster, shift: Shift | None) -> Content:
    """The people of a shift, or a hole."""
    if shift is None:
        return Content("–")
    if not shift.people:
        return Content.styled(HOLE, "$text-error")
    return plain(duty.shift_people(roster, shift))


def why(roster: Roster, shift: Shift) -> Content:
    """Which rule or cover says so; who cannot be reached stands out."""
    said = plain(duty.why_words(roster, shift))
    return said.stylize("$text-warning") if shift.unreachable else said


def when(roster: Roster, at: datetime | None) -> str:
    return duty.moment_words(at, on_duty.in_zone(roster)) if at is not None else "–"


def month(roster: Roster, now: datetime) -> list[Shift]:
    """Every shift of the next 31 days, the present one first."""
    return on_duty.shifts(roster, now, now + on_duty.AHEAD)


def detail(view: duty.View, now: datetime) -> Content:
    """A roster in full, for the pane beside the list."""
    roster = view.roster
    lines = [plain(roster.name).stylize("bold"), detail_line("Zone", roster.zone)]
    lines.append(detail_line("Fallback", roster.fallback_name or "nobody"))
    if not roster.rules:
        lines.append(Content.styled("▲ It has no rule yet: commsdesk roster rule add", "$text-warning"))
    lines.append(Content(""))
    shifts = month(roster, now)
    for shift in shifts[:MOST_LINES]:
        line = Content.assemble(
            f"{when(roster, shift.start):<17}", who(roster, shift), "  ", why(roster, shift)
        )
        lines.append(line)
    if len(shifts) > MOST_LINES:
        lines.append(Content.styled(f"and {len(shifts) - MOST_LINES} more", "$text-muted"))
    return Content("\n").join(lines)
