"""Custom fields: what a site wants to know of its users, and what hangs on each field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.database import Transaction
from storage.names import key_of
from storage.records import CustomField
from storage.tables import actions, alerts, custom_fields, handlers, tasks, user_values, users
from storage.vocabulary import FieldType

RECORD = [custom_fields.c[name] for name in CustomField.__dataclass_fields__]
LIVE = custom_fields.c.removed_at.is_(None)


def _record(row: sa.RowMapping) -> CustomField:
    values = dict(row)
    values["type"], values["choices"] = FieldType(values["type"]), tuple(values["choices"])
    return CustomField(**values)


def listing(connection: sa.Connection) -> list[CustomField]:
    """All fields in the order the site gave them."""
    query = sa.select(*RECORD).where(LIVE).order_by(custom_fields.c.position, custom_fields.c.id)
    return [_record(row) for row in connection.execute(query).mappings()]


def get(connection: sa.Connection, field_id: int) -> CustomField | None:
    """By id; None when it was removed."""
    row = (
        connection.execute(sa.select(*RECORD).where(custom_fields.c.id == field_id, LIVE)).mappings().first()
    )
    return _record(row) if row else None


def by_name(connection: sa.Connection, name: str) -> CustomField | None:
    query = sa.select(*RECORD).where(custom_fields.c.name_key == key_of(name), LIVE)
    row = connection.execute(query).mappings().first()
    return _record(row) if row else None


def add(tx: Transaction, values: Mapping[str, Any], now: datetime) -> int:
    """A new field from column values, after all others; its id."""
    last = tx.execute(sa.select(sa.func.max(custom_fields.c.position)).where(LIVE)).scalar() or 0
    query = sa.insert(custom_fields).values(
        **_columns(values), name_key=key_of(values["name"]), position=last + 1, created_at=now
    )
    return int(tx.execute(query.returning(custom_fields.c.id)).scalar_one())


def change(tx: Transaction, field_id: int, values: Mapping[str, Any]) -> None:
    named = {"name_key": key_of(values["name"])} if "name" in values else {}
    query = sa.update(custom_fields).where(custom_fields.c.id == field_id)
    tx.execute(query.values(**_columns(values), **named))


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if name == "choices" else value for name, value in values.items()}


def put_in_order(tx: Transaction, field_ids: Sequence[int]) -> None:
    """Number the fields 1, 2, 3, … in this order."""
    for position, field_id in enumerate(field_ids, start=1):
        tx.execute(sa.update(custom_fields).where(custom_fields.c.id == field_id).values(position=position))


def remove(tx: Transaction, field_id: int, now: datetime) -> None:
    """Mark as removed; its values go, and handlers that sent to it send to the site's first field."""
    tx.execute(sa.update(custom_fields).where(custom_fields.c.id == field_id).values(removed_at=now))
    tx.execute(sa.delete(user_values).where(user_values.c.field_id == field_id))
    tx.execute(
        sa.update(handlers)
        .where(handlers.c.telephone_field_id == field_id)
        .values(telephone_field_id=None, changed_at=now, revision=handlers.c.revision + 1)
    )


def value_counts(connection: sa.Connection) -> dict[int, int]:
    """How many users have a value, by field."""
    query = (
        sa.select(user_values.c.field_id, sa.func.count().label("users"))
        .join_from(user_values, users, users.c.id == user_values.c.user_id)
        .where(users.c.removed_at.is_(None))
        .group_by(user_values.c.field_id)
    )
    return {row.field_id: row.users for row in connection.execute(query)}


def users_with(connection: sa.Connection, field_id: int, value: str | None = None) -> int:
    """How many users have a value in this field, or this very value."""
    query = (
        sa.select(sa.func.count())
        .select_from(user_values)
        .join(users, users.c.id == user_values.c.user_id)
        .where(user_values.c.field_id == field_id, users.c.removed_at.is_(None))
    )
    if value is not None:
        query = query.where(user_values.c.value == value)
    return connection.execute(query).scalar_one()


def handlers_sending_to(connection: sa.Connection, field_id: int) -> list[str]:
    """The names of the handlers whose Telephone field this is."""
    query = sa.select(handlers.c.name).where(
        handlers.c.telephone_field_id == field_id, handlers.c.removed_at.is_(None)
    )
    return list(connection.execute(query.order_by(handlers.c.id)).scalars())


@dataclass(frozen=True, slots=True)
class ActionText:
    """The message of one action, and what it belongs to: exactly one of the owners is set."""

    text: str
    task: str | None
    alert: str | None
    stage: str | None


def action_texts(connection: sa.Connection) -> list[ActionText]:
    """Every message text of the site's tasks and alerts."""
    query = (
        sa.select(actions.c.body, tasks.c.name, alerts.c.name.label("alert"), actions.c.stage)
        .select_from(actions)
        .outerjoin(tasks, tasks.c.id == actions.c.task_id)
        .outerjoin(alerts, alerts.c.id == actions.c.alert_id)
        .where(tasks.c.removed_at.is_(None), alerts.c.removed_at.is_(None))
        .order_by(actions.c.id)
    )
    return [ActionText(*row) for row in connection.execute(query)]
