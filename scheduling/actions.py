"""Carrying out actions: what a task or a stage of an alert sends, queued in the caller's transaction."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scheduling import recipients, told
from scheduling.told import Person, person_of
from storage import audience, handlers, hearing, outbox
from storage.database import Transaction
from storage.outbox import Submission
from storage.records import Action, Recipient


@dataclass(slots=True)
class Queued:
    """What came of carrying out actions: message ids, who was left out, what an operator should know."""

    message_ids: list[int] = field(default_factory=list)
    left_out: list[recipients.LeftOut] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    nobody_told: bool = False  # an action goes to those told so far, and nobody had been told

    def add(self, more: "Queued") -> None:
        """Take in what came of carrying out further actions."""
        self.message_ids += more.message_ids
        self.left_out += more.left_out
        self.problems += more.problems
        self.nobody_told = self.nobody_told or more.nobody_told


def carry_out(
    tx: Transaction,
    actions: Iterable[Action],
    submission: Submission,
    now: datetime,
    *,
    values: Mapping[str, str],
    useful_life: timedelta | None,
    skip: Collection[Person] = (),
) -> Queued:
    """Queue what the enabled actions send. `values` are the template fields that are the same for all.

    Long texts are cut, not refused: a cut alarm beats none. `skip` are people who get nothing,
    and are not left out either.
    """
    queued = Queued()
    for action in actions:
        if action.enabled:
            _one(tx, action, submission, now, values, useful_life, frozenset(skip), queued)
    return queued


def _one(
    tx: Transaction,
    action: Action,
    submission: Submission,
    now: datetime,
    values: Mapping[str, str],
    useful_life: timedelta | None,
    skip: frozenset[Person],
    queued: Queued,
) -> None:
    handler = handlers.get(tx.connection, action.handler_id)
    if handler is None or handler.removed_at is not None:
        queued.problems.append(f"its handler {action.handler} was removed")
        return
    field_id = audience.telephone_field(tx, handler.telephone_field_id)
    chosen = _audience(tx, action, submission, field_id, queued)
    reached = [person for person in chosen.reached if person_of(person.user_id, person.number) not in skip]
    missed = [person for person in chosen.missed if person.user_id is None or person.user_id not in skip]
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
    skipped = len(chosen.reached) > len(reached)
    drafts = [replace(draft, told_by=chosen.answers.get(draft.to)) for draft in composed.drafts]
    if drafts or missed:
        named = replace(submission, left_out=tuple(_kept(person) for person in missed))
        queued.message_ids += outbox.enqueue(tx, named, drafts, now)
    queued.left_out += missed
    if not drafts and not chosen.nobody_told and not skipped:
        queued.problems.append("it reaches nobody")
    if not handler.enabled:
        queued.problems.append(f"its handler {handler.name} is disabled: messages wait")
    if composed.missing:
        queued.problems.append(f"no value for {', '.join('{' + name + '}' for name in composed.missing)}")
    if composed.cut:
        names = ", ".join(composed.cut[:3])
        queued.problems.append(f"the text was cut to {handler.most_parts} parts for {names}")


@dataclass(frozen=True, slots=True)
class _Audience:
    """Who gets the action's message. `answers` has, by number, the message whose answer is waited for."""

    reached: list[recipients.Reached]
    missed: list[recipients.LeftOut]
    answers: Mapping[str, int]
    nobody_told: bool = False


def _audience(
    tx: Transaction, action: Action, submission: Submission, field_id: int | None, queued: Queued
) -> _Audience:
    """Those named, then those told so far who are not among them; equal numbers once."""
    named = [recipient for recipient in action.recipients if not recipient.is_told]
    reached, missed = recipients.choose(audience.candidates(tx, named, field_id))
    if len(named) == len(action.recipients) or submission.occurrence_id is None:
        return _Audience(reached, missed, {})
    heard = told.heard(hearing.of_occurrence(tx, submission.occurrence_id))
    queued.nobody_told = queued.nobody_told or not heard
    open_answers = {person_of(person.user_id, person.to): person.told_by for person in heard}
    known = {person.user_id for person in reached} | {person.user_id for person in missed}
    asked = [
        Recipient(person.user_id, None, person.to if person.user_id is None else None, person.user or "")
        for person in heard
        if person.user_id is None or person.user_id not in known
    ]
    more, lost = recipients.choose(audience.candidates(tx, asked, field_id))
    numbers = {person.number for person in reached}
    answers: dict[str, int] = {}
    for person in more:
        if person.number in numbers:
            continue
        numbers.add(person.number)
        reached.append(person)
        answer = open_answers[person_of(person.user_id, person.number)]
        if answer is not None:
            answers[person.number] = answer
    return _Audience(reached, missed + lost, answers, not heard and not named)


def _kept(person: recipients.LeftOut) -> dict[str, str]:
    """Someone left out, as the submission keeps it."""
    kept = {"name": person.name, "reason": person.reason}
    return kept if person.user_id is None else kept | {"user_id": str(person.user_id)}


def names_of(left_out: list[recipients.LeftOut], most: int = 5) -> str:
    """Who was left out and why, the first few by name."""
    names = "; ".join(str(person) for person in left_out[:most])
    return names + (f"; and {len(left_out) - most} more" if len(left_out) > most else "")
