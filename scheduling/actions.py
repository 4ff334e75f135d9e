"""Carrying out actions: what a task or a stage of an alert sends, queued in the caller's transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scheduling import recipients
from storage import audience, handlers, outbox
from storage.database import Transaction
from storage.outbox import Submission
from storage.records import Action


@dataclass(slots=True)
class Queued:
    """What came of carrying out actions: message ids, who was left out, what an operator should know."""

    message_ids: list[int] = field(default_factory=list)
    left_out: list[recipients.LeftOut] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def carry_out(
    tx: Transaction,
    actions: Iterable[Action],
    submission: Submission,
    now: datetime,
    *,
    values: Mapping[str, str],
    useful_life: timedelta | None,
) -> Queued:
    """Queue what the enabled actions send. `values` are the template fields that are the same for all.

    Long texts are cut, not refused: a cut alarm beats none.
    """
    queued = Queued()
    for action in actions:
        if action.enabled:
            _one(tx, action, submission, now, values, useful_life, queued)
    return queued


def _one(
    tx: Transaction,
    action: Action,
    submission: Submission,
    now: datetime,
    values: Mapping[str, str],
    useful_life: timedelta | None,
    queued: Queued,
) -> None:
    handler = handlers.get(tx.connection, action.handler_id)
    if handler is None or handler.removed_at is not None:
        queued.problems.append(f"its handler {action.handler} was removed")
        return
    field_id = audience.telephone_field(tx, handler.telephone_field_id)
    reached, missed = recipients.choose(audience.candidates(tx, action.recipients, field_id))
    composed = recipients.compose(
        reached,
        action.text,
        handler_id=handler.id,
        now=now,
        useful_life=useful_life or handler.useful_life,
        most_parts=handler.most_parts,
        values=values,
        cut=True,
    )
    people = tuple({"name": person.name, "reason": person.reason} for person in missed)
    if composed.drafts:
        named = replace(submission, left_out=people)
        queued.message_ids += outbox.enqueue(tx, named, composed.drafts, now)
    queued.left_out += missed
    if not composed.drafts:
        queued.problems.append("it reaches nobody")
    if not handler.enabled:
        queued.problems.append(f"its handler {handler.name} is disabled: messages wait")
    if composed.missing:
        queued.problems.append(f"no value for {', '.join('{' + name + '}' for name in composed.missing)}")
    if composed.cut:
        names = ", ".join(composed.cut[:3])
        queued.problems.append(f"the text was cut to {handler.most_parts} parts for {names}")


def names_of(left_out: list[recipients.LeftOut], most: int = 5) -> str:
    """Who was left out and why, the first few by name."""
    names = "; ".join(str(person) for person in left_out[:most])
    return names + (f"; and {len(left_out) - most} more" if len(left_out) > most else "")
