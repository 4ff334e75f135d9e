"""Where an occurrence stands in its alert's plan, and until when it is claimed: as its row keeps it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from scheduling import answer_plan
from scheduling.telling import Tab
from storage import answers, occurrences
from storage.alerts import Alert
from storage.database import Transaction
from storage.occurrences import Occurrence
from storage.vocabulary import ANSWERED_STAGES, OPEN_STAGES, MadeStep, Stage

NO_PLAN: Mapping[str, Any] = {"answer_due_at": None, "plan_rest": None, "round_pause": None}
NO_CLAIM: Mapping[str, Any] = {"claim_until": None, "claim_lasts": None}


def columns_of(place: answer_plan.Position) -> dict[str, Any]:
    """A position in the plan as the occurrence keeps it."""
    return {
        "step": place.step,
        "level": place.level,
        "round": place.round,
        "step_at": place.at,
        "answer_due_at": place.due_at,
        "plan_rest": place.rest,
        "round_pause": place.pause,
    }


def plan_begins(alert: Alert, occurrence: Occurrence, now: datetime) -> dict[str, Any]:
    """What an alert's plan makes of an occurrence that is told of only now; nothing without a plan."""
    if not alert.plan or occurrence.stage not in OPEN_STAGES:
        return {}
    place = replace(answer_plan.begun(alert.plan, now), level=occurrence.level, round=occurrence.round or 1)
    return columns_of(place)


def after_stage(
    tx: Transaction,
    alert: Alert,
    occurrence: Occurrence,
    tab: Tab,
    now: datetime,
    operator: str | None,
    lasts: timedelta | None,
) -> tuple[dict[str, Any], int | None]:
    """What a stage entered by hand, or by a raise, makes of the plan and the claim; and the step's id."""
    if tab.stage in ANSWERED_STAGES:
        return {**NO_PLAN, **_claim(alert, occurrence, tab.stage, now, operator, lasts)}, None
    if tab.stage not in OPEN_STAGES:
        return {**NO_PLAN, **NO_CLAIM}, None
    if not alert.plan:
        return {**NO_CLAIM, "level": tab.level or 0}, None
    what, step, place = MadeStep.CREATED, 0, answer_plan.begun(alert.plan, now)
    number: int | None = step
    if tab.level is not None:
        what = MadeStep.ESCALATE
        number, place = answer_plan.escalated_by_hand(
            alert.plan,
            alert.plan_then,
            answer_plan.position_of(occurrence, now),
            answer_plan.levels_of(alert),
            tab.level,
            now,
        )
    if not alert.enabled:
        place = replace(place, due_at=None)  # the plan of a disabled alert rests
    made = answers.note_step(tx, occurrence.id, place.round, number, what, place.level, None, now)
    return {**NO_CLAIM, **columns_of(place), "step_id": made}, made


def _claim(
    alert: Alert,
    occurrence: Occurrence,
    stage: Stage,
    now: datetime,
    operator: str | None,
    lasts: timedelta | None,
) -> dict[str, Any]:
    """Until when a claim holds. Action taken by somebody else than the owner does not prolong it."""
    if stage is Stage.CLAIMED:
        length = lasts or alert.claim_lasts
    else:
        length = occurrence.claim_lasts or alert.claim_lasts
        if occurrence.claim_until is not None and operator != occurrence.owner:
            return {}
    return {"claim_until": length and now + length, "claim_lasts": length}


def prolong(tx: Transaction, occurrence: Occurrence, operator: str | None, now: datetime) -> None:
    """A note by its owner shows that somebody is at work: the claim holds its whole length from now."""
    if occurrence.claim_until is not None and occurrence.claim_lasts and operator == occurrence.owner:
        occurrences.change(tx, occurrence.id, claim_until=now + occurrence.claim_lasts)
