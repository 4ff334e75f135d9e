"""Queued messages past their useful life (never tried) or past their retry window, found by index."""

from datetime import datetime

import sqlalchemy as sa

from storage import message_order
from storage.database import Transaction
from storage.message_rows import SELECT, m, record_of
from storage.records import Message
from storage.sql_values import QUEUED

_UNSENT = (
    f"FROM message INDEXED BY message_unattempted WHERE state = {QUEUED} AND first_attempt_at IS NULL"
    " AND next_attempt_at IS NOT NULL AND expires_at <= :now"
)
# The life of one behind an older message does not run while that is being tried.
_UNSENT_BEHIND = (
    f"FROM message INDEXED BY message_behind WHERE state = {QUEUED} AND first_attempt_at IS NULL"
    " AND behind_since IS NOT NULL AND expires_at <= :now AND told_by IS NULL"
    f" AND NOT {message_order.LIFE_RESTS}"
)
OUTLIVED = sa.text(
    f"SELECT id {_UNSENT} UNION ALL SELECT id {_UNSENT_BEHIND}"
    " UNION ALL SELECT id FROM message INDEXED BY message_window"
    f" WHERE state = {QUEUED} AND first_attempt_at IS NOT NULL AND window_closes_at <= :now LIMIT :limit"
).bindparams(sa.bindparam("now", type_=m.expires_at.type))


def found(connection: sa.Connection | Transaction, now: datetime, limit: int = 500) -> list[Message]:
    """Queued messages past their useful life (never tried) or past their retry window.

    The life of one that waits for another's answer, or behind one that is being tried, does not run
    meanwhile.
    """
    ids = connection.execute(OUTLIVED, {"now": now, "limit": limit}).scalars().all()
    if not ids:
        return []
    query = SELECT.where(m.id.in_(ids)).order_by(m.id)
    return [record_of(row) for row in connection.execute(query).mappings()]


OUTLIVED_COUNTS = sa.text(
    f"SELECT handler_id, 0, 0, count(*) FROM (SELECT handler_id {_UNSENT} UNION ALL SELECT handler_id"
    f" {_UNSENT_BEHIND}) GROUP BY handler_id"
    " UNION ALL SELECT handler_id, 1, unknowns > 0, count(*) FROM message INDEXED BY message_window"
    f" WHERE state = {QUEUED} AND first_attempt_at IS NOT NULL AND window_closes_at <= :now"
    " GROUP BY handler_id, unknowns > 0"
).bindparams(sa.bindparam("now", type_=m.expires_at.type))


def counts(connection: sa.Connection | Transaction, now: datetime) -> dict[tuple[int, bool, bool], int]:
    """How many there are by handler, whether they were tried, and whether an outcome is unknown."""
    rows = connection.execute(OUTLIVED_COUNTS, {"now": now}).all()
    return {(row[0], bool(row[1]), bool(row[2])): row[3] for row in rows}
