"""Notices that the wall clock has jumped, and puts the plans right.

A jump is a difference between the passing of wall time and of boot time (which goes on through
a suspend: waking up is not a jump). Planned attempts and open windows move with the clock. After a
jump forward of more than an hour, or a lease taken with a clock behind its last beat (a machine that
started with a wrong clock), scheduled firing waits until the clock has been stable for a while, or
until an operator goes on.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduling import cron, misfire
from scheduling.clock import Clock
from storage import leases, tasks, time_shift
from storage.database import Database, Transaction
from storage.records import Category, Level, ReviewEntry

TOLERANCE = timedelta(seconds=2)
HOLD_BEYOND = timedelta(hours=1)
STABLE_AFTER = timedelta(minutes=5)
BEHIND = timedelta(seconds=60)


def jumped(wall: timedelta, boot: float) -> timedelta | None:
    """How far the wall clock has jumped while so much of either time passed; None when it has not."""
    difference = wall - timedelta(seconds=boot)
    return difference if abs(difference) > TOLERANCE else None


@dataclass(frozen=True, slots=True)
class _Seen:
    """Both clocks at one moment, and the jumps until then that the plans have not been moved by."""

    wall: datetime
    boot: float
    owed: timedelta = timedelta(0)


class ClockWatch:
    """Looks at both clocks before each round of work."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._seen = _Seen(clock.now(), clock.boottime())
        self._epoch = 0
        self._held_until: float | None = None

    @property
    def holds_tasks(self) -> bool:
        """Whether scheduled firing waits for the clock to prove stable."""
        return self._held_until is not None and self._clock.boottime() < self._held_until

    def release(self) -> None:
        """An operator says that the clock is right."""
        self._held_until = None

    def look(self, epoch: int, last_beat: datetime | None = None) -> timedelta | None:
        """The jump since the plans were last put right, if there was one.

        `last_beat` is the wall time of the beat before the lease of this epoch was taken.
        """
        wall, boot = self._clock.now(), self._clock.boottime()
        if epoch != self._epoch:
            owed = self._unseen_before(wall, last_beat)
        else:
            owed = self._owed_at(wall, boot)
        # One assignment: the store's thread may ask for the plans' time at any moment.
        self._seen = _Seen(wall, boot, owed)
        self._epoch = epoch
        return owed or None

    def plan_time(self, epoch: int | None) -> datetime:
        """Now by the clock that the plans go by: a jump counts from when it has been put right.

        An answer that comes between the two must not find its retry window closed. Without the
        lease of this epoch it is the wall clock.
        """
        wall, boot = self._clock.now(), self._clock.boottime()
        return wall - self._owed_at(wall, boot) if epoch is not None and epoch == self._epoch else wall

    def _owed_at(self, wall: datetime, boot: float) -> timedelta:
        seen = self._seen
        return seen.owed + (jumped(wall - seen.wall, boot - seen.boot) or timedelta(0))

    def _unseen_before(self, now: datetime, last_beat: datetime | None) -> timedelta:
        """What is left of jumps before our lease: others put theirs right, but a clock can be behind."""
        if last_beat is None or now >= last_beat - BEHIND:
            return timedelta(0)
        self._hold()
        return now - last_beat

    def put_right(self, epoch: int, jump: timedelta) -> None:
        """Move the plans with the clock. Blocks on the database; raises `LeaseLost`, `StorageError`.

        A jump that could not be put right is there at the next look.
        """
        if jump > HOLD_BEYOND:
            self._hold()
        with self._database.write(wait=5) as tx:
            now = self._clock.now()
            # Whoever is next must see by the last beat which clock the plans go by.
            leases.beat(tx, epoch, now)
            moved = time_shift.shift_plans(tx, jump)
            if jump < timedelta(0):
                _wake_sleeping(tx, now)
            tx.review(now, _said(jump, moved, self.holds_tasks))
        self._seen = replace(self._seen, owed=self._seen.owed - jump)

    def _hold(self) -> None:
        self._held_until = self._clock.boottime() + STABLE_AFTER.total_seconds()


def _wake_sleeping(tx: Transaction, now: datetime) -> None:
    """After a jump back no task may wait longer than its schedule says from now on."""
    for task_id in time_shift.tasks_due_after(tx, now):
        task = tasks.get(tx, task_id)
        if task is None or not task.cron:
            continue
        try:
            following = misfire.next_due(task, cron.parse(task.cron, task.zone), now)
        except ValueError:
            continue
        # Due times that were fired before the jump stay fired: their rows are unique.
        if following is not None and (task.next_due_at is None or following < task.next_due_at):
            tasks.advance(tx, task.id, next_due_at=following)


def _said(jump: timedelta, moved: int, held: bool) -> ReviewEntry:
    way = "forward" if jump > timedelta(0) else "back"
    seconds = abs(int(jump.total_seconds()))
    size = f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
    text = f"the clock jumped {way} by {size}: {moved} waiting messages keep their plan"
    if held:
        minutes = int(STABLE_AFTER.total_seconds() // 60)
        text += f"; scheduled tasks wait until it has been stable for {minutes} min"
    return ReviewEntry(Category.SYSTEM, text, Level.WARNING)
