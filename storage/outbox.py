"""The outbox: queueing, claiming, recording. A message is on disk before anything touches the network.

Times are aware UTC. Functions with `tx` write inside the caller's transaction.
"""

import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage import delivery_sql as sql
from storage import due, message_order
from storage.database import Transaction
from storage.message_rows import FROM, READ, SELECT, record_of
from storage.records import Message, MessageDraft
from storage.sql_values import QUEUED
from storage.tables import attempts, messages, submissions
from storage.texts import for_phone, storable
from storage.types import as_json, kept, to_micros
from storage.vocabulary import UNDER_WAY, MessageState, Origin, OutcomeKind, Stage

ALERT_LANE, ORDINARY_LANE = 0, 1
MANUAL_RANK, TASK_RANK = 0, 1

m, s = messages.c, submissions.c


@dataclass(frozen=True, slots=True)
class Submission:
    """One act of sending.

    `left_out` holds `{"name": …, "reason": …}` for each person not reached, with `"user_id"` where
    it is a user. `why` says in words why the program made it; None where a person did. `step_id` is the
    step of the answer plan that its messages belong to.
    """

    origin: Origin
    operator: str | None = None
    task_id: int | None = None
    run_id: int | None = None
    alert_id: int | None = None
    occurrence_id: int | None = None
    stage: Stage | None = None
    priority: int | None = None
    left_out: tuple[Mapping[str, str], ...] = ()
    why: str | None = None
    step_id: int | None = None


def enqueue(
    tx: Transaction, submission: Submission, drafts: Sequence[MessageDraft], now: datetime
) -> list[int]:
    """Queue a message for each draft, due at once or behind an older one. Gives their ids in this order."""
    submission_id = _next_id(tx, "submission")
    asked = {
        "id": submission_id,
        "origin": submission.origin,
        "operator": submission.operator,
        "created_at": now,
        "task_id": submission.task_id,
        "run_id": submission.run_id,
        "alert_id": submission.alert_id,
        "occurrence_id": submission.occurrence_id,
        "stage": submission.stage,
        "left_out": as_json([dict(person) for person in submission.left_out]),
        "why": submission.why,
    }
    tx.add("submission", [asked])
    lane, rank = lane_and_rank(submission)
    group = order_group(submission)
    first = _next_id(tx, "message")
    clock = tx.written_at(now)
    rows = [
        {
            "id": first + offset,
            "client_message_id": uuid.uuid4().hex,
            "submission_id": submission_id,
            "handler_id": draft.handler_id,
            "user_id": draft.user_id,
            "user_name": draft.user_name,
            "to_number": draft.to,
            "body": for_phone(draft.text),
            "origin": submission.origin,
            "lane": lane,
            "rank": rank,
            "segments": draft.segments,
            "state": MessageState.QUEUED,
            "queued_at": now,
            "expires_at": draft.expires_at,
            # What waits for another's answer is due once that is there.
            "next_attempt_at": now if draft.told_by is None else None,
            "told_by": draft.told_by,
            "attempts": 0,
            "plan_attempts": 0,
            "unknowns": 0,
            "may_arrive_twice": False,
            "query_first": False,
            "reports_asked": 0,
            "order_group": group,
            "step_id": submission.step_id,
            **clock,
        }
        for offset, draft in enumerate(drafts)
    ]
    tx.add("message", rows)
    ids = list(range(first, first + len(rows)))
    if group is not None:
        message_order.place(tx, ids, now)
    return ids


def renew(tx: Transaction, message_id: int, text: str, segments: int) -> None:
    """Give a message that was never attempted a new text; its place in the queue stays."""
    never = (m.id == message_id) & (m.state == MessageState.QUEUED) & (m.attempts == 0)
    tx.execute(sa.update(messages).where(never).values(body=for_phone(text), segments=segments))


def belongs_to_step(tx: Transaction, ids: Collection[int], step_id: int) -> None:
    """These messages tell their people of a newer step too: what becomes of it depends on them."""
    tx.execute(sa.update(messages).where(m.id.in_(ids)).values(step_id=step_id))


def order_group(submission: Submission) -> int | None:
    """Which messages to one number keep their order: those of one occurrence, and those by hand."""
    if submission.origin is Origin.ALERT:
        return submission.occurrence_id
    return message_order.BY_HAND if submission.origin is Origin.MANUAL else None


def lane_and_rank(submission: Submission) -> tuple[int, int]:
    """Alerts by their priority (1 first) in a lane of their own; else by hand before tasks."""
    if submission.origin is Origin.ALERT:
        return ALERT_LANE, submission.priority or 3
    return ORDINARY_LANE, MANUAL_RANK if submission.origin is Origin.MANUAL else TASK_RANK


def _next_id(tx: Transaction, table: str) -> int:
    """Ids of history are never used twice."""
    used = tx.rows("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
    return int(used[0][0]) + 1 if used else 1


def claim(
    tx: Transaction,
    handler_id: int,
    lane: int,
    limit: int,
    *,
    rate: timedelta,
    stop: timedelta,
    epoch: int,
    instance_id: str,
    now: datetime,
    only: Collection[int] | None = None,
) -> list[Message]:
    """Take up to `limit` due messages of one lane and write an attempt for each.

    The retry plan (`rate`, `stop`) is fixed at a message's first attempt. The caller has
    checked the lease in the same transaction. `only` narrows the choice to these ids.
    """
    if only is None:
        ids = due.first(tx, handler_id, lane, now, limit)
    else:
        ids = due.among(tx, handler_id, lane, now, only)[:limit]
    if not ids:
        return []
    at, closes = to_micros(now), to_micros(now + (stop if rate else rate))
    first = newest_attempt(tx) + 1
    span = (first, first + len(ids) - 1)
    plan = (at, closes, kept(rate), kept(stop), *tx.written_at(now).values())
    tx.run_many(sql.CLAIM, [(attempt, *plan, message) for attempt, message in enumerate(ids, first)])
    tx.run(sql.ATTEMPTS, (*span, epoch, instance_id, at))
    return READ.where(tx, sql.CLAIMED, span)


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What an attempt came to, as it is kept."""

    attempt_id: int
    outcome: OutcomeKind
    finished_at: datetime
    http_status: int | None = None
    code: str | None = None
    error: str | None = None
    gateway_id: str | None = None


def newest_attempt(tx: Transaction) -> int:
    """The highest id of an attempt; 0 where there is none."""
    return int(tx.rows(sql.NEWEST_ATTEMPT)[0][0] or 0)


def finish_attempts(tx: Transaction, results: Iterable[AttemptResult]) -> None:
    """Complete attempts. One that already has a sure outcome keeps it."""
    rows = [
        (
            result.outcome.value,
            to_micros(result.finished_at),
            result.http_status,
            result.code,
            None if result.error is None else storable(result.error),
            result.gateway_id,
            result.attempt_id,
        )
        for result in results
    ]
    tx.run_many(sql.FINISH_ATTEMPT, rows)


def unknown_attempts(connection: sa.Connection | Transaction, message_id: int) -> list[int]:
    """The ids of a message's attempts of unknown outcome, the oldest first: each may have arrived."""
    a = attempts.c
    query = sa.select(a.id).where(a.message_id == message_id, a.outcome == OutcomeKind.UNKNOWN).order_by(a.n)
    return list(connection.execute(query).scalars())


def accepted_attempts(connection: sa.Connection | Transaction, message_id: int) -> list[str | None]:
    """The gateway's ids of a message's accepted attempts, the oldest first."""
    a = attempts.c
    query = sa.select(a.gateway_id).where(a.message_id == message_id, a.outcome == OutcomeKind.ACCEPTED)
    return list(connection.execute(query.order_by(a.n)).scalars())


def take_back(tx: Transaction, message: Message, earlier: int) -> None:
    """Undo a claim for which nothing was sent: the message's current attempt is an earlier one again."""
    tx.execute(
        sa.update(messages)
        .where(m.id == message.id)
        .values(
            attempt_id=earlier,
            attempts=m.attempts - 1,
            plan_attempts=sa.func.max(m.plan_attempts - 1, 0),
        )
    )
    tx.execute(sa.delete(attempts).where(attempts.c.id == message.attempt_id))


Changes = Mapping[int, Mapping[str, Any]]


def change(tx: Transaction, changes: Changes, now: datetime) -> None:
    """Set all of `CHANGEABLE` on each message, and let go what waited behind those that have ended.

    The caller has read the rows in this transaction.
    """
    if changes:
        tx.run_many(sql.CHANGE, [(*_columns(value), key) for key, value in changes.items()])
        _put_in_order(tx, changes, now)


def change_claimed(
    tx: Transaction, changes: Changes, claimed: Collection[Message], now: datetime
) -> set[int]:
    """`change` for messages as they were claimed, which are not read again; the ids of those changed.

    The others are no more being sent by that attempt, and are left as they are.
    """
    done = {
        message.id
        for message in claimed
        if tx.run(sql.CHANGE_CLAIMED, (*_columns(changes[message.id]), message.id, message.attempt_id))
    }
    # What is in no order lets nothing go.
    ordered = {m.id: changes[m.id] for m in claimed if m.id in done and m.order_group is not None}
    _put_in_order(tx, ordered, now)
    return done


def _columns(value: Mapping[str, Any]) -> list[Any]:
    return [kept(value[name]) for name in sql.CHANGEABLE]


def _put_in_order(tx: Transaction, changes: Changes, now: datetime) -> None:
    queued = [key for key, value in changes.items() if value["state"] is MessageState.QUEUED]
    ended = [key for key, value in changes.items() if value["state"] not in UNDER_WAY]
    message_order.arrange(tx, queued, ended, now)


def current(connection: sa.Connection | Transaction, ids: Collection[int]) -> dict[int, Message]:
    """The messages as they are now, by id."""
    found = READ.where(connection, sql.THESE, (json.dumps(list(ids)),)) if ids else []
    return {message.id: message for message in found}


def sending_under_older_epochs(connection: sa.Connection | Transaction, epoch: int) -> list[Message]:
    """Messages that a former holder of the lease was sending."""
    query = SELECT.join_from(FROM, attempts, attempts.c.id == m.attempt_id)
    query = query.where(m.state == MessageState.SENDING, attempts.c.epoch < epoch).order_by(m.id)
    return [record_of(row) for row in connection.execute(query).mappings()]


def sending_since_before(connection: sa.Connection | Transaction, moment: datetime) -> list[Message]:
    """Messages whose present attempt began before a moment and has no end."""
    query = SELECT.join_from(FROM, attempts, attempts.c.id == m.attempt_id)
    query = query.where(m.state == MessageState.SENDING, attempts.c.started_at < moment).order_by(m.id)
    return [record_of(row) for row in connection.execute(query).mappings()]


# The index is named: the planner would take the one by state, and look into every queued row.
_WAITING = f"SELECT min(next_attempt_at) AS at FROM message INDEXED BY message_waiting WHERE state = {QUEUED}"
_MOMENT = m.next_attempt_at.type
_NOW = sa.bindparam("now", type_=_MOMENT)
NEXT_ATTEMPT = sa.text(f"{_WAITING} AND next_attempt_at > :now").bindparams(_NOW).columns(at=_MOMENT)
OLDEST_DUE = sa.text(f"{_WAITING} AND next_attempt_at <= :now").bindparams(_NOW).columns(at=_MOMENT)


def next_attempt_after(connection: sa.Connection, now: datetime) -> datetime | None:
    found: datetime | None = connection.execute(NEXT_ATTEMPT, {"now": now}).scalar()
    return found


def oldest_due(connection: sa.Connection, now: datetime) -> datetime | None:
    """The planned time of the message that has been due the longest."""
    found: datetime | None = connection.execute(OLDEST_DUE, {"now": now}).scalar()
    return found


def set_report(
    tx: Transaction, message_id: int, state: MessageState, report_due_at: datetime | None, asked: int
) -> None:
    """Keep what a delivery report said of a message that is still `accepted`."""
    tx.run(sql.REPORTED, (state.value, kept(report_due_at), asked, message_id))
