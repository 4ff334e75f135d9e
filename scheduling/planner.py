"""Fires what is due, a page a transaction: fenced by the lease, unique by task and due time.

Each task has a savepoint of its own.
"""

import logging
from dataclasses import replace
from datetime import datetime
from functools import partial

from scheduling import fault_points, firing, misfire
from scheduling.clock import Clock
from scheduling.schedules import next_if_possible, schedule_of
from storage import adoption, leases, tasks
from storage.database import Database, Transaction
from storage.records import Task
from storage.savepoint import apart
from storage.vocabulary import EntryKind, Level, RunKind, RunState

log = logging.getLogger(__name__)

TASKS_AT_ONCE = 500
PAGE = 100  # due tasks fired in one transaction: alone each took three times as long, most of it the commit
LONGEST = 0.02  # seconds after which a page ends all the same: others want the write lock too


class Planner:
    """Looks at the tasks that are due. Blocks on the database: call it in a thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._page: list[Task] = []  # read, and not fired yet

    def tick(self, epoch: int) -> int:
        """Fire a page of what is due under this lease; how many tasks that were. Raises `LeaseLost`.

        0: nothing is due any more. Between two pages others write, and what is queued is sent.
        """
        if not self._page:
            with self._database.read() as connection:
                self._page = tasks.due(connection, self._clock.now(), PAGE)
        page, self._page = self._page, []
        if not page:
            return 0
        with self._database.write() as tx:
            leases.check(tx, epoch)
            now = self._clock.now()
            if adoption.is_held(tx):
                return miss_overdue(tx, now, epoch)
            ends = self._clock.boottime() + LONGEST
            unmoved = tasks.still_due(tx, page, now)
            left = list(reversed(page))
            while left and self._clock.boottime() < ends:
                task = left.pop()
                if task.id in unmoved:
                    self._fire(tx, task, now, epoch)
            fault_points.passing("before-firing-commit")
        fault_points.passing("after-firing-commit")
        self._page = left[::-1]
        return len(page) - len(left)

    def _fire(self, tx: Transaction, task: Task, now: datetime, epoch: int) -> None:
        failed = apart(tx, partial(_fire, tx, task, now, epoch))
        if failed is not None:  # one bad task never stops the rest
            log.error("task %s could not be fired", task.id, exc_info=failed)
            _set_aside(tx, task, now, epoch, failed)

    def next_due(self) -> datetime | None:
        with self._database.read() as connection:
            return tasks.next_due(connection)


def _fire(tx: Transaction, task: Task, now: datetime, epoch: int) -> None:
    schedule = schedule_of(tx, task)
    due = misfire.decide(task, schedule, now)
    _write_missed(tx, task, due, now, epoch)
    for due_at, kind in due.fire:
        firing.fire(tx, task, kind, due_at, now, epoch=epoch, next_due_at=due.next_due_at)
    tasks.advance(
        tx,
        task.id,
        next_due_at=due.next_due_at,
        last_due_at=due.fire[-1][0] if due.fire else task.last_due_at,
        last_run_at=now if due.fire else task.last_run_at,
    )


def _set_aside(tx: Transaction, task: Task, now: datetime, epoch: int, error: Exception) -> None:
    """Say what is wrong with a task and let it wait for its next due time, or for an edit."""
    problem = f"{type(error).__name__}: {error}"
    following = next_if_possible(tx, task, now)
    if task.next_due_at is not None:
        tasks.record_run(
            tx,
            task.id,
            task.next_due_at,
            RunKind.SCHEDULED,
            RunState.FAILED,
            now,
            epoch=epoch,
            note=problem,
        )
    tasks.advance(tx, task.id, next_due_at=following, problem=problem)
    text = f"{task.name} could not be fired: {problem}"
    tx.review(now, firing.said_of(task, EntryKind.MISSED, text, Level.ERROR))


HELD_BACK = "the site was held: the original may have fired it"


def miss_overdue(tx: Transaction, now: datetime, epoch: int | None = None) -> int:
    """Write down as missed what is due on a site that is held; how many tasks that were.

    Also for the moment before it is adopted: what came due until then belongs to the original.
    """
    count = 0
    while overdue := tasks.due(tx, now, limit=TASKS_AT_ONCE):
        count += len(overdue)
        for task in overdue:
            _miss_one(tx, task, now, epoch)
    return count


def _miss_one(tx: Transaction, task: Task, now: datetime, epoch: int | None) -> None:
    try:
        schedule = schedule_of(tx, task)
    except ValueError as error:
        tasks.advance(tx, task.id, next_due_at=None, problem=str(error))
        text = f"{task.name} could not be fired: {error}"
        tx.review(now, firing.said_of(task, EntryKind.MISSED, text, Level.ERROR))
        return
    found = misfire.decide(task, schedule, now)
    times = tuple(sorted({*found.missed, *(due_at for due_at, _ in found.fire)}))
    missed = replace(found, fire=(), missed=times, reasons=dict.fromkeys(times, HELD_BACK))
    _write_missed(tx, task, missed, now, epoch)
    tasks.advance(tx, task.id, next_due_at=missed.next_due_at)


def _write_missed(tx: Transaction, task: Task, due: misfire.Due, now: datetime, epoch: int | None) -> None:
    if not due.missed:
        return
    for place, due_at in enumerate(due.missed):
        note = due.reasons[due_at]
        if place == 0 and due.older_missed:
            note += f"; and {due.older_missed} before it"
        tasks.record_run(tx, task.id, due_at, RunKind.SCHEDULED, RunState.MISSED, now, epoch=epoch, note=note)
    count = len(due.missed) + due.older_missed
    first, last = due.missed[0].astimezone(), due.missed[-1].astimezone()
    when = (
        f"{last:%d %b %H:%M}" if count == 1 else f"{count} times, {first:%d %b %H:%M} to {last:%d %b %H:%M}"
    )
    text = f"{task.name} missed {when}: {due.reasons[due.missed[-1]]}"
    tx.review(now, firing.said_of(task, EntryKind.MISSED, text, Level.WARNING))
