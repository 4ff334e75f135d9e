"""Scheduled tasks: what an operator may do with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduling import firing, misfire
from scheduling.firing import Fired
from scheduling.schedules import schedule_of
from scheduling.zones import zone_named
from storage import actions as stored_actions
from storage import rosters
from storage import tasks as stored
from storage.database import Transaction
from storage.records import ReviewEntry, Task, TaskRun
from storage.vocabulary import Category, EntryKind, Level, Role, RunKind
from tui.operations.action_form import same
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.form_values import minutes_of
from tui.operations.task_form import TaskForm, check, form_of

__all__ = [
    "Saved",
    "TaskForm",
    "add",
    "edit",
    "form_of",
    "history",
    "listing",
    "remove",
    "run_now",
    "set_enabled",
]

# Changing one of these makes the next due time be found anew; other edits leave it, even overdue.
TIMING = ("cron", "roster_id", "zone", "enabled", "starts_at", "ends_at", "once_at")
LABELS: Mapping[str, str] = {
    "name": "Name",
    "cron": "Cron",
    "roster_id": "At hand-over of roster",
    "zone": "Zone",
    "enabled": "Enabled",
    "starts_at": "Start",
    "ends_at": "End",
    "once_at": "Once at",
    "when_missed": "When missed",
    "grace": "Grace (mins)",
    "most_catch_up": "Most to catch up",
    "useful_life": "Useful life (mins)",
    "notes": "Notes",
}


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved, and sentences about what looks doubtful in it."""

    task: Task
    warnings: tuple[str, ...] = ()


def listing(desk: Desk) -> list[Task]:
    """All tasks, the newest last."""
    with desk.database.read() as connection:
        return stored.listing(connection)


def history(desk: Desk, task_id: int, limit: int = 20) -> list[TaskRun]:
    """What became of its newest due times, the newest last."""
    with desk.database.read() as connection:
        return stored.runs(connection, task_id, None, limit)[::-1]


def add(desk: Desk, form: TaskForm) -> Saved:
    """A new task with its actions and its next due time."""
    with desk.write(Role.ADMINISTRATOR, "adding a task") as tx:
        checked = check(tx.connection, form)
        _name_is_free(tx.connection, checked.values["name"])
        now = desk.now()
        task_id = stored.add(tx, checked.values, now)
        stored_actions.set_of_task(tx, task_id, checked.actions)
        made = _with_next_due(tx, task_id, now)
        when = made.cron or (_roster_words(tx.connection, made) if made.roster_id else "once")
        _note_on_task(tx, desk, made, f"{made.name} added: {when}, {made.zone}{_next_words(made)}")
        return Saved(made, (*checked.warnings, *_never(made)))


def edit(desk: Desk, task_id: int, revision: int, form: TaskForm) -> Saved:
    """Save an edited task; `revision` is the one the editor opened on."""
    with desk.write(Role.ADMINISTRATOR, "editing a task") as tx:
        before = read(tx.connection, task_id)
        if before.revision != revision:
            raise Refused(
                f"{before.name} was changed by someone else meanwhile: open it again and repeat the change"
            )
        checked = check(tx.connection, form)
        _name_is_free(tx.connection, checked.values["name"], task_id)
        now = desk.now()
        stored.change(tx, task_id, {**checked.values, "problem": None}, now)
        stored_actions.set_of_task(tx, task_id, checked.actions)
        after = read(tx.connection, task_id)
        if any(getattr(before, name) != getattr(after, name) for name in TIMING) or before.problem:
            after = _with_next_due(tx, task_id, now)
        _note_on_task(tx, desk, after, f"{before.name} {_changes(before, after)}")
        return Saved(after, (*checked.warnings, *_never(after)))


def set_enabled(desk: Desk, task_id: int, enabled: bool) -> Task:
    """Enable or disable. What came due while it was disabled is not made up for."""
    word = "enabled" if enabled else "disabled"
    with desk.write(Role.ADMINISTRATOR, f"a task being {word}") as tx:
        found = read(tx.connection, task_id)
        if found.enabled == enabled:
            return found
        now = desk.now()
        stored.change(tx, task_id, {"enabled": enabled, "problem": None}, now)
        after = _with_next_due(tx, task_id, now)
        _note_on_task(tx, desk, after, f"{after.name} {word}{_next_words(after)}")
        return after


def run_now(desk: Desk, task_id: int) -> Fired:
    """Queue the task's messages now, whether or not it is enabled. Its schedule stays as it is."""
    with desk.write(Role.OPERATOR, "running a task") as tx:
        found = read(tx.connection, task_id)
        now = desk.now()
        fired = firing.fire(tx, found, RunKind.MANUAL, now, now, operator=desk.operator)
        if not fired.message_ids and not fired.held:
            why = "; ".join([*fired.problems, *(str(person) for person in fired.left_out[:3])])
            raise Refused(f"{found.name} queued nothing: {why or 'all its actions are disabled'}")
        stored.advance(tx, task_id, last_run_at=now)
        return fired


def remove(desk: Desk, task_id: int) -> Task:
    """Remove a task. Its history stays; what it has queued is still sent."""
    with desk.write(Role.ADMINISTRATOR, "removing a task") as tx:
        found = read(tx.connection, task_id)
        now = desk.now()
        stored.change(tx, task_id, {"removed_at": now, "enabled": False, "next_due_at": None}, now)
        _note_on_task(tx, desk, found, f"{found.name} removed")
        return found


def read(connection: sa.Connection, task_id: int) -> Task:
    """The task, or `Refused` when it is not there any more."""
    found = next(iter(stored.present(connection, task_id)), None)
    if found is None:
        raise Refused("the scheduled task was removed meanwhile: choose another")
    return found


def _name_is_free(connection: sa.Connection, name: str, own_id: int | None = None) -> None:
    other = stored.by_name(connection, name)
    if other is not None and other.id != own_id:
        raise Refused(f'Name: there is a task named "{other.name}" already: choose another name', "Name")


def _with_next_due(tx: Transaction, task_id: int, now: datetime) -> Task:
    """Find the next due time anew and keep it."""
    stored.advance(tx, task_id, next_due_at=_next_due(tx, read(tx.connection, task_id), now))
    return read(tx.connection, task_id)


def hand_over_roster(connection: sa.Connection, task: Task) -> str:
    """The name of the roster at whose hand-overs a task fires."""
    roster = rosters.get(connection, task.roster_id or 0)
    return roster.name if roster is not None else "a roster that was removed"


def _roster_words(connection: sa.Connection, task: Task) -> str:
    return f"at hand-over of {hand_over_roster(connection, task)}"


def _next_due(tx: Transaction, task: Task, now: datetime) -> datetime | None:
    """The next due time of a task as it is kept; None when it is disabled or has none to come."""
    if not task.enabled:
        return None
    if not task.cron and task.roster_id is None:
        if task.once_at is None or task.once_at <= now:
            raise Refused("Once at lies in the past: give a time to come, or run the task now", "Once at")
        return task.once_at
    try:
        schedule = schedule_of(tx, task)
        return misfire.next_due(task, schedule, now) if schedule is not None else None
    except ValueError as error:
        raise Refused(f"Cron: {str(error).rstrip('.')}", "Cron") from None


def _never(task: Task) -> list[str]:
    if not task.enabled:
        return ["the task is disabled: it does not fire"]
    if task.roster_id is not None and task.next_due_at is None:
        return ["no hand-over of its roster comes within a year: it waits for one"]
    return [] if task.next_due_at else ["it will not fire any more: its end lies before its next due time"]


def _next_words(task: Task) -> str:
    if task.next_due_at is None:
        return ""
    local = task.next_due_at.astimezone(zone_named(task.zone))
    return f"; next {local:%a %d %b %Y %H:%M} {task.zone}"


def _changes(before: Task, after: Task) -> str:
    found = [
        f"{label} {_shown(getattr(before, name))} → {_shown(getattr(after, name))}"
        for name, label in LABELS.items()
        if getattr(before, name) != getattr(after, name)
    ]
    alike = len(before.actions) == len(after.actions) and all(
        same(one, other) for one, other in zip(before.actions, after.actions, strict=True)
    )
    if not alike:
        found.append(f"{len(after.actions)} actions" if len(after.actions) != 1 else "the action")
    return f"changed: {', '.join(found)}{_next_words(after)}" if found else "saved without a change"


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if hasattr(value, "total_seconds"):
        return f"{minutes_of(value):g}"
    text = str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _note_on_task(tx: Transaction, desk: Desk, task: Task, text: str, level: Level = Level.INFO) -> None:
    tx.review(
        desk.now(),
        ReviewEntry(
            Category.TASK,
            text,
            level,
            operator=desk.operator,
            task_id=task.id,
            task=task.name,
            kind=EntryKind.CHANGE,
        ),
    )
