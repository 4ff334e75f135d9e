"""A paused handler in the console: Status says until when, and L lets it go on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage import handlers as stored
from storage import review
from storage.vocabulary import Role
from tests.operations.arrange import make_handler, run_engine_here
from tests.tui.support import console, make_desk, screen_text, settle, told
from tui.operations.desk import Desk


@pytest.fixture
def desk(tmp_path):  # type: ignore[no-untyped-def]
    made = make_desk(tmp_path / "site")
    yield made
    made.database.close()


def pause(desk: Desk, **values: Any) -> int:
    handler = make_handler(desk)
    run_engine_here(desk.database)
    with desk.database.write() as tx:
        stored.set_status(tx, handler, checked_revision=1, **{"status": "Running", **values})
    return handler


def busy() -> dict[str, Any]:
    until = datetime.now(UTC) + timedelta(minutes=9)
    return {"pause": "busy", "pause_code": "43", "pause_ends": "at_time", "paused_until": until}


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=str)
async def test_status_says_busy_and_until_when_at_every_size(desk: Desk, size: tuple[int, int]) -> None:
    values = busy()
    pause(desk, **values)
    at = values["paused_until"] + timedelta(seconds=59)
    async with console(desk, section="handlers", size=size) as pilot:
        await settle(pilot, lambda: f"‖ busy, paused until {at.astimezone():%H:%M}" in screen_text(pilot))
        header = "\n".join(screen_text(pilot).splitlines()[:2])
        assert "‖ Clickatell" in header
        assert "● Clickatell" not in header


async def test_go_on_by_key_says_who_did_it(desk: Desk) -> None:
    handler = pause(
        desk,
        status="Error",
        error="20 Insufficient account balance",
        pause="account",
        pause_code="20",
        pause_ends="balance_rose",
        probe_at=datetime.now(UTC) + timedelta(minutes=9),
    )
    async with console(desk, section="handlers", size=(160, 50)) as pilot:
        await settle(pilot, lambda: "paused, next try" in screen_text(pilot))
        await pilot.press("L")
        await settle(pilot, lambda: "Clickatell goes on" in " ".join(told(pilot)))
        await settle(pilot, lambda: "● Running" in screen_text(pilot))
        await pilot.press("L")
        await settle(pilot, lambda: "not paused: there is nothing to go on with" in " ".join(told(pilot)))
    with desk.database.read() as connection:
        assert stored.status_of(connection, handler).pause is None
        entry = list(review.everything(connection))[-1]
    assert (entry.operator, entry.handler_id) == ("ana", handler)
    assert "goes on by hand" in entry.text


async def test_a_viewer_may_not(tmp_path: Any) -> None:
    made = make_desk(tmp_path / "site")
    handler = pause(made, **busy())
    viewer = Desk(made.database, "vic", Role.VIEWER)
    async with console(viewer, section="handlers") as pilot:
        await pilot.press("L")
        await settle(pilot, lambda: "operator" in " ".join(told(pilot)))
        with made.database.read() as connection:
            assert stored.status_of(connection, handler).pause == "busy"
    made.database.close()
