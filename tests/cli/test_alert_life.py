"""An alert from `alert raise` to Finalised: a real engine, a phone for each stage, the console reading it."""

from collections.abc import Iterator

import pytest

from demo_data.clickatell.settings import SAMPLE_API_KEY
from demo_data.clickatell.threaded import ThreadedClickatell
from scheduling.engine import Engine
from scheduling.engine_thread import EngineThread
from storage.database import Database
from tests.cli.conftest import CommandLine
from tests.tui.sections.people import rows_are
from tests.tui.support import console, screen_text, settle, shown
from tui.occurrences.detail import OccurrenceDialog
from tui.operations.desk import Desk

STAGES = ("Created", "Claimed", "Actioned", "Escalated", "Restored", "Finalised")
STEPS = ("claim", "action-taken", "escalate", "restore", "finalise")
PHONES = {stage: f"6140000000{place}" for place, stage in enumerate(STAGES, 1)}


@pytest.fixture
def clickatell() -> Iterator[ThreadedClickatell]:
    with ThreadedClickatell() as running:
        yield running


@pytest.fixture
def site(cli: CommandLine, clickatell: ThreadedClickatell, database: Database) -> Iterator[CommandLine]:
    """Somebody for each stage of the alert, and an engine at work."""
    cli.ok("handler", "add", "Gate", "--api", "one", "--base-url", clickatell.base_url,
           "--api-key-file", "-", stdin=SAMPLE_API_KEY)  # fmt: skip
    cli.ok("field", "add", "Mobile", "--type", "Telephone Number")
    cli.ok("alert", "add", "Fire", "--field", "Zone")
    for stage, number in PHONES.items():
        cli.ok("user", "add", f"{stage} crew", "--set", f"Mobile=+{number}")
        cli.ok("alert", "action", "add", "Fire", stage, "--handler", "Gate", "--to", f"{stage} crew",
               "--message", "{Stage} {Zone} {Count}")  # fmt: skip
    engine = EngineThread(lambda: Engine(database, kind="run", operator="ana", version="0"))
    engine.start()
    try:
        yield cli
    finally:
        engine.stop()
        assert engine.join(30)


def received(clickatell: ThreadedClickatell, count: int) -> list[tuple[str, str]]:
    clickatell.wait_until(lambda there: len(there.inbox) >= count, 60)
    return [(message.to, message.text) for message in clickatell.clickatell.inbox]


async def test_each_stage_reaches_its_own_people_and_all_of_it_can_be_read(
    site: CommandLine, clickatell: ThreadedClickatell, database: Database
) -> None:
    raise_it = ("alert", "raise", "Fire", "--key", "door-3", "--set", "Zone=North")
    site.ok(*raise_it)
    assert received(clickatell, 1) == [(PHONES["Created"], "Created North 1")]
    # The same key while it is active: counted, nothing sent.
    assert "counted: 2 times now, nothing sent" in site.ok(*raise_it).out
    for place, (step, stage) in enumerate(zip(STEPS, STAGES[1:], strict=True), 2):
        site.ok("alert", step, "1", "--note", f"because {step}", operator="bea")
        assert received(clickatell, place)[-1] == (PHONES[stage], f"{stage} North {min(place, 5)}")
        if stage in ("Claimed", "Actioned", "Escalated"):
            assert "nothing sent" in site.ok(*raise_it).out
    # Restored, it is over: the next one with this key begins anew and sends.
    assert site.ok(*raise_it, "--json").one["id"] == 2
    assert received(clickatell, 7)[-1] == (PHONES["Created"], "Created North 1")
    await the_console_shows_it(Desk(database, "vic"))


async def the_console_shows_it(desk: Desk) -> None:
    async with console(desk, size=(160, 50)) as pilot:
        await pilot.press("3")
        await rows_are(pilot, 1)
        await pilot.press("f")
        section = await rows_are(pilot, 2)
        section.table.move_to(next(i for i in range(2) if section.table.row_at(i).key == 1))
        await pilot.pause()
        await pilot.press("enter")
        dialog = await shown(pilot, OccurrenceDialog)
        await settle(pilot, lambda: dialog.query_one("PagedTable").count == len(STAGES))
        text = screen_text(pilot)
        assert all(f"{stage} crew" in text for stage in STAGES)
        assert "because escalate" in text and "bea" in text
        await pilot.press("escape", "6")
        await settle(pilot, lambda: pilot.app._main.current.id == "review")  # type: ignore[attr-defined]
        steps = ("raised", "claimed", "marked as action taken", "escalated", "restored", "finalised")
        said = [f"Fire {step} (door-3): 1 recipient" for step in steps]
        await settle(pilot, lambda: all(each in screen_text(pilot) for each in said))
        assert screen_text(pilot).count("Fire raised again (door-3): counted") >= 4
