"""The console in a real terminal: it sends, it ends whatever ends it, and the terminal is sane after."""

import os
import signal
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.vocabulary import MessageState, Role
from tests.processes.support import PROGRAM, Site, until, within
from tests.processes.terminal import Terminal
from tui.operations import operators
from tui.operations.access import Identity, take_desk

ALT_SCREEN, MAIN_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
MOUSE_ON, MOUSE_OFF = b"\x1b[?1000h", b"\x1b[?1000l"


class Console(Terminal):
    """`commsdesk` on a pseudo-terminal of 80 by 24."""

    def __init__(self, site: Site, *options: str) -> None:
        self.site = site
        # Typed into a shell that stays, as people do: when the leader of a terminal's session ends, the
        # kernel throws away what the terminal has not read, and with it what puts it back.
        shell = ["/bin/sh", "-c", '"$@"; read line', "sh"]
        super().__init__([*shell, *PROGRAM, "--data", str(site.folder), *options])

    def leads(self) -> int:
        """The console's process, once its engine leads."""
        return until(lambda: self.site.lease.holder_pid or 0, "the console's engine leads")

    def leaves(self, pid: int, seconds: float) -> float:
        """How long it took to end."""
        begun = time.monotonic()
        until(lambda: not Path(f"/proc/{pid}").exists(), "the console's process has ended", seconds)
        return time.monotonic() - begun

    def close(self) -> None:
        if self.process.poll() is None and (pid := self.site.lease.holder_pid):
            os.kill(pid, signal.SIGKILL)
        super().close()

    def log(self) -> str:
        return (self.site.folder / "logs" / "commsdesk.log").read_text()[-600:]

    def terminal_is_sane(self) -> None:
        self.modes_are_sane()
        until(lambda: MAIN_SCREEN in self.seen, f"the first screen is back: {self.log()}")
        assert self.seen.rindex(MAIN_SCREEN) > self.seen.rindex(ALT_SCREEN)
        assert self.seen.rindex(MOUSE_OFF) > self.seen.rindex(MOUSE_ON)

    def modes_are_sane(self) -> None:
        """Echo and line editing are on again."""
        now: list[Any] = termios.tcgetattr(self.its)
        assert now[3] & (termios.ECHO | termios.ICANON) == self.before[3] & (termios.ECHO | termios.ICANON)


@pytest.fixture
def console(site: Site) -> Iterator[Console]:
    made = Console(site)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, pytest.param(signal.SIGINT, marks=pytest.mark.long)]
)
def test_a_signal_leaves_terminal_and_database_clean(
    site: Site, console: Console, number: signal.Signals
) -> None:
    site.queue(site.handler(), 5)
    pid = console.leads()
    console.shows(b"accepted")
    site.settled()
    os.kill(pid, number)
    assert console.leaves(pid, 10) < within(4)
    console.terminal_is_sane()
    site.is_clean()


@pytest.mark.parametrize("number", [pytest.param(signal.SIGTERM, marks=pytest.mark.long), signal.SIGHUP])
def test_also_when_the_terminal_has_stopped_reading(
    site: Site, console: Console, number: signal.Signals
) -> None:
    pid = stop_reading(site, console)
    os.kill(pid, number)
    assert console.leaves(pid, 20) < within(12)
    console.modes_are_sane()
    site.is_clean()


def stop_reading(site: Site, console: Console) -> int:
    """Let the terminal fill up until the screen's loop blocks in a write; the console's process."""
    handler = site.handler()
    pid = console.leads()
    console.shows(b"Handlers")
    console.reading.clear()
    for _ in range(6):
        site.queue(handler, 30)
        site.settled()
        console.press(b"2")
        console.press(b"1")
    # The engine has sent all the while.
    assert site.states == {MessageState.ACCEPTED: 180}
    return pid


def test_someone_who_is_disabled_is_closed_when_the_terminal_has_stopped_reading(site: Site) -> None:
    boss = take_desk(site.database, Identity("local:tester"))
    ana = operators.add(boss, "ana", Role.OPERATOR)
    console = Console(site, "--operator", "ana")
    try:
        pid = stop_reading(site, console)
        operators.set_enabled(boss, ana.id, False)
        assert console.leaves(pid, 30) < within(10)
        # What it said last may be lost: the kernel drops what a terminal has not read when its leader ends.
        console.modes_are_sane()
        site.is_clean()
    finally:
        console.close()


def test_a_terminal_that_goes_away_ends_it(site: Site, console: Console) -> None:
    site.queue(site.handler(), 5)
    pid = console.leads()
    console.shows(b"accepted")
    site.settled()
    console.close_terminal()
    assert console.leaves(pid, 15) < within(8)
    site.is_clean()


def test_ctrl_q_asks_when_nothing_would_be_sent_after(site: Site, console: Console) -> None:
    pid = console.leads()
    console.shows(b"Handlers")
    console.press(b"\x11")
    console.shows(b"Nothing will be sent after this")
    console.press(b"\x1b[A\r")
    console.leaves(pid, 15)
    console.terminal_is_sane()
    site.is_clean()
