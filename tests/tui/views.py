"""What is worth a picture of the console, and how to get there from its start."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from tests.tui.stillness import still
from tests.tui.support import screen_text, settle
from tui.keys.places import SECTIONS
from tui.operations.local_files import OwnFolder
from tui.review.panel import ReviewPanel
from tui.widgets.header import SiteHeader
from tui.widgets.paged_table import PagedTable

SIZES = ((80, 24), (160, 50))
CREW = """\
Name,Mobile,Groups
Ines Walker,+61 400 000 101,Night crew;Divers
Tom Reed,0400 000 102,
,+61 400 000 103,
"""

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
    """What is active comes first: a console opens on it."""
    await _started(pilot)
    await _list_read(pilot, "occurrences")


async def _alerts(pilot: Pilot[Any]) -> None:
    await _occurrences(pilot)
    await pilot.press("o")
    await _list_read(pilot, "alerts")


def _subview(key: str, name: str) -> Reach:
    """A list that stands in the place of the users."""

    async def reach(pilot: Pilot[Any]) -> None:
        await _section("users")(pilot)
        await pilot.press(key)
        await _list_read(pilot, name)

    return reach


def _screen(section: Reach, *keys: str) -> Reach:
    """The screen that these keys open over another one."""

    async def reach(pilot: Pilot[Any]) -> None:
        await section(pilot)
        below = pilot.app.screen
        await pilot.press(*keys)
        await settle(pilot, lambda: pilot.app.screen is not below and pilot.app.screen.focused is not None)
        await _quiet(pilot)

    return reach


def _then(screen: Reach, *keys: str) -> Reach:
    """Keys that change the screen that is shown: its next tab, a menu over it."""

    async def reach(pilot: Pilot[Any]) -> None:
        await screen(pilot)
        await pilot.press(*keys)
        await _quiet(pilot)

    return reach


async def _quiet(pilot: Pilot[Any]) -> None:
    """Wait until all lists of the screen are read, and the picture has been the same for a while."""

    def all_read() -> bool:
        # The list of a section that was left at once may never be read: nobody sees it.
        tables = [table for table in pilot.app.screen.query(PagedTable) if _is_displayed(table)]
        return all(table.is_read and table.empty != "Reading…" for table in tables)

    await settle(pilot, all_read)
    await still(pilot)


def _is_displayed(table: PagedTable) -> bool:
    return all(node.display for node in table.ancestors_with_self)


async def _import_preview(pilot: Pilot[Any]) -> None:
    """A file with lines that add and lines that are refused, in a folder of its own."""
    app: Any = pilot.app
    with TemporaryDirectory() as folder:
        app.files = OwnFolder(Path(folder))
        (Path(folder) / "crew.csv").write_text(CREW, "utf-8")
        await _screen(_section("users"), "I")(pilot)
        app.screen.query_one("Input").value = "crew.csv"
        await pilot.press("enter")
        await settle(pilot, lambda: app.screen.query_one(PagedTable).count)
        await _quiet(pilot)


async def _diagnosis(pilot: Pilot[Any]) -> None:
    """Of a user: nothing is called."""
    await _screen(_section("users"), "i")(pilot)
    await settle(pilot, lambda: "fine" in screen_text(pilot))
    await _quiet(pilot)


async def _menu(pilot: Pilot[Any]) -> None:
    await _section("users")(pilot)
    await pilot.press("space", "down", "space", "m")
    await pilot.pause()


async def _new_site(pilot: Pilot[Any]) -> None:
    await settle(pilot, lambda: pilot.app.screen.query_one(SiteHeader).overview is not None)
    await settle(pilot, lambda: "Step 1 of 4" in screen_text(pilot) and "Press n" in screen_text(pilot))


async def _no_handler(pilot: Pilot[Any]) -> None:
    await _new_site(pilot)
    await pilot.press("5")
    await settle(pilot, lambda: "No messages yet" in screen_text(pilot))
    await pilot.press("n")
    await settle(pilot, lambda: "No handler yet: add" in screen_text(pilot))
    await _quiet(pilot)


_handler = _screen(_section("handlers"), "enter")
_user = _screen(_section("users"), "enter")
_send = _screen(_section("users"), "M")
_alert = _screen(_alerts, "enter")
_task = _screen(_section("tasks"), "enter")
_groups = _subview("o", "groups")
_fields = _subview("O", "fields")
_fire_panel = _then(_alerts, "down")  # the first one is the program's own, and sends nothing
_created = _then(_screen(_fire_panel, "enter"), "f2")

DOCUMENTED: Mapping[str, Reach] = {
    "handlers": _section("handlers"),
    "users": _section("users"),
    "occurrences": _occurrences,
    "alerts": _alerts,
    "tasks": _section("tasks"),
    "messages": _section("messages"),
    "review": _section("review"),
    "duty": _section("duty"),
    "users-menu": _menu,
    "send-message": _send,
    "handler": _handler,
    "user": _user,
    "alert": _alert,
    "task": _task,
    "entry": _screen(_section("review"), "enter"),
    "help": _screen(_section("handlers"), "question_mark"),
}
"""What `make pictures` puts into docs/pictures."""

VIEWS: Mapping[str, Reach] = {
    **DOCUMENTED,
    "groups": _groups,
    "fields": _fields,
    "handler-more": _then(_handler, "f2"),
    "handler-new": _screen(_section("handlers"), "n"),
    "handler-delete": _screen(_section("handlers"), "d"),
    "test-send": _screen(_section("handlers"), "T"),
    "user-fields": _then(_user, "f2"),
    "user-groups": _screen(_section("users"), "a"),
    "user-diagnosis": _diagnosis,
    "import-users": _screen(_section("users"), "I"),
    "import-preview": _import_preview,
    "export-users": _screen(_section("users"), "X"),
    "group": _screen(_groups, "enter"),
    "group-members": _then(_screen(_groups, "enter"), "f2"),
    "field": _screen(_fields, "enter"),
    "field-new": _screen(_fields, "n"),
    "send-recipients": _then(_send, "f2"),
    "send-templates": _then(_send, "f6"),
    "alert-created": _created,
    "alert-answer": _then(_screen(_fire_panel, "enter"), "shift+f2"),
    "action": _screen(_created, "enter"),
    "action-message": _then(_screen(_created, "enter"), "f2"),
    "raise-alert": _screen(_fire_panel, "r"),
    "occurrence": _screen(_occurrences, "enter"),
    "occurrence-note": _screen(_occurrences, "N"),
    "task-actions": _then(_task, "f2"),
    "task-settings": _then(_task, "f2", "f2"),
    "task-history": _screen(_section("tasks"), "h"),
    "forecast": _screen(_section("tasks"), "w"),
    "roster": _screen(_section("duty"), "enter"),
    "cover": _screen(_section("duty"), "n"),
    "take-over": _screen(_section("duty"), "t"),
    "message": _screen(_section("messages"), "enter"),
    "message-states": _then(_section("messages"), "f"),
    "export-review": _screen(_section("review"), "X"),
    "palette": _screen(_section("handlers"), "ctrl+p"),
}

MENUS = ("users-menu", "message-states", "send-templates")

NEW_SITE: Mapping[str, Reach] = {"new-site": _new_site, "new-site-question": _no_handler}
"""On a site in which nothing was made yet."""
