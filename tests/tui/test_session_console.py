"""The console of someone who came in over SSH: none of its commands starts a program or writes elsewhere."""

import importlib
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette, DiscoveryHit

from tests.tui.support import console, make_desk, settle
from tests.tui.textual_private import providers_of
from tui.keys.registry import REGISTRY
from tui.operations.desk import Desk
from tui.operations.local_files import OwnFolder
from tui.widgets.palette import ActionProvider

PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn", "os.fork")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
MOVES = ("os.rename", "os.link", "os.symlink", "os.mkdir", "os.truncate", "os.chmod", "os.chown")

QUIT = "app: Quit"
# croniter asks file(1) about the interpreter, once, when it is imported.
importlib.import_module("croniter")

_watching: list[list[tuple[str, tuple[Any, ...]]]] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and (event in PROGRAMS or event in MOVES or _writes(event, arguments)):
        _watching[-1].append((event, arguments))


def _writes(event: str, arguments: tuple[Any, ...]) -> bool:
    # A number is a file that was opened before, and noted then.
    return event == "open" and not isinstance(arguments[0], int) and bool((arguments[2] or 0) & WRITES)


sys.addaudithook(_note)  # stays for the life of the process; it notes only inside `watched`


@contextmanager
def watched() -> Iterator[list[tuple[str, tuple[Any, ...]]]]:
    """What this process starts, moves, or opens for writing, as the interpreter itself sees it."""
    _watching.append([])
    try:
        yield _watching[-1]
    finally:
        _watching.pop()


def outside(seen: list[tuple[str, tuple[Any, ...]]], folder: Path) -> list[tuple[str, tuple[Any, ...]]]:
    """Programs, and files that are not in the folder."""
    return [
        (event, arguments)
        for event, arguments in seen
        if event in PROGRAMS
        or not any(str(each).startswith((f"{folder}/", os.devnull)) for each in arguments[:1])
    ]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = make_desk(tmp_path / "site")
    yield made
    made.database.close()


@asynccontextmanager
async def session(desk: Desk, section: str) -> AsyncIterator[Any]:
    own = desk.database.folder.path / "files" / "1"
    own.mkdir(parents=True, exist_ok=True)
    async with console(desk, section=section, files=OwnFolder(own)) as pilot:
        yield pilot


async def commands(pilot: Any) -> list[str]:
    """What the palette offers here."""
    provider = ActionProvider(pilot.app.screen)
    return [hit.text or "" async for hit in provider.discover() if isinstance(hit, DiscoveryHit)]


def test_the_watch_sees_a_program_and_a_file(tmp_path: Path) -> None:
    with watched() as seen:
        (tmp_path / "in").write_text("x")
        assert outside(seen, tmp_path) == []
        assert outside(seen, tmp_path / "elsewhere") != []
        os.system("true")
        assert [event for event, _ in outside(seen, tmp_path)] == ["os.system"]


@pytest.mark.parametrize(
    "section",
    [
        "users",
        *(
            pytest.param(section, marks=pytest.mark.long)
            for section in ("handlers", "alerts", "tasks", "messages", "review")
        ),
    ],
)
async def test_every_command_of_the_palette_stays_inside(desk: Desk, section: str) -> None:
    left = []
    while True:
        async with session(desk, section) as pilot:
            offered = await commands(pilot)
            assert len(offered) > 10 and set(offered) <= {action.label for action in REGISTRY}
            left = left or [label for label in offered if label != QUIT]
            # One console for as many of them as it goes on offering.
            while left and await try_command(pilot, left[0], desk.database.folder.path):
                left.pop(0)
            if not left:
                break
            assert left[0] in offered, left[0]


async def try_command(pilot: Any, label: str, folder: Path) -> bool:
    """Choose it, save and leave what it opens; False where it is not offered now."""
    provider = ActionProvider(pilot.app.screen)
    found = [hit.command async for hit in provider.discover() if hit.text == label]
    if not found:
        return False
    with watched() as seen:
        found[0]()
        await pilot.pause()
        await pilot.press("ctrl+s", "ctrl+z", "escape")
        await pilot.pause()
        while len(pilot.app.screen_stack) > 1:
            pilot.app.pop_screen()
            await pilot.pause()
    assert outside(seen, folder) == [], label
    return True


async def test_the_palette_itself_is_of_the_console_only(desk: Desk) -> None:
    async with session(desk, "users") as pilot:
        await pilot.press("ctrl+p")
        await settle(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))
        assert providers_of(pilot.app.screen) == {ActionProvider}
