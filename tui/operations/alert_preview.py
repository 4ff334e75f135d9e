"""What a raise or a step of an alert would send, to whom, before it is done. Reading only."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from scheduling import alerting, stages
from scheduling import recipients as choosing
from scheduling.stages import Stage
from storage import alerts, audience, handlers, occurrences
from storage.alerts import Alert
from storage.names import tidy
from storage.occurrences import Occurrence
from storage.records import Action
from tui.operations.desk import Desk


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


@dataclass(frozen=True, slots=True)
class RaisePreview:
    """What a raise would come to; `counted` is the active occurrence that it would only count."""

    outgoing: tuple[Outgoing, ...] = ()
    counted: Occurrence | None = None


def of_raise(desk: Desk, alert: Alert, key: str, given: Mapping[str, str]) -> RaisePreview:
    """What raising the alert now would do."""
    key = tidy(key)
    now = desk.now()
    new = Occurrence(
        0, alert.id, alert.name, alert.priority, key or None, str(Stage.CREATED), 1, None, dict(given),
        desk.operator, now, now,
    )  # fmt: skip
    with desk.database.read() as connection:
        present = occurrences.active_with_key(connection, alert.id, key) if key else None
        if present is not None:
            return RaisePreview(counted=present)
        return RaisePreview(_outgoing(connection, desk, alert, new, Stage.CREATED, ""))


def of_step(desk: Desk, occurrence_id: int, stage: Stage, note: str = "") -> StepPreview | None:
    """What taking an occurrence into a stage would do now; None when it is not there any more."""
    with desk.database.read() as connection:
        found = occurrences.get(connection, occurrence_id)
        alert = alerts.get(connection, found.alert_id) if found else None
        if found is None or alert is None:
            return None
        refusal = stages.step(Stage(found.stage), stage, owner=found.owner, operator=desk.operator)
        if refusal is not None:
            return StepPreview(found, refusal=alerting.refused(found, stage, refusal.reason))
        return StepPreview(found, _outgoing(connection, desk, alert, found, stage, note))


def _outgoing(
    connection: sa.Connection, desk: Desk, alert: Alert, occurrence: Occurrence, stage: Stage, note: str
) -> tuple[Outgoing, ...]:
    owner = desk.operator if stage is Stage.CLAIMED else occurrence.owner
    values = alerting.values_of(alert, occurrence, stage, owner, desk.operator, note)
    wanted = [action for action in alert.actions if action.enabled and action.stage == stage]
    return tuple(_of_action(connection, desk, action, values) for action in wanted)


def _of_action(connection: sa.Connection, desk: Desk, action: Action, values: Mapping[str, str]) -> Outgoing:
    """The same decisions as carrying the action out, writing nothing."""
    handler = handlers.get(connection, action.handler_id)
    if handler is None or handler.removed_at is not None:
        return Outgoing(action.handler, problems=("its handler was removed: nothing is sent",))
    field_id = audience.telephone_field(connection, handler.telephone_field_id)
    reached, missed = choosing.choose(audience.candidates(connection, action.recipients, field_id))
    composed = choosing.compose(
        reached,
        action.text,
        handler_id=handler.id,
        now=desk.now(),
        useful_life=handler.useful_life,
        most_parts=handler.most_parts,
        values=values,
        cut=True,
    )
    problems = []
    if not handler.enabled:
        problems.append("its handler is disabled: messages wait")
    if composed.cut:
        problems.append(f"the text is cut to {handler.most_parts} parts")
    if not reached:
        problems.append("it reaches nobody")
    return Outgoing(
        handler.name,
        tuple(person.name or person.number for person in reached),
        tuple(str(person) for person in missed),
        composed.drafts[0].text if composed.drafts else "",
        composed.missing,
        tuple(problems),
    )
