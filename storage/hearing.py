"""Who has heard of an occurrence: the facts of its messages, by index. `scheduling.told` judges them."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage.database import Transaction, rows_of
from storage.sql_values import ACTIVE, QUEUED, quoted
from storage.tables import attempts, handlers, held, messages, occurrences, submissions
from storage.vocabulary import UNDER_WAY, HeldState, MessageState, OnUnknown, OutcomeKind, Stage

# The tabs whose messages tell of the occurrence; the others tell of what was done about it.
TELLING = (Stage.CREATED, Stage.ESCALATED)
_TELLING = quoted(*TELLING)
# Sure to have told somebody, or on the way.
_GOING = quoted(MessageState.SENDING, MessageState.ACCEPTED, MessageState.DELIVERED)
_HELD = quoted(HeldState.HELD)
_NAMED = "FROM held JOIN message ON message.id = held.message_id WHERE held.named = 1 AND held.occurrence_id"

m, s = messages.c, submissions.c


@dataclass(frozen=True, slots=True)
class MessageFact:
    """What is known of one message of an occurrence. `outcome` is that of its last attempt.

    `retry_rate` and `on_unknown` are the message's own where they are fixed, else its handler's.
    """

    message_id: int
    occurrence_id: int
    stage: Stage
    handler_id: int
    user_id: int | None
    user: str | None
    to: str
    state: MessageState
    on_unknown: OnUnknown
    retry_rate: timedelta
    queued_at: datetime
    finished_at: datetime | None = None
    last_attempt_at: datetime | None = None
    outcome: OutcomeKind | None = None
    unknowns: int = 0
    may_arrive_twice: bool = False
    error_code: str | None = None
    error: str | None = None
    told_by: int | None = None
    step_id: int | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class MissedPerson:
    """Someone whom a telling tab left out, and why."""

    name: str
    reason: str
    user_id: int | None = None


def _facts(occurrence_id: Any, stage: Any) -> sa.Select[Any]:
    """The facts of messages, `occurrence_id` and `stage` as given; whence they come is the caller's."""
    return sa.select(
        m.id.label("message_id"),
        occurrence_id,
        stage,
        m.handler_id,
        m.user_id,
        m.user_name.label("user"),
        m.to_number.label("to"),
        m.state,
        sa.func.coalesce(m.on_unknown, handlers.c.on_unknown, type_=m.on_unknown.type).label("on_unknown"),
        sa.func.coalesce(m.retry_rate, handlers.c.retry_rate, type_=m.retry_rate.type).label("retry_rate"),
        m.queued_at,
        m.finished_at,
        attempts.c.started_at.label("last_attempt_at"),
        attempts.c.outcome,
        m.unknowns,
        m.may_arrive_twice,
        m.error_code,
        m.error,
        m.told_by,
        m.step_id,
        m.attempts,
    )


_FACTS = (
    _facts(s.occurrence_id, s.stage)
    .select_from(submissions)
    .join(messages, m.submission_id == s.id)
    .join(handlers, handlers.c.id == m.handler_id)
    .outerjoin(attempts, attempts.c.id == m.attempt_id)
    .order_by(m.id)
)
# One message for several occurrences (after quiet hours) tells of each that it names.
_DIGESTS = (
    _facts(held.c.occurrence_id, sa.literal(Stage.CREATED, s.stage.type).label("stage"))
    .distinct()
    .select_from(held)
    .join(messages, m.id == held.c.message_id)
    .join(submissions, s.id == m.submission_id)
    .join(handlers, handlers.c.id == m.handler_id)
    .outerjoin(attempts, attempts.c.id == m.attempt_id)
    .where(held.c.named == sa.true(), s.occurrence_id.is_(None))
    .order_by(m.id)
)


def of_occurrences(
    connection: sa.Connection | Transaction, ids: Iterable[int]
) -> dict[int, list[MessageFact]]:
    """The messages of all tabs of these occurrences, in the order in which they were made."""
    wanted = list(ids)
    found: dict[int, list[MessageFact]] = {occurrence_id: [] for occurrence_id in wanted}
    for start in range(0, len(wanted), 500):
        page = wanted[start : start + 500]
        for row in connection.execute(_FACTS.where(s.occurrence_id.in_(page))).mappings():
            found[row["occurrence_id"]].append(MessageFact(**row))
        for row in connection.execute(_DIGESTS.where(held.c.occurrence_id.in_(page))).mappings():
            found[row["occurrence_id"]].append(MessageFact(**row))
    for facts in found.values():
        facts.sort(key=lambda fact: fact.message_id)
    return found


def of_occurrence(connection: sa.Connection | Transaction, occurrence_id: int) -> list[MessageFact]:
    return of_occurrences(connection, [occurrence_id])[occurrence_id]


def left_out(connection: sa.Connection | Transaction, occurrence_id: int) -> list[MissedPerson]:
    """Whom the telling tabs left out, each once with the newest reason."""
    query = sa.select(s.left_out).where(s.occurrence_id == occurrence_id, s.stage.in_(TELLING))
    found: dict[object, MissedPerson] = {}
    for (people,) in connection.execute(query.order_by(s.id)):
        for person in people:
            user_id = int(person["user_id"]) if person.get("user_id") else None
            found[user_id or person["name"]] = MissedPerson(person["name"], person["reason"], user_id)
    return list(found.values())


ON_THE_WAY = (
    "SELECT 1 FROM submission JOIN message ON message.submission_id = submission.id"
    " WHERE submission.occurrence_id = :occurrence"
    f" AND (message.state = {QUEUED} OR submission.stage IN ({_TELLING})"
    f" AND message.state IN ({_GOING}))"
    f" UNION ALL SELECT 1 FROM held WHERE occurrence_id = :occurrence AND held.state = {_HELD}"
    f" UNION ALL SELECT 1 {_NAMED} = :occurrence AND message.state IN ({QUEUED}, {_GOING}) LIMIT 1"
)
_ON_THE_WAY = sa.text(ON_THE_WAY)


def someone_is_told_or_will_be(connection: sa.Connection | Transaction, occurrence_id: int) -> bool:
    """Whether a message waits, is held or has surely told somebody: a quick look, ended by the first one."""
    return connection.execute(_ON_THE_WAY, {"occurrence": occurrence_id}).first() is not None


# The stages are written out, so that the index of active occurrences is used.
UNSURE = (
    "SELECT o.id, o.raised_at, o.answer_due_at FROM occurrence AS o INDEXED BY occurrence_active"
    f" WHERE o.stage IN ({ACTIVE})"
    f" AND o.stage IN ({_TELLING})"
    " AND EXISTS (SELECT 1 FROM action WHERE action.alert_id = o.alert_id AND action.enabled = 1"
    f" AND action.stage IN ({quoted(Stage.CREATED)}, o.stage))"
    " AND NOT EXISTS (SELECT 1 FROM submission JOIN message ON message.submission_id = submission.id"
    f" WHERE submission.occurrence_id = o.id AND submission.stage IN ({_TELLING})"
    f" AND message.state IN ({_GOING}))"
    # What is silenced, held or given time to settle is not forgotten.
    " AND o.kept_back IS NULL AND o.settle_at IS NULL"
    f" AND NOT EXISTS (SELECT 1 FROM held WHERE held.occurrence_id = o.id AND held.state = {_HELD})"
    f" AND NOT EXISTS (SELECT 1 {_NAMED} = o.id AND message.state IN ({_GOING}))"
    " ORDER BY o.id LIMIT :limit"
)
_MOMENT = occurrences.c.raised_at.type
_UNSURE = sa.text(UNSURE).columns(id=sa.Integer, raised_at=_MOMENT, answer_due_at=_MOMENT)


@dataclass(frozen=True, slots=True)
class OpenOne:
    """An open occurrence: when it was raised, and when its answer plan will try again, if it will."""

    occurrence_id: int
    raised_at: datetime
    answer_due_at: datetime | None


def open_and_not_surely_told(connection: sa.Connection | Transaction, limit: int) -> list[OpenOne]:
    """Occurrences in Created or Escalated whose tab has an action and of which nobody is told for sure."""
    return [OpenOne(*row) for row in connection.execute(_UNSURE, {"limit": limit})]


_WAITING_FOR = sa.select(m.id, s.occurrence_id, m.told_by).join_from(
    messages, submissions, s.id == m.submission_id
)


@dataclass(frozen=True, slots=True)
class Hanging:
    """A message that waits for the answer to another one."""

    message_id: int
    occurrence_id: int
    told_by: int


WAITING_FOR = (
    "SELECT message.id, submission.occurrence_id, message.told_by"
    " FROM json_each(?) JOIN message INDEXED BY message_told_by ON message.told_by = json_each.value"
    " JOIN submission ON submission.id = message.submission_id"
    f" WHERE message.told_by IS NOT NULL AND message.state = {QUEUED} ORDER BY message.id"
)


def waiting_for(connection: sa.Connection | Transaction, ids: Collection[int]) -> list[Hanging]:
    """What waits for the answers to these messages."""
    rows = rows_of(connection, WAITING_FOR, (json.dumps(list(ids)),)) if ids else []
    return [Hanging(*row) for row in rows]


def waiting_for_what_is_over(connection: sa.Connection | Transaction, limit: int = 500) -> list[Hanging]:
    """What waits for a message that has ended, however it did."""
    older = messages.alias("older")
    query = (
        _WAITING_FOR.join(older, older.c.id == m.told_by)
        .where(m.told_by.is_not(None), m.state == MessageState.QUEUED, older.c.state.not_in(UNDER_WAY))
        .order_by(m.id)
    )
    return [Hanging(*row) for row in connection.execute(query.limit(limit))]


def release(tx: Transaction, message_id: int, now: datetime) -> None:
    """Let a message go that waited for another's answer: due now, its useful life beginning now."""
    moment = sa.literal(now, m.queued_at.type)
    moved = m.expires_at - m.queued_at + moment
    tx.execute(
        sa.update(messages)
        .where(m.id == message_id, m.state == MessageState.QUEUED)
        .values(
            told_by=None,
            # It may still be behind an older message to the same number.
            next_attempt_at=sa.case((m.behind_since.is_(None), moment)),
            behind_since=sa.case((m.behind_since.is_not(None), moment)),
            expires_at=sa.type_coerce(moved, m.expires_at.type),
            **tx.written_at(now),
        )
    )


def wait_for(tx: Transaction, message_id: int, other: int) -> None:
    """Let a message wait for the answer to another one."""
    tx.execute(sa.update(messages).where(m.id == message_id).values(told_by=other))
