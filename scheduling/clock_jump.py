"""Notices that the wall clock has jumped, and puts the plans right.

A jump is a difference between the passing of wall time and of boot time (which goes on through
a suspend: waking up is not a jump). The lease keeps which clock the plans go by, and each message
which clock wrote it (`storage/written_by.py`), so that what waits is moved by exactly as much as
the clock that it was planned by is wrong, whoever wrote it and however often the clock was set.
Between a jump and the moment at which it is put right nothing is claimed, fired or given up.

After a jump forward of more than an hour, or a lease taken with a clock behind its last beat (a
machine that started with a wrong clock), scheduled firing waits until the clock has been stable for
a while, or until an operator lets it go on.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from scheduling.clock import Clock
from scheduling.schedules import next_if_possible
from storage import clock_hold, leases, tasks, time_shift
from storage.clock_hold import ClockHold
from storage.database import Database, Transaction
from storage.leases import Lease
from storage.records import ReviewEntry
from storage.vocabulary import Category, EntryKind, Level
from storage.written_by import WallClock, wall_clock

T = TypeVar("T")
log = logging.getLogger(__name__)

TOLERANCE = timedelta(seconds=2)
HOLD_BEYOND = timedelta(hours=1)
STABLE_AFTER = timedelta(minutes=5)
BEHIND = timedelta(seconds=60)
MICROSECOND = timedelta(microseconds=1)
AT_ONCE = 0.01  # seconds that two looks at a clock may lie apart
MOST_LOOKS = 100


def jumped(before: int, after: int) -> timedelta:
    """How far the wall clock was set between two offsets from boot time; 0 where it was not."""
    difference = (after - before) * MICROSECOND
    return difference if abs(difference) > TOLERANCE else timedelta(0)


def read_both(clock: Clock) -> tuple[datetime, WallClock]:
    """Now, and the wall clock as it stands. Looks again where the process stood still in between."""
    for _ in range(MOST_LOOKS):
        before = clock.boottime()
        now = clock.now()
        found = wall_clock(clock, now)
        if clock.boottime() - before <= AT_ONCE:
            break
    return now, found


@dataclass(frozen=True, slots=True)
class _Anchor:
    """The clock that the plans go by, as this process knows it while it has the lease of this epoch."""

    epoch: int
    clock: WallClock


class ClockWatch:
    """Looks at both clocks before each round of work, and inside every transaction that decides."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._anchor: _Anchor | None = None
        self._hold: ClockHold | None = None

    def is_right(self, epoch: int | None) -> bool:
        """Whether the plans go by the wall clock as it stands: else nothing may be decided."""
        anchor = self._anchor
        return anchor is not None and anchor.epoch == epoch and not self._owed(anchor)[1]

    def plan_time(self, epoch: int | None) -> datetime:
        """Now by the clock that the plans go by: a jump counts from when it has been put right.

        An answer that comes between the two must not find its retry window closed. Without the
        lease of this epoch it is the wall clock.
        """
        anchor = self._anchor
        if anchor is None or anchor.epoch != epoch:
            return self._clock.now()
        now, owed = self._owed(anchor)
        return now - owed

    def since(self, heard: WallClock, epoch: int | None) -> timedelta:
        """How far the plans' clock is from the wall clock as it stood then."""
        plans = wall_clock(self._clock, self.plan_time(epoch))
        return jumped(heard.offset, plans.offset)

    def _owed(self, anchor: _Anchor) -> tuple[datetime, timedelta]:
        now, found = read_both(self._clock)
        return now, jumped(anchor.clock.offset, found.offset)

    def put_right(self, epoch: int, last_beat: datetime | None = None) -> timedelta:
        """Move the plans with the clock; how far it had jumped since they last were right.

        `last_beat` is the wall time of the beat before the lease of this epoch was taken. Blocks
        on the database; raises `LeaseLost`, `StorageError`: then it is to be done again.
        """
        with self._database.write(wait=5) as tx:
            # Read once nobody else can write: whatever is there was written before this moment.
            now, clock = read_both(self._clock)
            lease = leases.current(tx.connection)
            leases.beat(tx, epoch, now)
            jump = self._jump(epoch, lease, clock, now, last_beat)
            hold = clock_hold.hold_of(tx)
            behind = self._starts_behind(epoch, now, last_beat)
            # It must be stable for a while from now on, and by this boot's time.
            again = hold is not None and (jump or hold.boot != clock.boot)
            if jump > HOLD_BEYOND or behind or again:
                hold = self._held_from(now)
                clock_hold.put(tx, hold)
            leases.set_clock(tx, epoch, clock)
            moved = time_shift.shift_plans(tx, jump, clock, TOLERANCE)
            if jump < timedelta(0):
                _wake_sleeping(tx, now)
            if jump:
                tx.review(now, _jump_entry(jump, moved, hold is not None))
        if jump:
            log.warning("the wall clock jumped by %s, %s messages moved", jump, moved)
        # Single assignments: the store's thread and the loop may ask at any moment.
        self._hold = hold
        self._anchor = _Anchor(epoch, clock)
        return jump

    def _jump(
        self, epoch: int, lease: Lease, clock: WallClock, now: datetime, last_beat: datetime | None
    ) -> timedelta:
        """From the clock that unmarked plans go by to this one."""
        anchor = self._anchor
        if anchor is not None and anchor.epoch == epoch:
            return jumped(anchor.clock.offset, clock.offset)
        if lease.clock_boot is not None and lease.clock_boot == clock.boot:
            return jumped(lease.clock_offset or 0, clock.offset)
        # Another boot: time that passed cannot be told from a jump forward, a clock that is behind can.
        if last_beat is not None and now < last_beat - BEHIND:
            return now - last_beat
        return timedelta(0)

    def _starts_behind(self, epoch: int, now: datetime, last_beat: datetime | None) -> bool:
        is_new = self._anchor is None or self._anchor.epoch != epoch
        return is_new and last_beat is not None and now < last_beat - BEHIND

    # Scheduled tasks wait.

    def holds_tasks(self, epoch: int) -> bool:
        """Whether scheduled firing waits for the clock to prove stable. Blocks while it does.

        An operator may have ended it in any process; once its time is over it is ended here.
        """
        if self._hold is None:
            return False
        with self._database.read() as connection:
            hold = clock_hold.hold_of(connection)
        if hold is not None and self._clock.boottime() < hold.until_boot:
            return True
        if hold is not None:
            with self._database.write(wait=5) as tx:
                leases.check(tx, epoch)
                if clock_hold.lift(tx):
                    tx.review(self._clock.now(), STABLE)
        self._hold = None
        return False

    @property
    def held_tasks(self) -> bool:
        """Whether it did at the last look."""
        return self._hold is not None

    def _held_from(self, now: datetime) -> ClockHold:
        until_boot = self._clock.boottime() + STABLE_AFTER.total_seconds()
        return ClockHold(now + STABLE_AFTER, until_boot, self._clock.boot_key)


STABLE = ReviewEntry(Category.SYSTEM, "the clock has been stable: scheduled tasks go on", kind=EntryKind.SITE)


class PlanClock:
    """The clock of whoever writes or compares due moments while the lease is ours.

    It shows a jump from the moment at which the plans were put right, so that a row is never half by
    one clock and half by another.
    """

    def __init__(self, clock: Clock, watch: ClockWatch, epoch: Callable[[], int | None]) -> None:
        self._clock = clock
        self._watch = watch
        self._epoch = epoch

    def now(self) -> datetime:
        return self._watch.plan_time(self._epoch())

    @property
    def is_right(self) -> bool:
        """Whether nothing is left to be put right: to be asked inside a transaction that decides."""
        return self._watch.is_right(self._epoch())

    def moved_since(self, heard: WallClock) -> timedelta:
        """How far this clock is from the wall clock as it stood then."""
        return self._watch.since(heard, self._epoch())

    def wall(self) -> WallClock:
        """The wall clock as it stands, whatever the plans go by."""
        return read_both(self._clock)[1]

    @property
    def boot_key(self) -> int | None:
        return self._clock.boot_key

    def boottime(self) -> float:
        return self._clock.boottime()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    async def wait_for(self, awaitable: Awaitable[T], seconds: float) -> T:
        return await self._clock.wait_for(awaitable, seconds)


def plans_are_right(clock: Clock) -> bool:
    """Whether due moments may be decided on by this clock: not between a jump and its mending."""
    return not isinstance(clock, PlanClock) or clock.is_right


def _wake_sleeping(tx: Transaction, now: datetime) -> None:
    """After a jump back no task may wait longer than its schedule says from now on."""
    for task_id in time_shift.tasks_due_after(tx, now):
        task = tasks.get(tx, task_id)
        if task is None:
            continue
        following = next_if_possible(tx, task, now)
        # Due times that were fired before the jump stay fired: their rows are unique.
        if following is not None and (task.next_due_at is None or following < task.next_due_at):
            tasks.advance(tx, task.id, next_due_at=following)


def _jump_entry(jump: timedelta, moved: int, held: bool) -> ReviewEntry:
    way = "forward" if jump > timedelta(0) else "back"
    seconds = abs(round(jump.total_seconds()))
    size = f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
    text = f"the clock jumped {way} by {size}: {moved} waiting messages keep their plan"
    if held:
        minutes = int(STABLE_AFTER.total_seconds() // 60)
        text += (
            f"; scheduled tasks wait until it has been stable for {minutes} min, or until an operator"
            " lets them go on"
        )
    return ReviewEntry(Category.SYSTEM, text, Level.WARNING, kind=EntryKind.SITE)
