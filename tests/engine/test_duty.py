"""Alerts to whoever is on duty, in virtual time: resolved when messages are queued, anew each time."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from scheduling import alerting
from storage import actions as stored_actions
from storage import alerts, occurrences, rosters, users
from storage.alerts import plan_column
from storage.database import Database
from storage.records import TOLD, Action, duty_recipient
from storage.roster_records import Rule
from storage.vocabulary import MessageState, Stage, TurnUnit
from tests.engine import alerts as at
from tests.engine.support import ScriptedSender, add_handler, make_site, review_of, running
from tests.virtual_time import VirtualClock, run_virtually
from tui.operations import covers, fields, plan_form, tasks
from tui.operations import users as people
from tui.operations.action_form import ActionForm
from tui.operations.desk import Desk

MINUTE = timedelta(minutes=1)


def add_people(database: Database, clock: VirtualClock, *names: str) -> list[int]:
    desk = Desk(database, "ana", now=clock.now)
    fields.add(desk, "Mobile", "Telephone Number")
    values = [{"Mobile": f"+4479001234{place:02}"} for place, _ in enumerate(names)]
    return [people.add(desk, name, values=given).user.id for name, given in zip(names, values, strict=True)]


def add_roster(
    database: Database, clock: VirtualClock, turn: list[int], hand_over: datetime, fallback: int | None = None
) -> int:
    """A day in turn each, handed over at this time of day; the first is on until the hand-over."""
    since: date = hand_over.date() - timedelta(days=1)
    minute = hand_over.hour * 60 + hand_over.minute
    rule = Rule(0, tuple((each,) for each in turn), 1, TurnUnit.DAYS, 0, minute, since)
    with database.write() as tx:
        made = rosters.add(tx, {"name": "Night", "zone": "UTC", "fallback_user_id": fallback}, clock.now())
        rosters.set_rules(tx, made, [rule])
    return made


def add_alarm(database: Database, clock: VirtualClock, handler: int, roster: int, **values: object) -> int:
    row = {"name": "Gas", "priority": 1, "description": "", "enabled": True, **values}
    with database.write() as tx:
        made = alerts.add(tx, row, clock.now())
        tabs = [
            Action(0, handler, "", "ALARM", (duty_recipient(roster, "Night"),), stage=Stage.CREATED),
            Action(0, handler, "", "OVER", (TOLD,), stage=Stage.RESTORED),
        ]
        stored_actions.set_of_alert(tx, made, tabs)
    return made


def texts(database: Database) -> list[str]:
    return [entry.text for entry in review_of(database)]


def step(database: Database, clock: VirtualClock, occurrence_id: int, stage: Stage) -> None:
    with database.write() as tx:
        found = occurrences.get(tx, occurrence_id)
        assert found is not None
        alert = alerts.get(tx, found.alert_id)
        assert alert is not None
        alerting.enter(tx, alert, found, stage, clock.now())


def test_case_6_the_fallback_gets_it_and_the_review_names_the_reason(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        click, amy, manager = add_people(database, clock, "Click", "Amy", "Manager")
        roster = add_roster(database, clock, [click, amy], clock.now() + 60 * MINUTE, manager)
        alarm = add_alarm(database, clock, handler, roster)
        with database.write() as tx:
            users.enable(tx, [click], False, clock.now())
        occurrence = at.raise_now(database, clock, alarm)
        (sent,) = at.sent(database, occurrence)
        assert (sent.user, sent.why) == ("Manager", "fallback for Click")
        said = texts(database)
        assert "Gas leaves out: Click is disabled" in said
        assert "Gas: duty:Night is Manager, the fallback: Click is disabled" in said
        # Whose turn comes next has not moved.
        later = clock.now() + 61 * MINUTE
        with database.write() as tx:
            found = alerts.get(tx, alarm)
            assert found is not None
            second = alerting.raise_alert(tx, found, "2", {}, later).occurrence_id
        assert [message.user for message in at.sent(database, second)] == ["Amy"]

    run_virtually(main)


def test_case_7_after_a_hand_over_the_next_person_is_told_and_told_holds_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Raised two minutes before the hand-over, repeated three minutes after it."""

    async def main(clock: VirtualClock) -> None:
        at.use_senders(monkeypatch, {"Clickatell": ScriptedSender(clock)})
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        click, amy = add_people(database, clock, "Click", "Amy")
        roster = add_roster(database, clock, [click, amy], clock.now() + 2 * MINUTE)
        alarm = add_alarm(
            database, clock, handler, roster, plan=plan_column(plan_form.steps_of(["5m repeat"]))
        )
        async with running(database, clock):
            occurrence = at.raise_now(database, clock, alarm)
            await clock.sleep(6 * 60)
            step(database, clock, occurrence, Stage.RESTORED)
            await clock.sleep(60)
        found = [(each.text, each.user, each.state) for each in at.sent(database, occurrence)]
        assert found == [
            ("ALARM", "Click", MessageState.ACCEPTED),
            ("ALARM", "Amy", MessageState.ACCEPTED),
            ("OVER", "Click", MessageState.ACCEPTED),
            ("OVER", "Amy", MessageState.ACCEPTED),
        ]
        assert at.sent(database, occurrence)[1].why == "repeat 1 of 1"

    run_virtually(main)


def test_nobody_on_duty_is_said_and_sends_nothing(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        (click,) = add_people(database, clock, "Click")
        roster = add_roster(database, clock, [click], clock.now() + 60 * MINUTE)
        alarm = add_alarm(database, clock, handler, roster)
        with database.write() as tx:
            users.remove(tx, [click], clock.now())
        occurrence = at.raise_now(database, clock, alarm)
        assert at.sent(database, occurrence) == []
        assert "Gas: duty:Night has nobody on duty: Click was removed" in texts(database)

    run_virtually(main)


def test_a_task_fires_once_at_each_hand_over_and_says_who_is_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock)
        at.use_senders(monkeypatch, {"Clickatell": sender})
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        click, amy, joe = add_people(database, clock, "Click", "Amy", "Joe")
        roster = add_roster(database, clock, [click, amy, joe], clock.now() + 10 * MINUTE)
        at.raise_now(database, clock, add_alarm(database, clock, handler, roster))
        desk = Desk(database, "ana", now=clock.now)
        text = "{On Duty} for {Off Duty} until {Duty Until}: {Open Alerts} open"
        action = ActionForm(handler_id=handler, recipients=(duty_recipient(roster, "Night"),), text=text)
        form = tasks.TaskForm(name="Hand-over", zone="UTC", actions=(action,), roster_id=roster)
        task = tasks.add(desk, form).task
        first = clock.now() + 10 * MINUTE
        assert task.next_due_at == first
        async with running(database, clock):
            await clock.sleep(12 * 60)
            # Joe takes over for five minutes: he is handed the duty at once, and Amy gets it back.
            taken = clock.now()
            covers.take(desk, roster, until="+5m", user="Joe")
            await clock.sleep(10 * 60)
        local = [each.due_at for each in reversed(tasks.history(desk, task.id))]
        assert sorted(local) == [first, taken, taken + 5 * MINUTE]
        said = [item.text for _, item in sender.sent if " for " in item.text]
        until = f"{first + timedelta(days=1):%a %d %b %H:%M}"
        back = f"{taken + 5 * MINUTE:%a %d %b %H:%M}"
        assert said == [
            f"Amy for Click until {until}: 1 open",
            f"Joe for Amy until {back}: 1 open",
            f"Amy for Joe until {until}: 1 open",
        ]

    run_virtually(main)
