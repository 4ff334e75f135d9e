"""The console in a real terminal: it sends, it ends whatever ends it, and the terminal is sane after."""

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.records import MessageState
from tests.processes import on_terminal
from tests.processes.support import PROGRAM, Site, environment, until

ALT_SCREEN, MAIN_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
MOUSE_ON, MOUSE_OFF = b"\x1b[?1000h", b"\x1b[?1000l"


class Console:
    """`commsdesk` on a pseudo-terminal of 80 by 24, read by a thread unless it is told not to."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        # Kept open, so that what the terminal was set to can be asked after the console has gone.
        self.its = its
        self.before = termios.tcgetattr(its)
        words = [sys.executable, str(Path(on_terminal.__file__)), *PROGRAM, "--data", str(site.folder)]
        self.process = subprocess.Popen(
            words,
            stdin=its,
            stdout=its,
            stderr=its,
            env={**environment(), "TERM": "xterm-256color"},
        )
        self.seen = b""
        self.reading = threading.Event()
        self.reading.set()
        self._closed = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while not self._closed:
            if not self.reading.wait(0.1):
                continue
            with contextlib.suppress(OSError):
                found = os.read(self.ours, 65536)
                self.seen += found
                if not found:
                    return

    def shows(self, text: bytes) -> None:
        until(lambda: text in self.seen, f"the screen shows {text!r}: {self.seen[-300:]!r}")

    def press(self, keys: bytes) -> None:
        os.write(self.ours, keys)

    def leads(self) -> None:
        until(lambda: self.site.lease.holder_pid == self.process.pid, "the console's engine leads")

    def ends(self, seconds: float) -> float:
        """How long it took to end."""
        begun = time.monotonic()
        self.process.wait(seconds)
        return time.monotonic() - begun

    def close(self) -> None:
        self._closed = True
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for fd in (self.its, self.ours):
            with contextlib.suppress(OSError):
                os.close(fd)

    def terminal_is_sane(self) -> None:
        now: list[Any] = termios.tcgetattr(self.its)
        assert now[3] & (termios.ECHO | termios.ICANON) == self.before[3] & (termios.ECHO | termios.ICANON)
        until(lambda: MAIN_SCREEN in self.seen, "the first screen is back")
        assert self.seen.rindex(MAIN_SCREEN) > self.seen.rindex(ALT_SCREEN)
        assert self.seen.rindex(MOUSE_OFF) > self.seen.rindex(MOUSE_ON)


@pytest.fixture
def console(site: Site) -> Iterator[Console]:
    made = Console(site)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_terminal_and_database_clean(
    site: Site, console: Console, number: signal.Signals
) -> None:
    site.queue(site.handler(), 5)
    console.shows(b"accepted")
    site.settled()
    console.process.send_signal(number)
    assert console.ends(10) < 4
    console.terminal_is_sane()
    site.is_clean()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_also_when_the_terminal_has_stopped_reading(
    site: Site, console: Console, number: signal.Signals
) -> None:
    handler = site.handler()
    console.leads()
    console.shows(b"Handlers")
    console.reading.clear()
    # Enough news to fill the terminal's buffer: the screen's loop blocks in a write.
    for _ in range(20):
        site.queue(handler, 30)
        site.settled()
        console.press(b"2")
        console.press(b"1")
    # The engine has sent all the while; now it is told to go.
    assert site.states == {MessageState.ACCEPTED: 600}
    console.process.send_signal(number)
    assert console.ends(15) < 8
    console.reading.set()
    console.terminal_is_sane()
    site.is_clean()


def test_a_terminal_that_goes_away_ends_it(site: Site, console: Console) -> None:
    site.queue(site.handler(), 5)
    console.shows(b"accepted")
    site.settled()
    console._closed = True
    os.close(console.its)
    os.close(console.ours)
    console.its = console.ours = -1
    assert console.ends(10) < 6
    site.is_clean()


def test_ctrl_q_asks_when_nothing_would_be_sent_after(site: Site, console: Console) -> None:
    console.leads()
    console.shows(b"Handlers")
    console.press(b"\x11")
    console.shows(b"Nothing will be sent after this")
    console.press(b"\x1b[A\r")
    try:
        console.ends(3)
    except subprocess.TimeoutExpired:
        console.press(b"\x1b[B\r")
        console.ends(10)
    console.terminal_is_sane()
    site.is_clean()
