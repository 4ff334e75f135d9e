"""Hostile text in every free field of a whole site, and a walk through every section and dialog.

What reaches the terminal holds nothing that it would obey, and nothing falls over.
"""

import importlib
import itertools
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from textual.pilot import Pilot
from textual.screen import Screen

import tui
from scheduling.gateways import registry
from scheduling.gateways.description import Kind
from storage import holds, tables
from storage.site import open_site
from storage.vocabulary import HeldState, HoldKind, Origin, Stage
from tests.operations.arrange import make_handler, make_people
from tests.sample import SampleSites
from tests.tui.guide.hands import paste
from tests.tui.kit.hostile import HOSTILE
from tests.tui.support import console, make_desk, screen_text, settle, shown
from tests.tui.textual_private import strips_of
from tui.dialogs.ask_text import AskText
from tui.dialogs.confirm import Answer, Confirm, Question
from tui.editors.user import UserEditor
from tui.messages.send_message import SendMessage
from tui.operations import alerts, messages, users
from tui.operations.desk import Desk
from tui.widgets.menu import ContextMenu
from tui.widgets.paged_table import PagedTable

# What a terminal obeys: controls, and marks that turn the direction of what follows.
OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ud800-\udfff]")

# A file cannot hold a lone surrogate; all the rest can be there, whoever wrote it.
STORED = [text for name, text in HOSTILE.items() if name not in ("lone surrogate", "empty")]

FREE = {
    tables.handlers: ("name", "secret_hint", "notes"),
    tables.handler_statuses: ("currency", "code", "error", "advice"),
    tables.users: ("name", "notes"),
    tables.groups: ("name", "notes"),
    tables.custom_fields: ("name", "help"),
    tables.user_values: ("value",),
    tables.alerts: ("name", "description"),
    tables.alert_fields: ("name", "default_value"),
    tables.occurrences: ("key", "owner", "raised_by"),
    tables.occurrence_events: ("operator", "note"),
    tables.tasks: ("name", "notes", "problem"),
    tables.task_runs: ("note",),
    tables.actions: ("body",),
    tables.messages: ("user_name", "body", "gateway_id", "error_code", "error"),
    tables.attempts: ("code", "error", "gateway_id"),
    tables.submissions: ("operator",),
    tables.rosters: ("name",),
    tables.roster_covers: ("note", "made_by"),
    tables.holds: ("reason", "made_by"),
    tables.held: ("user_name", "body", "why"),
    tables.reviews: ("body", "operator", "handler", "user", "alert", "task"),
}

LISTS: dict[str, tuple[tuple[str, str], ...]] = {
    "handlers": (("1", "handlers"),),
    "users": (("2", "users"),),
    "groups": (("2", "users"), ("o", "groups")),
    "fields": (("2", "users"), ("O", "fields")),
    "occurrences": (("3", "occurrences"),),
    "alerts": (("3", "occurrences"), ("o", "alerts")),
    "tasks": (("4", "tasks"),),
    "messages": (("5", "messages"),),
    "review": (("6", "review"),),
    "duty": (("7", "duty"),),
}
"""Every list: the keys that lead to it, and what each is then called."""

STOPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "handlers": (
        ("enter HandlerEditor", "f2"),
        ("i Diagnosis",),
        ("d Confirm",),
        ("T TestSend",),
        ("question_mark HelpScreen",),
    ),
    "users": (
        ("enter UserEditor", "f2"),
        ("M SendMessage", "f2", "f6", "escape", "f2"),
        ("d Confirm",),
        ("a UserGroups",),
        ("i Diagnosis",),
        ("I ImportUsers",),
        ("X ExportUsers",),
    ),
    "groups": (("enter GroupEditor", "f2"), ("M SendMessage", "f2"), ("d Confirm",)),
    "fields": (("enter FieldEditor",), ("d Confirm",)),
    "occurrences": (("enter OccurrenceDialog", "tab"), ("N NoteDialog",), ("R NoteDialog",)),
    "alerts": (
        ("enter AlertEditor", "f2", "enter ActionEditor", "f2", "f3"),
        ("r RaiseAlert",),
        ("d Confirm",),
    ),
    "tasks": (
        ("enter TaskEditor", "f2", "enter ActionEditor", "f2"),
        ("enter TaskEditor", "f2", "f2"),
        ("h TaskHistory",),
        ("w Forecast",),
        ("d Confirm",),
    ),
    "messages": (
        ("enter MessageDetail",),
        ("i Diagnosis",),
        ("n SendMessage", "f2"),
        ("f", "end", "up", "enter HeldList"),
    ),
    "review": (("enter EntryDetail",), ("X ExportReview",), ("f",)),
    "duty": (("enter RosterMonth",), ("n CoverEditor",), ("t TakeOver",)),
}
"""What can be opened from a list: keys, with the screen that each has to bring where it brings one."""

ELSEWHERE = {
    "MainScreen",  # below all of them
    "Question",  # told and asked below, as is AskText
    "AskText",
    "EditorScreen", "MergingEditor", "ListScreen", "_CoverScreen",  # of which those above are kinds
}  # fmt: skip

# What a person can type or paste into a line that is to hold it.
TYPED = (
    "[/red] [bold]x[/] [@click=app.quit]y[/]",
    "יוסי כהן محمد 国际 👩‍👩‍👧 👍🏽",
    "$(id) `id` %s {0} \\\\x1b[31m",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, sample_sites: SampleSites) -> Path:
    """The sample site with every free text replaced."""
    found = tmp_path_factory.mktemp("hostile") / "site"
    sample_sites.copy(found)
    database = open_site(found)
    texts = itertools.cycle(STORED)
    try:
        with database.write() as tx:
            hold_something(tx)
            for table, names in FREE.items():
                _spoil(tx, table, names, texts)
            _spoil_settings(tx, texts)
            tx.execute(sa.update(tables.alerts).values(enabled=True))  # all can be raised
    finally:
        database.close()
    return found


def hold_something(tx: Any) -> None:
    """A silence, and two messages that quiet hours hold."""
    now = datetime.now(UTC)
    alert = tx.execute(sa.select(sa.func.max(tables.alerts.c.id))).scalar_one()
    until = now + timedelta(days=1)
    holds.add(tx, HoldKind.SILENCE, {"alert_id": alert, "from_at": now, "until_at": until}, "ana", now)
    quiet = holds.add(tx, HoldKind.QUIET, {"windows": ["22:00-07:00"], "through": 2}, "ana", now)
    row = {
        "state": HeldState.HELD,
        "kind": HoldKind.QUIET,
        "hold_id": quiet,
        "user_name": "Joe",
        "to_number": "+447700900123",
        "handler_id": tx.execute(sa.select(sa.func.min(tables.handlers.c.id))).scalar_one(),
        "origin": Origin.TASK,
        "body": "Rounds",
        "segments": 1,
        "useful_life": timedelta(hours=1),
        "why": "quiet hours",
        "held_at": now,
        "until_at": until,
    }
    tx.execute(sa.insert(tables.held), [row, row])


def _spoil(tx: Any, table: sa.Table, names: tuple[str, ...], texts: Iterator[str]) -> None:
    # A past of thousands is not needed: each text in each column is.
    key = next(iter(table.primary_key.columns))
    keys = tx.execute(sa.select(key).order_by(key.desc()).limit(2 * len(STORED))).scalars().all()
    for row in keys:
        values = {name: next(texts) for name in names}
        tx.execute(sa.update(table).where(key == row).values(**values))
        next(texts)  # so that each column meets each text


def _spoil_settings(tx: Any, texts: Iterator[str]) -> None:
    """The texts among the settings of each handler's gateway."""
    table = tables.handlers
    for row in tx.execute(sa.select(table.c.id, table.c.api_type)).all():
        free = [
            each.key for each in registry.of(row.api_type).plain if each.kind in (Kind.TEXT, Kind.LONG_TEXT)
        ]
        values = {key: next(texts) for key in free}
        tx.execute(sa.update(table).where(table.c.id == row.id).values(settings=values))


@pytest.fixture
def desk(folder: Path) -> Iterator[Desk]:
    opened = Desk(open_site(folder), "ana[/]\x1b]52;c;eA==\x07\u202e")
    yield opened
    opened.database.close()


def check(pilot: Pilot[Any], where: str) -> None:
    """Nothing that a terminal obeys, no action or link out of a text."""
    for line in strips_of(pilot.app):
        for segment in line:
            found = OBEYED.search(segment.text)
            assert found is None, f"{where}: {segment.text!r}"
            assert not segment.control, where
            assert segment.style is None or segment.style.link is None, where
            assert "@click" not in (segment.style.meta if segment.style else {}), where
    assert "It cannot be read" not in screen_text(pilot), where


async def listed(pilot: Pilot[Any], name: str) -> None:
    def is_read() -> bool:
        section = pilot.app.screen.query_one_optional(f"#{name}")
        table = section.query_one_optional(PagedTable) if section is not None else None
        return bool(table and table.empty != "Reading…" and table.is_read and table.has_focus and table.count)

    await settle(pilot, is_read)
    await pilot.pause(0.05)
    check(pilot, name)


async def reach(pilot: Pilot[Any], name: str) -> None:
    for key, shown_as in LISTS[name]:
        await pilot.press(key)
        await listed(pilot, shown_as)


def to_one_with_actions(pilot: Pilot[Any]) -> None:
    """To an alert that sends something when it is raised."""
    app: Any = pilot.app
    sending = {
        view.alert.id
        for view in alerts.listing(app.desk)
        if any(action.stage == Stage.CREATED for action in view.alert.actions)
    }
    table = app._main.current.table
    table.move_to(next(place for place in range(table.count) if table.row_at(place).key in sending))


async def stop_at(pilot: Pilot[Any], name: str, keys: tuple[str, ...]) -> None:
    """Open a dialog of the record under the cursor, look at each of its faces, and close it."""
    app: Any = pilot.app
    for step in keys:
        key, _, wanted = step.partition(" ")
        await pilot.press(key)
        if wanted:
            await settle(pilot, lambda wanted=wanted: type(app.screen).__name__ == wanted)
            await settle(pilot, lambda: app.screen.focused is not None)
        await pilot.pause(0.1)
        check(pilot, f"{name}, {keys}, at {step}")
    await leave(pilot, f"{name}, {keys}")
    check(pilot, name)


async def leave(pilot: Pilot[Any], where: str) -> None:
    """Escape until the main screen is back; where something was changed, without it."""
    app: Any = pilot.app
    for _ in range(12):
        if app.screen is app._main and not app.screen.query(ContextMenu):
            return
        await pilot.press(*(["down", "enter"] if isinstance(app.screen, Confirm) else ["escape"]))
        await pilot.pause(0.05)
        check(pilot, f"{where}, leaving")
    raise AssertionError(f"{where}: {app.screen} is still there")


def screens() -> set[str]:
    """Every screen of the program."""
    found = set()
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        if not module.name.startswith("tui.cli"):
            known = vars(importlib.import_module(module.name)).values()
            found |= {each for each in known if isinstance(each, type) and issubclass(each, Screen)}
    return {each.__name__ for each in found if each.__module__.startswith("tui.")}


def test_the_walk_leaves_no_screen_out() -> None:
    stops = {step.partition(" ")[2] for several in STOPS.values() for steps in several for step in steps}
    assert screens() - stops - ELSEWHERE == set()
    assert set(STOPS) == set(LISTS)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", LISTS)
async def test_no_dialog_of_a_list_lets_hostile_text_through(desk: Desk, name: str) -> None:
    async with console(desk) as pilot:
        await reach(pilot, name)
        await pilot.press("home", "m")
        await pilot.pause(0.05)
        check(pilot, f"{name}, menu")
        await pilot.press("escape")
        if name == "alerts":
            to_one_with_actions(pilot)
        for keys in STOPS[name]:
            await stop_at(pilot, name, keys)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", [(80, 24), pytest.param((160, 50), marks=pytest.mark.long)])
async def test_no_list_lets_hostile_text_through(desk: Desk, size: tuple[int, int]) -> None:
    async with console(desk, size=size) as pilot:
        for name in LISTS:
            await reach(pilot, name)
            for _ in range(3):  # other texts, and in the detail beside the list
                await pilot.press("down")
                await pilot.pause(0.02)
                check(pilot, name)
            await pilot.press("end")
            await listed(pilot, LISTS[name][-1][1])
        await pilot.press("ctrl+p")
        await pilot.pause(0.1)
        check(pilot, "palette")


async def test_what_is_told_and_asked_is_plain(desk: Desk) -> None:
    """The sentences at the edge, a question with its answers, and the box for a name."""
    async with console(desk, size=(160, 50)) as pilot:
        app: Any = pilot.app
        for text in STORED:
            app.tell(text, problem=True)
            await pilot.pause(0.02)
            check(pilot, "toast")
            app.clear_notifications()
            for screen in (
                Question(text, (Answer("a", text), Answer("b", text)), safe="a", hangs=[text]),
                AskText(text[:200]),
            ):
                app.push_screen(screen)
                await settle(pilot, lambda screen=screen: app.screen is screen and screen.focused)
                check(pilot, type(screen).__name__)
                app.pop_screen()
                await settle(pilot, lambda: app.screen is app._main)


async def test_the_line_of_a_new_site_is_plain(tmp_path: Path) -> None:
    made = make_desk(tmp_path / "new")
    make_handler(made)
    try:
        for text in STORED[:6]:
            make_people(made.database, {text: None})
            async with console(made) as pilot:
                await settle(pilot, lambda: "has no number" in screen_text(pilot))
                check(pilot, "next step")
            with made.database.write() as tx:
                tx.execute(sa.update(tables.users).values(removed_at=made.now()))
    finally:
        made.database.close()


@pytest.mark.parametrize(
    "text", [TYPED[0], *(pytest.param(text, marks=pytest.mark.long) for text in TYPED[1:])]
)
async def test_what_is_typed_or_pasted_is_stored_as_typed(tmp_path: Path, text: str) -> None:
    made = make_desk(tmp_path / "new")
    make_handler(made)
    try:
        async with console(made, section="users") as pilot:
            await pilot.press("n")  # no Telephone Number field: a user without one all the same
            await settle(pilot, lambda: isinstance(pilot.app.screen, Question))
            await pilot.press("down", "enter")
            editor: Any = await shown(pilot, UserEditor)
            await settle(pilot, lambda: editor.form.control_of("name").has_focus)
            await paste(pilot, text)
            check(pilot, "typed")
            await pilot.press("ctrl+s")
            await settle(pilot, lambda: users.count(made) == 1)
            await settle(pilot, lambda: pilot.app.screen is pilot.app._main)  # type: ignore[attr-defined]
            await pilot.press("5")
            await settle(pilot, lambda: "No messages yet" in screen_text(pilot))
            await pilot.press("n")
            dialog: Any = await shown(pilot, SendMessage)
            await settle(pilot, lambda: dialog.picker.query("SearchInput:focus"))
            await pilot.press(*"+61400000000", "enter")
            await settle(pilot, lambda: dialog.picker.reach.reached)
            await pilot.press("f2")
            await settle(pilot, lambda: dialog.composer.query("MessageBox:focus"))
            await paste(pilot, text)
            check(pilot, "composed")
            await pilot.press("ctrl+s")
            await settle(pilot, lambda: list(messages.listing(made)))
            check(pilot, "sent")
        (user,), (message,) = users.page(made), messages.listing(made)
        assert (user.name, message.text) == (text, text)
    finally:
        made.database.close()
