"""Where occurrences stand in their answer plans: what is due, by index, and the steps that were made."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.database import Transaction
from storage.occurrences import SELECT, Occurrence
from storage.sql_values import one_of
from storage.tables import alerts, messages, occurrence_steps, occurrences, submissions
from storage.vocabulary import ANSWERED_STAGES, OPEN_STAGES, MadeStep

o, steps = occurrences.c, occurrence_steps.c
# Asked at each round of the engine: put into words once. The plan of a disabled alert rests.
_STEPS = (
    "SELECT o.id, o.answer_due_at AS at FROM occurrence AS o INDEXED BY occurrence_answer_due"
    " JOIN alert ON alert.id = o.alert_id"
    f" WHERE o.answer_due_at IS NOT NULL AND {one_of('o.stage', OPEN_STAGES)} AND alert.plan IS NOT NULL"
    " AND alert.enabled = 1 AND alert.removed_at IS NULL"
)
_CLAIMS = (
    "SELECT o.id, o.claim_until AS at FROM occurrence AS o INDEXED BY occurrence_claim_until"
    " JOIN alert ON alert.id = o.alert_id"
    f" WHERE o.claim_until IS NOT NULL AND {one_of('o.stage', ANSWERED_STAGES)}"
    " AND alert.enabled = 1 AND alert.removed_at IS NULL"
)
STEPS_DUE = f"{_STEPS} AND o.answer_due_at <= :now ORDER BY o.answer_due_at, o.id LIMIT :limit"
CLAIMS_OVER = f"{_CLAIMS} AND o.claim_until <= :now ORDER BY o.claim_until, o.id LIMIT :limit"
NEXT_DUE = (
    f"SELECT min(at) AS at FROM (SELECT at FROM ({_STEPS} ORDER BY o.answer_due_at LIMIT 1)"
    f" UNION ALL SELECT at FROM ({_CLAIMS} ORDER BY o.claim_until LIMIT 1))"
)
_MOMENT = o.answer_due_at.type


def _asked(statement: str) -> sa.TextualSelect:
    bound = sa.text(statement).bindparams(sa.bindparam("now", type_=_MOMENT))
    return bound.columns(id=sa.Integer, at=_MOMENT)


_steps_due, _claims_over = _asked(STEPS_DUE), _asked(CLAIMS_OVER)
_next_due = sa.text(NEXT_DUE).columns(at=_MOMENT)


_OPEN = (
    o.stage.in_(OPEN_STAGES),
    alerts.c.plan.is_not(None),
    alerts.c.enabled == 1,
    alerts.c.removed_at.is_(None),
)


@dataclass(frozen=True, slots=True)
class Due:
    """An occurrence for which something is due: a step of its plan, or the end of a claim."""

    occurrence_id: int
    at: datetime


def steps_due(connection: sa.Connection | Transaction, now: datetime, limit: int) -> list[Due]:
    """Occurrences of which a step is due, the longest due first."""
    return [Due(*row) for row in connection.execute(_steps_due, {"now": now, "limit": limit})]


def claims_over(connection: sa.Connection | Transaction, now: datetime, limit: int) -> list[Due]:
    """Occurrences of which a claim has run out, the one that did first leading."""
    return [Due(*row) for row in connection.execute(_claims_over, {"now": now, "limit": limit})]


def next_due(connection: sa.Connection | Transaction) -> datetime | None:
    """The next moment at which a step is due or a claim runs out."""
    found: datetime | None = connection.execute(_next_due).scalar()
    return found


def note_step(
    tx: Transaction,
    occurrence_id: int,
    round_: int,
    step: int | None,
    what: MadeStep,
    level: int,
    due_at: datetime | None,
    now: datetime,
    epoch: int | None = None,
) -> int | None:
    """Write down that a step is made; its id. None where it has been made: then nothing may be done."""
    if step is not None:
        same = (steps.occurrence_id == occurrence_id) & (steps.round == round_) & (steps.step == step)
        if tx.execute(sa.select(steps.id).where(same)).first() is not None:
            return None
    query = sa.insert(occurrence_steps).values(
        occurrence_id=occurrence_id,
        round=round_,
        step=step,
        what=what,
        level=level,
        due_at=due_at,
        made_at=now,
        epoch=epoch,
    )
    return int(tx.execute(query.returning(steps.id)).scalar_one())


def first_of_round(connection: sa.Connection | Transaction, occurrence_id: int, round_: int) -> int | None:
    """The id of the first step that was made in a round."""
    query = sa.select(sa.func.min(steps.id)).where(
        steps.occurrence_id == occurrence_id, steps.round == round_
    )
    found: int | None = connection.execute(query).scalar()
    return found


def highest_level(connection: sa.Connection | Transaction, occurrence_id: int) -> int:
    """The highest level that was entered in any round; 0 where none was."""
    query = sa.select(sa.func.max(steps.level)).where(steps.occurrence_id == occurrence_id)
    return int(connection.execute(query).scalar() or 0)


def open_with_messages(connection: sa.Connection | Transaction, ids: list[int]) -> list[Occurrence]:
    """The occurrences with a plan, in Created or Escalated, that have queued any of these messages."""
    found: dict[int, Occurrence] = {}
    for start in range(0, len(ids), 500):
        mine = (
            sa.select(submissions.c.occurrence_id)
            .join_from(messages, submissions, submissions.c.id == messages.c.submission_id)
            .where(messages.c.id.in_(ids[start : start + 500]), submissions.c.occurrence_id.is_not(None))
        )
        for row in connection.execute(SELECT.where(o.id.in_(mine), *_OPEN)).mappings():
            found[row["id"]] = Occurrence(**row)
    return list(found.values())


def planned_of(connection: sa.Connection | Transaction) -> list[Occurrence]:
    """Every occurrence with a step that is due some time, or a claim that ends."""
    some = o.answer_due_at.is_not(None) | o.claim_until.is_not(None)
    return [Occurrence(**row) for row in connection.execute(SELECT.where(some).order_by(o.id)).mappings()]
