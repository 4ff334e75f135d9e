"""Groups of users: who belongs, and which actions send to the group."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.database import Transaction
from storage.names import key_of
from storage.records import Group
from storage.tables import action_recipients, actions, alerts, group_members, groups, tasks, users

LIVE = groups.c.removed_at.is_(None)
_CHUNK = 500


def _select() -> sa.Select[Any]:
    members = (
        sa.select(sa.func.count())
        .select_from(group_members)
        .where(group_members.c.group_id == groups.c.id)
        .scalar_subquery()
    )
    columns = (groups.c.id, groups.c.name, groups.c.notes, groups.c.revision)
    return sa.select(*columns, members.label("members")).where(LIVE)


def listing(connection: sa.Connection) -> list[Group]:
    """All groups, the newest last."""
    query = _select().order_by(groups.c.id)
    return [Group(**row) for row in connection.execute(query).mappings()]


def get(connection: sa.Connection, group_id: int) -> Group | None:
    """By id; None when it was removed."""
    row = connection.execute(_select().where(groups.c.id == group_id)).mappings().first()
    return Group(**row) if row else None


def by_name(connection: sa.Connection, name: str) -> Group | None:
    row = connection.execute(_select().where(groups.c.name_key == key_of(name))).mappings().first()
    return Group(**row) if row else None


def add(tx: Transaction, name: str, notes: str, now: datetime) -> int:
    query = sa.insert(groups).values(
        name=name, name_key=key_of(name), notes=notes, revision=1, created_at=now
    )
    return int(tx.execute(query.returning(groups.c.id)).scalar_one())


def change(tx: Transaction, group_id: int, values: Mapping[str, Any]) -> None:
    named = {"name_key": key_of(values["name"])} if "name" in values else {}
    tx.execute(
        sa.update(groups)
        .where(groups.c.id == group_id)
        .values(**values, **named, revision=groups.c.revision + 1)
    )


def remove(tx: Transaction, group_id: int, now: datetime) -> None:
    """Mark as removed. Nobody belongs to it any more; actions that name it reach nobody through it."""
    tx.execute(sa.delete(group_members).where(group_members.c.group_id == group_id))
    tx.execute(sa.update(groups).where(groups.c.id == group_id).values(removed_at=now))


def members(connection: sa.Connection | Transaction, group_id: int) -> list[tuple[int, str]]:
    """Ids and names of those who belong, by name."""
    query = (
        sa.select(users.c.id, users.c.name)
        .join_from(group_members, users, users.c.id == group_members.c.user_id)
        .where(group_members.c.group_id == group_id, users.c.removed_at.is_(None))
        .order_by(users.c.name_key, users.c.id)
    )
    return [(row.id, row.name) for row in connection.execute(query)]


def members_among(connection: sa.Connection, group_id: int, user_ids: Sequence[int]) -> set[int]:
    """Which of these users belong already."""
    found: set[int] = set()
    for start in range(0, len(user_ids), _CHUNK):
        query = sa.select(group_members.c.user_id).where(
            group_members.c.group_id == group_id,
            group_members.c.user_id.in_(user_ids[start : start + _CHUNK]),
        )
        found.update(connection.execute(query).scalars())
    return found


def join(tx: Transaction, group_id: int, user_ids: Collection[int]) -> None:
    """Make members of users who are not members yet."""
    if user_ids:
        rows = [{"group_id": group_id, "user_id": user_id} for user_id in user_ids]
        tx.execute(sa.insert(group_members), rows)


def leave(tx: Transaction, group_id: int, user_ids: Sequence[int]) -> None:
    for start in range(0, len(user_ids), _CHUNK):
        tx.execute(
            sa.delete(group_members).where(
                group_members.c.group_id == group_id,
                group_members.c.user_id.in_(user_ids[start : start + _CHUNK]),
            )
        )


@dataclass(frozen=True, slots=True)
class Use:
    """The task or the alert with an action that names a user or a group as recipient; one is set."""

    task: str | None
    alert: str | None

    def __str__(self) -> str:
        return f"task {self.task}" if self.task is not None else f"alert {self.alert}"


def uses_of_group(connection: sa.Connection, group_id: int) -> list[Use]:
    """The tasks and alerts that send to this group."""
    return uses(connection, action_recipients.c.group_id, [group_id]).get(group_id, [])


def uses_of_users(connection: sa.Connection, user_ids: Sequence[int]) -> dict[int, list[Use]]:
    """The tasks and alerts that name these users themselves; who is named nowhere is not in it."""
    return uses(connection, action_recipients.c.user_id, user_ids)


def uses(
    connection: sa.Connection | Transaction, column: sa.ColumnElement[Any], wanted: Sequence[int]
) -> dict[int, list[Use]]:
    """The tasks and alerts with an action that names one of these in this column of its recipients."""
    query = (
        sa.select(column.label("who"), tasks.c.name, alerts.c.name.label("alert"))
        .select_from(action_recipients)
        .join(actions, actions.c.id == action_recipients.c.action_id)
        .outerjoin(tasks, tasks.c.id == actions.c.task_id)
        .outerjoin(alerts, alerts.c.id == actions.c.alert_id)
        .where(tasks.c.removed_at.is_(None), alerts.c.removed_at.is_(None))
        .distinct()
        .order_by(tasks.c.id, alerts.c.id)
    )
    found: dict[int, list[Use]] = {}
    for start in range(0, len(wanted), _CHUNK):
        page = query.where(column.in_(wanted[start : start + _CHUNK]))
        for row in connection.execute(page):
            found.setdefault(row.who, []).append(Use(row.name, row.alert))
    return found
