"""What the alert editor's fields hold, their presets, and how they are checked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from scheduling import telling, templates
from storage import custom_fields
from storage.actions import FIRST_LEVEL
from storage.alerts import Alert, AlertField, PlanStep, plan_column
from storage.names import key_of, tidy
from storage.records import Action
from storage.vocabulary import PlanThen, Stage
from tui.operations import plan_form
from tui.operations.action_form import ActionForm, check_action
from tui.operations.errors import Refused
from tui.operations.form_values import MOST_MINUTES, whole_number
from tui.operations.names import check_name, check_text, mentioned, nearest
from tui.operations.sending import check_told

HIGHEST, LOWEST, PRESET_PRIORITY = 1, 9, 3
LAST_LEVEL = 9
LONGEST_SETTLE = timedelta(days=1)
LONGEST_DESCRIPTION = 10_000
LONGEST_DEFAULT = 1_000
MOST_FIELDS = 50
_IN_THE_WAY = "{}="


@dataclass(frozen=True, slots=True, kw_only=True)
class StageAction(ActionForm):
    """An action on a stage's tab. `id` is 0 for a new one; `stage` is always set.

    `level` is of the Escalated tab only; an action that names none there has the first.
    """

    id: int = 0
    level: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertForm:
    """The editor's fields with their presets. The actions of all tabs, each tab's in their order."""

    name: str
    priority: int | str = PRESET_PRIORITY
    description: str = ""
    enabled: bool = True
    useful_life: timedelta | None = None
    settle: timedelta | None = None
    fields: tuple[AlertField, ...] = ()
    actions: tuple[StageAction, ...] = ()
    plan: tuple[PlanStep, ...] = ()
    then: PlanThen = PlanThen.STOP
    claim_lasts: timedelta | None = None


@dataclass(frozen=True, slots=True)
class CheckedAlert:
    """The columns, fields and actions to write, and warnings."""

    values: dict[str, Any]
    fields: tuple[AlertField, ...]
    actions: tuple[Action, ...]
    warnings: tuple[str, ...]


def form_of(alert: Alert) -> AlertForm:
    """The form as it opens on an alert."""
    return AlertForm(
        name=alert.name,
        priority=alert.priority,
        description=alert.description,
        enabled=alert.enabled,
        useful_life=alert.useful_life,
        settle=alert.settle,
        fields=alert.fields,
        actions=tuple(stage_action_of(action) for action in alert.actions),
        plan=alert.plan,
        then=alert.plan_then,
        claim_lasts=alert.claim_lasts,
    )


def stage_action_of(action: Action) -> StageAction:
    return StageAction(
        id=action.id,
        handler_id=action.handler_id,
        recipients=action.recipients,
        text=action.text,
        enabled=action.enabled,
        stage=action.stage,
        level=action.level,
    )


def stage_named(text: str) -> Stage:
    """A stage by its name, without regard to case."""
    for stage in Stage:
        if key_of(text) == key_of(stage):
            return stage
    near = nearest(text, list(Stage))
    hint = f"did you mean {near}?" if near else f"choose one of {', '.join(Stage)}"
    raise Refused(f'Stage "{tidy(text)[:40]}" is not known: {hint}', "Stage")


def check(connection: sa.Connection, form: AlertForm, before: Alert | None = None) -> CheckedAlert:
    """Raises `Refused` for the first field that cannot be saved.

    `before` is the alert being edited. Actions that are as they were are not checked again, so
    that one broken action does not stand in the way of mending another.
    """
    life = form.useful_life
    if life is not None and not timedelta(0) < life <= timedelta(minutes=MOST_MINUTES):
        raise Refused(f"Useful life (mins) must be 1 to {MOST_MINUTES:,} minutes", "Useful life (mins)")
    values = {
        "name": check_name(form.name, "alert"),
        "priority": whole_number(form.priority, "Priority", HIGHEST, LOWEST),
        "description": _check_description(form.description),
        "enabled": form.enabled,
        "useful_life": life,
        "plan": plan_column(plan_form.checked(form.plan)),
        "plan_then": form.then,
        "claim_lasts": _check_lasts(form.claim_lasts),
        "settle": _check_settle(form.settle),
    }
    fields, warnings = _check_fields(connection, form.fields, before)
    actions, said = _check_actions(connection, form, fields, before)
    return CheckedAlert(values, fields, actions, (*warnings, *said))


def _check_lasts(lasts: timedelta | None) -> timedelta | None:
    field = plan_form.CLAIM_LASTS
    if lasts is not None and not timedelta(minutes=1) <= lasts <= timedelta(minutes=MOST_MINUTES):
        raise Refused(f"{field} must be 1 to {MOST_MINUTES:,} minutes", field)
    return lasts


def level_of(action: StageAction, stage: Stage) -> int | None:
    """The action's level on a tab. Raises `Refused` for one out of range, or on another tab."""
    if stage is not Stage.ESCALATED:
        if action.level is not None:
            raise Refused(f"Level is of actions on Escalated, not on {stage}: leave it out", "Level")
        return None
    if action.level is None:
        return FIRST_LEVEL
    return whole_number(action.level, "Level", FIRST_LEVEL, LAST_LEVEL)


def _check_settle(settle: timedelta | None) -> timedelta | None:
    if settle is not None and not timedelta(0) <= settle <= LONGEST_SETTLE:
        raise Refused("Settle (mins) must be 0 to 1,440 minutes", "Settle (mins)")
    return settle or None


def _check_description(text: str) -> str:
    text = check_text(text, "Description").strip()
    if len(text) > LONGEST_DESCRIPTION:
        raise Refused(f"Description must be {LONGEST_DESCRIPTION:,} characters or fewer", "Description")
    return text


def _check_fields(
    connection: sa.Connection, declared: Sequence[AlertField], before: Alert | None
) -> tuple[tuple[AlertField, ...], list[str]]:
    found: dict[str, AlertField] = {}
    if before is not None and before.system is not None and tuple(declared) == before.fields:
        return before.fields, []  # the program's own may hide built-in ones
    for item in declared:
        name = _check_field_name(item.name)
        if key_of(name) in found:
            raise Refused(f"Fields name {name} twice: leave one out", "Fields")
        default = check_text(item.default or "", "Fields")
        if len(default) > LONGEST_DEFAULT:
            raise Refused(
                f"Fields: the default of {name} must be {LONGEST_DEFAULT:,} characters or fewer", "Fields"
            )
        found[key_of(name)] = AlertField(name, default if default.strip() else None)
    if len(found) > MOST_FIELDS:
        raise Refused(f"Fields are {len(found)}: an alert may declare {MOST_FIELDS} at most", "Fields")
    fields = tuple(found.values())
    if before is not None and before.system is not None and fields != before.fields:
        raise Refused(
            f"Fields of {before.name} are set by the program, which raises it: leave them as they are",
            "Fields",
        )
    users = [field.name for field in custom_fields.listing(connection) if key_of(field.name) in found]
    return fields, [
        f"{name} is a custom field too: in this alert's messages {{{name}}} is what the alert is raised with"
        for name in users
    ]


def _check_field_name(text: str) -> str:
    name = check_name(text, "field")
    built_in = (*telling.BUILT_IN, templates.NAME, templates.FIRST_NAME)
    if key_of(name) in map(key_of, built_in):
        raise Refused(f"Fields: {name} is there in every message already: choose another name", "Fields")
    wrong = next((char for char in _IN_THE_WAY if char in name), None)
    if wrong:
        raise Refused(f"Fields: {name} holds {wrong}, which messages and lists use: leave it out", "Fields")
    return name


def _check_actions(
    connection: sa.Connection, form: AlertForm, fields: Sequence[AlertField], before: Alert | None
) -> tuple[tuple[Action, ...], list[str]]:
    kept = {action.id: action for action in before.actions} if before else {}
    known = telling.known_fields(fields)
    gone = _fields_taken_away(before, fields)
    changed = [item for item in form.actions if not _is_as_it_was(item, kept)]
    actions, warnings = [], []
    for item in form.actions:
        where = stage_named(item.stage or "")
        if item not in changed:
            check_told(item.recipients, where)
            _check_still_known(connection, item, gone)
            actions.append(replace(kept[item.id], stage=where, level=level_of(item, where)))
            continue
        try:
            action, said = check_action(connection, item, known)
            level = level_of(item, where)
        except Refused as refused:
            numbered = f"{where}: {refused.message}" if len(changed) > 1 else refused.message
            raise Refused(numbered, refused.field) from None
        actions.append(replace(action, id=item.id, stage=where, level=level))
        warnings += [f"{where}: {warning}" for warning in said]
    return tuple(actions), warnings


def _is_as_it_was(item: StageAction, kept: dict[int, Action]) -> bool:
    """Whether an action is one of the alert's, unchanged but for its tab and place."""
    if not item.id:
        return False
    if item.id not in kept:
        raise Refused("an action of the alert was removed meanwhile: open the alert again")
    return replace(item, stage=None) == replace(stage_action_of(kept[item.id]), stage=None)


def _fields_taken_away(before: Alert | None, fields: Sequence[AlertField]) -> set[str]:
    present = {key_of(field.name) for field in fields}
    return {key_of(field.name) for field in before.fields} - present if before else set()


def _check_still_known(connection: sa.Connection, item: StageAction, gone: set[str]) -> None:
    users = {key_of(field.name) for field in custom_fields.listing(connection)} if gone else set()
    lost = [name for name in templates.fields_in(item.text) if key_of(name) in gone - users]
    if lost:
        raise Refused(
            f"Fields: the message of an action on {item.stage} uses"
            f" {mentioned([f'{{{name}}}' for name in lost])}: change the message first",
            "Fields",
        )
