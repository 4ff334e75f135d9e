"""The due times of a task, whatever it goes by: a cron expression, or the hand-overs of a roster."""

from datetime import datetime

import sqlalchemy as sa

from scheduling import cron, misfire
from scheduling.misfire import DueTimes
from scheduling.on_duty import HandOvers
from storage import rosters
from storage.database import Transaction
from storage.records import Task


class NoSchedule(ValueError):
    """What a task goes by is not there any more; the message is one sentence."""


def schedule_of(connection: sa.Connection | Transaction, task: Task) -> DueTimes | None:
    """When it fires; None for a task that runs once. Raises `ValueError` where that cannot be said."""
    if task.roster_id is not None:
        roster = rosters.get(connection, task.roster_id)
        if roster is None:
            raise NoSchedule("its roster was removed: choose another schedule")
        return HandOvers(roster)
    return cron.parse(task.cron, task.zone) if task.cron else None


def next_if_possible(connection: sa.Connection | Transaction, task: Task, now: datetime) -> datetime | None:
    """When it is due next; None where nothing follows, or where that cannot be said."""
    try:
        schedule = schedule_of(connection, task)
        return misfire.next_due(task, schedule, now) if schedule is not None else None
    except ValueError:
        return None
