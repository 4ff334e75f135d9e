"""Raising alerts and taking their occurrences through the stages, in the caller's transaction."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from scheduling import told, withdrawal
from scheduling.actions import Queued, carry_out
from scheduling.alert_words import (
    NOBODY_HAD_BEEN,
    alert_entry,
    entries_with_problems,
    key_in_brackets,
    noted,
    recipients_counted,
    stage_entries,
    withdrawn_entries,
)
from scheduling.stages import DONE
from storage import hearing, occurrences
from storage.alerts import Alert, AlertField
from storage.database import Transaction
from storage.hearing import TELLING
from storage.names import key_of
from storage.occurrences import Occurrence
from storage.outbox import Submission
from storage.vocabulary import ACTIVE_STAGES, EntryKind, Level, Origin, Stage

# The fields that every occurrence has; a message may use them whatever the alert declares.
BUILT_IN = (
    "Alert",
    "Priority",
    "Description",
    "Key",
    "Stage",
    "Count",
    "Raised At",
    "Raised By",
    "Claimed By",
    "Operator",
    "Note",
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


def known_fields(declared: Iterable[AlertField]) -> list[str]:
    """The names that a message of an alert with these fields may use, besides those of users."""
    return [item.name for item in declared] + list(BUILT_IN)


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
    tab = last_tab(alert, Stage(occurrence.stage))
    if tab is None or not may_send_again(tx, occurrence, now):
        return None
    pause = told.next_pause(hearing.of_occurrence(tx, occurrence.id), occurrence.sent_again_pause)
    occurrences.change(tx, occurrence.id, sent_again_at=now, sent_again_pause=pause)
    queued = _send_tab(tx, alert, occurrence, tab, now, operator=operator, why=NOBODY_TOLD)
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


def last_tab(alert: Alert, stage: Stage) -> Stage | None:
    """The tab that was sent last to tell of an occurrence in this stage; None where none has an action."""
    with_action = {action.stage for action in alert.actions if action.enabled}
    return next((tab for tab in (stage, Stage.CREATED) if tab in TELLING and tab in with_action), None)


def not_reached(
    connection: sa.Connection, occurrence: Occurrence, now: datetime
) -> tuple[list[Stage], set[told.Person]]:
    """The tabs that have told of an occurrence, and who need not hear of it again from them."""
    facts = hearing.of_occurrence(connection, occurrence.id)
    skip = {told.who(fact) for fact in facts if told.is_told(fact, now) or told.waits(fact)}
    entered = {event.what for event in occurrences.events_of(connection, occurrence.id)}
    return [tab for tab in (Stage.CREATED, Stage.ESCALATED) if tab in entered], skip


def send_to_those_not_reached(
    tx: Transaction, alert: Alert, occurrence: Occurrence, now: datetime, *, operator: str | None = None
) -> Queued:
    """Send what tells of an occurrence to everyone of its tabs who is not told and for whom none waits.

    Numbers, names and fields are as they are now. Whether it is active has been asked by the caller.
    """
    tabs, skip = not_reached(tx.connection, occurrence, now)
    queued = Queued()
    for tab in tabs:
        queued.add(_send_tab(tx, alert, occurrence, tab, now, operator=operator, why=None, skip=skip))
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
) -> Queued:
    """Take an occurrence into a stage and carry out that tab's actions.

    Whether the step may be taken has been asked of `stages.step` in the same transaction.
    """
    owner = operator if stage is Stage.CLAIMED else occurrence.owner
    changes = {"stage": stage, "owner": owner, "changed_at": now}
    if stage not in ACTIVE_STAGES:
        changes["ended_at"] = now
    occurrences.change(tx, occurrence.id, **changes)
    # Before anything is queued: what is moot must not go first. An end is followed by no second one.
    waited = withdrawal.withdraw(tx, occurrence.id, stage, now) if occurrence.active else []
    entered = replace(occurrence, owner=owner)
    why = f"{alert.name} {DONE[stage]}{key_in_brackets(occurrence.key)}"
    queued = _send_tab(tx, alert, entered, stage, now, operator=operator, note=note, why=why)
    if stage is Stage.CREATED and last_tab(alert, stage) is None:
        queued.problems.append("its Created tab has no action: nothing is sent")
    occurrences.add_event(
        tx,
        occurrence.id,
        stage,
        now,
        operator=operator,
        note="; ".join(part for part in (note, NOBODY_HAD_BEEN if queued.nobody_told else "") if part),
        queued=len(queued.message_ids),
        left_out=len(queued.left_out),
    )
    tx.review(now, *stage_entries(alert, occurrence, stage, queued, operator, note))
    tx.review(now, *withdrawn_entries(alert, occurrence, stage, waited, operator))
    return queued


def _send_tab(
    tx: Transaction,
    alert: Alert,
    occurrence: Occurrence,
    tab: Stage,
    now: datetime,
    *,
    operator: str | None,
    why: str | None,
    note: str = "",
    skip: Collection[told.Person] = (),
) -> Queued:
    """Carry out the actions of a tab, with the occurrence's fields as they are now."""
    submission = Submission(
        Origin.ALERT,
        operator=operator,
        alert_id=alert.id,
        occurrence_id=occurrence.id,
        stage=tab,
        priority=alert.priority,
        why=why,
    )
    return carry_out(
        tx,
        [action for action in alert.actions if action.stage == tab],
        submission,
        now,
        values=values_of(alert, occurrence, tab, occurrence.owner, operator, note),
        useful_life=alert.useful_life,
        skip=skip,
    )


def values_of(
    alert: Alert, occurrence: Occurrence, stage: Stage, owner: str | None, operator: str | None, note: str
) -> dict[str, str]:
    """What stands in the messages of a stage: the built-in fields and the declared ones."""
    raised = occurrence.raised_at.astimezone() if occurrence.raised_at else None
    own = {
        "Alert": alert.name,
        "Priority": str(alert.priority),
        "Description": alert.description,
        "Key": occurrence.key or "",
        "Stage": str(stage),
        "Count": str(occurrence.count),
        "Raised At": f"{raised:%d %b %H:%M}" if raised else "",
        "Raised By": occurrence.raised_by or "",
        "Claimed By": owner or "",
        "Operator": operator or "",
        "Note": note,
    }
    given = {key_of(name): value for name, value in occurrence.given.items()}
    declared = {item.name: given.get(key_of(item.name), item.default or "") for item in alert.fields}
    return {**own, **declared}


def sample_values(
    alert: Alert, stage: Stage, operator: str | None, now: datetime, key: str = "(key)"
) -> dict[str, str]:
    """What stands in a message while it is written: what is known already, else a sample of it.

    A value that a raise or a step gives shows as its name in brackets. What the alert leaves empty
    stays empty, as it will be.
    """
    given = {item.name: item.default or f"({item.name})" for item in alert.fields}
    who = operator or "(operator)"
    sample = Occurrence(0, alert.id, alert.name, alert.priority, key, stage, 1, who, given, who, now, now)
    return values_of(alert, sample, stage, who, who, "(note)")
