"""What becomes of plans under way when an alert is edited, disabled or enabled, or a copy adopted."""

from datetime import datetime, timedelta

from scheduling import answer_plan, plan_position
from storage import alerts, answers, occurrences
from storage.alerts import Alert
from storage.database import Transaction
from storage.occurrences import Occurrence
from storage.vocabulary import OPEN_STAGES


def plan_changed(tx: Transaction, alert: Alert, now: datetime) -> int:
    """Let open occurrences go by the alert's plan as it is now; how many there are."""
    found = [each for each in occurrences.active_of(tx, alert.id) if each.stage in OPEN_STAGES]
    for occurrence in found:
        if not alert.plan or not alert.enabled:
            occurrences.change(tx, occurrence.id, **plan_position.NO_PLAN)
            continue
        place = answer_plan.position_of(occurrence, now)
        moved = answer_plan.edited(alert.plan, alert.plan_then, place, now)
        occurrences.change(tx, occurrence.id, **plan_position.columns_of(moved))
    return len(found)


def rest(tx: Transaction, alert: Alert, now: datetime) -> int:
    """Let the plan of a disabled alert rest; of how many open occurrences it was at work."""
    found = [each for each in occurrences.active_of(tx, alert.id) if each.answer_due_at is not None]
    for occurrence in found:
        occurrences.change(tx, occurrence.id, answer_due_at=None)
    return len(found)


def go_on(tx: Transaction, alert: Alert, now: datetime) -> int:
    """Let a plan go on that has rested: what is next is due its length from now. How many occurrences."""
    found = [each for each in occurrences.active_of(tx, alert.id) if each.unanswered or each.claim_until]
    for occurrence in found:
        _put_off(tx, alert, occurrence, now)
    return len(found)


def adopted(tx: Transaction, now: datetime) -> int:
    """On a copy that becomes the live site: what came due meanwhile is due its length from now. How many."""
    count = 0
    planned = answers.planned_of(tx)
    known = alerts.several(tx, {occurrence.alert_id for occurrence in planned})
    for occurrence in planned:
        moments = [at for at in (occurrence.answer_due_at, occurrence.claim_until) if at is not None]
        alert = known.get(occurrence.alert_id)
        if alert is not None and min(moments) <= now:
            _put_off(tx, alert, occurrence, now)
            count += 1
    return count


def _put_off(tx: Transaction, alert: Alert, occurrence: Occurrence, now: datetime) -> None:
    if occurrence.claim_until is not None and occurrence.claim_until <= now:
        length = occurrence.claim_lasts or alert.claim_lasts or timedelta(0)
        occurrences.change(tx, occurrence.id, claim_until=now + length)
    if occurrence.unanswered and alert.plan:
        place = answer_plan.position_of(occurrence, now)
        moved = answer_plan.taken_up(alert.plan, alert.plan_then, place, now)
        occurrences.change(tx, occurrence.id, **plan_position.columns_of(moved))
