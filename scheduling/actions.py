"""Carrying out actions: what a task or a stage of an alert sends, queued in the caller's transaction."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

import sqlalchemy as sa

from scheduling import duty, holding, phone, recipients, told
from scheduling.holding import Passed
from scheduling.recipients import Composed, LeftOut, Reached
from scheduling.send_size import SendSize, size_of
from scheduling.told import Person, person_of
from storage import audience, handlers, hearing, outbox
from storage.database import Transaction
from storage.hearing import MessageFact
from storage.held import NewHeld
from storage.outbox import Submission
from storage.records import Action, Handler, MessageDraft, Recipient
from storage.vocabulary import HoldKind

NOTHING = Composed(())

# For whom messages of an occurrence wait.
Waiting = Mapping[Person, Sequence[MessageFact]]
NOTHING_WAITS: Waiting = MappingProxyType({})


@dataclass(slots=True)
class Queued:
    """What came of carrying out actions: message ids, who was left out, what an operator should know.

    `held` are messages that a hold keeps for later, `kept` says why a whole tab was not carried out.
    """

    message_ids: list[int] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    nobody_told: bool = False  # an action goes to those told so far, and nobody had been told
    still_waiting: list[str] = field(default_factory=list)  # for whom an older message waits: no second one
    held: list[NewHeld] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)  # whose quiet hours it passes
    kept: str | None = None

    @property
    def reaches_nobody(self) -> bool:
        """Whether nobody will hear by this: nothing was queued and nothing older waits.

        What a limit holds is hope; what quiet hours hold is for nobody now.
        """
        hoped = any(row.kind is HoldKind.LIMIT for row in self.held)
        return not self.message_ids and not self.still_waiting and not hoped

    def add(self, more: "Queued") -> None:
        """Take in what came of carrying out further actions."""
        self.message_ids += more.message_ids
        self.left_out += more.left_out
        self.problems += more.problems
        self.nobody_told = self.nobody_told or more.nobody_told
        self.still_waiting += more.still_waiting
        self.held += more.held
        self.passed += more.passed
        self.kept = self.kept or more.kept


@dataclass(frozen=True, slots=True)
class Planned:
    """What one action sends as things are. Without a `handler` it was removed, and nothing is sent.

    `composed` has the texts; `drafts` are those with the message whose answer they wait for.
    `nobody_told`: it goes to those told so far, and nobody had been told. `needless`: it reaches
    nobody, and rightly so.
    """

    action: Action
    handler: Handler | None
    reached: tuple[Reached, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    composed: Composed = NOTHING
    drafts: tuple[MessageDraft, ...] = ()
    nobody_told: bool = False
    needless: bool = False
    why: Mapping[int, str] = field(default_factory=dict)  # of those who get it in the place of others
    notes: tuple[str, ...] = ()
    by_duty: frozenset[int] = frozenset()  # users reached because they are on duty


def plan(
    connection: sa.Connection,
    actions: Iterable[Action],
    now: datetime,
    *,
    values: Mapping[str, str],
    useful_life: timedelta | None,
    occurrence_id: int | None = None,
    skip: Collection[Person] = (),
    only: Collection[Person] | None = None,
) -> Iterator[Planned]:
    """What the enabled actions send: what `carry_out` queues, and what previews and questions show.

    `values` are the template fields that are the same for all. Long texts are cut, not refused: a
    cut alarm beats none. `skip` are people who get nothing, and are not left out either; with `only`
    nobody but these gets something. Writes nothing.
    """
    wants = _Wants(frozenset(skip), None if only is None else frozenset(only))
    for action in actions:
        if action.enabled:
            yield _planned(connection, action, now, values, useful_life, occurrence_id, wants)


def size(planned: Iterable[Planned]) -> SendSize:
    """How many people, messages and parts these actions come to."""
    all_of = list(planned)
    return size_of(
        (person_of(person.user_id, person.number) for one in all_of for person in one.reached),
        (draft.segments for one in all_of for draft in one.drafts),
    )


def carry_out(
    tx: Transaction,
    actions: Iterable[Action],
    submission: Submission,
    now: datetime,
    *,
    values: Mapping[str, str],
    useful_life: timedelta | None,
    skip: Collection[Person] = (),
    waiting: Waiting = NOTHING_WAITS,
    only: Collection[Person] | None = None,
) -> Queued:
    """Queue what the enabled actions send, or hold it: see `plan`, `holding.queue`.

    Someone for whom a message of `waiting` waits gets no second one: that one belongs to the submission's
    step then, and takes the new text where it was never attempted.
    """
    queued = Queued()
    planned = plan(
        tx.connection,
        actions,
        now,
        values=values,
        useful_life=useful_life,
        occurrence_id=submission.occurrence_id,
        skip=skip,
        only=only,
    )
    for one in planned:
        _queue(tx, one, submission, now, queued, waiting)
    return queued


def _planned(
    connection: sa.Connection,
    action: Action,
    now: datetime,
    values: Mapping[str, str],
    useful_life: timedelta | None,
    occurrence_id: int | None,
    wants: "_Wants",
) -> Planned:
    handler = handlers.get(connection, action.handler_id)
    if handler is None or handler.removed_at is not None:
        return Planned(action, None)
    field_id = audience.telephone_field(connection, handler.telephone_field_id)
    chosen = _audience(connection, action, occurrence_id, field_id, now)
    reached = [person for person in chosen.reached if wants.has(person_of(person.user_id, person.number))]
    missed = [person for person in chosen.missed if wants.misses(person.user_id)]
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
    return Planned(
        action,
        handler,
        tuple(reached),
        tuple(missed),
        composed,
        tuple(
            replace(draft, told_by=chosen.answers.get(draft.to), by_duty=draft.user_id in chosen.by_duty)
            for draft in composed.drafts
        ),
        chosen.nobody_told,
        (chosen.only_told and chosen.nobody_told) or len(chosen.reached) > len(reached),
        chosen.why,
        chosen.notes,
        chosen.by_duty,
    )


def _queue(
    tx: Transaction,
    planned: Planned,
    submission: Submission,
    now: datetime,
    queued: Queued,
    waiting: Waiting,
) -> None:
    handler, composed = planned.handler, planned.composed
    if handler is None:
        queued.problems.append(f"its handler {planned.action.handler} was removed")
        return
    older = {draft: waiting.get(person_of(draft.user_id, draft.to), ()) for draft in planned.drafts}
    drafts = [draft for draft, facts in older.items() if not facts]
    if drafts or planned.left_out:
        named = replace(submission, left_out=tuple(_kept(person) for person in planned.left_out))
        for why, some in by_reason(drafts, planned.why):
            made = holding.queue(tx, replace(named, why=why or named.why), some, now)
            queued.message_ids += made.ids
            queued.held += made.held
            queued.passed += made.passed
            named = submission
    queued.still_waiting += _take_along(tx, older, submission)
    queued.left_out += planned.left_out
    queued.nobody_told = queued.nobody_told or planned.nobody_told
    queued.problems += planned.notes
    if not planned.drafts and not planned.needless:
        queued.problems.append("it reaches nobody")
    if not handler.enabled:
        queued.problems.append(f"its handler {handler.name} is disabled: messages wait")
    if composed.missing:
        queued.problems.append(f"no value for {', '.join('{' + name + '}' for name in composed.missing)}")
    if composed.cut:
        names = ", ".join(composed.cut[:3])
        queued.problems.append(f"the text was cut to {handler.most_parts} parts for {names}")


def _take_along(
    tx: Transaction, older: Mapping[MessageDraft, Sequence[MessageFact]], submission: Submission
) -> list[str]:
    """Let messages that wait already tell of this step too; whom they are for."""
    for draft, facts in older.items():
        same = [fact for fact in facts if fact.handler_id == draft.handler_id and not fact.attempts]
        if same:
            outbox.renew(tx, same[-1].message_id, draft.text, draft.segments)
        if submission.step_id is not None:
            outbox.belongs_to_step(tx, [fact.message_id for fact in facts], submission.step_id)
    return [draft.user_name or phone.readable(draft.to) for draft, facts in older.items() if facts]


def by_reason(
    drafts: Iterable[MessageDraft], why: Mapping[int, str]
) -> list[tuple[str | None, list[MessageDraft]]]:
    """The drafts in their order, those of users with a reason of their own apart; never an empty list."""
    found: dict[str | None, list[MessageDraft]] = {}
    for draft in drafts:
        reason = why.get(draft.user_id) if draft.user_id is not None else None
        found.setdefault(reason, []).append(draft)
    return list(found.items()) or [(None, [])]


@dataclass(frozen=True, slots=True)
class _Wants:
    """Who is not to get something, and (unless None) who alone is."""

    skip: frozenset[Person]
    only: frozenset[Person] | None

    def has(self, person: Person) -> bool:
        return person not in self.skip and (self.only is None or person in self.only)

    def misses(self, user_id: int | None) -> bool:
        """Whether somebody who cannot be reached is named as left out."""
        return self.only is None if user_id is None else self.has(user_id)


@dataclass(frozen=True, slots=True)
class _Audience:
    """Who gets the action's message. `answers` has, by number, the message whose answer is waited for.

    `nobody_told`: it goes to those told so far, and nobody was; `only_told`: to nobody else.
    """

    reached: list[Reached]
    missed: list[LeftOut]
    answers: Mapping[str, int]
    nobody_told: bool = False
    only_told: bool = False
    why: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    by_duty: frozenset[int] = frozenset()


def _audience(
    connection: sa.Connection,
    action: Action,
    occurrence_id: int | None,
    field_id: int | None,
    now: datetime,
) -> _Audience:
    """Those named, then those told so far who are not among them; equal numbers once."""
    named = [recipient for recipient in action.recipients if not recipient.is_told]
    by_roster = duty.resolve(connection, named, field_id, now)
    reached, missed = recipients.choose(audience.candidates(connection, by_roster.recipients, field_id))
    missed = by_roster.with_left_out(missed)
    if len(named) == len(action.recipients) or occurrence_id is None:
        return _Audience(
            reached, missed, {}, why=by_roster.why, notes=by_roster.notes, by_duty=by_roster.by_duty
        )
    heard = told.heard(hearing.of_occurrence(connection, occurrence_id))
    open_answers = {person_of(person.user_id, person.to): person.told_by for person in heard}
    known = {person.user_id for person in reached} | {person.user_id for person in missed}
    asked = [
        Recipient(person.user_id, None, person.to if person.user_id is None else None, person.user or "")
        for person in heard
        if person.user_id is None or person.user_id not in known
    ]
    more, lost = recipients.choose(audience.candidates(connection, asked, field_id))
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
    return _Audience(
        reached,
        missed + lost,
        answers,
        not heard,
        not named,
        by_roster.why,
        by_roster.notes,
        by_roster.by_duty,
    )


def _kept(person: LeftOut) -> dict[str, str]:
    """Someone left out, as the submission keeps it."""
    kept = {"name": person.name, "reason": person.reason}
    return kept if person.user_id is None else kept | {"user_id": str(person.user_id)}


def names_of(left_out: list[LeftOut], most: int = 5) -> str:
    """Who was left out and why, the first few by name."""
    names = "; ".join(str(person) for person in left_out[:most])
    return names + (f"; and {len(left_out) - most} more" if len(left_out) > most else "")
