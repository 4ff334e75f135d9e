"""Alerts that send to one number, and what was raised of them."""

from typing import Any

from storage.alerts import AlertField
from storage.occurrences import Occurrence
from storage.records import Message
from storage.vocabulary import Stage
from tests.operations.arrange import JOE, make_handler, to
from tests.tui.sections.people import rows_are
from tests.tui.support import settle
from tui.operations import alerts, occurrences
from tui.operations.alert_form import AlertForm, StageAction
from tui.operations.desk import Desk
from tui.sections.occurrences import OccurrencesSection


def fire(
    desk: Desk, *stages: Stage, name: str = "Fire", text: str = "{Stage} {Zone} {Note}", **form: Any
) -> int:
    """An alert that sends to one number at these stages."""
    handler = make_handler(desk, f"Sender of {name}")
    actions = tuple(
        StageAction(handler_id=handler, recipients=tuple(to(JOE)), text=text, stage=str(stage))
        for stage in stages
    )
    form = {"fields": (AlertField("Zone"), AlertField("Level", "high")), **form}
    return alerts.add(desk, AlertForm(name=name, actions=actions, **form)).alert.id


def occurrence(desk: Desk, occurrence_id: int) -> Occurrence:
    return occurrences.show(desk, occurrence_id).view.occurrence


def sent(desk: Desk, occurrence_id: int) -> list[Message]:
    return [item.message for item in occurrences.show(desk, occurrence_id).messages]


def raised(desk: Desk, alert_id: int, key: str | None = None) -> int:
    return occurrences.raise_alert(desk, alert_id, key=key, given={"Zone": "North"}).occurrence.id


async def at_occurrences(pilot: Any, count: int) -> OccurrencesSection:
    await settle(pilot, lambda: isinstance(pilot.app._main.current, OccurrencesSection))
    section = await rows_are(pilot, count)
    assert isinstance(section, OccurrencesSection)
    return section
