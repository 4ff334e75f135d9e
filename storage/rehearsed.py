"""What a transaction that will be undone has queued so far: messages, and who was left out."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from storage.database import Transaction
from storage.held import Held
from storage.held import made_since as held_since
from storage.tables import handlers, held, messages, submissions

m, s, h = messages.c, submissions.c, handlers.c


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message that would be queued. `why` is None for one that is sent by hand."""

    user: str | None
    to: str
    handler_id: int
    handler: str
    text: str
    parts: int
    why: str | None


@dataclass(frozen=True, slots=True)
class LeftOutPerson:
    """Someone who would get nothing, and why, to be read as "NAME REASON"."""

    name: str
    reason: str


def newest_submission(tx: Transaction) -> int:
    """The highest id of a submission; 0 where there is none."""
    return int(tx.execute(sa.select(sa.func.max(s.id))).scalar() or 0)


def newest_held(tx: Transaction) -> int:
    """The highest id of a held message; 0 where there is none."""
    return int(tx.execute(sa.select(sa.func.max(held.c.id))).scalar() or 0)


def held_after(tx: Transaction, held_id: int) -> list[Held]:
    """What has been held since, in this order."""
    return held_since(tx, held_id)


def queued_since(tx: Transaction, submission_id: int) -> tuple[list[QueuedMessage], list[LeftOutPerson]]:
    """What the submissions after one have queued, in this order, and whom they have left out."""
    query = (
        sa.select(m.user_name, m.to_number, m.handler_id, h.name, m.body, m.segments, s.why)
        .join_from(messages, submissions, s.id == m.submission_id)
        .join(handlers, h.id == m.handler_id)
        .where(s.id > submission_id)
        .order_by(m.id)
    )
    found = [
        QueuedMessage(row.user_name, row.to_number, row.handler_id, row.name, row.body, row.segments, row.why)
        for row in tx.execute(query)
    ]
    left_out: list[Mapping[str, str]] = []
    for people in tx.execute(sa.select(s.left_out).where(s.id > submission_id).order_by(s.id)).scalars():
        left_out += people or []
    return found, [LeftOutPerson(person["name"], person["reason"]) for person in left_out]
