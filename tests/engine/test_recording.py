"""What a call came to is kept, however often the file refuses it; a sender that breaks stops no other."""

from pathlib import Path
from typing import Any

import pytest

from scheduling import recorder
from scheduling.gateways.outcome import Outcome, OutgoingMessage
from storage.errors import DiskFull
from storage.vocabulary import MessageState
from tests.engine.support import (
    ACCEPTED,
    ScriptedSender,
    add_handler,
    make_site,
    message,
    queue,
    running,
    scripted_site,
    states,
    use_sender,
)
from tests.virtual_time import VirtualClock, run_virtually


def test_an_answer_is_kept_until_it_can_be_written_down_and_nothing_new_is_sent_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(tmp_path, clock, monkeypatch)
        keep, full = recorder.record, [DiskFull("the disk is full: free some space")]

        def record(*arguments: Any) -> Any:
            if full:
                raise full[0]
            return keep(*arguments)

        monkeypatch.setattr(recorder, "record", record)
        async with running(database, clock):
            queue(database, clock, handler)
            await clock.sleep(5)
            queue(database, clock, handler)
            await clock.sleep(30)
            assert len(sender.sent) == 1
            full.clear()
            await clock.sleep(10)
        assert len(sender.sent) == 2
        assert states(database) == {MessageState.ACCEPTED: 2}

    run_virtually(main)


def test_a_sender_that_breaks_leaves_its_message_unknown_and_the_others_are_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        def answer(item: OutgoingMessage, tries: int) -> Outcome:
            if item.text.startswith("Pump 1 "):
                raise RuntimeError("no such thing")
            return ACCEPTED

        use_sender(monkeypatch, ScriptedSender(clock, answer))
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock, batch_size=1, on_unknown="hold")
        sent = queue(database, clock, handler, 3)
        async with running(database, clock) as engine:
            await clock.sleep(5)
            assert engine.trouble is None
        found = [message(database, each).state for each in sent]
        assert found == [MessageState.ACCEPTED, MessageState.UNKNOWN, MessageState.ACCEPTED]

    run_virtually(main)
