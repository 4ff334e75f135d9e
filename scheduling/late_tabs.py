"""Tabs that are carried out later than their step: at the end of a silence, or once an alert has settled."""

from datetime import datetime, timedelta

from scheduling import kept_back, plan_position, settling, telling
from scheduling.actions import Queued
from scheduling.alert_words import (
    entries_with_problems,
    key_in_brackets,
    minutes_said,
    recipients_counted,
)
from scheduling.telling import Tab
from storage import alerts, holds, occurrences
from storage.alerts import Alert
from storage.database import Transaction
from storage.occurrences import Occurrence
from storage.vocabulary import Stage

SILENCE_ENDED = "Silence ended"  # events of an occurrence
SETTLED = "Settled"
LATE = timedelta(seconds=60)


def silence_ended(tx: Transaction, alert: Alert, found: Occurrence, due: datetime, now: datetime) -> Queued:
    """Send what a silence has kept back of an occurrence that is still open. The caller has asked that."""
    queued = Queued()
    plan = plan_position.plan_begins(alert, found, now)
    occurrences.change(tx, found.id, kept_back=None, **plan)
    for stage in kept_back.tabs_due(found):
        queued.add(telling.send_tab(tx, alert, found, _tab(found, stage), now, why="silence ended"))
    if plan and queued.reaches_nobody:
        occurrences.change(tx, found.id, answer_due_at=now)
    _write_down(tx, alert, found, SILENCE_ENDED, "silence ended" + lateness(due, now), queued, now)
    return queued


def settled(tx: Transaction, alert: Alert, found: Occurrence, now: datetime) -> Queued | None:
    """Send the tab that was put off until the occurrence had stayed as it is; None where it is moot."""
    assert found.settle_tab is not None and found.settle_at is not None
    occurrences.change(tx, found.id, **settling.NOTHING_DUE)
    if found.active is (found.settle_tab is Stage.RESTORED):
        return None
    lasted = minutes_said(alert.settle or timedelta(0))
    why = f"{'active' if found.active else 'calm'} for {lasted}"
    plan = plan_position.plan_begins(alert, found, now) if found.unanswered else {}
    if plan:
        occurrences.change(tx, found.id, **plan)
    queued = telling.send_tab(tx, alert, found, _tab(found, found.settle_tab), now, why=why)
    if plan and queued.kept is not None:
        occurrences.change(tx, found.id, answer_due_at=None)
    elif plan and queued.reaches_nobody:
        occurrences.change(tx, found.id, answer_due_at=now)
    _write_down(tx, alert, found, SETTLED, why + lateness(found.settle_at, now), queued, now)
    return queued


def _tab(found: Occurrence, stage: Stage) -> Tab:
    return Tab(stage, found.level or 1) if stage is Stage.ESCALATED else Tab(stage)


def after_adopting(tx: Transaction, now: datetime) -> None:
    """A copy has become the live site: what was due meanwhile was the original's to send.

    What was to settle is given its time anew; what an ended silence kept back is not sent.
    """
    silences = holds.silences(tx)
    for found in occurrences.kept_back(tx):
        if not any(one.holds_at(now) and one.is_about(found.alert_id, found.key) for one in silences):
            occurrences.change(tx, found.id, kept_back=None)
    for found in occurrences.to_settle(tx, now):
        alert = alerts.get(tx, found.alert_id)
        length = alert.settle if alert is not None and alert.settle is not None else timedelta(0)
        occurrences.change(tx, found.id, settle_at=now + length)


def lateness(due: datetime, now: datetime) -> str:
    """What is said of a step that was made late: when it was due, and by how much."""
    late = now - due
    if late < LATE:
        return ""
    minutes = int(late.total_seconds() // 60)
    local = due.astimezone()
    clock = f"{local:%H:%M}" if local.date() == now.astimezone().date() else f"{local:%a %d %b %H:%M}"
    return f" (due {clock}, made {minutes:,} min late)"


def _write_down(
    tx: Transaction, alert: Alert, found: Occurrence, what: str, note: str, queued: Queued, now: datetime
) -> None:
    occurrences.add_event(
        tx,
        found.id,
        what,
        now,
        note=note,
        queued=len(queued.message_ids),
        left_out=len(queued.left_out),
    )
    said = f"{alert.name}{key_in_brackets(found.key)}, {note}: {recipients_counted(queued)}"
    tx.review(now, *entries_with_problems(alert, found, said, queued, None))
