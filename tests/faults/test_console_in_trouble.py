"""The console is open while the file is locked, the disk full or the key wrong: it says so, and reads on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from textual.pilot import Pilot

from demo_data.clickatell import ThreadedClickatell
from scheduling.engine import Timing
from storage import sqlite
from storage.database import Database
from storage.site import open_site
from storage.vocabulary import MessageState
from tests.engine import support
from tests.faults.test_storage import fill
from tests.processes.support import CLOCK, SECOND
from tests.tui.support import screen_text, settle
from tui.console.app import ConsoleApp
from tui.console.settings import ConsoleSettings
from tui.operations.desk import Desk
from tui.widgets.header import SiteHeader
from tui.widgets.paged_table import PagedTable

QUICK = Timing(lease_life=6, beat_every=1, standby_every=0.2, look_every=0.1, check_every=0.2)


class Open:
    """A console with its engine on a site with one handler."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[int], database: Database, handler: int) -> None:
        self.app, self.pilot, self.database, self._handler = app, pilot, database, handler

    def queue(self) -> None:
        support.queue(self.database, CLOCK, self._handler)

    async def accepted(self, count: int) -> None:
        await settle(self.pilot, lambda: support.states(self.database) == {MessageState.ACCEPTED: count})

    async def says(self, words: str) -> None:
        """The header shows these words as what is wrong."""
        await settle(self.pilot, lambda: words in (self._trouble or ""))

    async def is_well(self) -> None:
        await settle(self.pilot, lambda: self._trouble is None)

    async def reads(self, section: str, words: str) -> None:
        """A section shows what the site holds, read now."""
        self.app._main.action_section(section)
        await settle(self.pilot, lambda: self._is_read(section) and words in screen_text(self.pilot))

    def _is_read(self, section: str) -> bool:
        current = self.app._main.current
        if current is None or current.id != section:
            return False
        table = current.query_one_optional(PagedTable)
        return table is None or table.is_read

    @property
    def _trouble(self) -> str | None:
        return self.app._main.query_one(SiteHeader).trouble


@contextlib.asynccontextmanager
async def console(folder: Path, clickatell: ThreadedClickatell) -> AsyncIterator[Open]:
    database = open_site(folder)
    handler = support.add_handler(
        database,
        CLOCK,
        base_url=clickatell.base_url,
        retry_rate=SECOND,
        stop_retrying_after=120 * SECOND,
    )
    app = ConsoleApp(ConsoleSettings(folder), open_desk=lambda: Desk(database, "ana"))
    try:
        async with app.run_test(size=(120, 30)) as pilot:
            await settle(pilot, lambda: app.desk is not None and app.engine is not None)
            yield Open(app, pilot, database, handler)
    finally:
        if app.engine is not None:
            app.engine.stop()
            assert await asyncio.to_thread(app.engine.join, 60)
        database.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduling.engine.Timing", lambda: QUICK)
    monkeypatch.setattr("scheduling.monitor.CHECK_EVERY", timedelta(seconds=2))


async def test_while_another_program_holds_the_lock(tmp_path: Path, clickatell: ThreadedClickatell) -> None:
    async with console(tmp_path / "site", clickatell) as opened:
        opened.queue()
        await opened.accepted(1)
        with contextlib.closing(sqlite.connect(opened.database.path)) as other:
            other.execute("BEGIN IMMEDIATE")
            await opened.says("the database is locked by")
            await opened.reads("messages", "Pump 0 stopped")
            await opened.reads("handlers", "Clickatell")
            other.execute("ROLLBACK")
        opened.queue()
        await opened.accepted(2)
        await opened.is_well()


async def test_while_the_disk_is_full(small_disk: Path, clickatell: ThreadedClickatell) -> None:
    async with console(small_disk / "site", clickatell) as opened:
        opened.queue()
        await opened.accepted(1)
        ballast = small_disk / "ballast"
        fill(ballast, small_disk, leave=3_000_000)
        opened.queue()
        await opened.says("nothing is sent until then")
        await opened.reads("messages", "waiting      Person 0")
        await opened.reads("handlers", "Clickatell")
        ballast.unlink()
        await opened.accepted(2)
        await opened.is_well()


async def test_while_the_key_is_wrong(tmp_path: Path, clickatell: ThreadedClickatell) -> None:
    folder = tmp_path / "site"
    open_site(folder).close()
    key = folder / "secret.key"
    async with console(folder, clickatell) as opened:
        # The handler's secret is under the right key; this console has never read it.
        right = key.read_bytes()
        draft = key.with_suffix(".new")
        draft.write_bytes(Fernet.generate_key())
        draft.replace(key)
        opened.queue()
        await opened.reads("handlers", "secret missing")
        await opened.reads("messages", "Pump 0 stopped")
        assert not clickatell.clickatell.inbox
        draft.write_bytes(right)
        draft.replace(key)
        await opened.accepted(1)
        await opened.reads("handlers", "Running")
