"""Two engines killed at random, again and again: each due time fires once and every message arrives."""

import random
import signal
import time
from datetime import timedelta

import pytest

from scheduling import firing, lifecycle
from storage import actions as stored_actions
from storage import tasks
from storage.records import Action, Recipient
from storage.vocabulary import MessageState
from tests.processes.support import CLOCK, Program, Site, until

LASTS = 10.0  # seconds
EVERY = 0.1  # seconds between two due times


@pytest.mark.long
def test_each_due_time_fires_once_whatever_is_killed(site: Site) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    site.clickatell.clickatell.settings.latency = 0.05
    handler = site.handler(batch_size=5)
    wanted = add_tasks(site, handler)
    site.queue(handler, 200)
    engines = [site.leader(), site.standby()]

    end = time.monotonic() + LASTS
    kills = 0
    while time.monotonic() < end:
        seen = next_event(site, chance)
        victim = chance.choice([e for e in engines if e.pid == site.lease.holder_pid] or engines)
        victim.signal(signal.SIGKILL)
        victim.ends()
        kills += 1
        engines = [engine for engine in engines if engine is not victim] + [site.run()]
        takes_over(site, seen, engines)
    assert kills >= 3

    until(lambda: not pending(site), "every task has fired")
    site.settled(60)
    assert [runs(site, task) for task in wanted] == [[("fired", 1)]] * len(wanted)
    site.nothing_lost_or_doubled_in_silence()
    # A message that met three kills is left to an operator; all others were accepted.
    assert set(site.states) <= {MessageState.ACCEPTED, MessageState.UNKNOWN}
    assert sum(site.states.values()) == len(wanted) + 200
    assert all(message.unknowns > lifecycle.MOST_RESENDS for message in site.unknown())


def runs(site: Site, task: int) -> list[tuple[str, int]]:
    with site.database.read() as connection:
        return [(run.state, run.queued) for run in tasks.runs(connection, task, None, 10)]


def next_event(site: Site, chance: random.Random) -> int:
    """Wait until the leader has done a random amount of work; the epoch it works under."""
    before, more = sum(site.inbox.values()), chance.randrange(40)
    until(lambda: sum(site.inbox.values()) >= before + more or not pending(site), "the leader works")
    return site.lease.epoch


def takes_over(site: Site, epoch: int, engines: list[Program]) -> None:
    until(lambda: site.lease.epoch > epoch, f"someone takes over: {[e.said for e in engines]}")


def pending(site: Site) -> int:
    with site.database.read() as connection:
        query = "SELECT count(*) FROM task WHERE next_due_at IS NOT NULL"
        return int(connection.exec_driver_sql(query).scalar_one())


def add_tasks(site: Site, handler: int) -> list[int]:
    """Tasks that run once each, due one after another from three seconds from now."""
    start = CLOCK.now() + timedelta(seconds=3)
    made = []
    with site.database.write() as tx:
        for n in range(int((LASTS - 2) / EVERY)):
            values = {
                "name": f"Once {n}",
                "cron": "",
                "zone": "UTC",
                "enabled": True,
                "when_missed": "latest",
                "grace": firing.DEFAULT_GRACE,
                "most_catch_up": firing.DEFAULT_MOST_CATCH_UP,
                "next_due_at": start + n * timedelta(seconds=EVERY),
            }
            task = tasks.add(tx, values, CLOCK.now())
            action = Action(0, handler, "", "{Task}", (Recipient(number=f"+4477008{n:05d}"),))
            stored_actions.set_of_task(tx, task, [action])
            made.append(task)
    return made
