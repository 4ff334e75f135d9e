"""A site that is held sends and fires nothing until it is adopted, and then not what came before."""

from datetime import timedelta
from pathlib import Path

import pytest

from scheduling.planner import miss_overdue
from scheduling.timing import Timing
from storage import adoption, review_head, review_verify
from storage.database import Database
from storage.vocabulary import MessageState
from tests.engine.support import (
    ScriptedSender,
    add_handler,
    make_site,
    queue,
    review_of,
    running,
    scripted_site,
    states,
    use_sender,
)
from tests.engine.test_tasks import add_task, get, runs
from tests.virtual_time import START, VirtualClock, run_virtually

MINUTE = timedelta(minutes=1)


def hold(database: Database, clock: VirtualClock) -> None:
    with database.write() as tx:
        adoption.hold(tx, adoption.COPIED, clock.now())


def adopt(database: Database, clock: VirtualClock) -> None:
    with database.write() as tx:
        miss_overdue(tx, clock.now())
        adoption.adopt(tx, database.path)


def test_nothing_is_sent_while_held_and_what_was_queued_meanwhile_goes_after_adoption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(tmp_path, clock, monkeypatch)
        queue(database, clock, handler, 2)
        hold(database, clock)
        async with running(database, clock):
            await clock.sleep(30)
            queue(database, clock, handler, 1)
            await clock.sleep(300)
            assert sender.sent == []
            assert states(database) == {MessageState.UNKNOWN: 2, MessageState.QUEUED: 1}
            adopt(database, clock)
            await clock.sleep(10)
        assert len(sender.sent) == 1
        assert states(database) == {MessageState.UNKNOWN: 2, MessageState.ACCEPTED: 1}
        assert not any("have been due" in entry.text for entry in review_of(database))

    run_virtually(main)


def test_tasks_that_come_due_while_held_are_missed_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock)
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        task = add_task(database, clock, add_handler(database, clock))
        hold(database, clock)
        async with running(database, clock):
            await clock.sleep(185)
            assert [run[:2] for run in runs(database, task)] == [("scheduled", "missed")] * 3
            adopt(database, clock)
            await clock.sleep(60)
        assert [run[1] for run in runs(database, task)] == ["missed"] * 3 + ["fired"]
        assert len(sender.sent) == 1

    run_virtually(main)


@pytest.mark.parametrize("when_missed", ["latest", "all", "skip"])
def test_what_came_due_before_adoption_is_never_caught_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when_missed: str
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(tmp_path, clock, monkeypatch)
        task = add_task(database, clock, handler, when_missed=when_missed, cron="*/10 * * * *")
        once = add_task(
            database, clock, handler, name="Once", cron="", once_at=START + MINUTE, next_due_at=START + MINUTE
        )
        hold(database, clock)
        await clock.sleep(12 * 60)  # no engine meanwhile
        adopt(database, clock)
        assert [run[1:] for run in runs(database, task)] == [("missed", START + 10 * MINUTE)]
        assert [run[1:] for run in runs(database, once)] == [("missed", START + MINUTE)]
        assert get(database, task).next_due_at == START + 20 * MINUTE
        assert get(database, once).next_due_at is None
        async with running(database, clock):
            await clock.sleep(60)
        assert sender.sent == []
        assert any("the site was held" in entry.text for entry in review_of(database))

    run_virtually(main)


def test_a_task_whose_schedule_cannot_be_read_stops_no_adoption(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        database = make_site(tmp_path, clock)
        broken = add_task(database, clock, add_handler(database, clock), next_due_at=START)
        with database.write() as tx:
            tx.connection.exec_driver_sql("UPDATE task SET cron = 'x y z'")
        hold(database, clock)
        adopt(database, clock)
        assert get(database, broken).next_due_at is None
        assert get(database, broken).problem

    run_virtually(main)


def test_the_engine_keeps_the_review_s_end_every_minute_and_when_it_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        use_sender(monkeypatch, ScriptedSender(clock))
        database = make_site(tmp_path, clock)
        queue(database, clock, add_handler(database, clock), 1)
        async with running(database, clock, timing=Timing(head_every=60)):
            await clock.sleep(70)
            first = review_head.kept(database)
            queue(database, clock, 1, 1)
            await clock.sleep(5)
        last = review_head.kept(database)
        assert first is not None and last is not None and last.id > first.id
        verdict = review_verify.verify(database)
        assert verdict.intact and verdict.last == last.id

    run_virtually(main)
