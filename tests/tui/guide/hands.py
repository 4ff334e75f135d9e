"""A person's hands: keys, a paste, the right button; and the whole console with its engine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual import events
from textual.pilot import Pilot

from tests.tui.support import screen_text, settle
from tui.console.app import ConsoleApp
from tui.console.settings import ConsoleSettings
from tui.widgets.menu import ContextMenu


@asynccontextmanager
async def whole_console(folder: Path, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[Any]]:
    """The console as `commsdesk --data FOLDER` opens it, with the engine in it; makes the site if need be."""
    app = ConsoleApp(ConsoleSettings(folder, "ana"))
    try:
        async with app.run_test(size=size) as pilot:
            await settle(pilot, lambda: app._main._ready)
            yield pilot
    finally:
        if app.engine is not None:
            app.engine.stop()
            assert app.engine.join(30), "the engine has not stopped"
        if app.desk is not None:
            app.desk.database.close()


async def type_in(pilot: Pilot[Any], *parts: str) -> None:
    """Type text as it stands; a part in angle brackets is a key: `"Night", "<tab>"`."""
    for part in parts:
        is_key = len(part) > 2 and part[0] == "<" and part[-1] == ">"
        await pilot.press(*([part[1:-1]] if is_key else part))


async def paste(pilot: Pilot[Any], text: str) -> None:
    """What a terminal hands over when somebody pastes."""
    pilot.app.screen.post_message(events.Paste(text))
    await pilot.pause()


async def at_field(pilot: Pilot[Any], form: Any, key: str) -> None:
    """Go on with tab until a field of a form has the keys."""
    for _ in range(30):
        if form.control_of(key).has_focus_within or form.control_of(key).has_focus:
            return
        await pilot.press("tab")
    raise AssertionError(f"tab does not come to {key}:\n{screen_text(pilot)}")


async def choose(pilot: Pilot[Any], entry: str) -> None:
    """Take an entry of the menu that is open, with the mouse."""
    await settle(pilot, lambda: pilot.app.screen.query(ContextMenu) and entry in screen_text(pilot))
    await pilot.pause()
    await click_on(pilot, entry)


async def click_on(pilot: Pilot[Any], words: str, button: int = 1) -> None:
    """Press a mouse button on these words, wherever they are on the screen."""
    await settle(pilot, lambda: words in screen_text(pilot))
    for y, line in enumerate(screen_text(pilot).splitlines()):
        x = line.find(words)
        if x >= 0:
            await pilot.click(offset=(x + 1, y), button=button)
            return
