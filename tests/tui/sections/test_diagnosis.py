"""Diagnose from a handler and from a message, live against an address where nothing listens."""

import pytest

from tests.operations.arrange import JOE, make_handler, make_people, to
from tests.tui.support import console, make_desk, screen_text, settle, shown
from tui.dialogs.diagnosis import CHECKING, Diagnosis
from tui.operations import sending
from tui.operations.desk import Desk
from tui.text.plain import plain_str

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def desk(tmp_path):  # type: ignore[no-untyped-def]
    made = make_desk(tmp_path / "site")
    yield made
    made.database.close()


async def finished(pilot) -> Diagnosis:  # type: ignore[no-untyped-def]
    screen = await shown(pilot, Diagnosis)
    await settle(pilot, lambda: "✓" in screen_text(pilot) and CHECKING not in screen_text(pilot))
    return screen


async def test_a_handler_with_hostile_text_and_no_connection(desk: Desk) -> None:
    make_handler(desk, name="[/red][@click=app.quit]", base_url=NOBODY)
    make_people(desk.database, {"Joe": JOE})
    async with console(desk, size=(100, 60)) as pilot:
        await pilot.press("i")
        screen = await finished(pilot)
        text = screen_text(pilot)
        assert "Diagnose [/red][@click=app.quit]" in text
        assert "✗ Connection" in text
        assert f"tried  call {NOBODY}" in text
        assert "connection refused" in text
        assert "do     Check the address" in text
        assert "✗ Engine" in text
        assert plain_str(text, block=True) == text
        seen = len(screen.findings)
        await pilot.press("ctrl+r")
        await settle(pilot, lambda: screen.rounds == 2)
        await settle(pilot, lambda: len(screen.findings) == seen)
        await pilot.press("escape")
        await settle(pilot, lambda: pilot.app.screen is pilot.app._main)


async def test_a_message(desk: Desk) -> None:
    (key,) = sending.send(desk, sending.Request(make_handler(desk, base_url=NOBODY), to(JOE), "hello")).ids
    async with console(desk, section="messages", size=(100, 60)) as pilot:
        await pilot.press("i")
        await finished(pilot)
        assert f"Diagnose message {key}" in screen_text(pilot)
        assert f"message {key}\n" in screen_text(pilot)


async def test_the_whole_site_from_the_command_palette(desk: Desk) -> None:
    make_handler(desk, base_url=NOBODY)
    async with console(desk, size=(100, 60)) as pilot:
        await pilot.press("ctrl+p", *"site: diagnose")
        await settle(pilot, lambda: "Every check of the site" in screen_text(pilot))
        await pilot.press("down", "enter")
        await finished(pilot)
        assert "Diagnose the site" in screen_text(pilot)
