"""What is worth a picture of the console, and how to get there from its start."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from tests.tui.support import settle
from tui.sections.registry import SECTIONS
from tui.widgets.header import SiteHeader
from tui.widgets.paged_table import PagedTable
from tui.widgets.review_panel import ReviewPanel

SIZES = ((80, 24), (160, 50))

Reach = Callable[[Pilot[Any]], Awaitable[None]]


async def _started(pilot: Pilot[Any]) -> None:
    app = pilot.app
    await settle(pilot, lambda: app.screen.query_one(SiteHeader).overview is not None)
    await settle(pilot, lambda: app.screen.query_one(ReviewPanel).shown)


async def _list_read(pilot: Pilot[Any], name: str) -> None:
    def is_read() -> bool:
        section = pilot.app.screen.query_one_optional(f"#{name}")
        table = section.query_one_optional(PagedTable) if section is not None else None
        if table is None or not (table.is_read and table.has_focus and table.count):
            return False
        detail = section.query_one_optional(".detail-text", Static)
        return detail is None or not detail.parent.display or bool(str(detail.render()))

    await settle(pilot, is_read)


def _section(name: str) -> Reach:
    async def reach(pilot: Pilot[Any]) -> None:
        await _started(pilot)
        await pilot.press(str(list(SECTIONS).index(name) + 1))
        await _list_read(pilot, name)

    return reach


async def _occurrences(pilot: Pilot[Any]) -> None:
    """What is active comes first in the section Alerts."""
    await _started(pilot)
    await pilot.press("3")
    await _list_read(pilot, "occurrences")


async def _alerts(pilot: Pilot[Any]) -> None:
    await _occurrences(pilot)
    await pilot.press("o")
    await _list_read(pilot, "alerts")


def _screen(section: Reach, *keys: str) -> Reach:
    async def reach(pilot: Pilot[Any]) -> None:
        await section(pilot)
        main = pilot.app.screen
        await pilot.press(*keys)
        await settle(pilot, lambda: pilot.app.screen is not main and pilot.app.screen.focused is not None)
        await pilot.pause(0.1)

    return reach


async def _menu(pilot: Pilot[Any]) -> None:
    await _section("users")(pilot)
    await pilot.press("space", "down", "space", "m")
    await pilot.pause()


VIEWS: Mapping[str, Reach] = {
    "handlers": _section("handlers"),
    "users": _section("users"),
    "occurrences": _occurrences,
    "alerts": _alerts,
    "tasks": _section("tasks"),
    "messages": _section("messages"),
    "review": _section("review"),
    "users-menu": _menu,
    "send-message": _screen(_section("users"), "M"),
    "handler": _screen(_section("handlers"), "enter"),
    "user": _screen(_section("users"), "enter"),
    "alert": _screen(_alerts, "enter"),
    "task": _screen(_section("tasks"), "enter"),
    "entry": _screen(_section("review"), "enter"),
    "help": _screen(_section("handlers"), "question_mark"),
}
