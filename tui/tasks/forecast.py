"""What will fire: the next 24 hours across all tasks, whom each reaches, and which will reach nobody."""

from collections.abc import Sequence
from datetime import UTC, timedelta
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

from textual.content import Content

from tui.dialogs.listing import ListScreen
from tui.operations import task_preview, tasks
from tui.operations.desk import Desk
from tui.operations.task_preview import Reach, Upcoming
from tui.text.content import plain
from tui.widgets.columns import Column
from tui.widgets.row_source import ListSource, Row, RowSource

if TYPE_CHECKING:
    from tui.port import Console

HOURS = 24
MOST = 5000  # a task that fires each minute has 1,440 due times a day


class Forecast(ListScreen):
    HELP = """\
Every due time of the next 24 hours, in your time, in the task's own zone and in UTC, with whom it \
reaches as users and groups are now. ▲ marks one that would reach nobody; changes of the clocks are \
named."""
    EMPTY = "No task fires in the next 24 hours."
    COLUMNS: ClassVar[Sequence[Column]] = (
        Column("here", "Here", 11, sortable=False),
        Column("task", "Task", 16, flex=2, sortable=False),
        Column("local", "In its zone", 20, priority=1, sortable=False),
        Column("utc", "UTC", 11, priority=2, sortable=False),
        Column("reaches", "Reaches", 20, flex=4, sortable=False),
    )

    def __init__(self, console: "Console") -> None:
        super().__init__(console, "What will fire", f"The next {HOURS} hours of all enabled tasks")

    async def make_source(self) -> RowSource:
        found = await self.console.ask(_read)
        return ListSource([_row(place, item, reach) for place, (item, reach) in enumerate(found)])


def _read(desk: Desk) -> list[tuple[Upcoming, Reach]]:
    enabled = [task for task in tasks.listing(desk) if task.enabled]
    rosters = task_preview.rosters_of(desk, enabled)
    now = desk.now()
    found = list(islice(task_preview.upcoming(enabled, now, now + timedelta(hours=HOURS), rosters), MOST))
    return list(zip(found, task_preview.reaches(desk, found), strict=True))


def _row(place: int, item: Upcoming, reach: Reach) -> Row:
    here, utc = item.due_at.astimezone(), item.due_at.astimezone(UTC)
    note = f" ({item.note})" if item.note else ""
    return Row(
        place,
        (
            f"{here:%a %H:%M:%S}".removesuffix(":00"),
            item.task.name,
            f"{item.local:%a %H:%M} {item.local.tzname()}{note}",
            f"{utc:%a %H:%M}",
            whom(reach),
        ),
    )


def whom(reach: Reach) -> Content:
    """The names, the count, and who is left out."""
    if not reach.reached:
        return Content.styled("▲ nobody", "$text-error")
    names = ", ".join(reach.reached[:4]) + (
        f" and {len(reach.reached) - 4} more" if len(reach.reached) > 4 else ""
    )
    left = f"  (left out: {', '.join(reach.left_out[:2])})" if reach.left_out else ""
    return Content.assemble(plain(names, width=200), plain(left, width=200).stylize("$text-warning"))
