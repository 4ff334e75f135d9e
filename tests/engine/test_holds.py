"""Quiet hours, silences, limits and alerts that settle, on the engine: the cases of docs/quiet.md."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduling import alerting, firing
from scheduling.engine import Engine
from scheduling.releasing import Releaser
from scheduling.timing import Timing
from storage import actions as stored_actions
from storage import alerts, held, holds, leases, message_history, occurrences, tasks
from storage.alerts import plan_column
from storage.message_history import MessageFilter
from storage.records import TOLD, Action, Message, Recipient, duty_recipient
from storage.vocabulary import EntryKind, HeldState, HoldKind, OutcomeKind, RunKind, Stage
from tests.engine.support import outcome, review_of, running, scripted_site
from tests.engine.test_duty import add_roster
from tests.engine.test_tasks import add_task
from tests.operations.arrange import make_people
from tests.virtual_time import VirtualClock, run_virtually
from tui.operations import plan_form

MANAGER = (Recipient(number="+447700900777"),)
JOE_NUMBER = "+447700900123"
EVENING = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)  # a Monday
MORNING = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


# A night in a moment: the engine hears of what is written here by a nudge, and wakes for what is due.
CALM = Timing(
    lease_life=1_000_000,
    beat_every=50_000,
    look_every=3_600,
    rest_at_most=3_600,
    check_every=3_600,
    report_every=3_600,
    audit_every=36_000,
    head_every=36_000,
)


class Site:
    """A site with Joe, a handler and an engine to come, at a virtual time."""

    def __init__(self, folder: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, **values: Any):
        self.clock = clock
        self.database, self.handler, self.sender = scripted_site(folder, clock, monkeypatch, **values)
        self.people = make_people(self.database, {"Joe Hart": JOE_NUMBER})
        self.joe = Recipient(user_id=self.people["Joe Hart"], name="Joe Hart")

        self.engine: Engine | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with running(self.database, self.clock, timing=CALM) as engine:
            self.engine = engine
            yield
            self.engine = None

    def _nudge(self) -> None:
        if self.engine is not None:
            self.engine.nudge()

    def add_alert(self, name: str, *, settle: int = 0, plan: tuple[str, ...] = (), **values: Any) -> int:
        """OPEN to Joe on Created, CLOSED to those told on Restored."""
        row: dict[str, Any] = {"name": name, "priority": 3, "description": "", "enabled": True, **values}
        if plan:
            row["plan"] = plan_column(plan_form.steps_of(plan))
        if settle:
            row["settle"] = timedelta(minutes=settle)
        with self.database.write() as tx:
            made = alerts.add(tx, row, self.clock.now())
            tabs = [
                Action(0, self.handler, "", "MANAGER", MANAGER, stage=Stage.ESCALATED, level=1),
                Action(0, self.handler, "", "OPEN {Alert} {Count}", (self.joe,), stage=Stage.CREATED),
                Action(0, self.handler, "", "CLOSED {Alert}", (TOLD,), stage=Stage.RESTORED),
            ]
            stored_actions.set_of_alert(tx, made, tabs)
        return made

    def add_task(self, cron: str, text: str) -> int:
        made = add_task(self.database, self.clock, self.handler, cron=cron)
        with self.database.write() as tx:
            stored_actions.set_of_task(tx, made, [Action(0, self.handler, "", text, (self.joe,))])
        return made

    def fire(self, task_id: int) -> None:
        with self.database.write() as tx:
            found = tasks.get(tx, task_id)
            assert found is not None
            firing.fire(tx, found, RunKind.MANUAL, self.clock.now(), self.clock.now())
        self._nudge()

    def quiet(self, *windows: str, through: int = 2, **values: Any) -> int:
        with self.database.write() as tx:
            row = {"user_id": self.joe.user_id, "windows": list(windows), "zone": "UTC", "through": through}
            return holds.add(tx, HoldKind.QUIET, row | values, "ana", self.clock.now())

    def silence(self, alert_id: int | None, minutes: int, *, key: str | None = None) -> int:
        now, length = self.clock.now(), timedelta(minutes=minutes)
        row = {
            "alert_id": alert_id,
            "key": key,
            "from_at": now,
            "until_at": now + length,
            "length": length,
            "reason": "works on door 7",
        }
        with self.database.write() as tx:
            made = holds.add(tx, HoldKind.SILENCE, row, "ana", now)
        self._nudge()
        return made

    def limit(self, most: int, minutes: int, through: int = 1) -> None:
        row = {"most": most, "per": timedelta(minutes=minutes), "through": through}
        with self.database.write() as tx:
            holds.add(tx, HoldKind.LIMIT, row, "ana", self.clock.now())

    def raise_now(self, alert_id: int, key: str | None = None) -> int:
        with self.database.write() as tx:
            found = alerts.get(tx, alert_id)
            assert found is not None
            made = alerting.raise_alert(tx, found, key, {}, self.clock.now()).occurrence_id
        self._nudge()
        return made

    def step(self, occurrence_id: int, stage: Stage) -> None:
        with self.database.write() as tx:
            found = occurrences.get(tx, occurrence_id)
            assert found is not None
            alert = alerts.get(tx, found.alert_id)
            assert alert is not None
            alerting.enter(tx, alert, found, stage, self.clock.now(), operator="ana")
        self._nudge()

    async def until(self, hours: int, minutes: int = 0, seconds: int = 0, *, day: int = 0) -> None:
        """Let time pass until a time of day (of a later day where that has passed)."""
        now = self.clock.now()
        wanted = now.replace(hour=hours, minute=minutes, second=seconds, microsecond=0)
        wanted += timedelta(days=day)
        while wanted <= now:
            wanted += timedelta(days=1)
        await self.clock.sleep((wanted - now).total_seconds())

    def messages(self) -> list[Message]:
        with self.database.read() as connection:
            return message_history.newest(connection, None, 10_000, MessageFilter())[::-1]

    def sent(self) -> list[tuple[str, str]]:
        """When each message was queued, and its text."""
        return [(f"{one.queued_at:%H:%M:%S}", one.text) for one in self.messages()]

    def held(self, state: HeldState = HeldState.HELD) -> list[str]:
        with self.database.read() as connection:
            return [row.text for row in held.listing(connection, all_of=True)[::-1] if row.state is state]

    def said(self, kind: EntryKind) -> list[str]:
        return [entry.text for entry in review_of(self.database) if entry.kind is kind]


def test_1_a_night_is_one_message_in_the_morning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        site.quiet("22:00-07:00")
        first, second = site.add_alert("Pump"), site.add_alert("Fire door")
        site.add_task("0 23 * * *", "Read the gauges")
        async with site.running():
            await site.until(23, 30)
            over = site.raise_now(first, "2")
            await site.until(1)
            site.step(over, Stage.RESTORED)
            await site.until(2)
            site.raise_now(second, "d3")
            await site.until(6, 59, 59)
            assert site.messages() == [] and len(site.held()) == 3
            await site.until(7, 0, 1)
            (one,) = site.messages()
            await site.until(12)
        assert len(site.messages()) == 1
        assert one.text == "22:00-07:00: Fire door d3 (open); 1 over; Read the gauges"
        assert f"{one.queued_at:%H:%M:%S}" == "07:00:00" and one.state == "accepted"
        assert one.why == "held until 07:00, released"
        assert len(site.said(EntryKind.HELD)) == 3 and len(site.said(EntryKind.RELEASED)) == 1
        assert site.held() == [] and len(site.held(HeldState.OVER)) == 1

    run_virtually(main, EVENING)


def test_2_a_priority_1_alert_passes_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        site.quiet("22:00-07:00")
        async with site.running():
            await site.until(3)
            site.raise_now(site.add_alert("Gas", priority=1))
            await clock.sleep(1)
        (one,) = site.messages()
        assert f"{one.queued_at:%H:%M}" == "03:00" and one.state == "accepted"
        assert one.why == "Gas raised; passes quiet hours (Joe Hart: priority 1)"

    run_virtually(main, EVENING)


def test_3_nobody_hears_of_what_begins_and_ends_in_a_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        alert = site.add_alert("Fire door", plan=("5m repeat x2",))
        async with site.running():
            await site.until(14)
            site.silence(alert, 120)
            await site.until(14, 10)
            first = site.raise_now(alert, "d1")
            await site.until(15)
            site.step(first, Stage.RESTORED)
            await site.until(15, 30)
            site.raise_now(alert, "d2")
            await site.until(15, 59, 59)
            assert site.messages() == []
            await site.until(16, 5, 30)
        assert site.sent() == [("16:00:00", "OPEN Fire door 1"), ("16:05:00", "OPEN Fire door 1")]
        assert site.messages()[0].why == "silence ended"
        assert site.messages()[0].occurrence_id != first

    run_virtually(main, MORNING)


def test_3b_what_was_claimed_in_a_silence_is_told_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        alert = site.add_alert("Fire door")
        async with site.running():
            site.silence(alert, 60)
            number = site.raise_now(alert, "d1")
            await clock.sleep(60)
            site.step(number, Stage.CLAIMED)
            await clock.sleep(3 * 3600)
            site.step(number, Stage.RESTORED)
            await clock.sleep(3600)
        assert site.messages() == []

    run_virtually(main, MORNING)


def test_4_what_was_told_before_a_silence_is_restored_to_those_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        alert = site.add_alert("Fire door", plan=("5m repeat x9",))
        async with site.running():
            await site.until(13, 50)
            number = site.raise_now(alert, "d1")
            await site.until(13, 59, 59)
            site.silence(alert, 121)
            await site.until(14, 30)
            site.step(number, Stage.RESTORED)
            await site.until(17)
        assert site.sent() == [
            ("13:50:00", "OPEN Fire door 1"),
            ("13:55:00", "OPEN Fire door 1"),
            ("14:30:00", "CLOSED Fire door"),
        ]

    run_virtually(main, MORNING)


def test_5_a_flood_is_ten_messages_and_one_of_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        site.limit(10, 10)
        alert = site.add_alert("Gas")
        task = site.add_task("0 0 1 1 *", "Gauge")
        async with site.running():
            await site.until(9)
            for firing in range(40):
                if firing == 20:
                    site.raise_now(alert)
                site.fire(task)
                await clock.sleep(15)
            await clock.sleep(3600)
        sent = site.sent()
        assert [text for _, text in sent[:10]] == ["Gauge"] * 10 and sent[9][0] == "09:02:15"
        assert sent[10] == ("09:05:00", "OPEN Gas 1")
        assert sent[11] == ("09:10:00", "09:02-09:10: Gauge (x30)")
        assert len(sent) == 12 and site.held() == []

    run_virtually(main, MORNING)


def test_6_a_contact_that_chatters_opens_once_and_closes_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        alert = site.add_alert("Door", settle=3)
        async with site.running():
            await site.until(9, 59, 59)
            await clock.sleep(1)
            begun = clock.now()
            while True:
                number = site.raise_now(alert, "d7")
                await clock.sleep(10)
                if (clock.now() - begun).total_seconds() > 290:
                    break
                site.step(number, Stage.RESTORED)
                await clock.sleep(10)
            site.step(number, Stage.RESTORED)
            await clock.sleep(3600)
        assert [(at[:5], text) for at, text in site.sent()] == [
            ("10:00", "OPEN Door 1"),
            ("10:08", "CLOSED Door"),
        ]
        with site.database.read() as connection:
            (only,) = occurrences.newest(connection, None, None)
        assert only.count in (15, 16) and only.stage == Stage.RESTORED

    run_virtually(main, MORNING)


def test_a_late_holder_of_the_lease_releases_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        site.quiet("22:00-07:00")
        site.raise_now(site.add_alert("Pump"), "2")
        await site.until(8)
        with pytest.raises(leases.LeaseLost):
            Releaser(site.database, clock).tick(99)
        assert site.messages() == [] and len(site.held()) == 1

    run_virtually(main, EVENING)


def test_a_release_without_an_engine_is_made_late_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        site.quiet("22:00-07:00")
        site.raise_now(site.add_alert("Pump"), "2")
        await site.until(9)
        for _ in range(2):
            async with site.running():
                await clock.sleep(60)
        assert [text for _, text in site.sent()] == ["22:00-07:00: Pump 2 (open)"]
        assert "due 07:00, made 120 min late" in site.said(EntryKind.RELEASED)[0]

    run_virtually(main, EVENING)


def test_a_digest_tells_of_what_it_names_and_is_withdrawn_when_all_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        busy = outcome(OutcomeKind.BUSY)
        site = Site(tmp_path, clock, monkeypatch, answer=lambda message, n: busy)
        site.quiet("22:00-07:00")
        numbers = [site.raise_now(site.add_alert(name), "2") for name in ("Pump", "Door")]
        async with site.running():
            await site.until(7, 0, 10)
            (one,) = site.messages()
            assert one.state == "queued" and one.text == "22:00-07:00: Pump 2 (open), Door 2 (open)"
            site.step(numbers[0], Stage.RESTORED)
            assert site.messages()[0].state == "queued"
            site.step(numbers[1], Stage.RESTORED)
            (one,) = site.messages()
            assert one.state == "cancelled" and one.error_code == "withdrawn"

    run_virtually(main, EVENING)


def test_a_plan_goes_on_after_a_silence_with_its_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        alert = site.add_alert("Fire door", plan=("5m repeat x9",))
        async with site.running():
            await site.until(13, 50)
            site.raise_now(alert, "d1")
            await site.until(13, 54)
            site.silence(alert, 66)
            await site.until(15, 6)
        assert [at for at, _ in site.sent()] == ["13:50:00", "15:05:00"]

    run_virtually(main, MORNING)


def test_an_alert_whose_people_are_quiet_goes_to_the_next_level_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        site.quiet("22:00-07:00")
        alert = site.add_alert("Fire door", plan=("5m repeat", "5m escalate"))
        alone = site.add_alert("Pump", plan=("5m repeat",))
        async with site.running():
            await site.until(3)
            site.raise_now(alert, "d1")
            site.raise_now(alone, "p1")
            await site.until(6, 59)
            assert site.sent() == [("03:00:00", "MANAGER")]
            assert len(site.held()) == 2
            await site.until(7, 0, 30)
        assert [text for at, text in site.sent() if at.startswith("07:00")] == [
            "22:00-07:00: Fire door d1 (open), Pump p1 (open)"
        ]

    run_virtually(main, EVENING)


def test_2b_whoever_is_on_duty_gets_it_at_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        site.quiet("22:00-07:00")
        assert site.joe.user_id is not None
        roster = add_roster(site.database, clock, [site.joe.user_id], EVENING)
        alert = site.add_alert("Pump")
        with site.database.write() as tx:
            on_duty = (duty_recipient(roster, "Night"),)
            stored_actions.set_of_alert(
                tx, alert, [Action(0, site.handler, "", "OPEN", on_duty, stage=Stage.CREATED)]
            )
        async with site.running():
            await site.until(3)
            site.raise_now(alert)
            await clock.sleep(1)
        (one,) = site.messages()
        assert one.state == "accepted" and "passes quiet hours (Joe Hart: on duty)" in (one.why or "")

    run_virtually(main, EVENING)
