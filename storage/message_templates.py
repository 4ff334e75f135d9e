"""Texts kept for the Send Message dialog."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.database import Transaction
from storage.names import key_of
from storage.tables import message_templates as t


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A kept text. `{Field}`s in it are filled in when it is sent with fields."""

    id: int
    name: str
    text: str
    created_at: datetime


_SELECT = sa.select(t.c.id, t.c.name, t.c.body.label("text"), t.c.created_at).where(t.c.removed_at.is_(None))


def listing(connection: sa.Connection) -> list[MessageTemplate]:
    """All kept texts, the newest last."""
    return [MessageTemplate(**row) for row in connection.execute(_SELECT.order_by(t.c.id)).mappings()]


def get(connection: sa.Connection, template_id: int) -> MessageTemplate | None:
    """By id; None when it was removed."""
    row = connection.execute(_SELECT.where(t.c.id == template_id)).mappings().first()
    return MessageTemplate(**row) if row else None


def by_name(connection: sa.Connection, name: str) -> MessageTemplate | None:
    row = connection.execute(_SELECT.where(t.c.name_key == key_of(name))).mappings().first()
    return MessageTemplate(**row) if row else None


def add(tx: Transaction, name: str, text: str, now: datetime) -> int:
    query = sa.insert(t).values(name=name, name_key=key_of(name), body=text, created_at=now)
    return int(tx.execute(query.returning(t.c.id)).scalar_one())


def change(tx: Transaction, template_id: int, values: Mapping[str, str]) -> None:
    """Set `name`, `text` or both."""
    columns = {"body" if name == "text" else name: value for name, value in values.items()}
    if "name" in values:
        columns["name_key"] = key_of(values["name"])
    tx.execute(sa.update(t).where(t.c.id == template_id).values(**columns))


def remove(tx: Transaction, template_id: int, now: datetime) -> None:
    tx.execute(sa.update(t).where(t.c.id == template_id).values(removed_at=now))
