"""Firing a scheduled task: the run, its messages and what is said of it, in the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduling import holding, recipients, task_fields
from scheduling.actions import Queued, carry_out, names_of
from storage import outbox, tasks
from storage.database import Transaction
from storage.held import NewHeld
from storage.records import ReviewEntry, Task
from storage.vocabulary import Category, EntryKind, Level, Origin, RunKind, RunState

# How a firing reads in the review.
HOW = {
    RunKind.MANUAL: "run now",
    RunKind.CATCH_UP: "fired late, to catch up",
    RunKind.SCHEDULED: "fired",
}
DEFAULT_GRACE = timedelta(minutes=15)
DEFAULT_MOST_CATCH_UP = 10


@dataclass(frozen=True, slots=True)
class Fired:
    """What a firing queued. `run_id` is None when that due time had been fired before."""

    run_id: int | None
    message_ids: tuple[int, ...] = ()
    left_out: tuple[recipients.LeftOut, ...] = ()
    problems: tuple[str, ...] = ()
    held: tuple[NewHeld, ...] = ()


def fire(
    tx: Transaction,
    task: Task,
    kind: RunKind,
    due_at: datetime,
    now: datetime,
    *,
    epoch: int | None = None,
    operator: str | None = None,
    next_due_at: datetime | None = None,
) -> Fired:
    """Queue what the task sends at one due time.

    Nothing happens when that due time is already written down (unless it is fired by hand).
    `next_due_at` is only for the words of the review.
    """
    run_id = tasks.record_run(tx, task.id, due_at, kind, RunState.FIRED, now, epoch=epoch)
    if run_id is None:
        return Fired(None)
    submission = outbox.Submission(
        Origin.TASK, operator=operator, task_id=task.id, run_id=run_id, why=_why(task, kind, due_at)
    )
    values = task_fields.values_of(tx, task, now)
    queued = carry_out(tx, task.actions, submission, now, values=values, useful_life=task.useful_life)
    if not task.actions:
        queued.problems.append("it has no action")
    tasks.set_run_counts(tx, run_id, len(queued.message_ids), len(queued.left_out))
    tx.review(now, *_firing_entries(task, kind, queued, operator, next_due_at))
    return Fired(
        run_id,
        tuple(queued.message_ids),
        tuple(queued.left_out),
        tuple(queued.problems),
        tuple(queued.held),
    )


def _why(task: Task, kind: RunKind, due_at: datetime) -> str:
    """Why its messages are made: "task Shift report, due 04:00"."""
    if kind == RunKind.MANUAL:
        return f"task {task.name}, run now"
    late = ", fired late" if kind == RunKind.CATCH_UP else ""
    return f"task {task.name}, due {due_at.astimezone():%H:%M}{late}"


def _firing_entries(
    task: Task, kind: RunKind, queued: Queued, operator: str | None, next_due_at: datetime | None
) -> list[ReviewEntry]:
    how = HOW[kind]
    number = len(queued.message_ids)
    count = f"{number} {'recipient' if number == 1 else 'recipients'}"
    if queued.held:
        count += f", {len(queued.held)} held"
    after = f"; next {next_due_at.astimezone():%a %d %b %H:%M}" if next_due_at else ""
    entries = [said_of(task, EntryKind.FIRED, f"{task.name} {how}, {count}{after}", operator=operator)]
    if queued.left_out:
        text = f"{task.name} leaves out: {names_of(queued.left_out)}"
        entries.append(said_of(task, EntryKind.LEFT_OUT, text, Level.WARNING))
    entries += holding.entries(said_of(task, EntryKind.HELD, task.name), queued.held, queued.passed)
    entries += [
        said_of(task, EntryKind.NOTE, f"{task.name}: {problem}", Level.WARNING) for problem in queued.problems
    ]
    return entries


def said_of(
    task: Task, kind: EntryKind, text: str, level: Level = Level.INFO, operator: str | None = None
) -> ReviewEntry:
    return ReviewEntry(
        Category.TASK, text, level, operator=operator, task_id=task.id, task=task.name, kind=kind
    )
