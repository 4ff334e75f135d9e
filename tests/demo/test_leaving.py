"""However the demo ends, its folder is gone afterwards."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import warm
from tests.processes.support import until

WORDS = [sys.executable, "-m", "tui.cli.main", "demo"]


def gone(folder: Path) -> bool:
    return list(folder.glob("commsdesk-demo-*")) == []


def headless(temporary: Path) -> warm.Started:
    pipe, environment = subprocess.PIPE, os.environ | {"TMPDIR": str(temporary)}
    return warm.start(["demo", "--headless"], stdout=pipe, stderr=pipe, env=environment)


@pytest.mark.parametrize(
    "ending", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.long), signal.SIGKILL]
)
def test_a_headless_demo_leaves_nothing_behind(ending: signal.Signals, tmp_path: Path) -> None:
    with headless(tmp_path) as process:
        assert process.stdout is not None
        try:
            assert str(tmp_path) in process.stdout.readline()
            process.stdout.readline()  # the engine is at work
            assert not gone(tmp_path)
            process.send_signal(ending)
            output, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    until(lambda: gone(tmp_path), "its folder is gone")
    if ending is not signal.SIGKILL:
        assert (process.returncode, errors) == (0, "")
        assert output.splitlines()[-1].endswith("waiting")


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    with headless(tmp_path) as process:
        assert process.stdout is not None and process.stderr is not None
        try:
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == ""
            process.wait(timeout=60)
        finally:
            process.kill()
    assert gone(tmp_path)


def test_the_console_says_what_it_is_and_leaves_nothing_behind(tmp_path: Path) -> None:
    process, terminal = pty.fork()
    if process == 0:  # pragma: no cover
        os.environ.update(TMPDIR=str(tmp_path), TERM="xterm-256color", COLUMNS="100", LINES="30")
        os.execv(sys.executable, WORDS)
    try:
        seen = b""
        deadline = time.monotonic() + 80
        while b"demo site" not in seen or b"thrown away" not in seen:
            assert time.monotonic() < deadline, seen[-2000:]
            seen += _read(terminal)
        assert not gone(tmp_path)
        os.kill(process, signal.SIGHUP)
        ended = 0
        while not ended:
            assert time.monotonic() < deadline
            _read(terminal)
            ended, _ = os.waitpid(process, os.WNOHANG)
        process = 0
    finally:
        if process:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        os.close(terminal)
    until(lambda: gone(tmp_path), "its folder is gone")


def _read(terminal: int) -> bytes:
    """What the terminal shows next; nothing when it shows nothing for a moment, or has ended."""
    ready, _, _ = select.select([terminal], [], [], 0.1)
    try:
        return os.read(terminal, 65536) if ready else b""
    except OSError:
        return b""
