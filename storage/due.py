"""What may be attempted now, found by index: the claim's cost does not grow with what waits.

Never tried messages are due at once and found in the order in which they go. Those that were tried
are found by when they are due. What waits for an older message, or for another's answer, has no
next attempt and is met by neither.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from storage.database import Transaction, rows_of
from storage.message_order import BY_HAND, HAS_OLDER, NOW, UNDER_WAY, moment_of
from storage.sql_values import QUEUED, SENDING, quoted
from storage.tables import messages
from storage.types import to_micros
from storage.vocabulary import OutcomeKind

m = messages.c

# Of one occurrence, to one number, through another handler: never two at once.
OTHER_IS_SENT = (
    "EXISTS (SELECT 1 FROM message AS other INDEXED BY message_order"
    " WHERE other.order_group = message.order_group AND other.to_number = message.to_number"
    f" AND other.{UNDER_WAY} AND other.state = {SENDING} AND other.handler_id <> message.handler_id)"
)
MAY_GO = (
    "(message.order_group IS NULL OR message.resent_at IS NOT NULL"
    f" OR NOT {HAS_OLDER} AND (message.order_group = {BY_HAND} OR NOT {OTHER_IS_SENT}))"
)
_LANE = "message.handler_id = {handler} AND message.lane = {lane} AND message.next_attempt_at <= :now"
_NEVER_TRIED = (
    f"FROM message INDEXED BY message_fresh WHERE message.state = {QUEUED}"
    " AND message.first_attempt_at IS NULL AND message.next_attempt_at IS NOT NULL"
    f" AND {_LANE} AND message.expires_at > :now"
)
_TRIED = (
    f"FROM message INDEXED BY message_due WHERE message.state = {QUEUED}"
    f" AND message.first_attempt_at IS NOT NULL AND {_LANE}"
    " AND (message.window_closes_at IS NULL OR message.window_closes_at > :now)"
)


def _of(part: str, handler: str = ":handler", lane: str = ":lane") -> str:
    return part.format(handler=handler, lane=lane)


def _bound(statement: str) -> sa.TextClause:
    return sa.text(statement).bindparams(sa.bindparam("now", type_=m.next_attempt_at.type))


_FIRST = "SELECT * FROM (SELECT message.id, message.rank {part} AND {may_go} ORDER BY 2, 1 LIMIT :limit)"
FIRST_DUE = (
    "SELECT id FROM ("
    + " UNION ALL ".join(_FIRST.format(part=_of(part), may_go=MAY_GO) for part in (_NEVER_TRIED, _TRIED))
    + ") ORDER BY rank, id LIMIT :limit"
)
DUE_COUNT = " + ".join(f"(SELECT count(*) {_of(part)})" for part in (_NEVER_TRIED, _TRIED))
WITH_DUE = (
    "SELECT handler.id, lanes.lane FROM handler, (SELECT 0 AS lane UNION ALL SELECT 1) AS lanes WHERE "
    + " OR ".join(
        f"EXISTS (SELECT 1 {_of(part, 'handler.id', 'lanes.lane')} AND {MAY_GO})"
        for part in (_NEVER_TRIED, _TRIED)
    )
)
_CHOSEN = (
    f"SELECT message.id FROM message WHERE message.id IN :ids AND message.state = {QUEUED}"
    f" AND {_of(_LANE)} AND (message.first_attempt_at IS NOT NULL OR message.expires_at > :now)"
    " AND (message.window_closes_at IS NULL OR message.window_closes_at > :now)"
    f" AND {MAY_GO} ORDER BY message.rank, message.id"
)
_due_among = _bound(_CHOSEN).bindparams(sa.bindparam("ids", expanding=True))
_due_count = _bound(f"SELECT {DUE_COUNT}")

PROBED_AMONG = 100  # how many due messages are looked at for a cheap one


def first(
    connection: sa.Connection | Transaction, handler_id: int, lane: int, now: datetime, limit: int
) -> list[int]:
    """The messages of a lane that go next, in this order: by rank, then by when they were made."""
    values = {"handler": handler_id, "lane": lane, "now": to_micros(now), "limit": limit}
    return [row[0] for row in rows_of(connection, FIRST_DUE, values)]


def among(tx: Transaction, handler_id: int, lane: int, now: datetime, ids: Collection[int]) -> list[int]:
    """Those of these messages that may be attempted now, in the order in which they go."""
    values = {"handler": handler_id, "lane": lane, "now": now, "ids": list(ids)}
    return list(tx.execute(_due_among, values).scalars())


def cheapest(tx: Transaction, handler_id: int, lane: int, now: datetime) -> list[int]:
    """The id of a due message of fewest parts, of those the one tried least; among the first due only."""
    near = first(tx, handler_id, lane, now, PROBED_AMONG)
    query = sa.select(m.id).where(m.id.in_(near)).order_by(m.segments, m.plan_attempts, m.id).limit(1)
    return list(tx.execute(query).scalars())


def count(connection: sa.Connection, handler_id: int, moment: datetime) -> int:
    """How many messages of a handler may be attempted and were due before a moment."""
    lanes = ({"handler": handler_id, "lane": lane, "now": moment} for lane in (0, 1))
    return sum(int(connection.execute(_due_count, values).scalar_one()) for values in lanes)


def lanes(connection: sa.Connection, now: datetime) -> set[tuple[int, int]]:
    """The (handler, lane) pairs in which something may go."""
    return {(row[0], row[1]) for row in rows_of(connection, WITH_DUE, {"now": to_micros(now)})}


_UNWELL = quoted(OutcomeKind.NOT_SENT, OutcomeKind.ACCOUNT)

# What an extra attempt is given to, when its handler is well again: at most one between two planned.
FREE_AGAIN = sa.text(
    f"UPDATE message SET next_planned_at = next_attempt_at, next_attempt_at = {NOW},"
    " freed_after = plan_attempts"
    " WHERE id IN (SELECT message.id FROM message INDEXED BY message_due"
    " JOIN attempt ON attempt.id = message.attempt_id"
    f" WHERE message.state = {QUEUED} AND message.first_attempt_at IS NOT NULL"
    " AND message.handler_id = :handler AND message.lane = 0 AND message.next_attempt_at > :now"
    " AND message.window_closes_at > :now AND message.next_planned_at IS NULL"
    " AND message.freed_after IS NOT message.plan_attempts"
    f" AND attempt.outcome IN ({_UNWELL}))"
)


def free_again(tx: Transaction, handler_id: int, now: datetime) -> int:
    """Make alert messages due at once that their handler was too unwell to send; how many.

    For when it is found well again. The attempt comes besides the plan: if it fails, the next planned
    one stands.
    """
    return tx.execute(FREE_AGAIN, {"handler": handler_id, **moment_of(tx, now)}).rowcount
