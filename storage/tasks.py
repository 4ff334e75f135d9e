"""Scheduled tasks, their actions and the history of their due times."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage import actions
from storage.database import Transaction
from storage.names import key_of
from storage.records import Task, TaskRun
from storage.tables import task_runs, tasks
from storage.types import kept, to_micros
from storage.vocabulary import RunKind, RunState

RECORD = [tasks.c[name] for name in Task.__dataclass_fields__ if name != "actions"]
RUN = [task_runs.c[name] for name in TaskRun.__dataclass_fields__]

# The engine asks these at each round: made once, as making them takes longer than the answer.
_ENABLED = tasks.c.enabled == 1, tasks.c.removed_at.is_(None)
_DUE = (
    sa.select(*RECORD)
    .where(*_ENABLED, tasks.c.next_due_at <= sa.bindparam("now"))
    .order_by(tasks.c.next_due_at, tasks.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_NEXT_DUE = sa.select(sa.func.min(tasks.c.next_due_at)).where(*_ENABLED, tasks.c.next_due_at.is_not(None))


def _records(
    connection: sa.Connection | Transaction, query: sa.Select[Any], values: Mapping[str, Any] | None = None
) -> list[Task]:
    rows = connection.execute(query, values).mappings().all()
    owned = actions.listing(connection, tasks_too=[row["id"] for row in rows])
    return [Task(**row, actions=tuple(owned.get(row["id"], ()))) for row in rows]


def listing(connection: sa.Connection) -> list[Task]:
    return _records(connection, sa.select(*RECORD).where(tasks.c.removed_at.is_(None)).order_by(tasks.c.id))


def get(connection: sa.Connection | Transaction, task_id: int) -> Task | None:
    found = _records(connection, sa.select(*RECORD).where(tasks.c.id == task_id))
    return found[0] if found else None


def present(connection: sa.Connection | Transaction, *task_ids: int) -> list[Task]:
    """Those of these tasks that are not removed, by id."""
    query = sa.select(*RECORD).where(tasks.c.id.in_(task_ids), tasks.c.removed_at.is_(None))
    return _records(connection, query.order_by(tasks.c.id))


def by_name(connection: sa.Connection, name: str) -> Task | None:
    query = sa.select(*RECORD).where(tasks.c.name_key == key_of(name), tasks.c.removed_at.is_(None))
    found = _records(connection, query)
    return found[0] if found else None


def due(connection: sa.Connection | Transaction, now: datetime, limit: int) -> list[Task]:
    """Enabled tasks whose next due time has come, the longest due first."""
    return _records(connection, _DUE, {"now": now, "most": limit})


STILL_DUE = (
    "SELECT task.id, task.revision, task.next_due_at FROM json_each(?) JOIN task ON task.id = json_each.value"
    " WHERE task.enabled = 1 AND task.removed_at IS NULL AND task.next_due_at <= ?"
)


def still_due(tx: Transaction, seen: Sequence[Task], now: datetime) -> set[int]:
    """Which of these are due and are as they were seen: nobody has edited or fired them since."""
    as_seen = {(task.id, task.revision, kept(task.next_due_at)) for task in seen}
    found = tx.rows(STILL_DUE, (json.dumps([task.id for task in seen]), to_micros(now)))
    return {row[0] for row in found if row in as_seen}


def scheduled(connection: sa.Connection, after_id: int, limit: int) -> list[Task]:
    """Enabled tasks with an expression that can be read, by id after `after_id`; without their actions."""
    query = sa.select(*RECORD).where(
        tasks.c.id > after_id,
        *_ENABLED,
        tasks.c.cron.is_not(None),
        tasks.c.problem.is_(None),
    )
    return [Task(**row) for row in connection.execute(query.order_by(tasks.c.id).limit(limit)).mappings()]


def at_hand_over(tx: Transaction, roster_id: int) -> list[Task]:
    """Tasks that fire at the hand-overs of a roster."""
    query = sa.select(*RECORD).where(tasks.c.roster_id == roster_id, tasks.c.removed_at.is_(None))
    return _records(tx, query.order_by(tasks.c.id))


def wake(tx: Transaction, seen: Task, due_at: datetime) -> bool:
    """Set when a task is due next; False where somebody has edited or fired it since it was seen."""
    found = tx.execute(
        sa.update(tasks)
        .where(
            tasks.c.id == seen.id,
            tasks.c.revision == seen.revision,
            tasks.c.next_due_at.is_not_distinct_from(seen.next_due_at),
        )
        .values(next_due_at=due_at)
        .returning(tasks.c.id)
    )
    return found.scalar() is not None


def next_due(connection: sa.Connection) -> datetime | None:
    found: datetime | None = connection.execute(_NEXT_DUE).scalar()
    return found


def next_task(connection: sa.Connection) -> tuple[str, datetime] | None:
    """The name and due time of the task that comes due first."""
    query = (
        sa.select(tasks.c.name, tasks.c.next_due_at)
        .where(*_ENABLED, tasks.c.next_due_at.is_not(None))
        .order_by(tasks.c.next_due_at, tasks.c.id)
        .limit(1)
    )
    row = connection.execute(query).first()
    return (row.name, row.next_due_at) if row else None


def add(tx: Transaction, values: Mapping[str, Any], now: datetime) -> int:
    """A new task from column values; its id."""
    query = sa.insert(tasks).values(
        **values, name_key=key_of(values["name"]), revision=1, created_at=now, changed_at=now
    )
    return int(tx.execute(query.returning(tasks.c.id)).scalar_one())


def change(tx: Transaction, task_id: int, values: Mapping[str, Any], now: datetime) -> None:
    """Set columns and count the revision up: a firing worked out before then is not kept."""
    named = {"name_key": key_of(values["name"])} if "name" in values else {}
    tx.execute(
        sa.update(tasks)
        .where(tasks.c.id == task_id)
        .values(**values, **named, changed_at=now, revision=tasks.c.revision + 1)
    )


def advance(tx: Transaction, task_id: int, **values: Any) -> None:
    """Note what the engine did (`next_due_at`, `last_due_at`, …). Not an edit: the revision stays."""
    columns = ", ".join(f"{name} = ?" for name in values)
    tx.run(f"UPDATE task SET {columns} WHERE id = ?", (*map(kept, values.values()), task_id))


RUN_MADE = (
    "INSERT INTO task_run (task_id, due_at, kind, state, fired_at, epoch, queued, left_out, note)"
    " VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?) ON CONFLICT DO NOTHING RETURNING id"
)
RUN_COUNTED = "UPDATE task_run SET queued = ?, left_out = ? WHERE id = ?"


def record_run(
    tx: Transaction,
    task_id: int,
    due_at: datetime,
    kind: RunKind,
    state: RunState,
    now: datetime,
    *,
    epoch: int | None = None,
    note: str = "",
) -> int | None:
    """Write down what became of a due time. None when that due time is already written down."""
    values = (task_id, due_at, kind, state, now, epoch, note)
    found = tx.rows(RUN_MADE, [kept(value) for value in values])
    return int(found[0][0]) if found else None


def set_run_counts(tx: Transaction, run_id: int, queued: int, left_out: int) -> None:
    tx.run(RUN_COUNTED, (queued, left_out, run_id))


def runs(connection: sa.Connection, task_id: int, before_id: int | None, limit: int) -> list[TaskRun]:
    """The history of a task, the newest first."""
    query = sa.select(*RUN).where(task_runs.c.task_id == task_id).order_by(task_runs.c.id.desc())
    if before_id is not None:
        query = query.where(task_runs.c.id < before_id)
    return [TaskRun(**row) for row in connection.execute(query.limit(limit)).mappings()]
