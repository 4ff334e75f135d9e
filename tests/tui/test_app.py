"""The console before, while and although its site cannot be opened; and leaving it."""

import threading
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from storage import adoption, clock_hold, instances, sqlite
from storage.clock_hold import ClockHold
from storage.database import SCHEMA_VERSION
from storage.folder import DataFolder
from storage.site import open_site
from tests.operations.arrange import JOE, make_handler, to
from tests.tui.support import console, make_desk, screen_text, settle, shown, told
from tui.console.app import ConsoleApp
from tui.console.settings import ConsoleSettings
from tui.dialogs.confirm import Confirm
from tui.operations import clock, sending, site_care
from tui.operations.desk import Desk
from tui.operations.overview import Overview
from tui.widgets.header import SiteHeader


@pytest.fixture
def desk(tmp_path):  # type: ignore[no-untyped-def]
    made = make_desk(tmp_path / "site")
    yield made
    made.database.close()


def trouble_of(pilot: Pilot[Any]) -> str:
    return pilot.app.screen.query_one(SiteHeader).trouble or ""


async def test_it_paints_before_the_site_is_open(desk: Desk) -> None:
    may_open = threading.Event()

    def open_desk() -> Desk:
        assert may_open.wait(60)
        return desk

    app = ConsoleApp(ConsoleSettings(Path(), engine=False), open_desk)
    async with app.run_test() as pilot:
        try:
            await settle(pilot, lambda: "1 Handlers" in screen_text(pilot))
            assert "opening the site…" in screen_text(pilot)
            await pilot.press("2")
            await settle(pilot, lambda: app._main.current is not None and app._main.current.id == "users")
            assert app.desk is None
        finally:
            may_open.set()
        await settle(pilot, lambda: "opening" not in screen_text(pilot))
        await settle(pilot, lambda: "No users yet" in screen_text(pilot))


def _broken(file: Path) -> str:
    file.write_bytes(b"no database at all, " * 500)
    return "isdamaged(fileisnotadatabase):restorethenewestbackup"


def _newer(file: Path) -> str:
    open_site(file.parent).close()
    connection = sqlite.connect(file)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    return "waswrittenbyanewercommsdesk"


def _a_folder(file: Path) -> str:
    file.mkdir(parents=True)
    return "commsdesk.sqlite3"


@pytest.mark.parametrize("spoil", [_broken, _newer, _a_folder])
async def test_a_site_that_cannot_be_used_is_said_and_is_no_crash(tmp_path: Path, spoil: Any) -> None:
    folder = DataFolder(tmp_path / "site")
    folder.path.mkdir()
    expected = spoil(folder.database)
    app = ConsoleApp(ConsoleSettings(folder.path, engine=False))
    async with app.run_test() as pilot:
        await settle(pilot, lambda: expected in "".join(screen_text(pilot).split()))
        assert "▲ this site cannot be opened" in screen_text(pilot).splitlines()[0]
        # Every section says so, and nothing that needs the site does harm.
        await pilot.press("5", "n", "slash", "ctrl+r", "ctrl+q")
    assert app.return_code == 0


async def test_a_locked_site_is_read_and_the_holder_named(desk: Desk) -> None:
    """Reading goes on while somebody else writes, and the engine says who it waits for."""
    make_handler(desk)
    other = sqlite.connect(desk.database.path)
    other.execute("BEGIN IMMEDIATE")
    try:
        app = ConsoleApp(ConsoleSettings(Path(), engine=False), lambda: desk)
        async with app.run_test() as pilot:
            await settle(pilot, lambda: "Clickatell" in screen_text(pilot))
            said = "the database is locked by process 4711, which is stopped"
            app.site.engine = SimpleNamespace(engine=SimpleNamespace(trouble=said, instance_id="x"))  # type: ignore[assignment]
            await settle(pilot, lambda: trouble_of(pilot) == said)
            assert f"▲ {said}" in screen_text(pilot).splitlines()[0]
            app.site.engine = None
    finally:
        other.execute("ROLLBACK")
        other.close()


async def test_a_site_opens_for_reading_while_it_is_locked(tmp_path: Path) -> None:
    open_site(tmp_path / "site").close()
    other = sqlite.connect(DataFolder(tmp_path / "site").database)
    other.execute("BEGIN IMMEDIATE")
    try:
        app = ConsoleApp(ConsoleSettings(tmp_path / "site", "ana", engine=False))
        async with app.run_test() as pilot:
            await settle(pilot, lambda: "No handlers yet" in screen_text(pilot))
            assert "ana" in screen_text(pilot).splitlines()[0]
        assert app.desk is not None
        app.desk.database.close()
    finally:
        other.execute("ROLLBACK")
        other.close()


async def test_bad_keys_in_the_key_file_are_told_and_the_good_ones_hold(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    open_site(folder).close()
    (folder / "keys.toml").write_text('"main.review" = "f6"\n"no.such" = "x"\n')
    app = ConsoleApp(ConsoleSettings(folder, "ana", engine=False))
    try:
        async with app.run_test() as pilot:
            await settle(pilot, lambda: any("no.such" in sentence for sentence in told(pilot)))
            await pilot.press("f6")
            await settle(pilot, lambda: app._main.current is not None and app._main.current.id == "review")
        assert app.desk is not None
        app.desk.database.close()
    finally:
        from tui.keys.registry import REGISTRY

        REGISTRY.use({})


# Leaving


def lead(app: ConsoleApp, instance_id: str = "here") -> None:
    """As if this console's engine held the lease."""
    here = SimpleNamespace(instance_id=instance_id, holds_lease=True, trouble=None, nudge=lambda: None)
    app.site.engine = SimpleNamespace(engine=here)  # type: ignore[assignment]


async def test_leaving_asks_when_nothing_would_be_sent_after(desk: Desk) -> None:
    sending.send(desk, sending.Request(make_handler(desk), to(JOE), "hello"))
    async with console(desk) as pilot:
        app = pilot.app
        assert isinstance(app, ConsoleApp)
        await settle(pilot, lambda: app.overview.waiting == 1)
        lead(app)
        await pilot.press("ctrl+q")
        await shown(pilot, Confirm)
        assert "Nothing will be sent after this: 1 waiting" in screen_text(pilot)
        await pilot.press("enter")  # the safe answer: stay
        await settle(pilot, lambda: app.screen is app._main)
        assert not app.leaving
        await pilot.press("ctrl+q")
        await shown(pilot, Confirm)
        await pilot.press("down", "enter")
        await settle(pilot, lambda: app.leaving)
        app.site.engine = None


async def test_leaving_does_not_ask_while_another_engine_is_alive(desk: Desk) -> None:
    with desk.database.write() as tx:
        instances.register(tx, "other", "console", "1", "tom", desk.now())
    async with console(desk) as pilot:
        app = pilot.app
        assert isinstance(app, ConsoleApp)
        lead(app)
        await pilot.press("ctrl+q")
        await settle(pilot, lambda: app.leaving)
        app.site.engine = None


# A copy


async def test_a_held_copy_is_said_and_adopted_after_a_question(desk: Desk) -> None:
    with desk.database.write() as tx:
        adoption.hold(tx, adoption.COPIED, desk.now())
    async with console(desk) as pilot:
        app = pilot.app
        assert isinstance(app, ConsoleApp)
        await settle(pilot, lambda: "▲ held, nothing is sent" in screen_text(pilot))
        await pilot.press("ctrl+p", *"adopt")
        await settle(pilot, lambda: "site: Adopt" in screen_text(pilot))
        await pilot.press("down", "enter")
        await shown(pilot, Confirm)
        assert "If the original still runs" in screen_text(pilot)
        await pilot.press("enter")  # the safe answer
        await settle(pilot, lambda: app.screen is app._main)
        assert site_care.hold_of(desk) is not None
        app._main.action_adopt()
        await shown(pilot, Confirm)
        await pilot.press("down", "enter")
        await settle(pilot, lambda: "This is the live site from now on" in told(pilot))
        assert site_care.hold_of(desk) is None
        await settle(pilot, lambda: not app._main.check_action("adopt", ()))
        await settle(pilot, lambda: "held" not in screen_text(pilot).splitlines()[0])


async def test_tasks_that_wait_for_the_clock_are_let_go_after_a_question(desk: Desk) -> None:
    until = desk.now() + timedelta(minutes=5)
    with desk.database.write() as tx:
        clock_hold.put(tx, ClockHold(until, 1e12, None))
    said = str(SiteHeader()._sender(Overview(engine_running=True, tasks_held_until=until)))
    assert said == f"▲ clock jumped, tasks wait till {until.astimezone():%H:%M}: ^p, Let tasks go on"
    async with console(desk) as pilot:
        app = pilot.app
        assert isinstance(app, ConsoleApp)
        await settle(pilot, lambda: bool(app._main.check_action("tasks_go_on", ())))
        app._main.action_tasks_go_on()
        await shown(pilot, Confirm)
        assert "With a wrong clock tasks fire at wrong times" in screen_text(pilot)
        await pilot.press("down", "enter")
        await settle(pilot, lambda: "Scheduled tasks go on" in told(pilot))
        assert clock.hold_of(desk) is None
        await settle(pilot, lambda: not app._main.check_action("tasks_go_on", ()))


async def test_nothing_blinks_in_the_palette_either(desk: Desk) -> None:
    async with console(desk) as pilot:
        await pilot.press("ctrl+p")
        await settle(pilot, lambda: isinstance(pilot.app.focused, Input))
        await settle(pilot, lambda: not pilot.app.focused.cursor_blink)  # type: ignore[union-attr]
