"""The way is free again: alarms do not wait for their minute. See docs/alerts.md."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scheduling.gateways.outcome import Balance, GatewayError, Outcome, OutgoingMessage
from storage.vocabulary import MessageState, Origin, OutcomeKind
from tests.engine.support import (
    ACCEPTED,
    ScriptedSender,
    add_handler,
    make_site,
    message,
    outcome,
    queue,
    running,
    scripted_site,
    use_sender,
)
from tests.virtual_time import VirtualClock, run_virtually

REFUSED = outcome(OutcomeKind.NOT_SENT, error="connection refused")
NO_WAY = GatewayError(OutcomeKind.NOT_SENT, "connection refused", "is the address right?")
MINUTE = timedelta(minutes=1)
WELL = Balance(Decimal("87.41"), "EUR")


class Gateway(ScriptedSender):
    """Refuses connections until a moment of boot time, for sending and for checks alike."""

    up_at = 0.0

    @property
    def up(self) -> bool:
        return self.clock.boottime() >= self.up_at

    async def balance(self) -> Balance | GatewayError:
        return WELL if self.up else NO_WAY


def gateway(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, up_after: float, **values: Any) -> Gateway:
    made = Gateway(clock, **values)

    def answer(item: OutgoingMessage, n: int) -> Outcome:
        return ACCEPTED if made.up else REFUSED

    made.answer = answer  # type: ignore[method-assign]
    made.up_at = clock.boottime() + up_after
    use_sender(monkeypatch, made)
    return made


def offsets(sender: ScriptedSender, begun: float) -> list[float]:
    return [at - begun for at in sender.times]


def test_an_alarm_goes_when_the_gateway_answers_again_not_at_its_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = gateway(clock, monkeypatch, 20)
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        begun = clock.boottime()
        async with running(database, clock):
            (alarm,) = queue(database, clock, handler, origin=Origin.ALERT)
            (ordinary,) = queue(database, clock, handler)
            await clock.sleep(50)
            assert message(database, alarm).state is MessageState.ACCEPTED
            assert message(database, alarm).plan_attempts == 1
            # What is no alarm waits for its plan.
            assert message(database, ordinary).attempts == 1
        assert max(offsets(sender, begun)) < 20 + 12

    run_virtually(main)


def test_a_failed_extra_attempt_leaves_the_plan_as_it_was_and_is_the_only_one_between_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checks answer at once, sending is refused for long: 0, one extra, 60, one extra, 120 …"""

    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(tmp_path, clock, monkeypatch, lambda item, n: REFUSED)
        async with running(database, clock):
            begun = clock.boottime()
            (alarm,) = queue(database, clock, handler, origin=Origin.ALERT)
            await clock.sleep(400)
        times = offsets(sender, begun)
        for minute in range(5):
            of_it = [at for at in times if 60 * minute <= round(at, 3) < 60 * (minute + 1)]
            assert round(of_it[0], 1) == 60 * minute and len(of_it) <= 2
        assert len(times) > 5
        assert message(database, alarm).plan_attempts == 5
        assert message(database, alarm).state is MessageState.FAILED

    run_virtually(main)


def test_an_account_error_that_passes_lets_alarms_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        bad = True
        wrong_key = outcome(OutcomeKind.ACCOUNT, code="1", error="Authentication failed")
        sender = ScriptedSender(clock, lambda item, n: wrong_key if bad else ACCEPTED)
        sender.balance_answer = GatewayError(OutcomeKind.ACCOUNT, "Authentication failed", "check it", "1")
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock, retry_rate=10 * MINUTE, stop_retrying_after=60 * MINUTE)
        async with running(database, clock):
            alarms = queue(database, clock, handler, 3, origin=Origin.ALERT)
            await clock.sleep(20)
            bad = False
            sender.balance_answer = WELL
            await clock.sleep(90)
            assert {message(database, key).state for key in alarms} == {MessageState.ACCEPTED}

    run_virtually(main)


def test_the_first_accepted_message_shows_that_the_way_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(
            tmp_path, clock, monkeypatch, lambda item, n: REFUSED if len(sender.sent) == 1 else ACCEPTED
        )
        async with running(database, clock):
            (alarm,) = queue(database, clock, handler, origin=Origin.ALERT)
            await clock.sleep(1)
            queue(database, clock, handler)
            await clock.sleep(1)
            found = message(database, alarm)
            assert (found.state, found.attempts, found.plan_attempts) == (MessageState.ACCEPTED, 2, 1)

    run_virtually(main)
