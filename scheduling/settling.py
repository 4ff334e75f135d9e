"""Alerts that settle: what comes and goes is one occurrence, told of once it has stayed so for a while.

A raise shortly after its key was restored reopens that occurrence and sends nothing until it has
stayed active so long; Restored is sent only after as long a calm. The stage itself changes at once.
"""

from datetime import datetime

from scheduling import holds, kept_back
from scheduling.alert_words import alert_entry, key_in_brackets, minutes_said
from storage import occurrences
from storage.alerts import Alert
from storage.database import Transaction
from storage.occurrences import Occurrence
from storage.vocabulary import EntryKind, Stage

FLAPPING = "Flapping"  # the event of a raise that reopens an occurrence
NOTHING_DUE = {"settle_at": None, "settle_tab": None}


def just_restored(tx: Transaction, alert: Alert, key: str | None, now: datetime) -> Occurrence | None:
    """The occurrence that a raise with this key goes on with, although it was restored."""
    settle = holds.settles(alert.settle, key)
    if settle is None or key is None:
        return None
    latest = occurrences.latest_with_key(tx, alert.id, key)
    if latest is None or not holds.reopens(Stage(latest.stage), latest.ended_at, settle, now):
        return None
    return latest


def reopen(
    tx: Transaction,
    alert: Alert,
    found: Occurrence,
    note: str,
    now: datetime,
    *,
    operator: str | None,
    times: int,
) -> int:
    """Make a restored occurrence active again and count; Created is sent once it has stayed so."""
    assert alert.settle is not None
    count = found.count + times
    occurrences.change(
        tx,
        found.id,
        stage=Stage.CREATED,
        owner=None,
        count=count,
        changed_at=now,
        ended_at=None,
        settle_at=now + alert.settle,
        settle_tab=Stage.CREATED,
    )
    occurrences.add_event(tx, found.id, FLAPPING, now, operator=operator, note=note)
    text = (
        f"{alert.name}{key_in_brackets(found.key)} raised again within {minutes_said(alert.settle)} of its"
        f" end: counted, {count} times now; nothing is sent until it has stayed active as long"
    )
    tx.review(now, alert_entry(alert, found.id, text, operator=operator, kind=EntryKind.COUNTED))
    return count


def put_off(tx: Transaction, alert: Alert, occurrence: Occurrence, stage: Stage, now: datetime) -> str | None:
    """Let the messages of a step wait until it has lasted; says so, or None where they go at once.

    Whatever waited before is not due any more: the occurrence has not stayed as it was.
    """
    if stage is not Stage.RESTORED:
        return None
    if not kept_back.waits_to_settle(alert, occurrence, stage):
        if occurrence.settle_at is not None:
            occurrences.change(tx, occurrence.id, **NOTHING_DUE)
        return None
    assert alert.settle is not None
    due = now + alert.settle
    occurrences.change(tx, occurrence.id, settle_at=due, settle_tab=stage)
    return f"sent at {due.astimezone():%H:%M} if it stays calm for {minutes_said(alert.settle)}"
