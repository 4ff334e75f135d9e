"""Tab and shift+tab go through every field of every dialog and editor; enter in a field sends nothing."""

import contextlib
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from textual.pilot import Pilot
from textual.screen import Screen

import tui
from storage import tables
from storage.site import open_site
from storage.vocabulary import Stage
from tests.sample import SampleSites
from tests.tui.sections.people import desk_at, go_to, rows_are
from tests.tui.sections.raising import fire
from tests.tui.stillness import at_rest
from tests.tui.support import console, say_yes, settle, shown, told
from tests.tui.test_hostile import LISTS, STOPS, hold_something, leave, listed, to_one_with_actions
from tests.tui.textual_private import keys_of
from tui.messages.send_message import SendMessage
from tui.occurrences.raise_alert import RaiseAlert
from tui.operations.desk import Desk
from tui.widgets.menu import ContextMenu


def screens() -> Iterator[type[Screen[Any]]]:
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        if not module.name.startswith("tui.cli"):
            for kind in vars(importlib.import_module(module.name)).values():
                if isinstance(kind, type) and issubclass(kind, Screen) and kind.__module__ == module.name:
                    yield kind


@pytest.mark.parametrize("kind", sorted(set(screens()), key=lambda each: each.__name__))
def test_every_screen_has_what_textual_gives_screens(kind: type[Screen[Any]]) -> None:
    assert {"tab", "shift+tab", "ctrl+c"} <= keys_of(kind)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, sample_sites: SampleSites) -> Path:
    found = tmp_path_factory.mktemp("sample") / "site"
    sample_sites.copy(found)
    with contextlib.closing(open_site(found)) as database, database.write() as tx:
        hold_something(tx)
    return found


@pytest.fixture
def desk(folder: Path) -> Iterator[Desk]:
    opened = Desk(open_site(folder), "ana")
    yield opened
    opened.database.close()


async def goes_all_round(pilot: Pilot[Any], key: str, where: str) -> None:
    screen = pilot.app.screen
    chain = list(screen.focus_chain)
    found = [screen.focused]
    for _ in chain[1:]:
        await pilot.press(key)
        found.append(screen.focused)
    missed = [each for each in chain if each not in found]
    assert missed == [], f"{where}: {key} does not come to {missed}"
    await pilot.press(key)
    assert screen.focused is found[0], f"{where}: {key} does not come round"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", LISTS)
async def test_tab_comes_to_every_field(desk: Desk, name: str) -> None:
    async with console(desk) as pilot:
        app: Any = pilot.app
        for key, shown_as in LISTS[name]:
            await pilot.press(key)
            await listed(pilot, shown_as)
        if name == "alerts":
            to_one_with_actions(pilot)
        for steps in STOPS[name]:
            for step in steps:
                key, _, wanted = step.partition(" ")
                await pilot.press(key)
                if wanted:
                    await settle(pilot, lambda wanted=wanted: type(app.screen).__name__ == wanted)
                    await settle(pilot, lambda: app.screen.focused is not None)
                await at_rest(pilot)
                if (
                    app.screen is not app._main
                    and not app.screen.query(ContextMenu)
                    and app.screen.focused in app.screen.focus_chain
                ):
                    opener = app.screen.focused
                    for direction in ("tab", "shift+tab"):
                        await goes_all_round(pilot, direction, f"{name}, {steps} at {step}")
                    opener.focus()
            await leave(pilot, f"{name}, {steps}")


async def test_the_sender_and_fill_in_fields_are_reached_and_set_by_keys(desk: Desk) -> None:
    async with console(desk, section="users") as pilot:
        await pilot.press("M")
        dialog = await shown(pilot, SendMessage)
        await settle(pilot, lambda: dialog.composer.query("MessageBox:focus"))
        await pilot.press("a", "shift+tab", "shift+tab")
        assert dialog.form.control_of("fields").has_focus
        await pilot.press("space")
        assert dialog.form.value("fields") is True
        await pilot.press("shift+tab")
        assert dialog.focused is dialog.form.control_of("sender")


async def test_enter_in_the_last_field_of_raise_raises_nothing(tmp_path: Path) -> None:
    with desk_at(tmp_path) as made:
        fire(made, Stage.CREATED)
        async with console(made, section="alerts") as pilot:
            await rows_are(pilot, 5)
            await go_to(pilot, "Fire")
            await pilot.press("r")
            dialog = await shown(pilot, RaiseAlert)
            await settle(pilot, lambda: dialog.form.control_of("key").has_focus)
            for _ in range(7):  # as someone who wants to get through the fields
                await pilot.press("enter")
            if pilot.app.screen is not dialog:
                await pilot.press("escape")
            assert pilot.app.screen is dialog
            with made.database.read() as connection:
                assert list(connection.execute(sa.select(tables.occurrences))) == []
            await pilot.press("enter")
            await say_yes(pilot)
            await settle(pilot, lambda: any("Fire raised" in said for said in told(pilot)))
