"""The engine's own check of its work, and clocks that jump."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduling import clock_jump, misfire
from scheduling.auditor import Auditor
from scheduling.gateways.outcome import Outcome
from scheduling.leadership import Leadership
from storage import tasks, time_shift
from storage.database import Transaction
from storage.errors import DatabaseBusy
from storage.vocabulary import MessageState, OutcomeKind
from storage.written_by import WallClock
from tests.engine.support import (
    ACCEPTED,
    MINUTE,
    ScriptedSender,
    add_handler,
    make_site,
    message,
    outcome,
    queue,
    review_of,
    running,
    scripted_site,
    use_sender,
)
from tests.engine.test_tasks import add_task, get, runs
from tests.virtual_time import VirtualClock, run_virtually


def said(database: object, words: str) -> list[str]:
    return [entry.text for entry in review_of(database) if words in entry.text]  # type: ignore[arg-type]


def test_a_message_left_in_sending_is_found_and_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        use_sender(monkeypatch, ScriptedSender(clock))
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        async with running(database, clock):
            await clock.sleep(1)
            (sent,) = queue(database, clock, handler)
            await clock.sleep(2)
            with database.write() as tx:
                # As if the record of the answer had been lost.
                tx.connection.exec_driver_sql("UPDATE message SET state = 'sending', gateway_id = NULL")
            await clock.sleep(400)
        assert said(database, "left in sending")
        found = message(database, sent)
        assert found.state is not MessageState.SENDING
        assert found.unknowns == 1

    run_virtually(main)


def test_a_task_that_sleeps_is_woken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        use_sender(monkeypatch, ScriptedSender(clock))
        database = make_site(tmp_path, clock)
        far = add_task(database, clock, add_handler(database, clock))
        with database.write() as tx:
            tasks.advance(tx, far, next_due_at=clock.now() + timedelta(days=3650))
        async with running(database, clock):
            await clock.sleep(185)
        assert len([state for _, state, _ in runs(database, far) if state == "fired"]) >= 1
        assert said(database, "no right next due time")

    run_virtually(main)


def test_all_tasks_are_looked_at_in_turn_and_their_schedules_without_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        known = [add_task(database, clock, handler, name=f"Task {number}") for number in range(5)]
        far = clock.now() + timedelta(days=3650)
        with database.write() as tx:
            for task in known:
                tasks.advance(tx, task, next_due_at=far)
        leadership = Leadership(database, clock, "x", "run")
        assert leadership.step() and leadership.epoch is not None
        worked_out = misfire.next_due

        def with_the_lock_free(*given: Any) -> Any:
            with database.write(wait=0):
                return worked_out(*given)

        monkeypatch.setattr(misfire, "next_due", with_the_lock_free)
        monkeypatch.setattr("scheduling.auditor.TASKS_A_ROUND", 2)
        auditor = Auditor(database, clock)
        woken = [len(auditor.look(leadership.epoch, (), tasks_held=False)) for _ in range(4)]
        assert woken == [2, 2, 1, 0]
        assert all((get(database, task).next_due_at or far) < far for task in known)

    run_virtually(main)


@pytest.mark.parametrize("tries", [1, 2])
def test_a_message_planned_by_a_clock_that_was_ahead_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tries: int
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(
            clock, lambda item, n: ACCEPTED if n == tries else outcome(OutcomeKind.NOT_SENT)
        )
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        async with running(database, clock):
            if tries == 2:
                (sent,) = queue(database, clock, handler)
                await clock.sleep(5)
                with database.write() as tx:
                    time_shift.shift_plans(tx, timedelta(days=3), WallClock(2, 0))
            else:
                clock.jump(timedelta(days=3))
                (sent,) = queue(database, clock, handler)
                clock.jump(timedelta(days=-3))
                with database.write() as tx:  # written on another machine, or before its last start
                    tx.connection.exec_driver_sql("UPDATE message SET clock_boot = 2")
            await clock.sleep(185)
        assert message(database, sent).state is MessageState.ACCEPTED
        assert said(database, "by a clock that was ahead")

    run_virtually(main)


def test_nothing_to_find_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        use_sender(monkeypatch, ScriptedSender(clock, takes=20))
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        add_task(database, clock, handler)
        async with running(database, clock):
            queue(database, clock, handler, 50)
            await clock.sleep(400)
        assert not said(database, "check:")

    run_virtually(main)


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_jump_moves_the_plan_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(
            tmp_path,
            clock,
            monkeypatch,
            lambda item, n: ACCEPTED if n == 3 else outcome(OutcomeKind.NOT_SENT),
        )
        (sent,) = queue(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(30)
            clock.jump(timedelta(hours=hours))
            await clock.sleep(200)
        assert message(database, sent).state is MessageState.ACCEPTED
        assert [round(at - sender.times[0]) for at in sender.times] == [0, 60, 120]
        assert said(database, "the clock jumped")

    run_virtually(main)


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_jump_while_a_call_is_under_way_closes_no_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """The answer is written down before anybody has noticed that the clock jumped."""

    async def main(clock: VirtualClock) -> None:
        def answer(item: object, n: int) -> Outcome:
            if n > 1:
                return ACCEPTED
            clock.jump(timedelta(hours=hours))
            return outcome(OutcomeKind.NOT_SENT)

        database, handler, sender = scripted_site(tmp_path, clock, monkeypatch, answer)
        async with running(database, clock):
            await clock.sleep(5)
            (sent,) = queue(database, clock, handler)
            await clock.sleep(100)
        assert message(database, sent).state is MessageState.ACCEPTED
        assert [round(at) for at in sender.times] == [5, 65]
        assert len(said(database, "the clock jumped")) == 1

    run_virtually(main)


def not_sent_at_first(clock: VirtualClock) -> ScriptedSender:
    return ScriptedSender(clock, lambda item, n: outcome(OutcomeKind.NOT_SENT) if n == 1 else ACCEPTED)


@pytest.mark.parametrize("hours", [-3, 3])
def test_the_next_engine_leaves_alone_what_the_first_has_put_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = not_sent_at_first(clock)
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        async with running(database, clock) as first:
            await clock.sleep(5)
            async with running(database, clock) as second:
                await clock.sleep(5)
                queue(database, clock, handler)
                await clock.sleep(20)
                clock.jump(timedelta(hours=hours))
                await clock.sleep(20)
                first.stop()
                await clock.sleep(60)
                assert second.holds_lease
        assert [round(at) for at in sender.times] == [10, 70]
        assert len(said(database, "the clock jumped")) == 1

    run_virtually(main)


def test_a_machine_that_starts_with_its_clock_behind_sends_what_waits_and_holds_tasks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = not_sent_at_first(clock)
        use_sender(monkeypatch, sender)
        monkeypatch.setattr(clock_jump, "STABLE_AFTER", 2 * MINUTE)
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        task = add_task(database, clock, handler)
        async with running(database, clock):
            queue(database, clock, handler)
            await clock.sleep(20)
        clock.jump(timedelta(days=-20))
        async with running(database, clock):
            await clock.sleep(62)
            assert sender.tries and set(sender.tries.values()) == {2}, "sent inside its window"
            queue(database, clock, handler)
            await clock.sleep(5)
            assert len(sender.tries) == 2
            clock.jump(timedelta(days=20))  # the time servers have been found
            await clock.sleep(62)
            assert list(sender.tries.values()) == [2, 2]
            assert len(said(database, "scheduled tasks wait")) == 2
            assert [state for _, state, _ in runs(database, task)] == []
            await clock.sleep(125)
            assert [state for _, state, _ in runs(database, task) if state == "fired"]

    run_virtually(main)


def test_a_jump_that_cannot_be_put_right_at_once_is_put_right_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = not_sent_at_first(clock)
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        queue(database, clock, add_handler(database, clock))
        shift, busy = time_shift.shift_plans, [DatabaseBusy("the database is locked by another program")]

        def shift_plans(tx: Transaction, *how: Any) -> int:
            if busy and how[0]:
                raise busy.pop()
            return shift(tx, *how)

        monkeypatch.setattr(time_shift, "shift_plans", shift_plans)
        async with running(database, clock):
            await clock.sleep(30)
            clock.jump(timedelta(hours=-3))
            await clock.sleep(60)
        assert not busy
        assert [round(at) for at in sender.times] == [0, 60]
        assert len(said(database, "the clock jumped")) == 1

    run_virtually(main)


def test_after_a_jump_back_nothing_fires_twice_and_tasks_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        use_sender(monkeypatch, ScriptedSender(clock))
        database = make_site(tmp_path, clock)
        task = add_task(database, clock, add_handler(database, clock), cron="*/3 * * * *")
        async with running(database, clock):
            await clock.sleep(7 * 60)
            clock.jump(timedelta(minutes=-10))
            await clock.sleep(18 * 60)
        due = [at for _, state, at in runs(database, task) if state == "fired"]
        assert len(due) == len(set(due))
        assert due[-1] > clock.now() - 4 * MINUTE
        assert get(database, task).next_due_at is not None

    run_virtually(main)


def test_a_far_jump_forward_holds_tasks_until_the_clock_is_stable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, _sender = scripted_site(tmp_path, clock, monkeypatch)
        task = add_task(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(30)
            clock.jump(timedelta(hours=5))
            await clock.sleep(120)
            assert not [state for _, state, _ in runs(database, task) if state == "fired"]
            (by_hand,) = queue(database, clock, handler)
            await clock.sleep(5)
            assert message(database, by_hand).state is MessageState.ACCEPTED, "by hand goes on"
            await clock.sleep(300)
            assert [state for _, state, _ in runs(database, task) if state == "fired"]
        assert said(database, "scheduled tasks wait")

    run_virtually(main)


def test_a_loop_that_makes_no_progress_is_in_the_review_once(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        database = make_site(tmp_path, clock)
        leadership = Leadership(database, clock, "x", "run")
        assert leadership.step() and leadership.epoch is not None
        auditor = Auditor(database, clock)
        for _ in range(3):
            found = auditor.look(leadership.epoch, (), False, ("monitor",))
            assert [finding.about for finding in found] == ["stalled monitor"]
        assert len(said(database, "no progress in: monitor")) == 1
        assert auditor.look(leadership.epoch, (), False) == []

    run_virtually(main)
