"""Two `commsdesk run` on one site: one fires, the other stands by and takes over."""

import signal
import time

import pytest

from storage import process
from storage.vocabulary import MessageState
from tests.processes.support import Program, Site, until


def test_a_standby_takes_over_within_five_seconds_of_a_kill(site: Site) -> None:
    handler = site.handler()
    first = site.leader()
    second = site.standby()
    site.queue(handler)
    site.settled()
    assert site.lease.holder_pid == first.pid, "one fires, the other stands by"

    first.signal(signal.SIGKILL)
    killed = time.monotonic()
    site.leads(second, seconds=5)
    site.queue(handler, 3)
    site.arrived(4, seconds=5 - (time.monotonic() - killed))

    site.settled()
    assert site.states == {MessageState.ACCEPTED: 4}
    assert set(site.inbox.values()) == {1}
    assert f"sending taken over from run {first.pid}: it has ended" in [entry.text for entry in site.review]


@pytest.mark.long
def test_a_standby_takes_over_within_twenty_seconds_of_a_stop_and_going_on_does_no_harm(site: Site) -> None:
    site.clickatell.clickatell.settings.latency = 1.0
    handler = site.handler(batch_size=10, max_connections=4)
    first = site.leader()
    second = site.standby()
    site.queue(handler, 200)
    site.arrived(30)
    stop_outside_a_write(site, first)
    stopped = time.monotonic()
    assert site.states[MessageState.SENDING], "stopped with calls under way"

    site.leads(second, seconds=20 - (time.monotonic() - stopped))
    site.queue(handler)
    until(lambda: site.states[MessageState.QUEUED] < 50, "the second sends")

    first.signal(signal.SIGCONT)
    first.says("the lease has gone to another process")
    # The calls that were under way are recorded by the process that made them, as far as it knows.
    until(lambda: not site.states.get(MessageState.SENDING), "nobody waits for a stopped process", 60)
    site.settled(60)
    assert site.lease.holder_pid == second.pid
    assert site.states == {MessageState.ACCEPTED: 201}
    site.nothing_lost_or_doubled_in_silence()

    # It stands by again, and is good for the next turn.
    second.signal(signal.SIGKILL)
    site.leads(first, seconds=5)


def stop_outside_a_write(site: Site, program: Program) -> None:
    """SIGSTOP at a moment when the program does not hold the database's write lock."""

    def stopped() -> bool:
        program.stop()
        if process.writer_of(site.database.path) is None:
            return True
        program.signal(signal.SIGCONT)
        return False

    until(stopped, "the program is stopped outside a write transaction")


def test_a_standby_takes_over_within_two_seconds_of_a_clean_stop(site: Site) -> None:
    handler = site.handler()
    first = site.leader()
    second = site.standby()
    first.signal(signal.SIGTERM)
    assert first.ends() == 0, first.said
    site.leads(second, seconds=2)
    site.queue(handler)
    site.arrived(1)
    assert not any("taken over" in entry.text for entry in site.review), "nothing was wrong"
