"""A screen that fails takes neither the engine nor the console along, on a real terminal."""

import os
import signal
import sys
from pathlib import Path

import pytest

from storage.vocabulary import MessageState
from tests.processes import failing_console
from tests.processes.support import Site, until
from tests.processes.terminal import Terminal
from tests.processes.test_console import Console


class FailingConsole(Console):
    def __init__(self, site: Site, how: str, times: int) -> None:
        self.site = site
        program = [sys.executable, str(Path(failing_console.__file__)), how, str(times), str(site.folder)]
        Terminal.__init__(self, ["/bin/sh", "-c", '"$@"; read line', "sh", *program])


def sends(site: Site, handler: int) -> None:
    before = site.states.get(MessageState.ACCEPTED, 0)
    site.queue(handler, 3)
    until(lambda: site.states.get(MessageState.ACCEPTED, 0) == before + 3, "three more are accepted")


@pytest.mark.parametrize("how", ["compose", "key", "timer", "worker"])
def test_the_console_is_back_and_messages_go_out(site: Site, how: str) -> None:
    handler = site.handler()
    console = FailingConsole(site, how, 1)
    try:
        pid = console.leads()
        sends(site, handler)
        if how != "compose":
            console.shows("accepted")
            console.press(b"v")
        console.shows("The screen failed")
        assert console.leads() == pid, "the same process, the same engine"
        log = site.folder / "logs" / "errors.log"
        assert "ZeroDivisionError" in log.read_text() and log.stat().st_mode & 0o077 == 0
        at = len(console.seen)
        console.press(b"2")
        console.shows("No users yet", after=at)
        sends(site, handler)
        os.kill(pid, signal.SIGTERM)
        console.leaves(pid, 15)
        console.terminal_is_sane()
        site.is_clean()
    finally:
        console.close()


def test_a_screen_that_fails_and_fails_again_leaves_the_engine_running(site: Site) -> None:
    handler = site.handler()
    console = FailingConsole(site, "compose", 99)
    try:
        console.shows("Messages go on being sent without it")
        pid = console.leads()
        assert str(site.folder / "logs" / "errors.log") in console.text.replace("\r\n", "")
        console.terminal_is_sane()
        sends(site, handler)
        console.press(b"\x03")
        console.leaves(pid, 15)
        site.is_clean()
    finally:
        console.close()
