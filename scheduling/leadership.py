"""Who fires: one holder of the lease, and standbys that watch its beat.

A standby judges by its own boot-time clock whether the beat has stopped, never by wall
time, and takes over at once where the holder is provably dead. The holder acts only for
two thirds of the lease's life after its last beat, so that it has stopped well before
anyone else may begin.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scheduling.clock import Clock
from storage import instances, leases
from storage.database import Database
from storage.errors import StorageError
from storage.process import Life, life_of
from storage.records import ReviewEntry
from storage.vocabulary import Category, EntryKind, InstanceKind, Level

log = logging.getLogger(__name__)

LEASE_LIFE = 15.0  # seconds without a beat after which a standby takes over
BEAT_EVERY = 5.0
# Shares of a life: how long a beat or a takeover waits for the write lock before it says so and
# tries again, and how long without a beat before a standby looks whether the lock is the reason.
LOCK_WAIT = 1 / 6
OVERDUE = 1 / 2


@dataclass(slots=True)
class _Observed:
    epoch: int
    beat: int
    since: float


class Leadership:
    """This process's part in the lease. All methods block on the database: call them in a thread."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        instance_id: str,
        kind: InstanceKind,
        *,
        life: float = LEASE_LIFE,
        preferred: Callable[[], bool] = lambda: True,
    ) -> None:
        self._database = database
        self._clock = clock
        self._id = instance_id
        self._kind = kind
        self._life = life
        self._preferred = preferred
        self._observed: _Observed | None = None
        self._deadline = 0.0
        self.epoch: int | None = None
        self.predecessor_was_dead = True
        self.last_beat: datetime | None = None  # of whoever had the lease before us, by the wall clock

    @property
    def holds(self) -> bool:
        """Whether this process may act at this moment."""
        return self.epoch is not None and self._clock.boottime() < self._deadline

    @property
    def deadline(self) -> float:
        """The boot time until which this process may act."""
        return self._deadline

    def step(self) -> bool:
        """Beat if the lease is ours, else take it if it is free. Whether it was taken just now."""
        if self.epoch is not None:
            self._beat(self.epoch)
            return False
        return self._try_to_take()

    def release(self) -> None:
        """Give the lease up cleanly, so that a standby takes it at once."""
        epoch, self.epoch = self.epoch, None
        self._deadline = 0.0
        if epoch is None:
            return
        try:
            with self._database.write(wait=2.0) as tx:
                leases.release(tx, epoch)
        except StorageError as error:
            log.warning("the lease could not be given up: %s", error)

    def _beat(self, epoch: int) -> None:
        # Read before the write: waiting for the lock must not lengthen the right to act.
        before = self._clock.boottime()
        try:
            with self._database.write(wait=self._life * LOCK_WAIT) as tx:
                now = self._clock.now()
                leases.beat(tx, epoch, now)
                instances.seen(tx, self._id, now)
        except leases.LeaseLost:
            log.warning("the lease has gone to another process")
            self.epoch, self._deadline, self._observed = None, 0.0, None
            return
        self._deadline = before + self._life * 2 / 3

    def _find_the_lock_free(self) -> None:
        """Raises `DatabaseBusy`, which names the process, when the holder cannot beat for a held lock."""
        with self._database.write(wait=0):
            pass

    def _try_to_take(self) -> bool:
        with self._database.read() as connection:
            lease = leases.current(connection)
        now = self._clock.boottime()
        if self._observed is None or (self._observed.epoch, self._observed.beat) != (lease.epoch, lease.beat):
            self._observed = _Observed(lease.epoch, lease.beat, now)
        dead = lease.holder is not None and leases.holder_is_dead(lease)
        free = lease.holder is None
        unheard = now - self._observed.since
        silent = unheard >= self._life
        if not (dead or free or silent):
            if unheard >= self._life * OVERDUE:
                self._find_the_lock_free()
            return False
        if not self._preferred():
            return False
        before = self._clock.boottime()
        with self._database.write(wait=self._life * LOCK_WAIT) as tx:
            epoch = leases.take(tx, lease, self._id, self._kind, self._clock.now())
            if epoch is None:
                return False
            instances.seen(tx, self._id, self._clock.now())
            if not free:
                tx.review(self._clock.now(), _took_over(lease.holder_kind, lease.holder_pid, dead))
        self.last_beat = lease.beaten_at
        self.epoch = epoch
        self._deadline = before + self._life * 2 / 3
        self.predecessor_was_dead = dead or free
        self._observed = None
        return True


def _took_over(kind: str | None, pid: int | None, dead: bool) -> ReviewEntry:
    why = "it has ended" if dead else "it shows no life"
    return ReviewEntry(
        Category.SYSTEM,
        f"sending taken over from {kind or 'a process'} {pid}: {why}",
        Level.WARNING,
        kind=EntryKind.SITE,
    )


def runs_elsewhere(database: Database, instance_id: str) -> bool:
    """Whether a `commsdesk run` other than this process is alive: consoles leave the lease to it."""
    with database.read() as connection:
        return any(
            other.kind == InstanceKind.RUN
            and other.id != instance_id
            and life_of(other.boot_id, other.pid_namespace, other.pid, other.process_start) is Life.ALIVE
            for other in instances.listing(connection)
        )
