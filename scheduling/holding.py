"""The one place where messages are queued, or held: asked by alerts, tasks and sends by hand.

It decides in the transaction that would queue. A held message is a row of its own (`storage.held`),
not in the outbox: useful lives and retry plans do not run.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from scheduling import holds, phone, site_zone
from scheduling.holds import Hold, LimitNow, Person, QuietNow, Wanted
from scheduling.told import person_of
from storage import hearing, held, outbox
from storage import holds as stored
from storage.database import Transaction
from storage.held import NewHeld
from storage.holds import Limit, Quiet
from storage.outbox import Submission
from storage.records import MessageDraft, ReviewEntry
from storage.vocabulary import EntryKind, HoldKind, Origin

MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Passed:
    """Somebody whose quiet hours a message passes, and why."""

    name: str
    reason: str


@dataclass(slots=True)
class Judged:
    """What is made now and what is held. `placed` counts messages against the limits of their numbers."""

    drafts: list[MessageDraft] = field(default_factory=list)
    held: list[NewHeld] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    placed: Counter[str] = field(default_factory=Counter)
    limited: set[str] = field(default_factory=set)  # numbers for which the limit holds something


@dataclass(frozen=True, slots=True)
class Made:
    """What came of queueing: ids of messages, and what is held instead."""

    ids: tuple[int, ...] = ()
    held: tuple[NewHeld, ...] = ()
    passed: tuple[Passed, ...] = ()


def queue(tx: Transaction, submission: Submission, drafts: Sequence[MessageDraft], now: datetime) -> Made:
    """Queue a message for each draft, or hold it; says what is held in the review."""
    limit = stored.limit(tx)
    judged = judge(tx.connection, submission, drafts, now, stored.quiet_hours(tx), limit)
    if judged.passed:
        submission = _with_why(submission, judged.passed)
    ids: list[int] = []
    if judged.drafts or submission.left_out:
        ids = outbox.enqueue(tx, submission, judged.drafts, now)
    if limit is not None:
        stored.take_places(tx, judged.placed.elements(), now, keep=max(limit.per, holds.DIGESTS_APART))
    if judged.held:
        held.add(
            tx,
            judged.held,
            now,
            origin=submission.origin,
            operator=submission.operator,
            task_id=submission.task_id,
            run_id=submission.run_id,
            alert_id=submission.alert_id,
            occurrence_id=submission.occurrence_id,
            stage=submission.stage,
            priority=submission.priority,
        )
    return Made(tuple(ids), tuple(judged.held), tuple(judged.passed))


def judge(
    connection: sa.Connection,
    submission: Submission,
    drafts: Sequence[MessageDraft],
    now: datetime,
    quiets: Sequence[Quiet],
    limit: Limit | None,
) -> Judged:
    """Which of these messages are made now and which are held. Writes nothing."""
    if submission.origin is Origin.MANUAL or not (quiets or limit):
        return Judged(list(drafts))
    quiet = quiet_of(connection, quiets, {draft.user_id for draft in drafts}, now)
    limits = _limits(connection, limit, {draft.to for draft in drafts}, now)
    known = _known(connection, submission) if limit is not None else set()
    judged = Judged()
    for draft in drafts:
        wanted = Wanted(
            priority=submission.priority,
            by_duty=draft.by_duty,
            first=submission.occurrence_id is not None and person_of(draft.user_id, draft.to) not in known,
        )
        _place(
            judged,
            draft,
            wanted,
            now,
            quiet[draft.user_id],
            _present(limits.get(draft.to), judged, draft, now),
        )
    already = _already_held(connection, submission) if judged.held else set()
    # What is held for somebody tells of the occurrence at the end: a second one would say it twice.
    judged.held = [
        row
        for row in judged.held
        if row.kind is not HoldKind.QUIET or (person_of(row.user_id, row.to), row.handler_id) not in already
    ]
    return judged


def _place(
    judged: Judged,
    draft: MessageDraft,
    wanted: Wanted,
    now: datetime,
    quiet: QuietNow | None,
    limit: LimitNow | None,
) -> None:
    found = holds.decide(wanted, now, quiet=quiet, limit=limit)
    if isinstance(found, Hold):
        judged.held.append(_held(draft, found, now))
        if found.kind is HoldKind.LIMIT:
            judged.limited.add(draft.to)
        return
    judged.drafts.append(draft)
    if found.passes is not None:
        judged.passed.append(Passed(draft.user_name or phone.readable(draft.to), found.passes))
    if limit is not None and holds.counts(wanted, limit.limit):
        judged.placed[draft.to] += 1


def _present(base: LimitNow | None, judged: Judged, draft: MessageDraft, now: datetime) -> LimitNow | None:
    """The limit of a number, after what has been judged before in the same go."""
    if base is None:
        return None
    taken = (now,) * judged.placed[draft.to]
    waiting = base.waiting or draft.to in judged.limited
    return replace(base, places=(*base.places, *taken), waiting=waiting)


def _held(draft: MessageDraft, hold: Hold, now: datetime) -> NewHeld:
    return NewHeld(
        hold.kind,
        hold.hold_id,
        draft.user_id,
        draft.user_name,
        draft.to,
        draft.handler_id,
        draft.text,
        draft.segments,
        draft.expires_at - now,
        hold.why,
        hold.since,
        hold.until,
    )


def quiet_of(
    connection: sa.Connection | Transaction,
    quiets: Sequence[Quiet],
    user_ids: Collection[int | None],
    now: datetime,
) -> dict[int | None, QuietNow | None]:
    """The quiet hours that hold now for each of these users; None stands for bare numbers."""
    if not quiets:
        return dict.fromkeys(user_ids)
    known = [user_id for user_id in user_ids if user_id is not None]
    groups, zones = stored.groups_of(connection, known), stored.zones_of(connection, known)
    site = site_zone.here().name
    return {
        user_id: holds.quiet_at(
            quiets,
            Person()
            if user_id is None
            else Person(user_id, frozenset(groups.get(user_id, ())), zones.get(user_id)),
            site,
            now,
        )
        for user_id in user_ids
    }


def _limits(
    connection: sa.Connection, limit: Limit | None, numbers: Collection[str], now: datetime
) -> dict[str, LimitNow]:
    if limit is None:
        return {}
    places = stored.places_of(connection, numbers, now - limit.per)
    digests = stored.last_digests(connection, numbers)
    waiting = held.numbers_with_held(connection, HoldKind.LIMIT, numbers)
    return {
        number: LimitNow(
            limit,
            tuple(places.get(number, ())),
            digests.get(number),
            number in waiting,
        )
        for number in numbers
    }


def limit_of(connection: sa.Connection | Transaction, limit: Limit, number: str, now: datetime) -> LimitNow:
    """What counts against the limit of one number, as its release asks."""
    places = stored.places_of(connection, [number], now - limit.per)
    last = stored.last_digests(connection, [number]).get(number)
    return LimitNow(limit, tuple(places.get(number, ())), last, True)


def _already_held(connection: sa.Connection, submission: Submission) -> set[tuple[int | str, int]]:
    """For whom, and at which handler, quiet hours hold what tells of this occurrence already."""
    if submission.occurrence_id is None or submission.stage not in hearing.TELLING:
        return set()
    return {
        (person_of(row.user_id, row.to), row.handler_id)
        for row in held.held_of_occurrence(connection, submission.occurrence_id)
        if row.kind is HoldKind.QUIET and row.stage in hearing.TELLING
    }


def _known(connection: sa.Connection, submission: Submission) -> set[int | str]:
    """Who has got something of this occurrence, or for whom something is held."""
    if submission.occurrence_id is None:
        return set()
    sent = hearing.of_occurrence(connection, submission.occurrence_id)
    kept = held.of_occurrence(connection, submission.occurrence_id)
    return {person_of(fact.user_id, fact.to) for fact in sent} | {
        person_of(row.user_id, row.to) for row in kept
    }


def _with_why(submission: Submission, passed: Sequence[Passed]) -> Submission:
    said = passes_said(passed)
    return replace(submission, why=f"{submission.why}; {said}" if submission.why else said)


def passes_said(passed: Sequence[Passed]) -> str:
    """ "passes quiet hours (Joe Hart: priority 1)"."""
    return f"passes quiet hours ({_some([f'{one.name}: {one.reason}' for one in passed])})"


def _some(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return "; ".join(names[:most]) + more


def entries(about: ReviewEntry, rows: Iterable[NewHeld], passed: Sequence[Passed] = ()) -> list[ReviewEntry]:
    """What the review says of messages that are held; `about` has what they are about."""
    by_reason: dict[str, list[NewHeld]] = {}
    for row in rows:
        by_reason.setdefault(row.why, []).append(row)
    found = []
    for why, those in by_reason.items():
        names = [row.user or phone.readable(row.to) for row in those]
        text = f"{about.text} held, {why}: {_some(names, MOST_NAMED)}"
        alone = those[0] if len(those) == 1 else None
        found.append(
            replace(
                about,
                text=text,
                kind=EntryKind.HELD,
                user_id=alone.user_id if alone else None,
                user=alone.user if alone else None,
            )
        )
    if passed:
        found.append(replace(about, text=f"{about.text} {passes_said(passed)}", kind=EntryKind.NOTE))
    return found
