"""The tab *Answer* of an alert's editor: the steps of its plan, and what they come to."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from textual.content import Content

from storage.alerts import Alert, PlanStep
from storage.vocabulary import PlanThen
from tui.operations import alert_plan, plan_form
from tui.operations.alert_plan import PlanLine
from tui.operations.form_values import minutes_of
from tui.text.content import plain
from tui.widgets.fields import ChoiceField, Field, LongTextField, NumberField

MINUTE = timedelta(minutes=1)
STEPS, THEN, LASTS = "plan", "then", "claim_lasts"
WHEN = "Until somebody answers: who is told again, and who next. Without a step the alert only informs."

FIELDS: Sequence[Field] = (
    LongTextField(
        key=STEPS, label=plan_form.PLAN, lines=4,
        help="A step a line: 5m repeat x2 tells the same people again, 5m escalate the next level",
    ),
    ChoiceField(
        key=THEN, label=plan_form.THEN, required=True,
        options=(("stop: say that nobody answered", PlanThen.STOP), ("again from step 1", PlanThen.AGAIN)),
    ),
    NumberField(
        key=LASTS, label=plan_form.CLAIM_LASTS, unit="min", least=1,
        help="Then it has no owner any more and the plan begins anew; empty: for ever",
    ),
)  # fmt: skip


def values_of(alert: Alert | None) -> dict[str, Any]:
    """The plan as the fields hold it."""
    if alert is None:
        return {THEN: PlanThen.STOP}
    lasts = alert.claim_lasts
    return {
        STEPS: "\n".join(plan_form.in_words(alert.plan).split(", ")) if alert.plan else "",
        THEN: alert.plan_then,
        LASTS: max(1, int(minutes_of(lasts))) if lasts is not None else None,
    }


def steps_in(text: str) -> tuple[PlanStep, ...]:
    """The steps that are typed. Raises `Refused`."""
    return plan_form.steps_of(line for line in text.splitlines() if line.strip())


def plan_from(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the form of the alert is given. Raises `Refused`."""
    lasts = values[LASTS]
    return {
        "plan": steps_in(values[STEPS]),
        "then": values[THEN] or PlanThen.STOP,
        "claim_lasts": None if lasts is None else lasts * MINUTE,
    }


def foreseen_shown(lines: Sequence[PlanLine], then: PlanThen, now: datetime) -> Content:
    """What the plan does if the alert is raised now, a line each, and what stops it."""
    found = [Content.styled("If raised now, and nobody acts:", "$text-muted")]
    for line in lines:
        people = alert_plan.whom(line)
        said = plain(alert_plan.said(line, then) + (f": {people}" if people else ""))
        nobody = line.step is None or line.step.what is not None
        if nobody and not line.people:
            said = said.stylize("$text-warning")
        found.append(Content.assemble((f"  {line.at.astimezone():%H:%M}  ", "$text-muted"), said))
    found.append(Content.styled(alert_plan.STOPS, "$text-muted"))
    return Content("\n").join(found)
