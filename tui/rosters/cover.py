"""The dialogs of covers: others on duty for a while, or one person from now on."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scheduling import on_duty
from storage.roster_records import Roster
from tui.dialogs.editor_screen import EditorScreen
from tui.operations import covers, duty
from tui.operations.covers import Covered, CoverForm
from tui.operations.desk import Desk
from tui.widgets.fields import TextField

if TYPE_CHECKING:
    from tui.port import Console


class _CoverScreen(EditorScreen[Covered]):
    """What both have: the roster, and what is said when it is done."""

    def __init__(
        self, console: "Console", roster: Roster, heading: str, fields: Any, values: Mapping[str, Any]
    ) -> None:
        super().__init__(heading, fields, values)
        self.console, self.roster = console, roster
        assert console.desk is not None, "no editor opens before the site is open"
        self._desk: Desk = console.desk

    def saved(self, result: Any) -> None:
        self.console.tell(f"{result.roster.name}: {covers.words(result.roster, result.cover)}")
        for warning in covers.warnings(self._desk, result):
            self.console.warn(warning)
        self.console.nudge()

    def on_mount(self) -> None:
        super().on_mount()
        self.form.focus_field("by")


class CoverEditor(_CoverScreen):
    HELP = """\
Others on duty instead of those whose turn it is, from one time to another in the roster's zone. By is \
who is on instead: a user, several as Joe+Amy, or nobody. For is left empty where they are on instead of \
whoever it would be; with a name they are on only where that person would be. The newest cover that holds \
counts. ctrl+s saves, escape leaves."""

    def __init__(self, console: "Console", roster: Roster, now: str, until: str) -> None:
        fields = (
            TextField(key="by", label="By", required=True, help="A user, several as Joe+Amy, or nobody"),
            TextField(key="start", label="From", required=True, help=f"In {roster.zone}; or now, +2h"),
            TextField(key="end", label="To", required=True, help="2026-12-05 14:00, or +4h from now"),
            TextField(key="for", label="For", help="Only where this one would be on; empty: whoever"),
            TextField(key="note", label="Note", help="Why", most=covers.LONGEST_NOTE),
        )
        values = {"by": "", "start": now, "end": until, "for": "", "note": ""}
        super().__init__(console, roster, f"Cover a duty by {roster.name}", fields, values)

    @classmethod
    async def load(cls, console: "Console", roster_id: int) -> "CoverEditor":
        """Proposed are the times of the present shift from now on. Raises `Refused` when it is gone."""
        roster, now, until = await console.ask(_read, roster_id)
        return cls(console, roster, now, until)

    def save_values(self, values: Mapping[str, Any]) -> Covered:
        form = CoverForm(
            start=values["start"],
            end=values["end"],
            by=values["by"],
            instead_of=values["for"].strip() or None,
            note=values["note"],
        )
        return covers.cover(self._desk, self.roster.id, form)


class TakeOver(_CoverScreen):
    HELP = """\
One person is on duty from this moment on, until the time given. ctrl+s does it, escape leaves."""

    def __init__(self, console: "Console", roster: Roster, until: str) -> None:
        fields = (
            TextField(key="by", label="By", required=True, help="Who takes over: a user"),
            TextField(key="until", label="Until", required=True, help=f"In {roster.zone}; or +2h"),
            TextField(key="note", label="Note", help="Why", most=covers.LONGEST_NOTE),
        )
        operator = console.desk.operator if console.desk is not None else ""
        values = {"by": "" if ":" in operator else operator, "until": until, "note": ""}
        super().__init__(console, roster, f"Take over the duty by {roster.name} now", fields, values)

    @classmethod
    async def load(cls, console: "Console", roster_id: int) -> "TakeOver":
        """Proposed is the end of the present shift. Raises `Refused` when the roster is gone."""
        roster, _, until = await console.ask(_read, roster_id)
        return cls(console, roster, until)

    def save_values(self, values: Mapping[str, Any]) -> Covered:
        return covers.take(
            self._desk, self.roster.id, until=values["until"], user=values["by"], text=values["note"]
        )


def _read(desk: Desk, roster_id: int) -> tuple[Roster, str, str]:
    """The roster, now, and when the present shift ends, in its zone as they are typed."""
    roster = duty.read(desk, roster_id)
    zone, now = on_duty.in_zone(roster), desk.now()
    end = on_duty.on_duty(roster, now).end
    until = f"{end.astimezone(zone):%Y-%m-%d %H:%M}" if end is not None else ""
    return roster, f"{now.astimezone(zone):%Y-%m-%d %H:%M}", until
