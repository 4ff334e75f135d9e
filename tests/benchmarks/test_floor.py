"""The floor writes what the engine writes: as many rows, and nothing left empty that an engine fills in."""

from pathlib import Path

import pytest

from storage import sqlite
from storage.vocabulary import MessageState
from tests.benchmarks.floor import Floor, filled
from tests.engine import support
from tests.virtual_time import VirtualClock, run_virtually

COUNT = 25


def test_the_floor_does_all_that_an_engine_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    floor = Floor(tmp_path / "floor", COUNT)
    floor.send(10, 2)
    floor.check(COUNT)
    by_floor = floor.filled()
    floor.close()

    async def send(clock: VirtualClock) -> Path:
        database, handler, _ = support.scripted_site(tmp_path / "engine", clock, monkeypatch)
        support.queue(database, clock, handler, COUNT)
        async with support.running(database, clock):
            await clock.sleep(1)
        assert support.states(database) == {MessageState.ACCEPTED: COUNT}
        database.close()
        return database.path

    connection = sqlite.connect(run_virtually(send))
    by_engine = filled(connection)
    connection.close()
    # What a check of the account finds is no part of sending.
    checked = {"balance", "currency", "checked_at", "checked_revision"}
    by_engine["handler_status"] -= checked
    assert by_engine == by_floor
