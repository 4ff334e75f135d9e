"""What a raise or a step of an alert would send, to whom, before it is done. Reading only."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from scheduling import actions, alert_words, alerting, answer_plan, stages, telling
from scheduling.actions import Planned
from scheduling.send_size import SendSize
from scheduling.telling import Tab
from scheduling.told import Person
from storage import alerts, occurrences
from storage.alerts import Alert
from storage.occurrences import Occurrence
from storage.vocabulary import OPEN_STAGES, Stage
from tui.operations.desk import Desk
from tui.operations.raised_values import kept_key, kept_values


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What one action would send. `text` is the first message as it would arrive.

    `missing` are fields without a value, which show as a dash; `problems` are sentences.
    """

    sender: str
    reached: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    text: str = ""
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepPreview:
    """What a step would come to. `refusal` says why it may not be taken."""

    occurrence: Occurrence
    outgoing: tuple[Outgoing, ...] = ()
    refusal: str | None = None
    planned: tuple[Planned, ...] = ()

    @property
    def size(self) -> SendSize:
        return actions.size(self.planned)


@dataclass(frozen=True, slots=True)
class RaisePreview:
    """What a raise would come to; `counted` is the active occurrence that it would count.

    That sends only where nobody has been told of it.
    """

    outgoing: tuple[Outgoing, ...] = ()
    counted: Occurrence | None = None
    planned: tuple[Planned, ...] = ()

    @property
    def size(self) -> SendSize:
        return actions.size(self.planned)


def of_raise(desk: Desk, alert: Alert, key: str, given: Mapping[str, str]) -> RaisePreview:
    """What raising the alert now would do."""
    key = kept_key(key)[0] or ""
    given, _ = kept_values(given, alert.fields)
    now = desk.now()
    new = Occurrence(
        0, alert.id, alert.name, alert.priority, key or None, Stage.CREATED, 1, None, dict(given),
        desk.operator, now, now,
    )  # fmt: skip
    with desk.database.read() as connection:
        present = occurrences.active_with_key(connection, alert.id, key) if key else None
        if present is not None:
            return _of_count(connection, desk, alert, present)
        planned = _planned(connection, desk, alert, new, telling.CREATED, "")
        return RaisePreview(tuple(map(_shown, planned)), planned=planned)


def _of_count(connection: sa.Connection, desk: Desk, alert: Alert, present: Occurrence) -> RaisePreview:
    """A raise that only counts, unless nobody has been told: then the tab last sent goes again."""
    tab = telling.last_tab(alert, present)
    if tab is None or not alerting.may_send_again(connection, present, desk.now()):
        return RaisePreview(counted=present)
    planned = _planned(connection, desk, alert, present, tab, "")
    return RaisePreview(tuple(map(_shown, planned)), counted=present, planned=planned)


def of_send_again(desk: Desk, occurrence_id: int) -> StepPreview | None:
    """What sending again to those not reached would do now; None when it is not there any more."""
    with desk.database.read() as connection:
        found = occurrences.get(connection, occurrence_id)
        alert = alerts.get(connection, found.alert_id) if found else None
        if found is None or alert is None:
            return None
        tabs, skip = alerting.not_reached(connection, found, desk.now())
        planned = tuple(
            one for tab in tabs for one in _planned(connection, desk, alert, found, tab, "", skip)
        )
        return StepPreview(found, tuple(map(_shown, planned)), planned=planned)


def of_step(desk: Desk, occurrence_id: int, stage: Stage, note: str = "") -> StepPreview | None:
    """What taking an occurrence into a stage would do now; None when it is not there any more."""
    with desk.database.read() as connection:
        found = occurrences.get(connection, occurrence_id)
        alert = alerts.get(connection, found.alert_id) if found else None
        if found is None or alert is None:
            return None
        refusal = stages.step(
            Stage(found.stage),
            stage,
            owner=found.owner,
            operator=desk.operator,
            levels_left=answer_plan.levels_left(alert, found.level),
        )
        if refusal is not None:
            return StepPreview(found, refusal=alert_words.step_refused(found, stage, refusal.reason))
        tab = telling.escalation(alert, found) if stage is Stage.ESCALATED else Tab(stage)
        planned = _planned(connection, desk, alert, found, tab, note)
        return StepPreview(found, tuple(map(_shown, planned)), planned=planned)


def _planned(
    connection: sa.Connection,
    desk: Desk,
    alert: Alert,
    occurrence: Occurrence,
    tab: Tab,
    note: str,
    skip: Collection[Person] = (),
) -> tuple[Planned, ...]:
    owner = desk.operator if tab.stage is Stage.CLAIMED else occurrence.owner
    times = occurrence.times_told + (tab.stage in OPEN_STAGES)
    found = actions.plan(
        connection,
        tab.actions_of(alert),
        desk.now(),
        values=telling.values_of(alert, occurrence, tab.stage, owner, desk.operator, note, times),
        useful_life=alert.useful_life,
        occurrence_id=occurrence.id or None,
        skip=skip,
    )
    return tuple(found)


def _shown(planned: Planned) -> Outgoing:
    handler, composed = planned.handler, planned.composed
    if handler is None:
        return Outgoing(planned.action.handler, problems=("its handler was removed: nothing is sent",))
    problems = []
    if not handler.enabled:
        problems.append("its handler is disabled: messages wait")
    if composed.cut:
        problems.append(f"the text is cut to {handler.most_parts} parts")
    if not planned.reached and not planned.needless:
        problems.append("it reaches nobody")
    return Outgoing(
        handler.name,
        tuple(person.name or person.number for person in planned.reached),
        tuple(str(person) for person in planned.left_out),
        composed.drafts[0].text if composed.drafts else "",
        composed.missing,
        tuple(problems),
    )
