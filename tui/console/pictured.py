"""A picture of the console as it is, without a terminal and without an engine."""

import asyncio
import re
from typing import TYPE_CHECKING

from tui.console.app import ConsoleApp
from tui.console.main_screen import MainScreen
from tui.console.settings import ConsoleSettings
from tui.keys.places import SECTIONS
from tui.review.panel import ReviewPanel
from tui.widgets.paged_table import PagedTable

if TYPE_CHECKING:
    from tui.operations.desk import Desk

PATIENCE = 20.0  # seconds; what has not been read by then is shown as not read
LOOK_EVERY = 0.05


class PicturedConsole(ConsoleApp):
    """The console; its pictures name no font to be fetched from anywhere."""

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        picture = super().export_screenshot(title=title or "", simplify=True)
        picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
        # Some viewers take the blanks at the ends of a piece of text away otherwise.
        return picture.replace("<svg ", '<svg xml:space="preserve" ', 1)


async def picture(desk: "Desk", settings: ConsoleSettings, section: str, size: tuple[int, int]) -> str:
    """A section (its name in `SECTIONS`) as SVG, once its list has been read."""
    from storage import review

    with desk.database.read() as connection:
        reviewed = review.last_id(connection) > 0
    app = PicturedConsole(settings, open_desk=lambda: desk)
    async with app.run_test(size=size) as pilot:
        main = app.screen
        assert isinstance(main, MainScreen)
        main.action_section(section)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        still = 0
        # Read, and so a second time: a change noticed meanwhile begins another reading.
        while still < 2 and loop.time() < deadline:
            await pilot.pause(LOOK_EVERY)
            read = _is_read(main, section) and (bool(main.query_one(ReviewPanel).shown) or not reviewed)
            quiet = read and all(worker.is_finished for worker in app.workers)
            still = still + 1 if quiet else 0
        return app.export_screenshot()


def _is_read(main: MainScreen, name: str) -> bool:
    section = main.current
    if section is None or section.id != name:
        return False
    table = section.query_one_optional(PagedTable)
    # Until its section has asked the site, a list is "read" and empty.
    return table is not None and table.is_read and table.empty != "Reading…"


def section_named(text: str) -> str:
    """The name in `SECTIONS` of what a person calls a section. Raises `Refused`."""
    from tui.operations.errors import Refused

    wanted = text.strip().casefold()
    for name, title in SECTIONS.items():
        if wanted in (name, title.casefold()):
            return name
    titles = ", ".join(SECTIONS.values())
    raise Refused(f"there is no section {text!r}: choose one of {titles}", "section")
