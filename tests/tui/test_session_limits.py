"""A console over SSH: it closes by itself after its limits, and draws no more than a terminal has."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.tui.support import console, make_desk, screen_text, settle, told
from tui.console.app import ConsoleApp
from tui.console.session_limits import GRACE, Limits, SessionTime
from tui.operations.desk import Desk

MINUTE, HOUR = 60.0, 3600.0
LIMITS = Limits(idle=timedelta(hours=1), longest=timedelta(hours=12))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = make_desk(tmp_path / "site")
    yield made
    made.database.close()


class HandClock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def with_clock(app: object) -> HandClock:
    """Let the console's time begin now, by a clock of the test."""
    assert isinstance(app, ConsoleApp)
    clock = HandClock()
    app.session_time = SessionTime(app.settings.limits, clock)
    return clock


async def test_it_warns_stays_for_a_key_and_closes_without_one(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    async with console(desk, section="alerts", limits=LIMITS) as pilot:
        clock = with_clock(pilot.app)
        clock.seconds = 59 * MINUTE + 20
        warned = "This console closes in 40 s (1 h without a key): press any key to stay"
        await settle(pilot, lambda: told(pilot) == [warned])
        await pilot.press("down")
        clock.seconds += 59 * MINUTE + 50
        again = "This console closes in 10 s (1 h without a key): press any key to stay"
        await settle(pilot, lambda: again in told(pilot))
        assert pilot.app.is_running
        clock.seconds += 11
        await settle(pilot, lambda: not pilot.app.is_running)
    assert pilot.app.return_code == 0
    assert "commsdesk: closed after 1 h without a key" in capsys.readouterr().err


async def test_no_key_keeps_it_open_past_its_longest_time(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    async with console(desk, section="alerts", limits=LIMITS) as pilot:
        clock = with_clock(pilot.app)
        for hour in range(1, 12):
            clock.seconds = hour * HOUR - 90
            pilot.app.session_time.touched()  # type: ignore[attr-defined]  # no look at the limits in between
            await pilot.press("down")
        assert told(pilot) == []
        clock.seconds = 12 * HOUR - 30
        pilot.app.session_time.touched()  # type: ignore[attr-defined]
        await pilot.press("down")
        warned = "This console closes in 30 s (12 h since the login): log in again"
        await settle(pilot, lambda: told(pilot) == [warned])
        clock.seconds = 12 * HOUR
        await pilot.press("question_mark")
        await settle(pilot, lambda: not pilot.app.is_running)
    assert "commsdesk: closed after 12 h since the login" in capsys.readouterr().err


def test_what_should_have_closed_and_has_not_is_overdue() -> None:
    clock = HandClock()
    session = SessionTime(LIMITS, clock)
    clock.seconds = HOUR
    assert session.overdue() is None, "it is closing now"
    clock.seconds += GRACE
    assert session.overdue() == "closed after 1 h without a key"
    session.touched()
    assert session.overdue() is None
    session.signed_off("vic is disabled")
    assert session.overdue() is None
    clock.seconds += GRACE
    assert session.overdue() == "vic is disabled"
    endless = SessionTime(Limits(), clock)
    clock.seconds += 1000 * HOUR
    assert endless.overdue() is None


async def test_a_terminal_of_any_size_costs_no_more_than_a_large_one(desk: Desk) -> None:
    async with console(desk, section="alerts", size=(3000, 900)) as pilot:
        assert pilot.app.screen.size == (500, 200)
        await pilot.resize_terminal(100, 30)
        await settle(pilot, lambda: pilot.app.screen.size == (100, 30))
        await pilot.resize_terminal(4000, 1000)
        await settle(pilot, lambda: pilot.app.screen.size == (500, 200))
        assert "Alerts" in screen_text(pilot)
