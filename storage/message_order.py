"""The order of messages to one number: a newer one waits behind an older one of its group.

A group are the messages of one occurrence, or those by hand, to one number through one handler. What
waits behind an older message (queued or being sent) has no next attempt, and `behind_since` says
since when: so nothing that looks for due work meets it, however many there are. Whatever changes a
message's state calls `arrange`, which lets the next one go. The order binds nothing that a person
has sent again (`resent_at`), and no messages of tasks (no `order_group`).
"""

import json
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from storage.database import Transaction
from storage.records import Message
from storage.sql_values import QUEUED, WAITING, one_of
from storage.types import to_micros
from storage.vocabulary import MessageState

# The group of messages by hand; an occurrence's id is that of its own.
BY_HAND = 0

UNDER_WAY = f"state IN ({WAITING})"

# Now by the clock that the row's other moments go by (storage/written_by.py).
NOW = "(:now + CASE WHEN clock_boot = :clock_boot THEN clock_offset - :clock_offset ELSE 0 END)"


def same_group(one: str, other: str) -> str:
    """SQL: whether two messages are of one group."""
    return " AND ".join(f"{one}.{c} = {other}.{c}" for c in ("order_group", "to_number", "handler_id"))


# SQL: whether an older message of the group is under way. It looks by an index of its own.
HAS_OLDER = (
    "EXISTS (SELECT 1 FROM message AS older INDEXED BY message_order"
    f" WHERE {same_group('older', 'message')} AND older.{UNDER_WAY} AND older.id < message.id)"
)

# SQL: whether one that waits behind an older message has useful life left: it does not run while that
# is being tried, which is until its window closes at the latest, engine or not.
LIFE_RESTS = (
    HAS_OLDER.removesuffix(")") + " AND older.first_attempt_at < message.expires_at AND message.expires_at"
    " + coalesce(older.window_closes_at, :now) - max(message.behind_since, older.first_attempt_at) > :now)"
)

_PUT_BEHIND = (
    f"UPDATE message SET behind_since = {NOW}, next_attempt_at = NULL, next_planned_at ="
    " CASE WHEN first_attempt_at IS NOT NULL THEN coalesce(next_planned_at, next_attempt_at) END"
    f" WHERE state = {QUEUED} AND behind_since IS NULL AND resent_at IS NULL AND order_group IS NOT NULL"
)
BEHIND_OLDER = f"{_PUT_BEHIND} AND id BETWEEN :first AND :last AND {HAS_OLDER}"
NEWER_BEHIND = (
    f"{_PUT_BEHIND} AND id IN (SELECT newer.id FROM message AS this JOIN message AS newer"
    f" INDEXED BY message_order ON {same_group('newer', 'this')} AND newer.{UNDER_WAY}"
    " AND newer.id > this.id WHERE this.id = :id)"
)

# A newer one makes the oldest due at once, besides its plan: the planned attempt stands.
HURRY_OLDER = (
    "UPDATE message SET next_planned_at = coalesce(next_planned_at, next_attempt_at),"
    f" next_attempt_at = {NOW} WHERE state = {QUEUED} AND first_attempt_at IS NOT NULL"
    f" AND next_attempt_at > {NOW} AND window_closes_at > {NOW} AND id IN (SELECT"
    " (SELECT older.id FROM message AS older INDEXED BY message_order"
    f" WHERE {same_group('older', 'newer')} AND older.{UNDER_WAY} ORDER BY older.id LIMIT 1)"
    " FROM message AS newer WHERE newer.id BETWEEN :first AND :last AND newer.behind_since IS NOT NULL)"
)

FOLLOWED = (
    "SELECT ended.id FROM json_each(:ids) JOIN message AS ended ON ended.id = json_each.value"
    " WHERE ended.order_group IS NOT NULL AND EXISTS ("
    "SELECT 1 FROM message AS next INDEXED BY message_order"
    f" WHERE {same_group('next', 'ended')} AND next.{UNDER_WAY}) ORDER BY ended.id"
)

_GROUP_OF_ENDED = " AND ".join(
    f"{column} = (SELECT ended.{column} FROM message AS ended WHERE ended.id = :id)"
    for column in ("order_group", "to_number", "handler_id")
)
_ENDED_TRIED_AT = "(SELECT ended.first_attempt_at FROM message AS ended WHERE ended.id = :id)"
_ENDED_CLOSED_AT = (
    "(SELECT coalesce(ended.window_closes_at, :now) FROM message AS ended WHERE ended.id = :id)"
)

# The useful life of what waited does not run while an older one was being tried.
LENGTHEN = (
    f"UPDATE message INDEXED BY message_order SET behind_since = max(behind_since, {NOW}), expires_at ="
    f" expires_at + max(0, min({NOW}, {_ENDED_CLOSED_AT}) - max(behind_since, {_ENDED_TRIED_AT}))"
    f" WHERE {_GROUP_OF_ENDED} AND {UNDER_WAY} AND behind_since IS NOT NULL"
    f" AND first_attempt_at IS NULL AND told_by IS NULL AND {_ENDED_TRIED_AT} IS NOT NULL"
)
FREE_NEXT = (
    "UPDATE message SET behind_since = NULL, next_planned_at = NULL, next_attempt_at ="
    f" CASE WHEN told_by IS NULL THEN coalesce(next_planned_at, {NOW}) END"
    f" WHERE state = {QUEUED} AND behind_since IS NOT NULL AND id = (SELECT m.id FROM message AS m"
    f" INDEXED BY message_order WHERE {_GROUP_OF_ENDED} AND {UNDER_WAY} ORDER BY m.id LIMIT 1)"
)

STRANDED = (
    "UPDATE message INDEXED BY message_behind SET behind_since = NULL, next_planned_at = NULL,"
    f" next_attempt_at = CASE WHEN told_by IS NULL THEN coalesce(next_planned_at, {NOW}) END"
    f" WHERE state = {QUEUED} AND behind_since IS NOT NULL AND NOT {HAS_OLDER}"
)

MAY_HAVE_GONE = (
    MessageState.SENDING,
    MessageState.ACCEPTED,
    MessageState.DELIVERED,
    MessageState.UNDELIVERED,
    MessageState.UNKNOWN,
)
NEWER_WENT = sa.text(
    "SELECT count(*) FROM message AS newer INDEXED BY message_to WHERE newer.to_number = :to"
    " AND newer.order_group IS NOT NULL AND newer.order_group = :of AND newer.handler_id = :handler"
    f" AND newer.id > :id AND newer.{one_of('state', MAY_HAVE_GONE)}"
)


OLDER_ELSEWHERE = (
    "SELECT older.id, newer.id FROM json_each(:ids) JOIN message AS newer ON newer.id = json_each.value"
    " JOIN message AS older"
    " INDEXED BY message_order ON older.order_group = newer.order_group"
    f" AND older.to_number = newer.to_number AND older.{UNDER_WAY} AND older.state = {QUEUED}"
    " AND older.handler_id <> newer.handler_id AND older.id < newer.id AND older.resent_at IS NULL"
    f" WHERE newer.order_group > {BY_HAND} ORDER BY older.id"
)


def place(tx: Transaction, ids: Collection[int], now: datetime) -> None:
    """Put messages that were just made behind the older ones; those are due at once."""
    if ids:
        span = {"first": min(ids), "last": max(ids), **moment_of(tx, now)}
        if tx.run(BEHIND_OLDER, span):
            tx.run(HURRY_OLDER, span)


def arrange(tx: Transaction, queued: Collection[int], ended: Collection[int], now: datetime) -> None:
    """Put the order right after messages were queued again, or are under way no more."""
    if not queued and not ended:
        return
    moment = moment_of(tx, now)
    for message_id in queued:
        tx.run(BEHIND_OLDER, {"first": message_id, "last": message_id, **moment})
        tx.run(NEWER_BEHIND, {"id": message_id, **moment})
    if not ended:
        return
    followed = tx.rows(FOLLOWED, {"ids": json.dumps(list(ended))})
    rows = [{"id": message_id, **moment} for (message_id,) in followed]
    tx.run_many(LENGTHEN, rows)
    tx.run_many(FREE_NEXT, rows)


def free_stranded(tx: Transaction, now: datetime) -> int:
    """Let go what waits behind nothing any more; how many. Nothing should: `arrange` lets them go."""
    return tx.run(STRANDED, moment_of(tx, now))


def newer_that_went(connection: sa.Connection | Transaction, message: Message) -> int:
    """How many newer messages of its group went, or may have gone, before this one."""
    if message.order_group is None:
        return 0
    values = {
        "to": message.to,
        "of": message.order_group,
        "handler": message.handler_id,
        "id": message.id,
    }
    return int(connection.execute(NEWER_WENT, values).scalar_one())


def older_through_others(tx: Transaction, accepted: Collection[int]) -> dict[int, int]:
    """Older messages of the same occurrence to the same number that wait at another handler.

    By id, with the accepted one (of these) that makes each needless. What a person sent again is
    left out.
    """
    return dict(tx.rows(OLDER_ELSEWHERE, {"ids": json.dumps(list(accepted))}))


def moment_of(tx: Transaction, now: datetime) -> dict[str, int | None]:
    return {"now": to_micros(now), **tx.written_at(now)}
