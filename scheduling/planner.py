"""Fires what is due: one transaction a task, fenced by the lease, unique by task and due time."""

import logging
from dataclasses import replace
from datetime import datetime

from scheduling import cron, fault_points, firing, misfire
from scheduling.clock import Clock
from storage import adoption, leases, tasks
from storage.database import Database, Transaction
from storage.errors import StorageError
from storage.records import Task
from storage.vocabulary import EntryKind, Level, RunKind, RunState

log = logging.getLogger(__name__)

TASKS_AT_ONCE = 500


class Planner:
    """Looks at the tasks that are due. Blocks on the database: call it in a thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def tick(self, epoch: int) -> int:
        """Fire what is due under this lease; how many messages that queued. Raises `LeaseLost`."""
        with self._database.read() as connection:
            due = tasks.due(connection, self._clock.now())
            held = due and adoption.is_held(connection)
        if held:
            self._miss(epoch)
            return 0
        queued = 0
        for task in due:
            try:
                queued += self._fire(task, epoch)
            except (StorageError, leases.LeaseLost):
                raise
            except Exception as error:  # one bad task never stops the rest
                log.exception("task %s could not be fired", task.id)
                self._set_aside(task, epoch, error)
        return queued

    def next_due(self) -> datetime | None:
        with self._database.read() as connection:
            return tasks.next_due(connection)

    def _miss(self, epoch: int) -> None:
        with self._database.write() as tx:
            leases.check(tx, epoch)
            if adoption.is_held(tx):
                miss_overdue(tx, self._clock.now(), epoch)

    def _fire(self, seen: Task, epoch: int) -> int:
        queued = 0
        with self._database.write() as tx:
            leases.check(tx, epoch)
            if adoption.is_held(tx):
                return 0
            now = self._clock.now()
            task = tasks.get(tx, seen.id)
            if task is None or not task.enabled or task.revision != seen.revision:
                return 0
            if task.next_due_at is None or task.next_due_at > now:
                return 0
            schedule = cron.parse(task.cron, task.zone) if task.cron else None
            due = misfire.decide(task, schedule, now)
            _write_missed(tx, task, due, now, epoch)
            for due_at, kind in due.fire:
                fired = firing.fire(tx, task, kind, due_at, now, epoch=epoch, next_due_at=due.next_due_at)
                queued += len(fired.message_ids)
            tasks.advance(
                tx,
                task.id,
                next_due_at=due.next_due_at,
                last_due_at=due.fire[-1][0] if due.fire else task.last_due_at,
                last_run_at=now if due.fire else task.last_run_at,
            )
            fault_points.passing("before-firing-commit")
        fault_points.passing("after-firing-commit")
        return queued

    def _set_aside(self, task: Task, epoch: int, error: Exception) -> None:
        """Say what is wrong with a task and let it wait for its next due time, or for an edit."""
        problem = f"{type(error).__name__}: {error}"
        with self._database.write() as tx:
            leases.check(tx, epoch)
            now = self._clock.now()
            following = _next_if_possible(task, now)
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
            tx.review(
                now,
                firing.said_of(
                    task, EntryKind.MISSED, f"{task.name} could not be fired: {problem}", Level.ERROR
                ),
            )


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
        schedule = cron.parse(task.cron, task.zone) if task.cron else None
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


def _next_if_possible(task: Task, now: datetime) -> datetime | None:
    try:
        return misfire.next_due(task, cron.parse(task.cron, task.zone), now) if task.cron else None
    except ValueError:
        return None


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
