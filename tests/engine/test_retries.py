"""The retry plan, kept by the engine on a virtual clock."""

from datetime import timedelta
from pathlib import Path

import pytest

from storage.vocabulary import Category, MessageState, OutcomeKind
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
    states,
    use_real_senders,
    use_sender,
)
from tests.virtual_time import VirtualClock, run_virtually


def test_a_gateway_that_refuses_connections_gets_exactly_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_real_senders(monkeypatch)  # nothing listens on 127.0.0.1:9

    async def main(clock: VirtualClock) -> None:
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        begun = clock.now()
        (sent,) = queue(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(330)
        found = message(database, sent)
        assert found.state is MessageState.FAILED
        assert found.attempts == 5
        with database.read() as connection:
            started = connection.exec_driver_sql("SELECT started_at FROM attempt ORDER BY n").scalars().all()
        first = started[0]
        assert [round((at - first) / 1e6) for at in started] == [0, 60, 120, 180, 240]
        assert (first / 1e6 - begun.timestamp()) < 1
        said = [entry for entry in review_of(database) if entry.message_id == sent]
        for n in range(1, 6):
            assert sum(f"attempt {n} of 5 failed" in entry.text for entry in said) == 1
        retries = [entry.text for entry in said if entry.category is Category.RETRY]
        assert len(retries) == 4
        assert "next at" in retries[0]
        assert "failed after 5 attempts" in said[-1].text

    run_virtually(main)


def test_the_third_attempt_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(
            clock, lambda item, n: ACCEPTED if n == 3 else outcome(OutcomeKind.BUSY, code="43")
        )
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        (sent,) = queue(database, clock, add_handler(database, clock))
        async with running(database, clock):
            await clock.sleep(330)
        assert message(database, sent).state is MessageState.ACCEPTED
        assert [round(at - sender.times[0]) for at in sender.times] == [0, 60, 120]
        assert "accepted, attempt 3 of 5" in review_of(database)[-1].text

    run_virtually(main)


@pytest.mark.parametrize(("away", "expected"), [(150, "accepted"), (400, "failed")])
def test_an_overdue_attempt_is_made_at_once_inside_the_window_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: float, expected: str
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(
            tmp_path,
            clock,
            monkeypatch,
            lambda item, n: outcome(OutcomeKind.NOT_SENT) if n == 1 else ACCEPTED,
        )
        (sent,) = queue(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(10)
        await clock.sleep(away)
        back = clock.boottime()
        async with running(database, clock):
            await clock.sleep(5)
        assert message(database, sent).state == expected
        assert len(sender.sent) == (2 if expected == "accepted" else 1)
        if expected == "accepted":
            assert sender.times[1] - back < 1.5

    run_virtually(main)


def test_a_message_never_tried_waits_for_an_engine_until_its_useful_life_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, _sender = scripted_site(tmp_path, clock, monkeypatch)
        stale = queue(database, clock, handler, 3, life=10 * MINUTE)
        (fresh,) = queue(database, clock, handler, life=60 * MINUTE)
        await clock.sleep(1200)
        async with running(database, clock):
            await clock.sleep(5)
        assert [message(database, sent).state for sent in stale] == ["expired"] * 3
        assert message(database, fresh).state == "accepted"
        said = [entry.text for entry in review_of(database) if "expired" in entry.text]
        assert len(said) == 1
        assert said[0].startswith("3 messages")

    run_virtually(main)


def test_retry_after_moves_an_attempt_and_pauses_the_handler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        until = clock.now() + timedelta(seconds=100)
        busy = outcome(OutcomeKind.BUSY, code="43", retry_at=until)
        database, handler, sender = scripted_site(
            tmp_path, clock, monkeypatch, lambda item, n: busy if len(sender.sent) == 1 else ACCEPTED
        )
        queue(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(5)
            (other,) = queue(database, clock, handler)
            await clock.sleep(60)
            assert message(database, other).attempts == 0
            await clock.sleep(60)
        assert message(database, other).state is MessageState.ACCEPTED
        assert all(100 <= at <= 102 for at in sender.times[1:])

    run_virtually(main)


def test_after_a_long_outage_hundreds_are_closed_and_said_once_a_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock, lambda item, n: outcome(OutcomeKind.NOT_SENT))
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        first, second = (add_handler(database, clock, name) for name in ("Days", "Nights"))
        queue(database, clock, first, 620)
        async with running(database, clock):
            await clock.sleep(30)
        assert len(sender.sent) == 620, "tried, and waiting for their second attempt"
        queue(database, clock, first, 1300)
        queue(database, clock, second, 700)
        queue(database, clock, second, 10, life=timedelta(hours=9))
        await clock.sleep(8 * 3600)
        sender.answer = lambda item, n: ACCEPTED
        async with running(database, clock):
            await clock.sleep(60)
        assert len(sender.sent) == 630, "nothing stale is sent in the night"
        assert states(database) == {
            MessageState.EXPIRED: 2000,
            MessageState.FAILED: 620,
            MessageState.ACCEPTED: 10,
        }
        said = [
            entry.text.partition(":")[0]
            for entry in review_of(database)
            if " messages through " in entry.text
        ]
        assert sorted(said) == [
            "1,300 messages through Days expired unsent",
            "620 messages through Days failed",
            "700 messages through Nights expired unsent",
        ]

    run_virtually(main)
