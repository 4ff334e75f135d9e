"""An alert with an answer plan on a site that the engine runs on: OPEN to Joe, then Night, then Manager."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduling import answer_changes
from scheduling.gateways.outcome import Outcome, OutgoingMessage
from storage import actions as stored_actions
from storage import alerts, occurrences, users
from storage.alerts import Alert, PlanStep, plan_column
from storage.occurrences import Occurrence
from storage.records import TOLD, Action, Recipient
from storage.vocabulary import Stage
from tests.engine import alerts as at
from tests.engine.support import ACCEPTED, review_of, scripted_site
from tests.virtual_time import VirtualClock
from tui.operations import occurrences as operations
from tui.operations import plan_form
from tui.operations.desk import Desk

THREE = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
JOE, NIGHT, MANAGER = "+447700900101", "+447700900102", "+447700900103"
PLAN = ("5m repeat x2", "5m escalate", "10m escalate")
Answer = Callable[[OutgoingMessage, int], Outcome]


def stamp(at: datetime) -> str:
    """A moment to the nearest second."""
    return f"{at + timedelta(seconds=0.5):%H:%M:%S}"


class Alarm:
    """The site, its clock, and what was sent: times count from three o'clock."""

    def __init__(
        self,
        folder: Path,
        clock: VirtualClock,
        monkeypatch: pytest.MonkeyPatch,
        answer: Answer = lambda message, n: ACCEPTED,
        *,
        plan: tuple[str, ...] = PLAN,
        levels: tuple[str, ...] = (NIGHT, MANAGER),
        created: str | None = JOE,
        text: str = "OPEN {Count} {Times Told}",
        handler: dict[str, Any] | None = None,
        **values: Any,
    ) -> None:
        self.clock = clock
        self.database, self.handler, self.sender = scripted_site(
            folder, clock, monkeypatch, answer, **(handler or {})
        )
        steps: tuple[PlanStep, ...] = plan_form.steps_of(plan) if plan else ()
        row = {"name": "Fire", "priority": 1, "description": "", "enabled": True}
        row |= {"plan": plan_column(steps), **values}
        tabs = [self.action(Stage.CREATED, created, text)] if created else []
        tabs += [
            self.action(Stage.ESCALATED, to, f"LEVEL {n}", level=n) for n, to in enumerate(levels, start=1)
        ]
        tabs += [self.action(stage, None, str(stage)) for stage in (Stage.CLAIMED, Stage.RESTORED)]
        with self.database.write() as tx:
            self.alert = alerts.add(tx, row, clock.now())
            stored_actions.set_of_alert(tx, self.alert, tabs)

    def action(self, stage: Stage, to: str | None, text: str, level: int | None = None) -> Action:
        people = (Recipient(number=to),) if to else (TOLD,)
        return Action(0, self.handler, "", text, people, stage=stage, level=level)

    def desk(self, operator: str = "ana") -> Desk:
        return Desk(self.database, operator, now=self.clock.now)

    async def until(self, minutes: float) -> None:
        """Let time pass until so many minutes after three."""
        await self.clock.sleep((THREE + timedelta(minutes=minutes) - self.clock.now()).total_seconds())

    def raise_it(self, key: str | None = None) -> int:
        return operations.raise_alert(self.desk(), self.alert, key=key).occurrence.id

    def step(self, number: int, stage: Stage, operator: str = "ana", **more: Any) -> operations.Stepped:
        return operations.step(self.desk(operator), number, stage, **more)

    def disabled_user(self, name: str) -> Recipient:
        """A new user who is disabled."""
        with self.database.write() as tx:
            made = users.add(tx, name, "", False, self.clock.now())
        return Recipient(user_id=made, name=name)

    def set_level(self, level: int, *people: Recipient) -> None:
        """Give a level of the Escalated tab to these people."""
        actions = [
            replace(each, recipients=people) if each.level == level else each for each in self.kept.actions
        ]
        with self.database.write() as tx:
            stored_actions.set_of_alert(tx, self.alert, actions)

    def change(self, **values: Any) -> int:
        """Change the alert's columns as an edit does; how many open occurrences go by it."""
        with self.database.write() as tx:
            alerts.change(tx, self.alert, values, self.clock.now())
            found = alerts.get(tx, self.alert)
            assert found is not None
            return answer_changes.plan_changed(tx, found, self.clock.now())

    @property
    def kept(self) -> Alert:
        return at.get(self.database, self.alert)

    def occurrence(self, number: int) -> Occurrence:
        with self.database.read() as connection:
            found = occurrences.get(connection, number)
        assert found is not None
        return found

    def due(self, number: int) -> str | None:
        """When something is due, as hours, minutes and seconds."""
        due_at = self.occurrence(number).answer_due_at
        return due_at and stamp(due_at)

    @property
    def sent(self) -> list[tuple[str, str]]:
        """Each submission to the gateway: when, and its text."""
        begin = self.clock.now() - timedelta(seconds=self.clock.boottime())
        return [(stamp(begin + timedelta(seconds=when)), item.text) for when, item in self.sender.sent]

    def said(self, words: str) -> list[str]:
        """The review's entries with these words, with the minute."""
        return [f"{entry.at:%H:%M} {entry.text}" for entry in review_of(self.database) if words in entry.text]

    def events(self, number: int) -> list[str]:
        return at.events(self.database, number)
