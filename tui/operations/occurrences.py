"""Occurrences of alerts: raise, claim, action taken, escalate, restore, finalise, add a note."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from scheduling import alert_words, alerting, answer_plan, plan_position, stages, told
from scheduling.actions import Queued
from scheduling.told import Tally
from storage import alerts, hearing, held, outbox
from storage import occurrences as stored
from storage.alerts import Alert, PlanStep
from storage.occurrences import Occurrence, OccurrenceEvent
from storage.records import Message, ReviewEntry
from storage.vocabulary import OPEN_STAGES, WITHDRAWN, Category, EntryKind, Level, Role, Stage
from tui.operations.alerts import read
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.names import check_text, mentioned
from tui.operations.raised_values import kept_key, kept_values

LONGEST_NOTE = 2_000


@dataclass(frozen=True, slots=True)
class Stepped:
    """An occurrence after a raise or a step, and what that queued.

    `counted` means that an active occurrence with the key was there already: something was sent only
    where nobody had been told of it.
    """

    occurrence: Occurrence
    queued: Queued
    counted: bool = False


@dataclass(frozen=True, slots=True)
class OccurrenceView:
    """An occurrence as it is listed: with how many messages it has queued and people it left out.

    `plan` is its alert's, and `levels` those that have an action.
    """

    occurrence: Occurrence
    queued: int = 0
    left_out: int = 0
    plan: tuple[PlanStep, ...] = ()
    levels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message of an occurrence and the stage that queued it."""

    stage: str
    message: Message


@dataclass(frozen=True, slots=True)
class OccurrenceDetail:
    """An occurrence with its life and what it sent, the oldest first, and who is told of it."""

    view: OccurrenceView
    events: tuple[OccurrenceEvent, ...]
    messages: tuple[SentMessage, ...]
    tally: Tally = field(default_factory=Tally)

    @property
    def withdrawn(self) -> int:
        """How many of its messages were not sent because it went on without them."""
        return sum(sent.message.error_code == WITHDRAWN for sent in self.messages)


def raise_alert(
    desk: Desk, alert_id: int, *, key: str | None = None, given: Mapping[str, str] | None = None
) -> Stepped:
    """Raise an alert, or count where one with the key is active. On disk when this returns.

    A blank key is none. Refused for a disabled alert. What other systems give is not refused for its
    length or for what is no text: it is cut (`raised_values`), with a warning.
    """
    kept, key_note = kept_key(key)
    with desk.write(Role.OPERATOR, "raising an alert") as tx:
        alert = read(tx.connection, alert_id)
        if not alert.enabled:
            raise Refused(f"{alert.name} is disabled: enable it before it is raised")
        values, notes = kept_values(given or {}, alert.fields)
        notes = [key_note, *notes] if key_note else notes
        raised = alerting.raise_alert(tx, alert, kept, values, desk.now(), operator=desk.operator)
        if not raised.counted:
            tx.review(desk.now(), *(_cut(alert, raised.occurrence_id, note, desk) for note in notes))
        raised.queued.problems.extend(notes)
        return Stepped(_known_occurrence(tx.connection, raised.occurrence_id), raised.queued, raised.counted)


def step(
    desk: Desk, occurrence_id: int, stage: Stage, *, note: str = "", lasts: timedelta | None = None
) -> Stepped:
    """Take an occurrence into a stage and send what that tab sends. Claiming makes the operator its owner.

    `lasts` is how long a claim holds, where not as long as the alert says. Refused, with nothing changed,
    where the stage may not follow the present one.
    """
    note = _check_note(note)
    with desk.write(Role.OPERATOR, f"an alert being {stages.DONE[stage]}") as tx:
        before = _known_occurrence(tx.connection, occurrence_id)
        alert = alerts.get(tx, before.alert_id)
        assert alert is not None
        refusal = stages.step(
            Stage(before.stage),
            stage,
            owner=before.owner,
            operator=desk.operator,
            levels_left=answer_plan.levels_left(alert, before.level),
        )
        if refusal is not None:
            raise Refused(alert_words.step_refused(before, stage, refusal.reason))
        queued = alerting.enter(
            tx, alert, before, stage, desk.now(), operator=desk.operator, note=note, lasts=lasts
        )
        return Stepped(_known_occurrence(tx.connection, occurrence_id), queued)


def send_again(desk: Desk, occurrence_id: int) -> Stepped:
    """Send what tells of an active occurrence to everyone of its tabs who was not reached.

    People are looked up as they are now: a number that was mended is used. Refused where it is over,
    and where everyone was told or will be.
    """
    with desk.write(Role.OPERATOR, "sending an alert again") as tx:
        found = _known_occurrence(tx.connection, occurrence_id)
        named = f"occurrence {found.id} of {found.alert}"
        if not found.active:
            raise Refused(f"{named} is {found.stage}: nobody needs to be told of its beginning any more")
        alert = alerts.get(tx, found.alert_id)
        assert alert is not None
        now = desk.now()
        tally = _tally(tx.connection, occurrence_id, now)
        if tally.people and not tally.missed:
            waiting = ", or will be: " + _waiting(tally) if tally.waiting else ""
            raise Refused(f"{named}: everyone was told{waiting}")
        queued = alerting.send_to_those_not_reached(tx, alert, found, now, operator=desk.operator)
        return Stepped(_known_occurrence(tx.connection, occurrence_id), queued)


def _waiting(tally: Tally) -> str:
    number = len(tally.waiting)
    return f"{number:,} {'message waits' if number == 1 else 'messages wait'}"


def _tally(connection: sa.Connection, occurrence_id: int, now: datetime) -> Tally:
    facts = hearing.of_occurrence(connection, occurrence_id)
    waiting = [
        told.HeldFor(row.user_id, row.user, row.to, row.until, row.why)
        for row in held.held_of_occurrence(connection, occurrence_id)
        if row.stage in hearing.TELLING
    ]
    return told.tally(facts, hearing.left_out(connection, occurrence_id), now, waiting)


def add_note(desk: Desk, occurrence_id: int, text: str) -> Occurrence:
    """Keep a note in an occurrence's life, also after its end. Sends nothing."""
    note = _check_note(text)
    if not note:
        raise Refused("Note is empty: write something", "Note")
    with desk.write(Role.OPERATOR, "adding a note") as tx:
        found = _known_occurrence(tx.connection, occurrence_id)
        now = desk.now()
        stored.add_event(tx, found.id, "Note", now, operator=desk.operator, note=note)
        plan_position.prolong(tx, found, desk.operator, now)
        entry = ReviewEntry(
            Category.ALERT,
            f"{found.alert} {found.id}, note: {note}",
            operator=desk.operator,
            alert_id=found.alert_id,
            alert=found.alert,
            occurrence_id=found.id,
            kind=EntryKind.NOTE,
        )
        tx.review(now, entry)
        return found


def listing(
    desk: Desk,
    *,
    active_only: bool = False,
    unanswered_only: bool = False,
    alert_id: int | None = None,
    limit: int | None = None,
    before_id: int | None = None,
) -> list[OccurrenceView]:
    """Occurrences, the newest last; the newest `limit` of them, older than `before_id`, when given."""
    with desk.database.read() as connection:
        found = stored.newest(
            connection,
            before_id,
            limit,
            alert_id=alert_id,
            active_only=active_only,
            unanswered_only=unanswered_only,
        )
        return views_of(connection, found[::-1])


@dataclass(frozen=True, slots=True)
class ToClaim:
    """Which occurrence a claim without an id means. `why` says why none, `open` what there is."""

    chosen: int | None
    why: str = ""
    open: tuple[OccurrenceView, ...] = ()


def to_claim(desk: Desk) -> ToClaim:
    """The only open occurrence, or the only unanswered one where the others only inform."""
    found = [view for view in listing(desk, active_only=True) if view.occurrence.stage in OPEN_STAGES]
    unanswered = [view for view in found if view.occurrence.unanswered]
    for only in (found, unanswered):
        if len(only) == 1:
            return ToClaim(only[0].occurrence.id)
    if not found:
        return ToClaim(None, "no alert is open: there is nothing to claim")
    return ToClaim(None, f"{len(found):,} alerts are open: say which, as commsdesk claim ID", tuple(found))


def show(desk: Desk, occurrence_id: int) -> OccurrenceDetail:
    """One occurrence with its life and its messages."""
    with desk.database.read() as connection:
        found = _known_occurrence(connection, occurrence_id)
        sent = stored.message_ids(connection, occurrence_id)
        messages = outbox.current(connection, [message_id for _, message_id in sent])
        return OccurrenceDetail(
            views_of(connection, [found])[0],
            tuple(stored.events_of(connection, occurrence_id)),
            tuple(SentMessage(stage, messages[message_id]) for stage, message_id in sent),
            _tally(connection, occurrence_id, desk.now()),
        )


class NotActive(Refused):
    """No active occurrence has that key."""


def active_with_key(desk: Desk, key: str, alert_id: int | None = None) -> Occurrence:
    """The one active occurrence with a key (of one alert when given).

    Raises `NotActive` when there is none, `Refused` when there are several.
    """
    wanted, _ = kept_key(key)
    if wanted is None:
        raise Refused("Key is empty: give the key that the alert was raised with", "Key")
    with desk.database.read() as connection:
        found = stored.active_by_key(connection, wanted)
    if alert_id is not None:
        found = [occurrence for occurrence in found if occurrence.alert_id == alert_id]
    if not found:
        raise NotActive(f'no active occurrence has the key "{wanted}"', "Key")
    if len(found) > 1:
        names = mentioned([occurrence.alert for occurrence in found])
        raise Refused(f'the key "{wanted}" is active for {names}: say which with --alert', "Key")
    return found[0]


def may_follow(view: OccurrenceView, wanted: Stage) -> bool:
    """Whether a step may be taken, as far as the stage and the levels tell."""
    found = view.occurrence
    if wanted is Stage.ESCALATED and found.active and (found.planned or max(view.levels, default=1) > 1):
        return answer_plan.next_level(view.levels, found.level) is not None
    return wanted in stages.FOLLOWS[Stage(found.stage)]


def views_of(connection: sa.Connection, found: Sequence[Occurrence]) -> list[OccurrenceView]:
    """Occurrences as they are listed."""
    sent = stored.sent_by(connection, [occurrence.id for occurrence in found])
    known = alerts.several(connection, {occurrence.alert_id for occurrence in found if occurrence.active})
    views = []
    for occurrence in found:
        alert = known.get(occurrence.alert_id)
        plan, levels = (alert.plan, answer_plan.levels_of(alert)) if alert is not None else ((), ())
        views.append(OccurrenceView(occurrence, *sent.get(occurrence.id, (0, 0)), plan, levels))
    return views


def _known_occurrence(connection: sa.Connection, occurrence_id: int) -> Occurrence:
    found = stored.get(connection, occurrence_id)
    if found is None:
        raise Refused(f"no occurrence has the id {occurrence_id}", hint="see commsdesk alert occurrences")
    return found


def _cut(alert: Alert, occurrence_id: int, note: str, desk: Desk) -> ReviewEntry:
    return ReviewEntry(
        Category.ALERT,
        f"{alert.name}: {note}",
        Level.WARNING,
        kind=EntryKind.NOTE,
        operator=desk.operator,
        alert_id=alert.id,
        alert=alert.name,
        occurrence_id=occurrence_id,
    )


def _check_note(text: str) -> str:
    note = check_text(text, "Note").strip()
    if len(note) > LONGEST_NOTE:
        raise Refused(f"Note has {len(note):,} characters: {LONGEST_NOTE:,} at most", "Note")
    return note
