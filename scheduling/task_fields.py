"""What stands in a task's messages besides the fields of users: its name, who is on duty, what is open."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa

from scheduling import duty, on_duty, templates
from storage import attention, audience, rosters
from storage.database import Transaction
from storage.names import key_of
from storage.records import Action, Task
from storage.roster_records import Roster

TASK = "Task"
ON_DUTY, OFF_DUTY, DUTY_UNTIL = "On Duty", "Off Duty", "Duty Until"
OPEN_ALERTS, UNANSWERED = "Open Alerts", "Unanswered"
FIELDS = (TASK, ON_DUTY, OFF_DUTY, DUTY_UNTIL, OPEN_ALERTS, UNANSWERED)

_JUST_BEFORE = timedelta(microseconds=1)


def values_of(connection: sa.Connection | Transaction, task: Task, now: datetime) -> dict[str, str]:
    """The values at a moment; of those that are not in its texts only the task's name."""
    found = {TASK: task.name}
    used = {key_of(name) for action in task.actions for name in templates.fields_in(action.text)}
    if used & {key_of(name) for name in (OPEN_ALERTS, UNANSWERED)}:
        asking = attention.read(connection, now)
        found |= {OPEN_ALERTS: str(asking.open), UNANSWERED: str(asking.unanswered)}
    if used & {key_of(name) for name in (ON_DUTY, OFF_DUTY, DUTY_UNTIL)}:
        found |= _duty(connection, task, now)
    return found


def _duty(connection: sa.Connection | Transaction, task: Task, now: datetime) -> dict[str, str]:
    """By the roster at whose hand-overs it fires, else the first by which it sends; none: no values."""
    roster_id = task.roster_id or _first_roster(task.actions)
    roster = rosters.get(connection, roster_id) if roster_id is not None else None
    if roster is None:
        return {}
    roster = duty.with_reach(connection, roster, audience.telephone_field(connection, None))
    shift = on_duty.on_duty(roster, now)
    before = on_duty.on_duty(roster, shift.start - _JUST_BEFORE) if shift.start is not None else None
    until = shift.end.astimezone(on_duty.in_zone(roster)) if shift.end is not None else None
    return {
        ON_DUTY: _names(roster, shift.people),
        OFF_DUTY: _names(roster, before.people) if before is not None else "",
        DUTY_UNTIL: f"{until:%a %d %b %H:%M}" if until else "",
    }


def _first_roster(actions: Iterable[Action]) -> int | None:
    named = (recipient.roster_id for action in actions for recipient in action.recipients)
    return next((roster_id for roster_id in named if roster_id is not None), None)


def _names(roster: Roster, people: Iterable[int]) -> str:
    return ", ".join(roster.names.get(user_id, "") for user_id in people)
