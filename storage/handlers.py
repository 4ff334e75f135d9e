"""Communication handlers: what operators set, their secrets, and what the engine found."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.database import Database, Transaction
from storage.errors import SecretMissing
from storage.names import key_of
from storage.records import Handler, HandlerStatus, Queue
from storage.row_reader import RowReader
from storage.secrets import hint
from storage.tables import handler_statuses, handlers, messages
from storage.types import to_micros
from storage.vocabulary import UNDER_WAY, HandlerState, MessageState

RECORD = [handlers.c[name] for name in Handler.__dataclass_fields__]

# The engine asks these at each round: by fixed SQL.
_STATUS = RowReader(
    HandlerStatus, sa.select(*(handler_statuses.c[name] for name in HandlerStatus.__dataclass_fields__))
)


_READ = RowReader(Handler, sa.select(*RECORD))


def listing(connection: sa.Connection, *, removed: bool = False) -> list[Handler]:
    """All handlers by id; those removed only when asked for."""
    condition = "1 = 1" if removed else "removed_at IS NULL"
    return _READ.where(connection, f"{condition} ORDER BY id", ())


def get(connection: sa.Connection, handler_id: int) -> Handler | None:
    """By id, removed or not."""
    found = _READ.where(connection, "id = ?", (handler_id,))
    return found[0] if found else None


AS_SEEN = "SELECT 1 FROM handler WHERE id = ? AND revision = ? AND enabled = 1 AND removed_at IS NULL"


def is_as_seen(tx: Transaction, seen: Handler) -> bool:
    """Whether it may be used, and nobody has edited it since it was seen."""
    return bool(tx.rows(AS_SEEN, (seen.id, seen.revision)))


def by_name(connection: sa.Connection, name: str) -> Handler | None:
    found = _READ.where(connection, "name_key = ? AND removed_at IS NULL", (key_of(name),))
    return found[0] if found else None


def add(tx: Transaction, values: Mapping[str, Any], now: datetime) -> int:
    """A new handler from column values (without secret); its id."""
    found = tx.execute(
        sa.insert(handlers)
        .values(**values, name_key=key_of(values["name"]), revision=1, created_at=now, changed_at=now)
        .returning(handlers.c.id)
    ).scalar_one()
    tx.execute(sa.insert(handler_statuses).values(handler_id=found, status=HandlerState.STARTING))
    return int(found)


def change(tx: Transaction, handler_id: int, values: Mapping[str, Any], now: datetime) -> None:
    """Set columns and count the revision up, so that the engine looks at the handler again."""
    named = {"name_key": key_of(values["name"])} if "name" in values else {}
    tx.execute(
        sa.update(handlers)
        .where(handlers.c.id == handler_id)
        .values(**values, **named, changed_at=now, revision=handlers.c.revision + 1)
    )


def set_secret(tx: Transaction, box_token: bytes, shown: str, handler_id: int) -> None:
    tx.execute(
        sa.update(handlers).where(handlers.c.id == handler_id).values(secret=box_token, secret_hint=shown)
    )


def keep_secret(database: Database, tx: Transaction, handler_id: int, secret: str) -> None:
    """Encrypt and keep a secret; only its hint can be read back by a screen."""
    set_secret(tx, database.box.encrypt(secret), hint(secret), handler_id)


def secret_of(database: Database, connection: sa.Connection, handler_id: int) -> str:
    """The secret in clear, for the sender only. `SecretMissing` when it is not there or cannot be read."""
    token = connection.execute(sa.select(handlers.c.secret).where(handlers.c.id == handler_id)).scalar()
    if token is None:
        raise SecretMissing("secret missing: enter it again")
    return database.box.decrypt(token)


def keep_proxy_secret(database: Database, tx: Transaction, handler_id: int, secret: str | None) -> None:
    """Encrypt and keep the proxy's password; None takes it away."""
    values = {
        "proxy_secret": None if secret is None else database.box.encrypt(secret),
        "proxy_secret_hint": None if secret is None else hint(secret),
    }
    tx.execute(sa.update(handlers).where(handlers.c.id == handler_id).values(**values))


def proxy_secret_of(database: Database, connection: sa.Connection, handler_id: int) -> str:
    """The proxy's password in clear, for the sender only; "" for none. `SecretMissing` when unreadable."""
    query = sa.select(handlers.c.proxy_secret).where(handlers.c.id == handler_id)
    token = connection.execute(query).scalar()
    return "" if token is None else database.box.decrypt(token)


def encrypted_secrets(connection: sa.Connection) -> dict[int, tuple[bytes, str]]:
    query = sa.select(handlers.c.id, handlers.c.secret, handlers.c.secret_hint)
    rows = connection.execute(query.where(handlers.c.secret.is_not(None)))
    return {row.id: (row.secret, row.secret_hint) for row in rows}


def statuses(connection: sa.Connection) -> dict[int, HandlerStatus]:
    return {found.handler_id: found for found in _STATUS.where(connection, "1 = 1", ())}


def status_of(connection: sa.Connection | Transaction, handler_id: int) -> HandlerStatus:
    found = _STATUS.where(connection, "handler_id = ?", (handler_id,))
    return found[0] if found else HandlerStatus(handler_id)


ACCEPTED_AT = "UPDATE handler_status SET last_accepted_at = ? WHERE handler_id = ?"


def note_accepted(tx: Transaction, handler_id: int, now: datetime) -> None:
    """When one of its messages was last accepted."""
    if not tx.run(ACCEPTED_AT, (to_micros(now), handler_id)):
        set_status(tx, handler_id, last_accepted_at=now)


def set_status(tx: Transaction, handler_id: int, **values: Any) -> None:
    """Change what is known of a handler; only the named columns."""
    table = handler_statuses
    result = tx.execute(sa.update(table).where(table.c.handler_id == handler_id).values(**values))
    if result.rowcount == 0:
        tx.execute(
            sa.insert(table).values(**{"handler_id": handler_id, "status": HandlerState.STARTING, **values})
        )


def queues(connection: sa.Connection) -> dict[int, Queue]:
    """What waits at each handler that has anything waiting."""
    m = messages.c
    query = (
        sa.select(
            m.handler_id,
            sa.func.sum(sa.case(((m.state == MessageState.QUEUED) & (m.attempts == 0), 1), else_=0)).label(
                "waiting"
            ),
            sa.func.sum(sa.case(((m.state == MessageState.QUEUED) & (m.attempts > 0), 1), else_=0)).label(
                "retrying"
            ),
            sa.func.sum(sa.case((m.state == MessageState.SENDING, 1), else_=0)).label("sending"),
            sa.func.min(m.queued_at).label("oldest_at"),
        )
        .where(m.state.in_(UNDER_WAY))
        .group_by(m.handler_id)
    )
    return {
        row.handler_id: Queue(row.waiting, row.retrying, row.sending, row.oldest_at)
        for row in connection.execute(query)
    }
