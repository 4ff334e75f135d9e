"""A task `* * * * *` with `commsdesk run`: once a minute, at most a second late."""

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduling import cron, firing
from storage import actions as stored_actions
from storage import tasks
from storage.records import Action, Recipient, TaskRun
from tests.processes import run_shifted
from tests.processes.support import Site, until, within

MINUTE = timedelta(minutes=1)


def add_task(site: Site, now: datetime) -> int:
    handler = site.handler()
    values = {
        "name": "Every minute",
        "cron": "* * * * *",
        "zone": "UTC",
        "enabled": True,
        "when_missed": "latest",
        "grace": firing.DEFAULT_GRACE,
        "most_catch_up": firing.DEFAULT_MOST_CATCH_UP,
        "next_due_at": cron.parse("* * * * *", "UTC").next_after(now),
    }
    with site.database.write() as tx:
        made = tasks.add(tx, values, now)
        action = Action(0, handler, "", "{Task}", (Recipient(number="+447700900123"),))
        stored_actions.set_of_task(tx, made, [action])
    return made


def runs(site: Site, task: int) -> list[TaskRun]:
    with site.database.read() as connection:
        return list(reversed(tasks.runs(connection, task, None, 100)))


def test_a_minute_begins_and_the_message_is_there_within_a_second(site: Site) -> None:
    real = datetime.now(UTC)
    begins = real.replace(second=0, microsecond=0) + MINUTE
    # The program's clock is set so that a minute begins eight seconds from here.
    shift = begins - real - timedelta(seconds=8)
    task = add_task(site, real + shift)
    words = [str(shift.total_seconds()), "--data", str(site.folder), "run"]
    site.leads(site.start(sys.executable, str(Path(run_shifted.__file__)), *words))

    site.arrived(1)
    (run,) = runs(site, task)
    assert run.due_at == begins
    assert (run.kind, run.state, run.queued) == ("scheduled", "fired", 1)
    (message,) = site.clickatell.clickatell.account.messages
    late = message.at + shift - begins
    assert 0 <= late.total_seconds() < within(1), f"{late} late"
    with site.database.read() as connection:
        found = tasks.get(connection, task)
    assert found is not None and found.next_due_at == begins + MINUTE


@pytest.mark.long
@pytest.mark.timeout(300)
def test_four_minutes_fire_four_times(site: Site) -> None:
    started = datetime.now(UTC)
    task = add_task(site, started)
    site.leader()
    until(lambda: len(runs(site, task)) == 4, "four minutes begin", 245)
    time.sleep(5)
    found = runs(site, task)
    first = found[0].due_at
    assert [run.due_at for run in found] == [first + n * MINUTE for n in range(4)]
    arrivals = sorted(message.at for message in site.clickatell.clickatell.account.messages)
    assert len(arrivals) == 4
    late = [at - run.due_at for at, run in zip(arrivals, found, strict=True)]
    assert all(0 <= each.total_seconds() < within(1) for each in late), late
