"""Alerts on a site that the engine runs on, and a sender for each handler."""

from typing import Any

import pytest

from scheduling import alerting
from storage import actions as stored_actions
from storage import alerts, handlers, occurrences
from storage.alerts import Alert, AlertField
from storage.database import Database
from storage.occurrences import Occurrence
from storage.records import Action, Message, Recipient
from tests.engine.support import ScriptedSender, message
from tests.virtual_time import VirtualClock

STAGES = alerts.STAGES


def add_alert(
    database: Database,
    clock: VirtualClock,
    handler: int,
    text: str = "{Stage} {Alert} {Zone}",
    *,
    stages: tuple[str, ...] = STAGES,
    **values: Any,
) -> int:
    """An alert that sends one message at each stage."""
    row: dict[str, Any] = {"name": "Fire", "priority": 3, "description": "", "enabled": True, **values}
    with database.write() as tx:
        made = alerts.add(tx, row, clock.now())
        alerts.set_fields(tx, made, [AlertField("Zone")])
        _set_actions(tx, made, handler, text, stages)
    return made


def switch_on(
    database: Database, clock: VirtualClock, system: str, handler: int, text: str = "{Stage} {Alert} {Key}"
) -> int:
    """Enable one of the program's own alerts, sending through this handler on Created and Restored."""
    with database.write() as tx:
        (alert,) = alerts.for_system(tx, system)
        alerts.change(tx, alert.id, {"enabled": True}, clock.now())
        _set_actions(tx, alert.id, handler, text, ("Created", "Restored"))
    return alert.id


def _set_actions(tx: Any, alert_id: int, handler: int, text: str, stages: tuple[str, ...]) -> None:
    to = (Recipient(number="+447700900999"),)
    stored_actions.set_of_alert(
        tx, alert_id, [Action(0, handler, "", text, to, stage=stage) for stage in stages]
    )


def get(database: Database, alert_id: int) -> Alert:
    with database.read() as connection:
        found = alerts.get(connection, alert_id)
    assert found is not None
    return found


def raise_now(database: Database, clock: VirtualClock, alert_id: int, key: str | None = None) -> int:
    with database.write() as tx:
        found = alerts.get(tx, alert_id)
        assert found is not None
        return alerting.raise_alert(tx, found, key, {"Zone": "North"}, clock.now()).occurrence_id


def occurrences_of(database: Database, alert_id: int) -> list[Occurrence]:
    """The oldest first."""
    with database.read() as connection:
        return occurrences.newest(connection, None, None, alert_id=alert_id)[::-1]


def events(database: Database, occurrence_id: int) -> list[str]:
    with database.read() as connection:
        return [event.what for event in occurrences.events_of(connection, occurrence_id)]


def sent(database: Database, occurrence_id: int) -> list[Message]:
    with database.read() as connection:
        found = occurrences.message_ids(connection, occurrence_id)
    return [message(database, message_id) for _, message_id in found]


def change_handler(database: Database, clock: VirtualClock, handler: int, **values: Any) -> None:
    with database.write() as tx:
        handlers.change(tx, handler, values, clock.now())


def use_senders(monkeypatch: pytest.MonkeyPatch, senders: dict[str, ScriptedSender]) -> None:
    """Handlers by name, each with a sender of its own."""
    monkeypatch.setattr("scheduling.sender_pool.make_sender", lambda config, clock: senders[config.name])
