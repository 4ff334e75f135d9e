"""Before a request is written, its attempt is on disk: a power cut in between leaves it known as unknown."""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from scheduling.gateways.outcome import Outcome, OutgoingMessage
from storage import sqlite
from storage.vocabulary import MessageState
from tests.engine import support
from tests.processes.support import CLOCK

STATE_AND_ATTEMPTS = (
    "SELECT state, (SELECT count(*) FROM attempt WHERE message_id = message.id AND outcome IS NULL)"
    " FROM message WHERE client_message_id = ?"
)


class Looking(support.ScriptedSender):
    """Reads the file as another process would, at the moment a request would leave."""

    file: Path
    seen: list[tuple[str, int]]
    gone: asyncio.Event

    async def send(self, batch: Sequence[OutgoingMessage]) -> list[Outcome]:
        with contextlib.closing(sqlite.connect(self.file)) as other:
            for item in batch:
                self.seen += other.execute(STATE_AND_ATTEMPTS, (item.client_message_id,)).fetchall()
        self.gone.set()
        return await super().send(batch)


async def test_what_leaves_is_written_down_as_being_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = support.make_site(tmp_path)
    sender = Looking(CLOCK)
    sender.file, sender.seen, sender.gone = database.path, [], asyncio.Event()
    support.use_sender(monkeypatch, sender)
    support.queue(database, CLOCK, support.add_handler(database, CLOCK), 3)
    async with support.running(database, CLOCK):
        await asyncio.wait_for(sender.gone.wait(), 60)
    assert support.states(database) == {MessageState.ACCEPTED: 3}
    assert sender.seen == [("sending", 1)] * 3
    database.close()
