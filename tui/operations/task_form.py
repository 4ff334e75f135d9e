"""What the task editor's fields hold, their presets, and how they are checked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from scheduling import cron
from scheduling.firing import DEFAULT_GRACE, DEFAULT_MOST_CATCH_UP
from scheduling.task_fields import FIELDS
from storage import rosters
from storage.records import Action, Task
from storage.vocabulary import WhenMissed
from tui.operations.action_form import ActionForm, check_action
from tui.operations.action_form import form_of as action_form_of
from tui.operations.errors import Refused
from tui.operations.form_values import MOST_MINUTES, whole_number
from tui.operations.moments import check_zone
from tui.operations.names import check_name, check_text

MOST_CATCH_UP = 1000
LONGEST_NOTES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskForm:
    """The editor's fields with their presets. Times are aware.

    `cron` is empty for a task that runs once, at `once_at`, or at each hand-over of a roster.
    """

    name: str
    zone: str
    actions: tuple[ActionForm, ...]
    cron: str = ""
    once_at: datetime | None = None
    roster_id: int | None = None
    enabled: bool = True
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    when_missed: WhenMissed = WhenMissed.LATEST
    grace: timedelta = DEFAULT_GRACE
    most_catch_up: int = DEFAULT_MOST_CATCH_UP
    useful_life: timedelta | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True)
class CheckedTask:
    """The columns and actions to write, the schedule (None for once), and warnings."""

    values: dict[str, Any]
    actions: tuple[Action, ...]
    schedule: cron.Schedule | None
    warnings: tuple[str, ...]


def form_of(task: Task) -> TaskForm:
    """The form as it opens on a task."""
    return TaskForm(
        name=task.name,
        zone=task.zone,
        actions=tuple(action_form_of(action) for action in task.actions),
        cron=task.cron,
        once_at=task.once_at,
        roster_id=task.roster_id,
        enabled=task.enabled,
        starts_at=task.starts_at,
        ends_at=task.ends_at,
        when_missed=task.when_missed,
        grace=task.grace,
        most_catch_up=task.most_catch_up,
        useful_life=task.useful_life,
        notes=task.notes,
    )


def check(connection: sa.Connection, form: TaskForm) -> CheckedTask:
    """Raises `Refused` for the first field that cannot be saved."""
    name = check_name(form.name, "scheduled task")
    schedule, warnings = _schedule(form)
    zone = _zone(connection, form)
    _check_window(form)
    _check_lengths(form)
    if not form.actions:
        raise Refused("the task has no action: add one with a sender, recipients and a message", "Actions")
    actions = []
    for place, action_form in enumerate(form.actions, start=1):
        action, said = check_action(connection, action_form, FIELDS)
        actions.append(action)
        numbered = f"action {place}: " if len(form.actions) > 1 else ""
        warnings += [f"{numbered}{warning}" for warning in said]
    values = {
        "name": name,
        "cron": schedule.expression if schedule else "",
        "zone": schedule.zone if schedule else zone,
        "roster_id": form.roster_id,
        "enabled": form.enabled,
        "starts_at": form.starts_at,
        "ends_at": form.ends_at,
        "once_at": form.once_at,
        "when_missed": str(form.when_missed),
        "grace": form.grace,
        "most_catch_up": whole_number(form.most_catch_up, "Most to catch up", 1, MOST_CATCH_UP),
        "useful_life": form.useful_life,
        "notes": check_text(form.notes, "Notes"),
    }
    return CheckedTask(values, tuple(actions), schedule, tuple(warnings))


def _zone(connection: sa.Connection, form: TaskForm) -> str:
    """A task at hand-overs goes by the zone of its roster."""
    if form.roster_id is None:
        return check_zone(form.zone)
    roster = rosters.get(connection, form.roster_id)
    if roster is None:
        raise Refused("the roster was removed meanwhile: choose another", "Roster")
    return roster.zone


def _schedule(form: TaskForm) -> tuple[cron.Schedule | None, list[str]]:
    if form.roster_id is not None:
        if form.cron.strip() or form.once_at is not None:
            raise Refused("a task runs at hand-overs or at times of its own: give one of them", "Cron")
        return None, []
    if form.once_at is not None:
        if form.cron.strip():
            raise Refused("a task runs either at one time or by a cron expression: give one of them", "Cron")
        return None, []
    if not form.cron.strip():
        raise Refused('Cron is empty: write when it fires, e.g. "0 9 * * 1-5", or give one time', "Cron")
    check_zone(form.zone)
    try:
        schedule = cron.parse(form.cron, form.zone)
    except cron.CronError as error:
        raise Refused(f"Cron: {str(error).rstrip('.')}", "Cron") from None
    warnings = [warning.rstrip(".") for warning in schedule.warnings]
    if cron.fires_often(schedule):
        warnings.append(f"{schedule.expression} fires more than once in five minutes")
    return schedule, warnings


def _check_window(form: TaskForm) -> None:
    if form.starts_at and form.ends_at and form.ends_at <= form.starts_at:
        raise Refused("End lies before Start: the task would never fire", "End")
    if form.once_at is None:
        return
    if (form.starts_at and form.once_at < form.starts_at) or (form.ends_at and form.once_at > form.ends_at):
        raise Refused("Once at lies outside Start and End: the task would never fire", "Once at")


def _check_lengths(form: TaskForm) -> None:
    longest = timedelta(minutes=MOST_MINUTES)
    if not timedelta(0) <= form.grace <= longest:
        raise Refused(f"Grace (mins) must be 0 to {MOST_MINUTES:,} minutes", "Grace (mins)")
    if form.useful_life is not None and not timedelta(0) < form.useful_life <= longest:
        raise Refused(f"Useful life (mins) must be 1 to {MOST_MINUTES:,} minutes", "Useful life (mins)")
    if len(form.notes) > LONGEST_NOTES:
        raise Refused(f"Notes must be {LONGEST_NOTES:,} characters or fewer", "Notes")
