"""The history of a task: what became of each due time, and what it sent."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual.content import Content

from scheduling.zones import zone_named
from storage import tasks as stored
from storage.records import Task, TaskRun
from storage.vocabulary import RunKind, RunState
from tui.dialogs.listing import ListScreen
from tui.widgets.columns import Column
from tui.widgets.row_source import ListSource, Row, RowSource

if TYPE_CHECKING:
    from tui.port import Console

MOST = 1000
SIGNS = {
    RunState.FIRED: ("✓", "$text-success"),
    RunState.MISSED: ("▲", "$text-warning"),
    RunState.FAILED: ("✗", "$text-error"),
}
# How one that was fired reads, where it was not fired on time.
HOW = {RunKind.CATCH_UP: "late", RunKind.MANUAL: "by hand"}


class TaskHistory(ListScreen):
    HELP = """\
What became of each due time, the newest first: fired, fired late to catch up, run by hand, or missed \
with the reason. Queued is how many messages it queued, Left out how many people it could not reach."""
    EMPTY = "It has not fired yet."
    COLUMNS: ClassVar[Sequence[Column]] = (
        Column("due", "Due", 18, sortable=False),
        Column("state", "What", 12, sortable=False),
        Column("fired", "At", 12, align="right", sortable=False, priority=1),
        Column("queued", "Queued", 7, align="right", sortable=False),
        Column("left", "Left out", 8, align="right", sortable=False),
        Column("note", "Note", 10, flex=1, sortable=False),
    )

    def __init__(self, console: "Console", task: Task) -> None:
        super().__init__(console, f"History of {task.name}", f"The newest {MOST:,} due times, in {task.zone}")
        self.task_shown = task

    async def make_source(self) -> RowSource:
        runs = await self.console.read(stored.runs, self.task_shown.id, None, MOST)
        return ListSource([_row(self.task_shown, run) for run in runs])


def _row(task: Task, run: TaskRun) -> Row:
    due, fired = run.due_at.astimezone(zone_named(task.zone)), run.fired_at.astimezone()
    sign, colour = SIGNS[run.state]
    fired_as = HOW.get(run.kind, run.state)
    today = datetime.now(UTC).astimezone().date()
    return Row(
        run.id,
        (
            f"{due:%a %d %b %H:%M:%S}".removesuffix(":00"),
            Content.assemble((sign, colour), f" {fired_as if run.state is RunState.FIRED else run.state}"),
            f"{fired:%H:%M:%S}" if fired.date() == today else f"{fired:%d %b %H:%M}",
            f"{run.queued:,}" if run.state is RunState.FIRED else "–",
            f"{run.left_out:,}" if run.left_out else "–",
            run.note,
        ),
    )
