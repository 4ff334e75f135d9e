"""Raising alerts and taking their occurrences through the stages, in the caller's transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from scheduling.actions import Queued, carry_out, names_of
from scheduling.stages import ACTIVE, DONE, Stage
from storage import occurrences
from storage.alerts import Alert, AlertField
from storage.database import Transaction
from storage.names import key_of
from storage.occurrences import Occurrence
from storage.outbox import Submission
from storage.records import Category, Level, Origin, ReviewEntry

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


@dataclass(frozen=True, slots=True)
class Raised:
    """What a raise came to. `counted` means that an active occurrence with the key was there already."""

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
    undeclared = [name for name in given if key_of(name) not in {key_of(f.name) for f in alert.fields}]
    if undeclared:
        text = f"{alert.name}: not declared, kept all the same: {', '.join(undeclared)}"
        tx.review(now, _said(alert, made, text, Level.WARNING))
    return Raised(made, False, times, queued)


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
    note = ", ".join(f"{name}={value}" for name, value in given.items())
    occurrences.add_event(tx, present.id, "Raised again", now, operator=operator, note=note)
    text = f"{alert.name} raised again{_keyed(present.key)}: counted, {count} times now; nothing is sent"
    tx.review(now, _said(alert, present.id, text, operator=operator))
    return Raised(present.id, True, count, Queued())


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
    changes = {"stage": str(stage), "owner": owner, "changed_at": now}
    if stage not in ACTIVE:
        changes["ended_at"] = now
    occurrences.change(tx, occurrence.id, **changes)
    submission = Submission(
        Origin.ALERT,
        operator=operator,
        alert_id=alert.id,
        occurrence_id=occurrence.id,
        stage=str(stage),
        priority=alert.priority,
    )
    wanted = [action for action in alert.actions if action.stage == stage]
    queued = carry_out(
        tx,
        wanted,
        submission,
        now,
        values=values_of(alert, occurrence, stage, owner, operator, note),
        useful_life=alert.useful_life,
    )
    if stage is Stage.CREATED and not any(action.enabled for action in wanted):
        queued.problems.append("its Created tab has no action: nothing is sent")
    sent, missed = len(queued.message_ids), len(queued.left_out)
    occurrences.add_event(
        tx, occurrence.id, str(stage), now, operator=operator, note=note, queued=sent, left_out=missed
    )
    tx.review(now, *_stage_said(alert, occurrence, stage, queued, operator, note))
    return queued


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


def _stage_said(
    alert: Alert,
    occurrence: Occurrence,
    stage: Stage,
    queued: Queued,
    operator: str | None,
    note: str,
) -> list[ReviewEntry]:
    number = len(queued.message_ids)
    count = f"{number} {'recipient' if number == 1 else 'recipients'}" if number else "nothing sent"
    said = f"{alert.name} {DONE[stage]}{_keyed(occurrence.key)}: {count}" + (f" ({note})" if note else "")
    entries = [_said(alert, occurrence.id, said, operator=operator)]
    if queued.left_out:
        text = f"{alert.name} leaves out: {names_of(queued.left_out)}"
        entries.append(_said(alert, occurrence.id, text, Level.WARNING))
    for problem in queued.problems:
        entries.append(_said(alert, occurrence.id, f"{alert.name}: {problem}", Level.WARNING))
    return entries


def refused(occurrence: Occurrence, stage: Stage, reason: str) -> str:
    """The sentence for a step that may not be taken."""
    what = f"occurrence {occurrence.id} of {occurrence.alert}{_keyed(occurrence.key)}"
    return f"{what} cannot be {DONE[stage]}: {reason}"


def _keyed(key: str | None) -> str:
    return f" ({key})" if key else ""


def _said(
    alert: Alert,
    occurrence_id: int,
    text: str,
    level: Level = Level.INFO,
    operator: str | None = None,
) -> ReviewEntry:
    return ReviewEntry(
        Category.ALERT,
        text,
        level,
        operator=operator,
        alert_id=alert.id,
        alert=alert.name,
        occurrence_id=occurrence_id,
    )
