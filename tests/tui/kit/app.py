"""A small app around one part of the kit, and waiting for a state instead of for a time."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from tests.tui.textual_private import strips_of
from tui.dialogs.help import HelpScreen
from tui.keys.registry import REGISTRY
from tui.terminal import themes
from tui.widgets.palette import ActionProvider


@dataclass
class Settings:
    theme: str = "dark"


class KitApp(App[Any]):
    """Shows the widgets and keeps the messages of the kit that reach the app."""

    PLACE = "app"
    COMMANDS = {ActionProvider}  # noqa: RUF012
    BINDINGS = [*REGISTRY.bindings("app")]  # noqa: RUF012

    def __init__(self, *widgets: Widget, theme: str = "dark") -> None:
        super().__init__()
        self.widgets = widgets
        self.seen: list[Message] = []
        self.wanted_theme = theme

    def compose(self) -> ComposeResult:
        yield from self.widgets

    def on_mount(self) -> None:
        themes.apply(self, Settings(self.wanted_theme))

    def action_help(self) -> None:
        self.push_screen(HelpScreen.for_focus(self.screen))

    def of(self, kind: type[Message]) -> list[Any]:
        """The messages of one kind, in order."""
        # A message is noted once for every node that it bubbles through.
        return list(dict.fromkeys(message for message in self.seen if isinstance(message, kind)))


@asynccontextmanager
async def shown(app: KitApp, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[Any]]:
    """The app running, with every message that is sent noted in `app.seen`."""
    async with app.run_test(size=size, message_hook=app.seen.append) as pilot:
        await pilot.pause()
        yield pilot


async def until(pilot: Pilot[Any], state: Callable[[], object]) -> None:
    """Wait until something holds; the test's own time limit ends it when it never does."""
    while not state():
        await pilot.pause(0.01)


def screen_text(app: App[Any]) -> str:
    """What is on the screen, line by line."""
    return "\n".join("".join(segment.text for segment in line).rstrip() for line in strips_of(app))
