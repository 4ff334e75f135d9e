"""The actions on an alert's stage tabs, one by one: add, change, put in order, copy, remove."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from storage import actions as stored_actions
from storage.alerts import Alert
from storage.records import Action
from storage.vocabulary import Role, Stage
from tui.operations.alert_form import AlertForm, StageAction, form_of
from tui.operations.alerts import Saved, read, save
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.form_values import whole_number

Change = Callable[[StageAction], StageAction]


@dataclass(frozen=True, slots=True)
class Found:
    """An action and the alert it belongs to. `place` counts from 1 on its tab."""

    alert: Alert
    action: Action

    @property
    def place(self) -> int:
        return self.action.position + 1


def find(desk: Desk, action_id: int) -> Found:
    """An action by its id, or `Refused` when no alert has it."""
    with desk.database.read() as connection:
        alert = _owner(connection, action_id)
        return Found(alert, _action(alert, action_id))


def add(desk: Desk, alert_id: int, action: StageAction, *, revision: int | None = None) -> Saved:
    """Add an action at the end of its stage's tab."""
    with desk.write(Role.ADMINISTRATOR, "editing an alert") as tx:
        before = _unmoved(read(tx.connection, alert_id), revision)
        form = form_of(before)
        return save(tx, desk, before, replace(form, actions=(*form.actions, replace(action, id=0))))


def edit(desk: Desk, action_id: int, change: Change, *, revision: int | None = None) -> Saved:
    """Change one action: `change` is given the action as it is and gives it as it shall be."""

    def changed(form: AlertForm) -> AlertForm:
        actions = [
            replace(change(item), id=action_id) if item.id == action_id else item for item in form.actions
        ]
        return replace(form, actions=tuple(actions))

    return _save(desk, action_id, changed, revision)


def move(desk: Desk, action_id: int, place: int | str, *, revision: int | None = None) -> Saved:
    """Put an action at a place of its tab, counted from 1."""

    def moved(form: AlertForm) -> AlertForm:
        mine = next(item for item in form.actions if item.id == action_id)
        tab = [item for item in form.actions if item.stage == mine.stage and item.id != action_id]
        number = whole_number(place, "Place", 1, len(tab) + 1)
        tab.insert(number - 1, mine)
        others = [item for item in form.actions if item.stage != mine.stage]
        return replace(form, actions=(*others, *tab))

    return _save(desk, action_id, moved, revision)


def copy(desk: Desk, action_id: int, stages: Sequence[Stage], *, revision: int | None = None) -> Saved:
    """Copy an action to the end of other tabs."""

    def copied(form: AlertForm) -> AlertForm:
        mine = next(item for item in form.actions if item.id == action_id)
        if not stages:
            raise Refused("Stage is missing: name the tabs to copy the action to", "Stage")
        if mine.stage in stages:
            raise Refused(f"Stage {mine.stage} is where the action is: name another tab", "Stage")
        copies = [replace(mine, id=0, stage=str(stage), level=None) for stage in dict.fromkeys(stages)]
        return replace(form, actions=(*form.actions, *copies))

    return _save(desk, action_id, copied, revision)


def remove(desk: Desk, action_id: int, *, revision: int | None = None) -> Saved:
    """Take an action off its tab."""

    def without(form: AlertForm) -> AlertForm:
        return replace(form, actions=tuple(item for item in form.actions if item.id != action_id))

    return _save(desk, action_id, without, revision)


def _save(
    desk: Desk, action_id: int, change: Callable[[AlertForm], AlertForm], revision: int | None
) -> Saved:
    with desk.write(Role.ADMINISTRATOR, "editing an alert") as tx:
        before = _unmoved(_owner(tx.connection, action_id), revision)
        return save(tx, desk, before, change(form_of(before)))


def _owner(connection: sa.Connection, action_id: int) -> Alert:
    alert_id = stored_actions.alert_of(connection, action_id)
    if alert_id is None:
        raise Refused(
            f"no alert has an action with the id {action_id}", hint="see commsdesk alert action list"
        )
    return read(connection, alert_id)


def _action(alert: Alert, action_id: int) -> Action:
    return next(action for action in alert.actions if action.id == action_id)


def _unmoved(alert: Alert, revision: int | None) -> Alert:
    if revision is not None and alert.revision != revision:
        raise Refused(
            f"{alert.name} was changed by someone else meanwhile: open it again and repeat the change"
        )
    return alert
