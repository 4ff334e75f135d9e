"""A clean stop that comes while messages are being claimed: they are sent, not left of unknown outcome."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from scheduling import claims
from scheduling.engine import Engine
from storage.vocabulary import MessageState
from tests.engine import support
from tests.processes.support import CLOCK


async def test_what_was_claimed_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = support.make_site(tmp_path)
    sender = support.ScriptedSender(CLOCK)
    support.use_sender(monkeypatch, sender)
    support.queue(database, CLOCK, support.add_handler(database, CLOCK), 3)
    engine = Engine(database, kind="run", clock=CLOCK)
    loop, take = asyncio.get_running_loop(), claims.take

    def stopped_meanwhile(*arguments: Any) -> list[claims.Claim]:
        found = take(*arguments)
        engine.stop()
        work = next(task for task in asyncio.all_tasks(loop) if task.get_name() == "work")
        while not work.cancelling():
            time.sleep(0.001)
        return found

    monkeypatch.setattr(claims, "take", stopped_meanwhile)
    await engine.run()

    assert support.states(database) == {MessageState.ACCEPTED: 3}
    assert len(sender.sent) == 3
    database.close()


async def test_what_was_claimed_beside_a_result_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = support.make_site(tmp_path)
    sender = support.ScriptedSender(CLOCK, takes=0.1)
    support.use_sender(monkeypatch, sender)
    handler = support.add_handler(database, CLOCK, batch_size=1, max_connections=1)
    support.queue(database, CLOCK, handler, 3)
    engine = Engine(database, kind="run", clock=CLOCK)
    claim, stopping = claims.claim, threading.Event()
    drain = engine._delivery.drain

    async def drains(seconds: float) -> None:
        stopping.set()
        await drain(seconds)

    def stopped_meanwhile(*arguments: Any) -> list[claims.Claim]:
        found = claim(*arguments)
        if sender.sent:
            engine.stop()
            assert stopping.wait(60)
        return found

    monkeypatch.setattr(claims, "claim", stopped_meanwhile)
    monkeypatch.setattr(engine._delivery, "drain", drains)
    await engine.run()

    assert support.states(database) == {MessageState.ACCEPTED: 2, MessageState.QUEUED: 1}
    assert len(sender.sent) == 2
    database.close()
