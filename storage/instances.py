"""The processes that have the site open, each in a row of its own."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from storage.database import SCHEMA_VERSION, Transaction
from storage.process import Life, life_of, this_process
from storage.tables import instances
from storage.vocabulary import InstanceKind

RECENT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Instance:
    """A process that has the site open."""

    id: str
    kind: InstanceKind
    host: str
    boot_id: str
    pid_namespace: str
    pid: int
    process_start: str
    version: str
    schema_version: int
    operator: str | None
    started_at: datetime
    seen_at: datetime


def register(
    tx: Transaction, instance_id: str, kind: InstanceKind, version: str, operator: str | None, now: datetime
) -> None:
    """Say that this process is here. Rows of processes that are gone are taken away."""
    for row in tx.execute(sa.select(instances)).all():
        if life_of(row.boot_id, row.pid_namespace, row.pid, row.process_start) is Life.DEAD or (
            now - row.seen_at > timedelta(days=1)
        ):
            tx.execute(sa.delete(instances).where(instances.c.id == row.id))
    here = this_process()
    tx.execute(
        sa.insert(instances).values(
            id=instance_id,
            kind=kind,
            host=here.host,
            boot_id=here.boot_id,
            pid_namespace=here.pid_namespace,
            pid=here.pid,
            process_start=here.start,
            version=version,
            schema_version=SCHEMA_VERSION,
            operator=operator,
            started_at=now,
            seen_at=now,
        )
    )


_SEEN = (
    sa.update(instances).where(instances.c.id == sa.bindparam("instance")).values(seen_at=sa.bindparam("now"))
)


def seen(tx: Transaction, instance_id: str, now: datetime) -> None:
    tx.execute(_SEEN, {"instance": instance_id, "now": now})


def leave(tx: Transaction, instance_id: str) -> None:
    tx.execute(sa.delete(instances).where(instances.c.id == instance_id))


def listing(connection: sa.Connection) -> list[Instance]:
    """All processes written down, the oldest first."""
    rows = connection.execute(sa.select(instances).order_by(instances.c.started_at)).mappings()
    return [Instance(**row) for row in rows]


def is_alive(instance: Instance, now: datetime) -> bool:
    """By its process where that can be told, else by when it was last seen. For display only."""
    life = life_of(instance.boot_id, instance.pid_namespace, instance.pid, instance.process_start)
    if life is Life.CANNOT_TELL:
        return now - instance.seen_at < RECENT
    return life is Life.ALIVE


def alive(connection: sa.Connection, now: datetime, kind: InstanceKind | None = None) -> list[Instance]:
    return [i for i in listing(connection) if (kind is None or i.kind == kind) and is_alive(i, now)]
