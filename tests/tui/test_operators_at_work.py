"""What an operator may do is read anew while the console is open, and a key that is not allowed says why."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.vocabulary import Role
from tests.tui.support import console, make_desk, screen_text, settle, told
from tui.console.app import ConsoleApp
from tui.console.settings import ConsoleSettings
from tui.operations import alerts, operators
from tui.operations.access import Identity, take_desk
from tui.operations.desk import Desk


@pytest.fixture
def boss(tmp_path: Path) -> Iterator[Desk]:
    made = make_desk(tmp_path / "site")
    yield made
    made.database.close()


@pytest.fixture
def vic(boss: Desk) -> Desk:
    """A viewer who came with a key."""
    made = operators.add(boss, "vic", Role.VIEWER)
    return take_desk(boss.database, Identity("local:tester", operator_id=made.id))


async def test_a_key_that_is_not_allowed_says_why(boss: Desk, vic: Desk) -> None:
    async with console(vic, section="alerts") as pilot:
        assert "vic (viewer)" in screen_text(pilot).splitlines()[0]
        await pilot.press("n")
        await settle(pilot, lambda: "vic is a viewer: New needs an administrator" in told(pilot))
        assert len(pilot.app.screen_stack) == 1, "no editor was opened"
        assert vic.operator_id is not None
        operators.edit(boss, vic.operator_id, role=Role.ADMINISTRATOR)
        await settle(pilot, lambda: "vic (viewer)" not in screen_text(pilot).splitlines()[0])
        await pilot.press("n")
        await settle(pilot, lambda: len(pilot.app.screen_stack) == 2)


async def test_what_was_begun_with_another_role_is_refused_at_its_end(boss: Desk, vic: Desk) -> None:
    assert vic.operator_id is not None
    operators.edit(boss, vic.operator_id, role=Role.ADMINISTRATOR)
    async with console(vic, section="alerts") as pilot:
        await settle(pilot, lambda: "vic (viewer)" not in screen_text(pilot).splitlines()[0])
        await pilot.press("n")
        await settle(pilot, lambda: len(pilot.app.screen_stack) == 2)
        await pilot.press(*"Fire")
        operators.edit(boss, vic.operator_id, role=Role.VIEWER)
        await pilot.press("ctrl+s")
        said = "vic is a viewer: adding an alert needs an administrator"
        await settle(pilot, lambda: said in " ".join([screen_text(pilot), *told(pilot)]))
    assert all(view.alert.system for view in alerts.listing(boss))


async def test_the_console_of_a_disabled_operator_closes(
    boss: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    made = operators.add(boss, "vic [/red]", Role.VIEWER)
    vic = take_desk(boss.database, Identity("local:tester", operator_id=made.id))
    async with console(vic, section="alerts") as pilot:
        await pilot.press("question_mark")  # whatever is open
        await settle(pilot, lambda: len(pilot.app.screen_stack) == 2)
        operators.set_enabled(boss, made.id, False)
        await settle(pilot, lambda: not pilot.app.is_running)
    assert pilot.app.return_code == 1
    assert "commsdesk: vic [/red] is disabled: ask an administrator" in capsys.readouterr().err


async def test_a_disabled_operator_gets_no_console(boss: Desk, vic: Desk) -> None:
    assert vic.operator_id is not None
    operators.set_enabled(boss, vic.operator_id, False)
    app = ConsoleApp(ConsoleSettings(boss.database.folder.path, engine=False, operator_id=vic.operator_id))
    async with app.run_test() as pilot:
        await settle(pilot, lambda: "vic is disabled: ask an administrator" in screen_text(pilot))
        assert app.desk is None
