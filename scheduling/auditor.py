"""Once a minute, the engine checks its own work: nothing overdue, nothing stuck, no task asleep.

What it finds is mended where that is safe, and always reported; a finding that stays is said once.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduling import claims, hanging
from scheduling.clock import Clock
from scheduling.clock_jump import plans_are_right
from scheduling.schedules import next_if_possible
from storage import adoption, answers, due, handlers, leases, message_order, outbox, tasks, time_shift
from storage.database import Database, Transaction
from storage.records import Message, ReviewEntry, Task
from storage.vocabulary import Category, EntryKind, Level
from storage.written_by import wall_clock

log = logging.getLogger(__name__)

OVERDUE = timedelta(seconds=60)
STUCK = timedelta(seconds=90)  # the longest call lasts 30 s
TASKS_A_ROUND = 250  # schedules looked at in one round; the next round goes on behind them
MOST_LATE = 20
STALLED = "the engine makes no progress in: {}; if it stays so, start commsdesk run again"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should not be. `about` tells the same finding from another one."""

    about: str
    text: str
    mended: bool


class Auditor:
    """Blocks on the database: called in the store's thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._said: frozenset[str] = frozenset()
        self._tasks_seen_to = 0

    def look(
        self, epoch: int, in_flight: Collection[int], tasks_held: bool, stalled: Collection[str] = ()
    ) -> list[Finding]:
        """One round.

        `in_flight` are the messages whose calls this process has under way, `stalled` those of
        its loops that have stopped going round.
        """
        # Schedules are worked out before the lock is taken: they grow with the site.
        asleep = [] if tasks_held else self._asleep()
        with self._database.write(wait=5) as tx:
            leases.check(tx, epoch)
            if not plans_are_right(self._clock):
                return []
            now = self._clock.now()
            strays = time_shift.bring_strays(tx, wall_clock(self._clock, now), OVERDUE)
            found = _stuck(tx, epoch, in_flight, now) + _strays(strays) + _ahead(tx, now)
            found += [Finding(f"stalled {loop}", STALLED.format(loop), False) for loop in stalled]
            if not adoption.is_held(tx):
                found += _overdue(tx, now)
                hanging.settle_what_is_over(tx, now)
                found += _stranded(tx, now)
                found += _unmade(tx, now)
            if not tasks_held:
                found += _late(tx, now) + _woken(tx, asleep)
            fresh = [finding for finding in found if finding.mended or finding.about not in self._said]
            tx.review(now, *(_audit_entry(finding) for finding in fresh))
        self._said = frozenset(finding.about for finding in found)
        return found

    def _asleep(self) -> list[tuple[Task, datetime]]:
        """Of the next tasks by id those that are due too late or never, and when they should be."""
        with self._database.read() as connection:
            seen = tasks.scheduled(connection, self._tasks_seen_to, TASKS_A_ROUND)
            now = self._clock.now()
            right = [(task, next_if_possible(connection, task, now)) for task in seen]
        self._tasks_seen_to = seen[-1].id if len(seen) == TASKS_A_ROUND else 0
        return [
            (task, due_at)
            for task, due_at in right
            if due_at is not None and (task.next_due_at is None or task.next_due_at > due_at)
        ]


def _overdue(tx: Transaction, now: datetime) -> list[Finding]:
    """Messages that a handler which may send has not sent for a minute."""
    statuses = handlers.statuses(tx.connection)
    found = []
    for handler in handlers.listing(tx.connection):
        status = statuses.get(handler.id)
        if not handler.enabled or handler.rate_per_minute or (status and not claims.may_send(status, now)):
            continue
        count = due.count(tx.connection, handler.id, now - OVERDUE)
        if count:
            text = f"{count} messages at {handler.name} have been due for more than a minute"
            found.append(Finding(f"overdue {handler.id}", text, False))
    return found


def _stranded(tx: Transaction, now: datetime) -> list[Finding]:
    """Messages that wait behind an older one that is under way no more."""
    count = message_order.free_stranded(tx, now)
    if not count:
        return []
    return [Finding("stranded", f"{count} messages waited behind none any more: due now", True)]


def _unmade(tx: Transaction, now: datetime) -> list[Finding]:
    """Steps of answer plans, and claims, that have been due for a minute."""
    before = now - OVERDUE
    late = {
        due.occurrence_id
        for due in (*answers.steps_due(tx, before, MOST_LATE), *answers.claims_over(tx, before, MOST_LATE))
    }
    text = "its answer plan has been due for more than a minute"
    return [Finding(f"unmade {number}", f"occurrence {number}: {text}", False) for number in sorted(late)]


def _stuck(tx: Transaction, epoch: int, in_flight: Collection[int], now: datetime) -> list[Finding]:
    """Messages that are `sending` although nobody sends them any more: their outcome is unknown."""
    lost = [
        message
        for message in outbox.sending_since_before(tx.connection, now - STUCK)
        if message.id not in in_flight
    ]
    if not lost:
        return []
    claims.write_as_unknown(tx, lost, now)
    return [Finding("stuck", f"{_named(lost)} had been left in sending: now of unknown outcome", True)]


def _strays(count: int) -> list[Finding]:
    """Messages of a process whose clock was not the one that the plans go by."""
    if not count:
        return []
    return [Finding("strays", f"{count} messages were planned by another clock: put right", True)]


def _ahead(tx: Transaction, now: datetime) -> list[Finding]:
    """Messages that wait for a time that a clock gave which was ahead for a while."""
    count = time_shift.pull_back(tx, now, OVERDUE)
    if not count:
        return []
    return [Finding("ahead", f"{count} messages were planned by a clock that was ahead: due now", True)]


def _late(tx: Transaction, now: datetime) -> list[Finding]:
    """Tasks that should have fired a minute ago."""
    late = tasks.due(tx, now - OVERDUE, limit=MOST_LATE)
    return [
        Finding(f"late {task.id}", f"{task.name} has been due for more than a minute", False)
        for task in late
        if (task.cron or task.roster_id is not None) and not task.problem
    ]


def _woken(tx: Transaction, asleep: list[tuple[Task, datetime]]) -> list[Finding]:
    """Tasks whose next due time was missing or too late, set right."""
    return [
        Finding(f"asleep {task.id}", f"{task.name} had no right next due time: set", True)
        for task, due_at in asleep
        if tasks.wake(tx, task, due_at)
    ]


def _named(messages: list[Message]) -> str:
    names = ", ".join(message.user or message.to for message in messages[:3])
    count = f"{len(messages)} messages" if len(messages) > 1 else "a message"
    return f"{count} ({names}{', …' if len(messages) > 3 else ''})"


def _audit_entry(finding: Finding) -> ReviewEntry:
    return ReviewEntry(Category.SYSTEM, f"check: {finding.text}", Level.WARNING, kind=EntryKind.SITE)
