"""Claim order, batches, connections, rate limit."""

from pathlib import Path

import pytest

from storage.vocabulary import Origin
from tests.engine.support import (
    ScriptedSender,
    add_handler,
    make_site,
    queue,
    running,
    scripted_site,
    states,
    use_sender,
)
from tests.virtual_time import VirtualClock, run_virtually


def test_alerts_go_first_by_priority_in_small_batches_never_mixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(tmp_path, clock, monkeypatch, takes=1.0, max_connections=1)
        by_task = queue(database, clock, handler, 150, origin=Origin.TASK)
        by_hand = queue(database, clock, handler, 50)
        low = queue(database, clock, handler, 5, origin=Origin.ALERT, priority=4)
        high = queue(database, clock, handler, 12, origin=Origin.ALERT, priority=1)
        async with running(database, clock):
            await clock.sleep(30)
        with database.read() as connection:
            order = connection.exec_driver_sql("SELECT message_id FROM attempt ORDER BY id").scalars().all()
        assert list(order) == high + low + by_hand + by_task
        assert sender.calls == [10, 7, 100, 100]

    run_virtually(main)


def test_one_connection_is_kept_free_for_alerts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(
            tmp_path, clock, monkeypatch, takes=10.0, max_connections=3, batch_size=1
        )
        queue(database, clock, handler, 10)
        async with running(database, clock):
            await clock.sleep(2)
            assert len(sender.calls) == 2
            asked = clock.boottime()
            queue(database, clock, handler, 1, origin=Origin.ALERT)
            await clock.sleep(2)
            assert len(sender.calls) == 3
            assert sender.times[-1] - asked < 1

    run_virtually(main)


def test_the_rate_limit_spreads_messages_and_costs_no_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock)
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        queue(database, clock, add_handler(database, clock, rate_per_minute=60), 30)
        async with running(database, clock):
            await clock.sleep(20.5)
            assert 19 <= len(sender.sent) <= 22
            await clock.sleep(30)
        assert states(database) == {"accepted": 30}
        with database.read() as connection:
            assert connection.exec_driver_sql("SELECT max(n) FROM attempt").scalar() == 1

    run_virtually(main)
