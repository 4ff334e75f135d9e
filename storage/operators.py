"""Operators: who may work at the site, as what, and by which public keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage.database import Transaction
from storage.names import key_of
from storage.tables import operator_keys as k
from storage.tables import operators as t
from storage.vocabulary import Role

SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class OperatorKey:
    """A public key as sshd names it: its type (`ssh-ed25519`) and its blob in base64."""

    type: str
    data: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Operator:
    """Someone who works at the site."""

    id: int
    name: str
    role: Role
    enabled: bool
    revision: int
    last_seen_at: datetime | None = None
    removed_at: datetime | None = None
    keys: tuple[OperatorKey, ...] = ()


_COLUMNS = (t.c.id, t.c.name, t.c.role, t.c.enabled, t.c.revision, t.c.last_seen_at, t.c.removed_at)
_LIVE = t.c.removed_at.is_(None)


def any_exist(connection: sa.Connection) -> bool:
    """Whether anybody has been made an operator and not removed since."""
    return connection.execute(sa.select(t.c.id).where(_LIVE).limit(1)).first() is not None


def listing(connection: sa.Connection) -> list[Operator]:
    """All operators with their keys, the newest last."""
    rows = connection.execute(sa.select(*_COLUMNS).where(_LIVE).order_by(t.c.id)).mappings().all()
    return [Operator(**row, keys=_keys(connection, row["id"])) for row in rows]


def get(connection: sa.Connection, operator_id: int) -> Operator | None:
    """By id, also when removed since (`removed_at` says so)."""
    return _one(connection, t.c.id == operator_id)


def by_name(connection: sa.Connection, name: str) -> Operator | None:
    return _one(connection, sa.and_(_LIVE, t.c.name_key == key_of(name)))


def owner_of_key(connection: sa.Connection, data: str) -> str | None:
    """The name of the operator whose key it is."""
    query = sa.select(t.c.name).join(k, k.c.operator_id == t.c.id).where(k.c.data == data)
    return connection.execute(query).scalar_one_or_none()


def add(tx: Transaction, name: str, role: Role, now: datetime) -> int:
    query = sa.insert(t).values(
        name=name,
        name_key=key_of(name),
        role=role,
        enabled=True,
        revision=1,
        created_at=now,
        changed_at=now,
    )
    return int(tx.execute(query.returning(t.c.id)).scalar_one())


def change(tx: Transaction, operator_id: int, values: Mapping[str, Any], now: datetime) -> None:
    """Set `name`, `role`, `enabled`."""
    columns = {**values, "changed_at": now, "revision": t.c.revision + 1}
    if "name" in values:
        columns["name_key"] = key_of(values["name"])
    tx.execute(sa.update(t).where(t.c.id == operator_id).values(**columns))


def add_keys(tx: Transaction, operator_id: int, keys: Sequence[OperatorKey], now: datetime) -> None:
    rows = [
        {
            "operator_id": operator_id,
            "type": key.type,
            "data": key.data,
            "comment": key.comment,
            "added_at": now,
        }
        for key in keys
    ]
    if rows:
        tx.execute(sa.insert(k), rows)


def remove_keys(tx: Transaction, operator_id: int, keys: Sequence[OperatorKey]) -> None:
    data = [key.data for key in keys]
    tx.execute(sa.delete(k).where(k.c.operator_id == operator_id, k.c.data.in_(data)))


def remove(tx: Transaction, operator_id: int, now: datetime) -> None:
    """Take the operator and all keys away; the name stays readable in what was done."""
    tx.execute(sa.delete(k).where(k.c.operator_id == operator_id))
    tx.execute(sa.update(t).where(t.c.id == operator_id).values(removed_at=now, enabled=False))


def seen(tx: Transaction, operator_id: int, now: datetime) -> None:
    """Note that the operator is here; once a minute is enough."""
    due = sa.or_(t.c.last_seen_at.is_(None), t.c.last_seen_at < now - SEEN_EVERY)
    tx.execute(sa.update(t).where(t.c.id == operator_id, due).values(last_seen_at=now))


def _one(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Operator | None:
    row = connection.execute(sa.select(*_COLUMNS).where(which)).mappings().first()
    return Operator(**row, keys=_keys(connection, row["id"])) if row else None


def _keys(connection: sa.Connection, operator_id: int) -> tuple[OperatorKey, ...]:
    query = sa.select(k.c.type, k.c.data, k.c.comment).where(k.c.operator_id == operator_id)
    return tuple(OperatorKey(**row) for row in connection.execute(query.order_by(k.c.id)).mappings())
