"""A client over a real sshd that is killed, cut off or frozen: what it had open ends, and nothing is lost."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.vocabulary import MessageState, Role
from tests.processes.support import Program, until, within
from tests.processes.terminal import Terminal
from tests.system.operators_over_ssh import SiteOverSsh
from tests.system.relay import Relay

pytestmark = pytest.mark.timeout(600)

LATENCY = 6.0  # seconds; so long the messages are in flight
KEEP_ALIVE = 6.0  # seconds; three probes, each after one to two, with `configure(quick=True)`
ENDS_WITHIN = 4.0  # a look at the parent, the engine, the screen
TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def site(over_ssh: SiteOverSsh) -> Iterator[SiteOverSsh]:
    over_ssh.configure(quick=True)
    over_ssh.add("ana", Role.OPERATOR)
    over_ssh.handler()
    yield over_ssh


def cpu_seconds(pid: int) -> float | None:
    """What a process has used of a core so far; None when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / TICKS


def watch_to_the_end(pid: int, seconds: float) -> tuple[float, float]:
    """How long a process goes on, and how much of a core it uses meanwhile."""
    begun, first = time.monotonic(), cpu_seconds(pid) or 0.0
    last = first

    def ended() -> bool:
        nonlocal last
        now = cpu_seconds(pid)
        last = last if now is None else now
        return now is None

    until(ended, f"process {pid} ends", seconds)
    return time.monotonic() - begun, last - first


def kill(terminal: Terminal, relay: Relay) -> None:
    terminal.process.kill()


def cut(terminal: Terminal, relay: Relay) -> None:
    relay.cut()


def stop(terminal: Terminal, relay: Relay) -> None:
    terminal.process.send_signal(signal.SIGSTOP)


def freeze(terminal: Terminal, relay: Relay) -> None:
    relay.freeze()


@pytest.mark.parametrize("happens", [kill, cut, stop, freeze])
def test_a_console_ends_with_its_client_and_its_messages_end_right(
    site: SiteOverSsh, happens: Callable[[Terminal, Relay], None]
) -> None:
    settings = site.clickatell.clickatell.settings
    before = sum(site.states.values())
    with Relay(site.sshd.port) as relay:
        ana = site.console("ana", port=relay.port)
        pid = until(lambda: site.lease.holder_pid or 0, "the console's engine leads")
        assert site.sessions() == [pid]
        settings.latency = LATENCY
        site.queue(1, 20)
        until(lambda: site.states.get(MessageState.SENDING) == 20, "all are in flight")
        happens(ana, relay)
        settings.latency = 0.0
        gone_after = KEEP_ALIVE if happens in (stop, freeze) else 0.0
        took, used = watch_to_the_end(pid, 40)
        print(f"{happens.__name__}: ended after {took:.1f} s, {used:.1f} s of a core")
        assert took < within(gone_after + LATENCY + ENDS_WITHIN)
        assert used < 1 + took / 2, "it does not keep a core busy"
    site.nobody_is_left()
    assert sum(site.states.values()) == before + 20
    assert site.states.keys() <= {MessageState.ACCEPTED, MessageState.DELIVERED}
    site.nothing_lost_or_doubled_in_silence()
    assert max(site.inbox.values()) == 1
    site.is_clean()


@contextmanager
def following(site: SiteOverSsh, name: str, relay: Relay) -> Iterator[tuple[Program, int]]:
    """`review --follow` over the relay, and its process at the site."""
    words = site.sshd.words("root", site.keys[name], "review --follow --limit 1", port=relay.port)
    client = site.start(*words, output=True)
    client.says("", 60)
    (pid,) = site.sessions()
    yield client, pid


@pytest.mark.parametrize("happens", [kill, cut, stop, freeze])
def test_a_command_that_goes_on_ends_with_its_client(
    site: SiteOverSsh, happens: Callable[[Terminal, Relay], None]
) -> None:
    with Relay(site.sshd.port) as relay, following(site, "ana", relay) as (client, pid):
        if happens is kill:
            client.signal(signal.SIGKILL)
        elif happens is stop:
            client.signal(signal.SIGSTOP)
        else:
            happens(None, relay)  # type: ignore[arg-type]
        took, used = watch_to_the_end(pid, 40)
        print(f"{happens.__name__}: ended after {took:.1f} s, {used:.1f} s of a core")
        assert took < within(ENDS_WITHIN + (KEEP_ALIVE if happens in (stop, freeze) else 0.0))
        assert used < 1 + took / 2
    site.nobody_is_left()


def test_a_command_that_goes_on_ends_when_its_operator_is_disabled(site: SiteOverSsh) -> None:
    site.add("fay", Role.VIEWER)
    with Relay(site.sshd.port) as relay, following(site, "fay", relay) as (client, pid):
        site.enable("fay", False)
        took, _ = watch_to_the_end(pid, 40)
        assert took < within(5)
        assert client.ends() == 1
    site.nobody_is_left()
