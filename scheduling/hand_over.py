"""Tasks at the hand-overs of a roster: due anew whenever the roster changes."""

from datetime import datetime, timedelta

from scheduling import misfire
from scheduling.on_duty import HandOvers
from storage import tasks
from storage.database import Transaction
from storage.roster_records import Roster

_JUST_BEFORE = timedelta(microseconds=1)


def plan(tx: Transaction, roster: Roster, now: datetime) -> None:
    """Set when the tasks of this roster are due next; a hand-over at this very moment counts.

    One that is due already stays due. `roster` has all its covers.
    """
    schedule = HandOvers(roster)
    for task in tasks.at_hand_over(tx, roster.id):
        found: dict[str, object] = {"zone": roster.zone}
        if task.enabled and (task.next_due_at is None or task.next_due_at > now):
            found["next_due_at"] = misfire.next_due(task, schedule, now - _JUST_BEFORE)
        tasks.advance(tx, task.id, **found)
