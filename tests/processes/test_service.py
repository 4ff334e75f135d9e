"""`commsdesk run` as a service: readiness, status, the watchdog and the reload, heard at a real socket."""

import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import hanging_engine
from tests.processes.manager import Manager
from tests.processes.support import PROGRAM, Program, Site, until


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(str(tmp_path / "notify"))
    yield made
    made.close()


def start(site: Site, manager: Manager, watchdog: float | None = None, *words: str) -> Program:
    return site.start(
        *PROGRAM, "--data", str(site.folder), "run", *words, extra=manager.environment(watchdog)
    )


def test_it_is_ready_once_the_engine_sends_and_says_when_it_stops(site: Site, manager: Manager) -> None:
    program = start(site, manager)
    ready = manager.hears(READY="1", STATUS="sending, nothing under way")
    assert ready == 1, f"something was said before: {manager.said}"
    assert site.lease.holder_pid == program.pid
    program.signal(signal.SIGTERM)
    manager.hears(after=ready, STOPPING="1", STATUS="stopping, 0 calls under way")
    assert program.ends() == 0
    assert manager.feeds() == 0, "without WATCHDOG_USEC there is no watchdog"


def test_an_address_in_the_abstract_namespace(site: Site, tmp_path: Path) -> None:
    manager = Manager(f"@commsdesk-{tmp_path.name}-{time.monotonic_ns()}")
    start(site, manager)
    manager.hears(READY="1")
    manager.close()


def test_it_is_not_ready_while_another_program_has_the_database(site: Site, manager: Manager) -> None:
    with site.database.write():
        program = start(site, manager)
        program.says("commsdesk run: process")
        until(lambda: site.lease.holder is None and program.alive, "it waits")
        assert not manager.said
    manager.hears(READY="1")


def test_a_broken_site_ends_it_before_it_is_ready(site: Site, manager: Manager) -> None:
    site.database.close()
    site.database.path.write_bytes(b"")
    program = start(site, manager)
    assert program.ends() == 1
    assert not manager.said


def test_the_status_says_what_is_under_way(site: Site, manager: Manager) -> None:
    site.clickatell.clickatell.settings.latency = 1.5
    handler = site.handler()
    start(site, manager)
    ready = manager.hears(READY="1")
    site.queue(handler)
    busy = manager.hears(after=ready, STATUS="sending, 1 call under way")
    manager.hears(after=busy, STATUS="sending, nothing under way")


def test_a_standby_is_ready_and_fed_as_well(site: Site, manager: Manager, tmp_path: Path) -> None:
    leader = start(site, manager, 2.0)
    manager.hears(READY="1")
    other = Manager(str(tmp_path / "other"))
    start(site, other, 2.0)
    ready = other.hears(READY="1", STATUS="standing by")
    for listening in (manager, other):
        until(lambda: listening.feeds(ready) >= 2, "the watchdog is fed again and again")  # noqa: B023
    leader.signal(signal.SIGTERM)
    other.hears(after=ready, STATUS="sending")
    other.close()


def test_a_watchdog_for_another_process_is_not_fed(site: Site, manager: Manager) -> None:
    environment = manager.environment(2.0) | {"WATCHDOG_PID": "1"}
    program = site.start(*PROGRAM, "--data", str(site.folder), "run", extra=environment)
    manager.hears(READY="1")
    beat = site.lease.beat
    until(lambda: site.lease.beat > beat, "it works")
    program.signal(signal.SIGTERM)
    assert program.ends() == 0
    assert manager.feeds() == 0


def test_a_hang_up_is_a_reload_with_a_beginning_and_an_end(site: Site, manager: Manager) -> None:
    site.handler()
    program = start(site, manager)
    ready = manager.hears(READY="1")
    until(lambda: balance_calls(site) == 1, "the handler was checked at the start")
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    program.signal(signal.SIGHUP)
    begun = manager.hears(after=ready, RELOADING="1")
    assert before <= int(manager.said[begun - 1]["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000 + 1
    manager.hears(after=begun, READY="1", STATUS="sending")
    assert balance_calls(site) == 2, "the reload had ended before the account was asked"
    program.says("looking at everything anew")


def test_a_reload_takes_new_connections_and_gives_up_the_old(site: Site, manager: Manager) -> None:
    handler = site.handler()
    program = start(site, manager)
    ready = manager.hears(READY="1")
    site.clickatell.clickatell.settings.latency = 1.0
    site.queue(handler)
    under_way = manager.hears(after=ready, STATUS="1 call under way")
    program.signal(signal.SIGHUP)
    manager.hears(after=under_way, RELOADING="1")
    site.settled()
    assert list(site.inbox.values()) == [1], "the call under way was cut, or made again"
    site.queue(handler)
    site.arrived(2)


def balance_calls(site: Site) -> int:
    return sum("balance" in call.path for call in site.clickatell.clickatell.calls)


@pytest.mark.first
def test_an_engine_that_hangs_is_not_fed_until_it_goes_on(site: Site, manager: Manager) -> None:
    program = site.start(
        sys.executable, str(hanging_engine.__file__), str(site.folder), extra=manager.environment(2.0)
    )
    ready = manager.hears(READY="1")
    until(lambda: manager.feeds(ready) >= 2, "it is fed")
    program.signal(signal.SIGUSR1)
    stalled = manager.hears(after=ready, STATUS="no progress in: work")
    beat = site.lease.beat
    # Its lease still beats, for five seconds or so, in which a working engine is fed five times.
    until(lambda: site.lease.beat >= beat + 15, "the lease is kept")
    heard = len(manager.said)
    assert manager.feeds(stalled - 1, heard) == 0
    program.signal(signal.SIGUSR2)
    again = manager.hears(after=heard, STATUS="sending")
    until(lambda: manager.feeds(again) >= 2, "it is fed again")


def test_its_log_is_not_the_journal_where_it_is_not_connected_to_it(site: Site, manager: Manager) -> None:
    environment = manager.environment() | {"JOURNAL_STREAM": "1:1"}
    program = site.start(*PROGRAM, "--data", str(site.folder), "run", extra=environment)
    manager.hears(READY="1")
    assert re.match(r"\d{4}-.* INFO scheduling\.engine: lease taken", program.says("lease taken"))
