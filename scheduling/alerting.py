"""Raising alerts and taking their occurrences through the stages, in the caller's transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from scheduling import kept_back, plan_position, settling, sms_text, telling, told, withdrawal
from scheduling.actions import Queued
from scheduling.alert_words import (
    NOBODY_HAD_BEEN,
    alert_entry,
    entries_with_problems,
    key_in_brackets,
    noted,
    recipients_counted,
    stage_entries,
    stage_said,
    withdrawn_entries,
)
from scheduling.telling import Tab
from storage import alerts, answers, hearing, held, occurrences
from storage.alerts import Alert
from storage.database import Transaction
from storage.hearing import TELLING
from storage.names import key_of
from storage.occurrences import Occurrence
from storage.savepoint import on_its_own
from storage.vocabulary import (
    ACTIVE_STAGES,
    OPEN_STAGES,
    EntryKind,
    Level,
    Stage,
)

NOBODY_TOLD = "raised again, nobody had been told"


@dataclass(frozen=True, slots=True)
class Raised:
    """What a raise came to.

    `counted` is true if the key was already active: then messages are queued only if nobody had
    been told of the occurrence.
    """

    occurrence_id: int
    counted: bool
    count: int
    queued: Queued


def raise_alert(
    tx: Transaction,
    alert: Alert,
    key: str | None,
    given: Mapping[str, str],
    now: datetime,
    *,
    operator: str | None = None,
    times: int = 1,
) -> Raised:
    """Start an occurrence and send its Created actions; or count, where one with the key is active.

    One that is counted sends all the same where nobody has been told (`send_again_if_nobody_told`).
    `times` is how often that has happened at once. `given` are values by field name; undeclared
    ones are kept and noted, and stand in no message.
    """
    present = occurrences.active_with_key(tx, alert.id, key) if key else None
    if present is not None:
        return _count(tx, alert, present, given, now, operator, times)
    if (flapping := settling.just_restored(tx, alert, key, now)) is not None:
        count = settling.reopen(tx, alert, flapping, noted(given), now, operator=operator, times=times)
        return Raised(flapping.id, True, count, Queued())
    made = occurrences.begin(tx, alert.id, key, dict(given), operator, now, count=times)
    occurrence = occurrences.get(tx, made)
    assert occurrence is not None
    queued = enter(tx, alert, occurrence, Stage.CREATED, now, operator=operator)
    if unknown := undeclared(alert, given):
        text = f"{alert.name}: not declared, kept all the same: {', '.join(unknown)}"
        tx.review(now, alert_entry(alert, made, text, Level.WARNING, kind=EntryKind.NOTE))
    return Raised(made, False, times, queued)


def undeclared(alert: Alert, given: Iterable[str]) -> list[str]:
    """The names of given values that the alert has no field for."""
    declared = {key_of(each.name) for each in alert.fields}
    return [name for name in given if key_of(name) not in declared]


def _count(
    tx: Transaction,
    alert: Alert,
    present: Occurrence,
    given: Mapping[str, str],
    now: datetime,
    operator: str | None,
    times: int,
) -> Raised:
    count = present.count + times
    occurrences.change(tx, present.id, count=count, changed_at=now)
    counted = replace(present, count=count)
    note = noted(given)
    queued = send_again_if_nobody_told(tx, alert, counted, now, operator=operator, note=note)
    if queued is not None:
        return Raised(present.id, True, count, queued)
    occurrences.add_event(tx, present.id, "Raised again", now, operator=operator, note=note)
    raised = f"{alert.name} raised again{key_in_brackets(present.key)}"
    text = f"{raised}: counted, {count} times now; nothing is sent"
    tx.review(now, alert_entry(alert, present.id, text, operator=operator, kind=EntryKind.COUNTED))
    return Raised(present.id, True, count, Queued())


def may_send_again(tx: sa.Connection | Transaction, occurrence: Occurrence, now: datetime) -> bool:
    """Whether the tab last sent may go again: nobody is told, nothing waits, and its pause is over."""
    if occurrence.settle_at is not None or kept_back.silenced(tx, occurrence, now):
        return False
    if occurrence.stage not in TELLING or hearing.someone_is_told_or_will_be(tx, occurrence.id):
        return False
    facts = hearing.of_occurrence(tx, occurrence.id)
    pause = told.pause_needed(facts, occurrence.sent_again_at, occurrence.sent_again_pause, now)
    return not pause and told.nobody_told(facts, now)


def send_again_if_nobody_told(
    tx: Transaction,
    alert: Alert,
    occurrence: Occurrence,
    now: datetime,
    *,
    operator: str | None = None,
    note: str = "",
) -> Queued | None:
    """Carry out the tab last sent once more where nobody has been told of an active occurrence.

    None where somebody is told, something waits, somebody looks after it, or it was sent again too
    short a while ago: at most once a Retry Rate (at least a minute), up to once an hour where every
    failure was for good.
    """
    tab = telling.last_tab(alert, occurrence)
    if tab is None or not may_send_again(tx, occurrence, now):
        return None
    pause = told.next_pause(hearing.of_occurrence(tx, occurrence.id), occurrence.sent_again_pause)
    occurrences.change(tx, occurrence.id, sent_again_at=now, sent_again_pause=pause)
    queued = telling.send_tab(tx, alert, occurrence, tab, now, operator=operator, why=NOBODY_TOLD)
    text = f"{NOBODY_TOLD}: sent again"
    occurrences.add_event(
        tx,
        occurrence.id,
        "Raised again",
        now,
        operator=operator,
        note="; ".join(part for part in (text, note) if part),
        queued=len(queued.message_ids),
        left_out=len(queued.left_out),
    )
    said = f"{alert.name}{key_in_brackets(occurrence.key)}: {text}: {recipients_counted(queued)}"
    tx.review(now, *entries_with_problems(alert, occurrence, said, queued, operator, Level.WARNING))
    return queued


def not_reached(
    connection: sa.Connection, occurrence: Occurrence, now: datetime
) -> tuple[list[Tab], set[told.Person]]:
    """The tabs that have told of an occurrence, and who need not hear of it again from them."""
    facts = hearing.of_occurrence(connection, occurrence.id)
    skip = {told.who(fact) for fact in facts if told.is_told(fact, now) or told.waits(fact)}
    skip |= {
        told.person_of(row.user_id, row.to) for row in held.held_of_occurrence(connection, occurrence.id)
    }
    entered = {event.what for event in occurrences.events_of(connection, occurrence.id)}
    highest = max(occurrence.level, answers.highest_level(connection, occurrence.id))
    level = highest or (1 if Stage.ESCALATED in entered else 0)
    escalated = [Tab(Stage.ESCALATED, level, up_to=True)] if level else []
    return [*([telling.CREATED] if Stage.CREATED in entered else []), *escalated], skip


def send_to_those_not_reached(
    tx: Transaction, alert: Alert, occurrence: Occurrence, now: datetime, *, operator: str | None = None
) -> Queued:
    """Send what tells of an occurrence to everyone of its tabs who is not told and for whom none waits.

    Numbers, names and fields are as they are now. Whether it is active has been asked by the caller.
    """
    tabs, skip = not_reached(tx.connection, occurrence, now)
    queued = Queued()
    for tab in tabs:
        queued.add(telling.send_tab(tx, alert, occurrence, tab, now, operator=operator, skip=skip))
    text = "sent again to those not reached"
    occurrences.add_event(
        tx,
        occurrence.id,
        "Sent again",
        now,
        operator=operator,
        note="to those not reached",
        queued=len(queued.message_ids),
        left_out=len(queued.left_out),
    )
    said = f"{alert.name}{key_in_brackets(occurrence.key)} {text}: {recipients_counted(queued)}"
    tx.review(now, *entries_with_problems(alert, occurrence, said, queued, operator))
    return queued


def enter(
    tx: Transaction,
    alert: Alert,
    occurrence: Occurrence,
    stage: Stage,
    now: datetime,
    *,
    operator: str | None = None,
    note: str = "",
    lasts: timedelta | None = None,
) -> Queued:
    """Take an occurrence into a stage and carry out that tab's actions.

    Whether the step may be taken has been asked of `stages.step` in the same transaction. An
    escalation enters the next level. `lasts` is how long a claim holds, where not as long as the
    alert says.
    """
    owner = operator if stage is Stage.CLAIMED else occurrence.owner
    tab = telling.escalation(alert, occurrence) if stage is Stage.ESCALATED else Tab(stage)
    changes = {"stage": stage, "owner": owner, "changed_at": now}
    if stage not in ACTIVE_STAGES:
        changes["ended_at"] = now
    plan, step_id = plan_position.after_stage(tx, alert, occurrence, tab, now, operator, lasts)
    occurrences.change(tx, occurrence.id, **changes, **plan)
    # Before anything is queued: what is moot must not go first. An end is followed by no second one.
    waited = []
    if occurrence.active:
        waited = withdrawal.withdraw(tx, occurrence.id, stage, now, alert.plan or None)
    entered = replace(occurrence, owner=owner, stage=stage)
    done = stage_said(tab)
    why = f"{alert.name} {done}{key_in_brackets(occurrence.key)}"
    queued = _overtaken(tx, alert, entered, stage, now)
    kept = settling.put_off(tx, alert, entered, stage, now)
    if kept is None:
        queued.add(
            telling.send_tab(
                tx, alert, entered, tab, now, operator=operator, note=note, why=why, step_id=step_id
            )
        )
    queued.kept = kept or queued.kept
    if queued.kept is not None:
        # The plan rests with what tells of the occurrence: it begins with it.
        occurrences.change(tx, occurrence.id, answer_due_at=None)
    elif plan.get("answer_due_at") is not None and queued.reaches_nobody:
        # It told nobody: the next level goes at once.
        occurrences.change(tx, occurrence.id, answer_due_at=now)
    if stage is Stage.CREATED and not telling.CREATED.sends(alert):
        queued.problems.append("its Created tab has no action: nothing is sent")
    occurrences.add_event(
        tx,
        occurrence.id,
        telling.event_of(tab),
        now,
        operator=operator,
        note="; ".join(part for part in (note, NOBODY_HAD_BEEN if queued.nobody_told else "") if part),
        queued=len(queued.message_ids),
        left_out=len(queued.left_out),
    )
    tx.review(now, *stage_entries(alert, occurrence, done, queued, operator, note))
    tx.review(now, *withdrawn_entries(alert, occurrence, stage, waited, operator))
    if stage not in OPEN_STAGES:
        answered(tx, occurrence, now)
    return queued


def _overtaken(tx: Transaction, alert: Alert, occurrence: Occurrence, stage: Stage, now: datetime) -> Queued:
    """Send the Restored tab that was put off, before the occurrence is finalised."""
    if stage is not Stage.FINALISED or occurrence.settle_at is None:
        return Queued()
    occurrences.change(tx, occurrence.id, **settling.NOTHING_DUE)
    if occurrence.settle_tab is not Stage.RESTORED:
        return Queued()
    restored = Tab(Stage.RESTORED)
    why = f"{alert.name} {stage_said(restored)}{key_in_brackets(occurrence.key)}"
    return telling.send_tab(tx, alert, occurrence, restored, now, why=why)


# The alert of the program itself that tells of alerts which nobody answered.

UNANSWERED = "unanswered"


def nobody_answered(tx: Transaction, alert: Alert, occurrence: Occurrence, now: datetime) -> None:
    """Raise Unanswered for an occurrence whose plan is used up, once until somebody answers."""
    with on_its_own(tx, UNANSWERED):
        for other in alerts.for_system(tx, UNANSWERED):
            if not other.enabled or other.id == alert.id:
                continue
            key = f"{alert.name}/{occurrence.id}"
            present = occurrences.active_with_key(tx, other.id, key)
            if present is not None:
                send_again_if_nobody_told(tx, other, present, now)
                continue
            raise_alert(tx, other, key, _unanswered_given(tx, alert, occurrence, now), now)


def _unanswered_given(tx: Transaction, alert: Alert, occurrence: Occurrence, now: datetime) -> dict[str, str]:
    raised = occurrence.raised_at.astimezone() if occurrence.raised_at else None
    people = told.tally(hearing.of_occurrence(tx, occurrence.id), (), now).told
    names = ", ".join(person.name or person.to or "" for person in people)
    return {
        "Alert": alert.name,
        "Key": occurrence.key or f"{alert.name}/{occurrence.id}",
        "Raised At": f"{raised:%d %b %H:%M}" if raised else "",
        "Told": sms_text.gsm_signs(names) or "nobody",
    }


def answered(tx: Transaction, occurrence: Occurrence, now: datetime) -> None:
    """Restore Unanswered of an occurrence that is answered, or over."""
    if not occurrence.round:
        return  # it never had a plan, of which alone Unanswered tells
    with on_its_own(tx, UNANSWERED):
        for other in alerts.for_system(tx, UNANSWERED):
            # By id: the alert may have been given another name since.
            for present in occurrences.active_of(tx, other.id):
                if (present.key or "").rpartition("/")[2] == str(occurrence.id):
                    enter(tx, other, present, Stage.RESTORED, now)
