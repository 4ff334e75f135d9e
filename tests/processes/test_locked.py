"""A process stopped inside a write transaction: the others say so, read on, and work again after it."""

import json
import signal
import sys
import time
from pathlib import Path

import pytest

from storage import process
from storage.vocabulary import MessageState
from tests.processes import hold_lock
from tests.processes.support import Program, Site, until, within


def test_a_lock_held_by_a_stopped_process_is_named_and_work_resumes_when_it_goes_on(site: Site) -> None:
    handler = site.handler()
    site.queue(handler)
    run = site.leader()
    site.settled()
    holder = site.start(sys.executable, str(Path(hold_lock.__file__)), str(site.database.path))
    until(lambda: process.is_stopped(holder.pid), "the helper is stopped inside its transaction")
    assert process.writer_of(site.database.path) == holder.pid

    run.says(f"the database is locked by process {holder.pid}, which is stopped", seconds=20)
    listed = site.cli("message", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    assert [json.loads(line)["state"] for line in listed.stdout.splitlines()] == ["accepted"]

    holder.signal(signal.SIGCONT)
    run.says("working again")
    site.queue(handler, 3)
    site.settled()
    assert site.states == {MessageState.ACCEPTED: 4}
    assert site.lease.holder_pid == run.pid


@pytest.mark.long
def test_a_leader_stopped_inside_a_write_is_named_by_the_standby_which_follows_its_death(
    site: Site,
) -> None:
    handler = site.handler(batch_size=10)
    first = site.leader()
    second = site.standby()
    site.queue(handler, 1000)
    stop_inside_a_write(site, first)
    stopped = time.monotonic()

    second.says(f"the database is locked by process {first.pid}, which is stopped", seconds=20)
    assert time.monotonic() - stopped < within(20)
    assert site.cli("message", "list", "--limit", "1").returncode == 0

    first.signal(signal.SIGKILL)
    site.leads(second, seconds=5)
    second.says("working again")
    site.settled(60)
    assert site.states == {MessageState.ACCEPTED: 1000}
    site.nothing_lost_or_doubled_in_silence()


def stop_inside_a_write(site: Site, program: Program) -> None:
    """SIGSTOP at a moment when the program holds the database's write lock."""

    def stopped() -> bool:
        program.stop()
        if process.writer_of(site.database.path) == program.pid:
            return True
        program.signal(signal.SIGCONT)
        return False

    until(stopped, "the program is stopped inside a write transaction")
