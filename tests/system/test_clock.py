"""`commsdesk run` under a wall clock that jumps, and on days on which clocks are odd."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo_data.clickatell import ThreadedClickatell
from storage import tasks
from storage.records import TaskRun
from storage.vocabulary import MessageState
from tests.processes.support import PROGRAM, Program, Site, environment, until, within
from tests.system.faked_clock import FakedClock

# Several programs are started one after the other, on a machine that may be busy.
pytestmark = pytest.mark.timeout(300)

SECOND = timedelta(seconds=1)


class Desk:
    """A site whose engine and commands go by a clock that can be set."""

    def __init__(self, site: Site, clock: FakedClock) -> None:
        self.site, self.clock = site, clock
        self._handler = site.handler()

    def command(self, *words: str) -> str:
        answer = subprocess.run(
            [*self.clock.words, *PROGRAM, "--data", str(self.site.folder), *words],
            capture_output=True,
            text=True,
            timeout=within(100),
            check=False,
            env=environment(),
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def run(self) -> Program:
        run = self.site.start(*self.clock.words, *PROGRAM, "--data", str(self.site.folder), "run")
        until(lambda: self.site.lease.holder is not None, f"it leads: {run.lines}")
        return run

    def send(self) -> None:
        self.command("send", "--handler", "Clickatell", "--to", "+447700900123", "Pump 2 stopped")

    def add_task(self, cron: str, zone: str = "UTC") -> None:
        words = ("--handler", "Clickatell", "--to", "+447700900124", "--message", "Shift report")
        self.command("task", "add", cron, "--cron", cron, "--zone", zone, *words)

    def begin(self, moment: datetime, *crons: str, zone: str = "UTC") -> Program:
        """Tasks and an engine, and then it is that moment: making them may take a while."""
        self.clock.put(moment - timedelta(minutes=20))
        for cron in crons:
            self.add_task(cron, zone)
        run = self.run()
        self.clock.put(moment)
        return run

    def runs(self, cron: str) -> list[TaskRun]:
        with self.site.database.read() as connection:
            (task,) = [each for each in tasks.listing(connection) if each.cron == cron]
            return list(reversed(tasks.runs(connection, task.id, None, 100)))

    def fired(self, cron: str) -> list[datetime]:
        return [run.due_at for run in self.runs(cron) if run.state == "fired"]

    def is_past(self, moment: datetime) -> None:
        """Wait until the engine has beaten after that moment: what was due then has been looked at."""
        until(lambda: (beat := self.site.lease.beaten_at) is not None and beat > moment, f"past {moment}")

    @property
    def sent(self) -> int:
        """How many were accepted, if all were; on a slow machine their reports are there already."""
        found = self.site.states
        good = found.get(MessageState.ACCEPTED, 0) + found.get(MessageState.DELIVERED, 0)
        return good if good == sum(found.values()) else -1

    def said(self, words: str) -> list[str]:
        return [entry.text for entry in self.site.review if words in entry.text]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = FakedClock(tmp_path)
    assert abs(clock.shows() - clock.now()) < 5 * SECOND
    with ThreadedClickatell() as clickatell:
        site = Site(tmp_path / "site", clickatell)
        yield Desk(site, clock)
        site.close()


@pytest.mark.parametrize("hours", [3, -3])
def test_a_jump_by_hours_moves_the_plan_and_sends_nothing_twice(desk: Desk, hours: int) -> None:
    desk.site.clickatell.pause_listening()
    run = desk.run()
    desk.send()
    until(lambda: desk.said("attempt 1 of"), "a first attempt that failed")
    desk.clock.jump(timedelta(hours=hours))
    way = "forward" if hours > 0 else "back"
    until(lambda: desk.said(f"the clock jumped {way} by 1"), "the jump is in the review")
    desk.site.clickatell.resume_listening()
    desk.send()
    until(lambda: desk.sent == 2, f"both are sent: {run.lines}")
    assert set(desk.site.inbox.values()) == {1}
    assert bool(desk.said("scheduled tasks wait")) == (hours > 0)
    assert run.alive
    assert "Traceback" not in run.said


def test_a_machine_that_wakes_up_years_behind_and_finds_the_time(desk: Desk) -> None:
    first = desk.run()
    desk.send()
    until(lambda: desk.sent == 1, "sent")
    first.kill()
    desk.clock.jump(timedelta(days=-3000))
    second = desk.run()
    until(lambda: desk.said("scheduled tasks wait"), f"it says that the clock is behind: {second.lines}")
    desk.send()
    until(lambda: desk.sent == 2, "sent all the same")
    desk.clock.jump(timedelta(days=3000))
    until(lambda: desk.said("the clock jumped forward"), "the time is found")
    desk.send()
    until(lambda: desk.sent == 3, "and sent again")


def test_london_in_the_hour_that_comes_twice(desk: Desk) -> None:
    fixed, interval = "30 1 * * *", "*/30 1 * * *"
    desk.begin(datetime(2026, 10, 25, 0, 29, 55, tzinfo=UTC), fixed, interval, zone="Europe/London")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    until(lambda: desk.fired(fixed) and desk.fired(interval), "both fire at the first 01:30")
    desk.clock.put(datetime(2026, 10, 25, 1, 29, 50, tzinfo=UTC))
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    until(lambda: second in desk.fired(interval), "the interval fires at the second one too")
    desk.is_past(second + 2 * SECOND)
    assert desk.fired(fixed) == [first]
    assert first in desk.fired(interval)


def test_london_in_the_hour_that_is_left_out(desk: Desk) -> None:
    fixed, interval = "30 1 * * *", "*/30 1 * * *"
    desk.begin(datetime(2027, 3, 28, 0, 59, 55, tzinfo=UTC), fixed, interval, zone="Europe/London")
    gap = datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
    until(lambda: desk.fired(fixed), "what is left out is made up at the end of the gap")
    desk.is_past(gap + 2 * SECOND)
    assert desk.fired(fixed) == [gap]
    assert desk.fired(interval) == []


@pytest.mark.parametrize(
    ("cron", "before", "due"),
    [
        ("0 0 29 2 *", "2028-02-28T23:59:50", "2028-02-29T00:00:00"),
        ("0 0 1 1 *", "2099-12-31T23:59:50", "2100-01-01T00:00:00"),
    ],
)
def test_a_leap_day_and_the_turn_of_a_century(desk: Desk, cron: str, before: str, due: str) -> None:
    desk.begin(datetime.fromisoformat(before).replace(tzinfo=UTC), cron)
    until(lambda: desk.fired(cron), "it fires")
    assert desk.fired(cron) == [datetime.fromisoformat(due).replace(tzinfo=UTC)]
    until(lambda: desk.sent == 1, "and its message is sent")


def test_over_the_end_of_32_bits(desk: Desk) -> None:
    cron = "15 3 19 1 *"
    desk.begin(datetime(2038, 1, 19, 3, 14, 0, tzinfo=UTC), cron)
    desk.send()
    desk.is_past(datetime(2038, 1, 19, 3, 14, 9, tzinfo=UTC))
    desk.send()
    until(lambda: desk.sent == 2, "sent on both sides of it")
    desk.clock.put(datetime(2038, 1, 19, 3, 14, 57, tzinfo=UTC))
    until(lambda: desk.sent == 3, "the task's message too")
    assert desk.fired(cron) == [datetime(2038, 1, 19, 3, 15, tzinfo=UTC)]
