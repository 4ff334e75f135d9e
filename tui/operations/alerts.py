"""Alerts: what an operator may do with them. Their actions one by one: `alert_actions`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from scheduling import alert_words, alerting, answer_changes, plan_position, withdrawal
from storage import actions as stored_actions
from storage import alerts as stored
from storage import holds, occurrences
from storage.alerts import Alert
from storage.database import Transaction
from storage.holds import Silence
from storage.records import ReviewEntry
from storage.vocabulary import Category, EntryKind, Level, Role, Stage
from tui.operations import plan_form
from tui.operations.action_form import same
from tui.operations.alert_form import AlertForm, StageAction, check, form_of
from tui.operations.alert_health import DutyGaps, broken
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.form_values import counted, minutes_of
from tui.operations.names import one_of

__all__ = [
    "AlertForm",
    "AlertView",
    "Saved",
    "StageAction",
    "add",
    "broken",
    "edit",
    "form_of",
    "listing",
    "named",
    "read",
    "remove",
    "set_enabled",
    "view",
]

LABELS: Mapping[str, str] = {
    "name": "Name",
    "priority": "Priority",
    "description": "Description",
    "enabled": "Enabled",
    "useful_life": "Useful life (mins)",
    "claim_lasts": "Claim lasts (mins)",
    "settle": "Settle (mins)",
}


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert as it is listed: with what is wrong with it, and how many occurrences are active."""

    alert: Alert
    problems: tuple[str, ...] = ()
    active: int = 0
    silence: Silence | None = None  # that holds now, of the whole alert before that of a key

    @property
    def broken(self) -> bool:
        """Whether it should be mended: an alert that is switched off is not needed."""
        return self.alert.enabled and bool(self.problems)


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved, sentences about what looks doubtful in it, and what else follows."""

    alert: Alert
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def named(connection: sa.Connection, text: str) -> Alert:
    """An alert by name or id. Raises `Refused` with the nearest name."""
    return one_of(
        text,
        "alert",
        lambda alert_id: stored.present(connection, alert_id),
        lambda name: stored.by_name(connection, name),
        lambda: [known.name for known in stored.listing(connection)],
    )


def listing(desk: Desk) -> list[AlertView]:
    """All alerts, the newest last."""
    with desk.database.read() as connection:
        active, gaps = occurrences.active_counts(connection), DutyGaps(connection, desk.now())
        silences = [one for one in holds.silences(connection) if one.holds_at(desk.now())]
        return [
            AlertView(
                alert,
                tuple(broken(connection, alert, gaps)),
                active.get(alert.id, 0),
                _silence(silences, alert),
            )
            for alert in stored.listing(connection)
        ]


def _silence(silences: Sequence[Silence], alert: Alert) -> Silence | None:
    mine = [one for one in silences if one.alert_id in (None, alert.id)]
    return max(mine, key=lambda one: (one.key is None, one.ends_at), default=None)


def view(desk: Desk, alert_id: int) -> AlertView:
    """One alert as it is listed."""
    with desk.database.read() as connection:
        alert = read(connection, alert_id)
        active = occurrences.active_counts(connection).get(alert_id, 0)
        return AlertView(alert, tuple(broken(connection, alert, DutyGaps(connection, desk.now()))), active)


def add(desk: Desk, form: AlertForm) -> Saved:
    """A new alert with its fields and actions."""
    form = replace(form, actions=tuple(replace(action, id=0) for action in form.actions))
    with desk.write(Role.ADMINISTRATOR, "adding an alert") as tx:
        checked = check(tx.connection, form)
        _name_is_free(tx.connection, checked.values["name"])
        alert_id = stored.add(tx, checked.values, desk.now())
        stored.set_fields(tx, alert_id, checked.fields)
        stored_actions.set_of_alert(tx, alert_id, checked.actions)
        made = read(tx.connection, alert_id)
        off = "" if made.enabled else ", disabled"
        say(tx, desk, made, f"{made.name} added: priority {made.priority}{off}")
        return Saved(made, checked.warnings)


def edit(desk: Desk, alert_id: int, revision: int, form: AlertForm) -> Saved:
    """Save an edited alert; `revision` is the one the editor opened on."""
    with desk.write(Role.ADMINISTRATOR, "editing an alert") as tx:
        before = read(tx.connection, alert_id)
        if before.revision != revision:
            raise Refused(
                f"{before.name} was changed by someone else meanwhile: open it again and repeat the change"
            )
        return save(tx, desk, before, form)


def save(tx: Transaction, desk: Desk, before: Alert, form: AlertForm) -> Saved:
    """Check the form and write it over the alert, in the caller's transaction."""
    checked = check(tx.connection, form, before)
    _name_is_free(tx.connection, checked.values["name"], before.id)
    stored.change(tx, before.id, checked.values, desk.now())
    if checked.fields != before.fields:
        stored.set_fields(tx, before.id, checked.fields)
    stored_actions.set_of_alert(tx, before.id, checked.actions)
    after = read(tx.connection, before.id)
    say(tx, desk, after, f"{before.name} {_changes(before, after)}")
    return Saved(after, checked.warnings, _open_ones(tx, desk, before, after))


def _open_ones(tx: Transaction, desk: Desk, before: Alert, after: Alert) -> tuple[str, ...]:
    """Let open occurrences go by a plan that was changed; what to say of that."""
    if (before.plan, before.plan_then) == (after.plan, after.plan_then):
        return ()
    number = answer_changes.plan_changed(tx, after, desk.now())
    if not number:
        return ()
    goes = "goes" if number == 1 else "go"
    return (f"{counted(number, 'open occurrence')} {goes} by this from now",)


def set_enabled(desk: Desk, alert_id: int, enabled: bool) -> Saved:
    """Enable or disable. Occurrences under way go on; a disabled alert starts no new one."""
    word = "enabled" if enabled else "disabled"
    with desk.write(Role.ADMINISTRATOR, f"an alert being {word}") as tx:
        found = read(tx.connection, alert_id)
        if found.enabled != enabled:
            stored.change(tx, alert_id, {"enabled": enabled}, desk.now())
            found = read(tx.connection, alert_id)
            say(tx, desk, found, f"{found.name} {word}{_plan_rests(tx, desk, found)}")
        if not enabled:
            return Saved(found)
        return Saved(found, tuple(broken(tx.connection, found, DutyGaps(tx.connection, desk.now()))))


def _plan_rests(tx: Transaction, desk: Desk, alert: Alert) -> str:
    """Let the plan of an alert rest that was disabled, or go on; what the review says of it."""
    if alert.enabled:
        number = answer_changes.go_on(tx, alert, desk.now())
        return f"; the answer plan of {counted(number, 'occurrence')} goes on" if number else ""
    number = answer_changes.rest(tx, alert, desk.now())
    return f"; the answer plan of {counted(number, 'open occurrence')} rests" if number else ""


def remove(desk: Desk, alert_id: int, *, although_active: bool = False) -> int:
    """Remove an alert; its history stays. Gives how many active occurrences were ended with it.

    Refused while occurrences are active unless `although_active`: then they are finalised and
    nothing is sent. Alerts that the program raises itself cannot be removed.
    """
    with desk.write(Role.ADMINISTRATOR, "removing an alert") as tx:
        found = read(tx.connection, alert_id)
        if found.system is not None:
            raise Refused(f"{found.name} is raised by the program itself: disable it instead")
        active = occurrences.active_of(tx, alert_id)
        if active and not although_active:
            raise Refused(
                f"{found.name} has {counted(len(active), 'active occurrence')}:"
                " finalise them first, or end them with it",
                hint="--force",
            )
        now = desk.now()
        for occurrence in active:
            stage = str(Stage.FINALISED)
            over = {**plan_position.NO_PLAN, **plan_position.NO_CLAIM}
            occurrences.change(tx, occurrence.id, stage=stage, changed_at=now, ended_at=now, **over)
            waited = withdrawal.withdraw(tx, occurrence.id, Stage.FINALISED, now)
            tx.review(
                now,
                *alert_words.withdrawn_entries(
                    found, occurrence, Stage.FINALISED, waited, operator=desk.operator
                ),
            )
            note = "the alert was removed"
            occurrences.add_event(tx, occurrence.id, stage, now, operator=desk.operator, note=note)
            alerting.answered(tx, occurrence, now)
        # Without its actions nothing hangs on handlers, groups and users any more.
        stored_actions.set_of_alert(tx, alert_id, [])
        stored.change(tx, alert_id, {"removed_at": now, "enabled": False}, now)
        also = f"; {counted(len(active), 'active occurrence')} finalised, nothing sent" if active else ""
        say(tx, desk, found, f"{found.name} removed{also}")
        return len(active)


def read(connection: sa.Connection, alert_id: int) -> Alert:
    """The alert, or `Refused` when it is not there any more."""
    found = stored.present(connection, alert_id)
    if found is None:
        raise Refused("the alert was removed meanwhile: choose another")
    return found


def say(tx: Transaction, desk: Desk, alert: Alert, text: str, level: Level = Level.INFO) -> None:
    """A review entry about an alert, naming the operator."""
    tx.review(
        desk.now(),
        ReviewEntry(
            Category.ALERT,
            text,
            level,
            operator=desk.operator,
            alert_id=alert.id,
            alert=alert.name,
            kind=EntryKind.CHANGE,
        ),
    )


def _name_is_free(connection: sa.Connection, name: str, own_id: int | None = None) -> None:
    other = stored.by_name(connection, name)
    if other is not None and other.id != own_id:
        raise Refused(f'Name: there is an alert named "{other.name}" already: choose another name', "Name")


def _changes(before: Alert, after: Alert) -> str:
    """What an edit changed, field by field and tab by tab."""
    found = [
        f"{label} {_shown(getattr(before, name))} → {_shown(getattr(after, name))}"
        for name, label in LABELS.items()
        if getattr(before, name) != getattr(after, name)
    ]
    if (before.plan, before.plan_then) != (after.plan, after.plan_then):
        found.append(f"Answer plan now {plan_form.in_words(after.plan, after.plan_then)}")
    if before.fields != after.fields:
        found.append(f"Fields now {', '.join(field.name for field in after.fields) or 'none'}")
    for stage in Stage:
        old = [action for action in before.actions if action.stage == stage]
        new = [action for action in after.actions if action.stage == stage]
        alike = len(old) == len(new) and all(same(one, other) for one, other in zip(old, new, strict=True))
        if not alike:
            found.append(f"{stage} tab, now {counted(len(new), 'action')}")
    return f"changed: {', '.join(found)}" if found else "saved without a change"


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if hasattr(value, "total_seconds"):
        return f"{minutes_of(value):g}"
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:59]}…"
