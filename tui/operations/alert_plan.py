"""An alert's answer plan: set, cleared, and what it would do when nobody acts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from scheduling import actions, answer_plan, telling
from scheduling.answer_plan import Foreseen
from scheduling.telling import Tab
from storage.alerts import Alert, PlanStep
from storage.occurrences import Occurrence
from storage.vocabulary import PlanThen, Role, Stage, StepKind
from tui.operations.alert_form import form_of
from tui.operations.alerts import Saved, read, save
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.plan_form import PLAN

STOPS = "Claimed, Actioned, Restored, Finalised stop this at once"


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A moment of a plan that runs: `step` says what is due, `people` whom it tells as things are."""

    at: datetime
    step: Foreseen | None  # None: Created, at the raise
    people: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanView:
    """An alert's plan, and what it does from a raise on when nobody acts and all is accepted."""

    alert: Alert
    lines: tuple[PlanLine, ...]


def set_plan(
    desk: Desk,
    alert_id: int,
    plan: Sequence[PlanStep],
    then: PlanThen = PlanThen.STOP,
    claim_lasts: timedelta | None = None,
) -> Saved:
    """Give an alert this plan. Open occurrences go by it from now on."""
    if not plan:
        raise Refused(f"{PLAN} is empty: name a step, or clear the plan", PLAN)
    return _save(desk, alert_id, tuple(plan), then, claim_lasts)


def clear(desk: Desk, alert_id: int) -> Saved:
    """Take an alert's plan away: it informs, and asks nobody again."""
    return _save(desk, alert_id, (), PlanThen.STOP, None)


def _save(
    desk: Desk, alert_id: int, plan: tuple[PlanStep, ...], then: PlanThen, claim_lasts: timedelta | None
) -> Saved:
    with desk.write(Role.ADMINISTRATOR, "editing an alert") as tx:
        before = read(tx.connection, alert_id)
        form = replace(form_of(before), plan=plan, then=then, claim_lasts=claim_lasts)
        return save(tx, desk, before, form)


def show(desk: Desk, alert_id: int, at: datetime | None = None) -> PlanView:
    """What the plan would do if the alert were raised at a moment (now, where none is given)."""
    with desk.database.read() as connection:
        alert = read(connection, alert_id)
        return PlanView(alert, tuple(foreseen(connection, alert, at or desk.now())))


def foreseen(connection: sa.Connection, alert: Alert, at: datetime) -> list[PlanLine]:
    """The moments of the plan from a raise at `at`, with whom each would tell as things are.

    Who is on duty is looked up for each moment: a hand-over moves the alert to the next person.
    """
    known: dict[tuple[Tab, datetime | None], tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def reached(tab: Tab, moment: datetime) -> tuple[tuple[str, ...], tuple[str, ...]]:
        by_duty = any(to.is_duty for action in tab.actions_of(alert) for to in action.recipients)
        key = tab, moment if by_duty else None
        if key not in known:
            known[key] = _reached(connection, alert, tab, moment)
        return known[key]

    created = reached(telling.CREATED, at)
    lines = [PlanLine(at, None, *created)]
    if not alert.plan:
        return lines
    levels = answer_plan.levels_of(alert)
    reaching = [level for level in levels if reached(Tab(Stage.ESCALATED, level), at)[0]]
    found = answer_plan.foresee(
        alert.plan,
        alert.plan_then,
        levels,
        answer_plan.begun(alert.plan, at),
        reaching,
        reached=bool(created[0]),
    )
    tab = telling.CREATED
    for step in found:
        if step.what is StepKind.ESCALATE:
            tab = Tab(Stage.ESCALATED, step.level)
        people = reached(tab, step.at) if step.what is not None else ((), ())
        lines.append(PlanLine(step.at, step, *people))
    return lines


def _reached(
    connection: sa.Connection, alert: Alert, tab: Tab, at: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whom a tab would tell as things are, and whom it would leave out."""
    sample = Occurrence(0, alert.id, alert.name, alert.priority, None, tab.stage, 1, None, {}, None, at, at)
    planned = actions.plan(
        connection,
        tab.actions_of(alert),
        at,
        values=telling.values_of(alert, sample, tab.stage, None, None, ""),
        useful_life=alert.useful_life,
    )
    people: dict[str, None] = {}
    left_out: dict[str, None] = {}
    for one in planned:
        people |= dict.fromkeys(person.name or person.number for person in one.reached)
        left_out |= dict.fromkeys(str(person) for person in one.left_out)
    return tuple(people), tuple(left_out)


def said(line: PlanLine, then: PlanThen) -> str:
    """What a moment of the plan brings, without its people: "told again", "level 1", "nobody answered"."""
    if line.step is None:
        return "told"
    if line.step.what is StepKind.REPEAT:
        return "told again"
    if line.step.what is StepKind.ESCALATE:
        return f"level {line.step.level}"
    return "begins again" if then is PlanThen.AGAIN else "nobody answered"


def counts_of(line: PlanLine) -> str | None:
    """Its kind, as JSON names it."""
    if line.step is None:
        return "created"
    return str(line.step.what) if line.step.what is not None else None


def whom(line: PlanLine, most: int = 3) -> str:
    """The first of the people, by name; "nobody" where a step reaches none."""
    if line.step is not None and line.step.what is None:
        return ""
    if not line.people:
        return "nobody"
    more = f" and {len(line.people) - most:,} more" if len(line.people) > most else ""
    return ", ".join(line.people[:most]) + more
