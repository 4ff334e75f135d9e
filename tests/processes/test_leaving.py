"""How `commsdesk run` ends: at once when nothing is under way, else when the answers have come."""

import os
import pty
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.vocabulary import MessageState
from tests.processes import on_terminal
from tests.processes.support import PROGRAM, Program, Site, until, within


@contextmanager
def on_a_terminal(site: Site) -> Iterator[tuple[Program, int]]:
    """`commsdesk run` that leads from a terminal of its own, and the other side of that terminal."""
    ours, its = pty.openpty()
    words = [sys.executable, str(Path(on_terminal.__file__)), *PROGRAM, "--data", str(site.folder), "run"]
    program = site.start(*words, stdin=its)
    os.close(its)
    try:
        site.leads(program)
        yield program, ours
    finally:
        os.close(ours)


def ends_cleanly(site: Site, program: Program, seconds: float = 2) -> None:
    asked = time.monotonic()
    assert program.ends() == 0, program.said
    took = time.monotonic() - asked
    assert took < within(seconds), f"it took {took:.1f} s to end"
    site.is_clean()
    assert "Traceback" not in program.said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_two_seconds(site: Site, number: signal.Signals) -> None:
    site.queue(site.handler(), 20)
    program = site.leader()
    site.settled()
    program.signal(number)
    ends_cleanly(site, program)
    assert site.states == {MessageState.ACCEPTED: 20}


LEAVE: dict[str, Callable[[int], object]] = {
    "Ctrl-C": lambda terminal: os.write(terminal, b"\x03"),
    "the terminal goes away": lambda terminal: os.dup2(os.open(os.devnull, os.O_RDWR), terminal),
}


@pytest.mark.parametrize("how", LEAVE)
def test_its_terminal_ends_it(site: Site, how: str) -> None:
    site.queue(site.handler(), 20)
    with on_a_terminal(site) as (program, terminal):
        site.settled()
        LEAVE[how](terminal)
        ends_cleanly(site, program)


def test_without_a_terminal_a_hang_up_is_a_reload(site: Site) -> None:
    handler = site.handler()
    program = site.leader()
    until(lambda: balance_calls(site) == 1, "the handler was checked at the start")
    program.signal(signal.SIGHUP)
    until(lambda: balance_calls(site) == 2, "the handler is checked anew")
    site.queue(handler)
    site.settled()
    assert program.alive
    program.signal(signal.SIGTERM)
    ends_cleanly(site, program)


def balance_calls(site: Site) -> int:
    return sum("balance" in call.path for call in site.clickatell.clickatell.calls)


def test_it_waits_for_the_answers_and_takes_nothing_new(site: Site) -> None:
    site.clickatell.clickatell.settings.latency = 3.0
    handler = site.handler()
    program = site.leader()
    site.queue(handler, 30)
    until(lambda: site.states.get(MessageState.SENDING) == 30, "all are being sent")
    program.signal(signal.SIGTERM)
    program.says("stopping")
    site.queue(handler, 5)
    ends_cleanly(site, program, seconds=5)
    assert site.states == {MessageState.ACCEPTED: 30, MessageState.QUEUED: 5}


def test_a_second_signal_does_not_wait_and_the_next_start_clears_up(site: Site) -> None:
    site.clickatell.clickatell.settings.latency = 20.0
    program = site.leader()
    site.queue(site.handler(), 3)
    until(lambda: site.states.get(MessageState.SENDING) == 3, "all are being sent")
    program.signal(signal.SIGTERM)
    site.clickatell.clickatell.settings.latency = 0.0
    time_of_second = time.monotonic()
    program.signal(signal.SIGINT)
    assert program.ends() in (128 + signal.SIGINT, 128 + signal.SIGTERM)
    assert time.monotonic() - time_of_second < within(2)

    again = site.leader()
    site.settled()
    assert site.states == {MessageState.ACCEPTED: 3}
    site.nothing_lost_or_doubled_in_silence()
    again.signal(signal.SIGTERM)
    ends_cleanly(site, again)


def test_a_signal_while_it_starts_leaves_nothing_behind(site: Site) -> None:
    program = site.run()
    program.says("commsdesk run: process")
    program.signal(signal.SIGTERM)
    assert program.ends() in (0, -signal.SIGTERM)
    site.is_clean()
