"""What became of accepted messages is asked for beside the sending, several at once, and in time."""

from pathlib import Path

import pytest

from scheduling.gateways.outcome import DeliveryStatus, DeliveryVerdict
from storage.vocabulary import MessageState
from tests.engine.support import (
    MINUTE,
    ScriptedSender,
    add_handler,
    make_site,
    queue,
    running,
    states,
    use_sender,
)
from tests.virtual_time import VirtualClock, run_virtually


class Telling(ScriptedSender):
    """Tells that all is delivered, after a while; notes how many it was asked about at once."""

    verdict = DeliveryVerdict.DELIVERED
    asked = 0
    at_once = 0
    most_at_once = 0

    async def delivery_status(self, gateway_id: str) -> DeliveryStatus:
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.clock.sleep(0.2)
        self.at_once -= 1
        return DeliveryStatus(self.verdict, "RECEIVED_BY_RECIPIENT")


def test_it_keeps_up_with_a_thousand_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = Telling(clock)
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        async with running(database, clock):
            for _ in range(3):
                queue(database, clock, handler, 1000)
                await clock.sleep(60)
            await clock.sleep(60)
        assert states(database) == {MessageState.DELIVERED: 3000}
        assert sender.asked == 3000
        assert sender.most_at_once == 7, "one of the eight connections is left to alerts"

    run_virtually(main)


def test_a_handler_that_does_not_answer_is_not_asked_for_each_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = Telling(clock)
        sender.verdict = DeliveryVerdict.NO_ANSWER
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        async with running(database, clock):
            queue(database, clock, handler, 150, life=5 * MINUTE)
            await clock.sleep(90)
        assert states(database) == {MessageState.ACCEPTED: 150}
        assert sender.asked == 7

    run_virtually(main)
