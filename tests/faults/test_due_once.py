"""A due time that is written down already is not fired again, whoever comes with it."""

from pathlib import Path

from scheduling import firing
from storage import actions as stored_actions
from storage import tasks
from storage.database import Database
from storage.records import Action, Recipient
from tests.engine import support
from tests.processes.support import CLOCK


def add_due_once(database: Database, handler: int) -> int:
    """A task that is due now, and never again."""
    now = CLOCK.now()
    values = {
        "name": "Once",
        "cron": "",
        "zone": "UTC",
        "enabled": True,
        "when_missed": "latest",
        "grace": firing.DEFAULT_GRACE,
        "most_catch_up": firing.DEFAULT_MOST_CATCH_UP,
        "next_due_at": now,
    }
    with database.write() as tx:
        made = tasks.add(tx, values, now)
        to = (Recipient(number="+447700900123"),)
        stored_actions.set_of_task(tx, made, [Action(0, handler, "", "Check pump 7", to)])
    return made


def test_the_same_due_time_queues_its_messages_once(tmp_path: Path) -> None:
    database = support.make_site(tmp_path)
    made = add_due_once(database, support.add_handler(database, CLOCK))
    now = CLOCK.now()
    fired = []
    for kind in ("scheduled", "scheduled", "catch-up"):
        with database.write() as tx:
            task = tasks.get(tx, made)
            assert task is not None
            fired.append(len(firing.fire(tx, task, kind, now, now).message_ids))
    assert fired == [1, 0, 0]
    assert sum(support.states(database).values()) == 1
    database.close()
