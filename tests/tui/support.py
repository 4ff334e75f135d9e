"""The console on a real site in a folder of the test, without an engine; waiting for states."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen

from storage.site import open_site
from storage.vocabulary import Role
from tests.tui.textual_private import notified, strips_of
from tui.console.app import ConsoleApp
from tui.console.settings import ConsoleSettings
from tui.dialogs.confirm import Confirm
from tui.operations.desk import Desk
from tui.widgets.header import SiteHeader
from tui.widgets.paged_table import PagedTable


def make_desk(folder: Path, *, role: Role = Role.ADMINISTRATOR) -> Desk:
    """A new site with an operator named ana at it. Close `desk.database` when done."""
    return Desk(open_site(folder), "ana", role)


@asynccontextmanager
async def console(
    desk: Desk, *, section: str | None = None, size: tuple[int, int] = (80, 24), **settings: Any
) -> AsyncIterator[Pilot[int]]:
    """The console at this desk, its site open and the section shown and read."""
    app = ConsoleApp(ConsoleSettings(Path(), engine=False, **settings), open_desk=lambda: desk)
    async with app.run_test(size=size) as pilot:
        await settle(pilot, lambda: app.desk is not None and app._main._ready)
        if section is not None:
            app._main.action_section(section)
        await settle(pilot, lambda: _is_shown(app, section))
        # Until it is known what a new site lacks, a line below the header may still push all rows down.
        await settle(pilot, lambda: app.screen.query_one(SiteHeader).overview is not None)
        await pilot.pause()
        yield pilot
    # An action that failed was told and stopped only itself: to a test it is a failure all the same.
    assert app.mishaps == []


def _is_shown(app: ConsoleApp, section: str | None) -> bool:
    """Whether the section is there, read, and has the keys."""
    current = app._main.current
    if current is None or (section is not None and current.id != section):
        return False
    table = current.query_one_optional(PagedTable)
    # Until its section has asked the site, a list is "read" and empty.
    asked = table is not None and table.empty != "Reading…"
    return table is not None and asked and table.is_read and table.has_focus


PATIENCE = 30.0  # seconds; only a test that fails waits so long


async def settle(pilot: Pilot[Any], state: Callable[[], object]) -> None:
    """Wait until something holds; where it never does, fail with what was on the screen."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while not state():
        if loop.time() > deadline:
            raise AssertionError("it never came about; the screen shows:\n" + screen_text(pilot))
        await asyncio.sleep(0.01)
        if state():
            await pilot.pause(0)  # what this brought about is drawn before the test looks


async def shown(pilot: Pilot[Any], kind: type[Screen[Any]]) -> Any:
    """Wait until a screen of this kind is on top, and give it."""
    await settle(pilot, lambda: isinstance(pilot.app.screen, kind))
    await pilot.pause()
    return pilot.app.screen


def screen_text(pilot: Pilot[Any]) -> str:
    """What is on the screen, line by line."""
    lines = strips_of(pilot.app)
    return "\n".join("".join(segment.text for segment in line).rstrip() for line in lines)


def told(pilot: Pilot[Any]) -> list[str]:
    """The sentences told at the edge of the screen."""
    return notified(pilot.app)


async def say_yes(pilot: Pilot[Any]) -> None:
    """Give the second answer to the question that comes now: the one that changes something."""
    question = await shown(pilot, Confirm)
    await pilot.press("down", "enter")
    await settle(pilot, lambda: pilot.app.screen is not question)
