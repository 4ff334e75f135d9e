"""A double of the console's port: a real site, and nothing on the screen but what a test puts there.

For editors and dialogs where the main screen, the watch and the live review prove nothing more; `console`
in `tests/tui/support.py` is the whole of it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from textual.pilot import Pilot
from textual.widget import Widget

from storage.vocabulary import Role
from tests.tui.support import settle, shown
from tui.console.port_app import PortApp
from tui.console.preferences import Choices
from tui.operations.desk import Desk
from tui.operations.local_files import Anywhere
from tui.operations.overview import Overview
from tui.port import Console
from tui.terminal import themes


class DoubleConsole(PortApp):
    """`saved` holds what editors ended with."""

    COMMANDS: ClassVar[set[Any]] = set()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.overview = Overview()
        self.files = Anywhere()
        self.saved: list[object] = []

    def on_mount(self) -> None:
        themes.apply(self, Choices())

    @property
    def role(self) -> Role | None:
        return self.desk.role if self.desk else None

    def edited(self, what: object) -> None:
        self.saved.append(what)

    def shows(self, section: Widget) -> bool:
        return False

    def go_to_section(self, name: str) -> None:
        raise AssertionError(f"the double has no section {name}")

    async def show_section(self, name: str) -> Widget | None:
        return None


@asynccontextmanager
async def double(desk: Desk, *, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[int]]:
    """The double at this desk."""
    app = DoubleConsole(desk)
    assert isinstance(app, Console)
    async with app.run_test(size=size) as pilot:
        yield pilot


async def opened(pilot: Pilot[Any], editor: Any, key: int | None = None) -> Any:
    """The editor of this kind for a record, or for a new one, as it is opened from a list."""
    console: Any = pilot.app
    console.open_editor(lambda: editor.load(console, key))
    found = await shown(pilot, editor)
    await settle(pilot, lambda: found.focused is not None)
    return found
