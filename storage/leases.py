"""The lease on the scheduler: one row, a fencing epoch and a beat.

Each step is one statement that changes the row only if it still is what the caller last
saw, so that two processes can never both believe that they took it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from storage.database import Transaction
from storage.process import Life, life_of, this_process
from storage.tables import leases
from storage.vocabulary import InstanceKind
from storage.written_by import WallClock

HELD_BY = "SELECT epoch FROM lease WHERE holder IS NOT NULL"
SHOWN_ALIVE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Lease:
    """The one right to fire: `epoch` fences, `beat` shows life."""

    epoch: int
    beat: int
    holder: str | None
    holder_kind: InstanceKind | None
    holder_boot_id: str | None
    holder_pid_namespace: str | None
    holder_pid: int | None
    holder_process_start: str | None
    beaten_at: datetime | None
    clock_boot: int | None = None
    clock_offset: int | None = None  # microseconds


class LeaseLost(Exception):
    """Another process holds the lease now: nothing was written."""


def current(connection: sa.Connection) -> Lease:
    row = connection.execute(sa.select(leases)).mappings().one()
    return Lease(**{name: value for name, value in row.items() if name != "id"})


def take(tx: Transaction, seen: Lease, instance_id: str, kind: InstanceKind, now: datetime) -> int | None:
    """The new epoch if the lease still is as seen, else None."""
    here = this_process()
    result = tx.execute(
        sa.update(leases)
        .where(leases.c.epoch == seen.epoch, leases.c.beat == seen.beat)
        .values(
            epoch=seen.epoch + 1,
            beat=seen.beat + 1,
            holder=instance_id,
            holder_kind=kind,
            holder_boot_id=here.boot_id,
            holder_pid_namespace=here.pid_namespace,
            holder_pid=here.pid,
            holder_process_start=here.start,
            beaten_at=now,
        )
    )
    return seen.epoch + 1 if result.rowcount == 1 else None


_BEAT = (
    sa.update(leases)
    .where(leases.c.epoch == sa.bindparam("held"), leases.c.holder.is_not(None))
    .values(beat=leases.c.beat + 1, beaten_at=sa.bindparam("now"))
)


def beat(tx: Transaction, epoch: int, now: datetime) -> None:
    """Show life. Raises `LeaseLost` when the lease has gone to another."""
    result = tx.execute(_BEAT, {"held": epoch, "now": now})
    if result.rowcount != 1:
        raise LeaseLost


def set_clock(tx: Transaction, epoch: int, clock: WallClock) -> None:
    """Keep which clock the plans go by from now on. Raises `LeaseLost`."""
    result = tx.execute(sa.update(leases).where(leases.c.epoch == epoch).values(**clock.columns))
    if result.rowcount != 1:
        raise LeaseLost


def release(tx: Transaction, epoch: int) -> None:
    """Give the lease up, if it is still ours, so that the next takes it at once."""
    tx.execute(
        sa.update(leases)
        .where(leases.c.epoch == epoch)
        .values(
            beat=leases.c.beat + 1,
            holder=None,
            holder_kind=None,
            holder_boot_id=None,
            holder_pid_namespace=None,
            holder_pid=None,
            holder_process_start=None,
        )
    )


def check(tx: Transaction, epoch: int) -> None:
    """Stop a late holder: raises `LeaseLost`, and the caller's transaction writes nothing."""
    found = tx.rows(HELD_BY)
    if not found or found[0][0] != epoch:
        raise LeaseLost


def holder_is_dead(lease: Lease) -> bool:
    """Whether the holder is provably gone: same boot, same PID namespace, no such process."""
    return (
        life_of(
            lease.holder_boot_id, lease.holder_pid_namespace, lease.holder_pid, lease.holder_process_start
        )
        is Life.DEAD
    )


def engine_is_running(lease: Lease, now: datetime) -> bool:
    """For display only: by the holder's process where that can be told, else by its last beat."""
    if lease.holder is None:
        return False
    life = life_of(
        lease.holder_boot_id, lease.holder_pid_namespace, lease.holder_pid, lease.holder_process_start
    )
    if life is Life.CANNOT_TELL:
        return lease.beaten_at is not None and now - lease.beaten_at < SHOWN_ALIVE
    return life is Life.ALIVE
