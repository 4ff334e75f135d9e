"""A site with people at it, and a task that sends to them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from storage import actions as stored_actions
from storage import handlers, tasks
from storage.database import Database
from storage.records import Action, Recipient
from tests.handler_values import handler_row

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def add_handler(database: Database, name: str = "Clickatell", **values: Any) -> int:
    with database.write() as tx:
        return handlers.add(tx, handler_row(name, **values), NOON)


def add_task(
    database: Database, name: str, recipients: Sequence[Recipient], text: str = "Shift begins"
) -> int:
    """A scheduled task with one action, sent by a handler that is made for it."""
    handler_id = add_handler(database, f"Sender of {name}")
    row = {
        "name": name,
        "cron": "0 14 * * *",
        "zone": "UTC",
        "enabled": True,
        "when_missed": "latest",
        "grace": 15 * MINUTE,
        "most_catch_up": 10,
    }
    with database.write() as tx:
        task_id = tasks.add(tx, row, NOON)
        stored_actions.set_of_task(tx, task_id, [Action(0, handler_id, "", text, tuple(recipients))])
    return task_id
