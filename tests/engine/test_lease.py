"""One engine fires: takeover, fencing, sweeping, clean hand-over."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from scheduling.engine import Engine
from scheduling.leadership import Leadership
from scheduling.timing import Timing
from storage import instances, leases
from storage.errors import DiskFull
from storage.vocabulary import MessageState
from tests.engine.support import (
    ScriptedSender,
    add_handler,
    make_site,
    message,
    queue,
    running,
    scripted_site,
    use_sender,
)
from tests.virtual_time import VirtualClock, run_virtually


def test_a_standby_waits_for_the_life_of_a_silent_holder_by_its_own_clock(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        database = make_site(tmp_path, clock)
        first = Leadership(database, clock, "first", "run")
        second = Leadership(database, clock, "second", "run")
        assert first.step()
        assert not second.step()
        await clock.sleep(9.9)
        assert first.holds
        await clock.sleep(0.2)
        assert not first.holds, "a holder acts for two thirds of a life after its last beat"
        assert not second.step()
        await clock.sleep(5)
        assert second.step()
        assert not first.step()
        assert first.epoch is None
        with database.write() as tx, pytest.raises(leases.LeaseLost):
            leases.check(tx, 1)

    run_virtually(main)


def test_a_beat_keeps_the_standby_away_and_a_release_lets_it_in_at_once(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        database = make_site(tmp_path, clock)
        first = Leadership(database, clock, "first", "run")
        second = Leadership(database, clock, "second", "run")
        assert first.step()
        for _ in range(20):
            assert not second.step()
            await clock.sleep(5)
            first.step()
        assert first.holds
        first.release()
        assert second.step()

    run_virtually(main)


def test_what_a_lost_holder_was_sending_becomes_unknown_and_goes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(tmp_path, clock, monkeypatch, takes=100_000)
        (sent,) = queue(database, clock, handler)
        lost = Engine(database, kind="run", clock=clock, timing=Timing(drain=0.1))
        work = asyncio.create_task(lost.run())
        await clock.sleep(3)
        assert message(database, sent).state is MessageState.SENDING
        # The holder goes silent: its beat stops, its call stays open.
        monkeypatch.setattr(lost.leadership, "step", lambda: False)
        sender.takes = 0
        async with running(database, clock):
            await clock.sleep(18)
            with database.read() as connection:
                assert leases.current(connection).epoch == 2
            assert message(database, sent).state is MessageState.SENDING, "its calls may yet be answered"
            await clock.sleep(62)  # before the auditor would find it too
            assert message(database, sent).state is MessageState.ACCEPTED
        assert message(database, sent).may_arrive_twice
        lost.stop()
        await work

    run_virtually(main)


def test_a_stop_waits_for_the_answer_and_records_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(tmp_path, clock, monkeypatch, takes=20.0)
        (sent,) = queue(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(2)
            queue(database, clock, handler)
        assert message(database, sent).state is MessageState.ACCEPTED
        assert len(sender.sent) == 1 or sender.times[1] < 2.5
        with database.read() as connection:
            assert leases.current(connection).holder is None
            assert connection.exec_driver_sql("SELECT count(*) FROM instance").scalar() == 0

    run_virtually(main)


def test_a_stop_that_gets_no_answer_records_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, _sender = scripted_site(
            tmp_path, clock, monkeypatch, takes=1000.0, on_unknown="hold"
        )
        (sent,) = queue(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(2)
        assert clock.boottime() < 40
        assert message(database, sent).state is MessageState.UNKNOWN

    run_virtually(main)


def test_a_console_hands_over_to_run_and_does_not_compete(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        database = make_site(tmp_path, clock)
        async with running(database, clock, kind="console") as console:
            await clock.sleep(2)
            assert console.holds_lease
            async with running(database, clock, kind="run") as run:
                await clock.sleep(12)
                assert run.holds_lease
                assert not console.holds_lease
            await clock.sleep(2)
            assert console.holds_lease

    run_virtually(main)


def test_an_engine_that_cannot_sign_on_says_so_and_begins_when_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock)
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        queue(database, clock, add_handler(database, clock))
        register, full = instances.register, [DiskFull("the disk is full: free some space")]

        def refused(*arguments: Any) -> None:
            if full:
                raise full[0]
            register(*arguments)

        monkeypatch.setattr(instances, "register", refused)
        async with running(database, clock) as engine:
            await clock.sleep(10)
            assert engine.trouble == "the disk is full: free some space"
            assert not sender.sent
            full.clear()
            await clock.sleep(5)
            assert engine.trouble is None
            assert len(sender.sent) == 1
        full.append(DiskFull("the disk is full: free some space"))
        async with running(database, clock):
            await clock.sleep(3)  # and it can be stopped meanwhile

    run_virtually(main)
