"""`commsdesk` as processes of their own on a site in a temporary folder, watched through its database."""

import collections
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from demo_data.clickatell import ThreadedClickatell
from scheduling.clock import SystemClock
from storage import integrity, leases, message_history, process
from storage.database import Database
from storage.leases import Lease
from storage.message_history import MessageFilter
from storage.records import Message, Review
from storage.site import open_site
from storage.vocabulary import UNDER_WAY, Level, MessageState, Origin
from tests.engine import support
from tests.processes import warm

T = TypeVar("T")

PROGRAM = (sys.executable, "-m", "tui.cli.main")
CLOCK = SystemClock()
SECOND = timedelta(seconds=1)

# How long to wait for what takes no time by itself: a busy machine starts a process slowly.
SOON = 20.0
LOOK_EVERY = 0.02


def within(seconds: float) -> float:
    """So many seconds on a machine with time to spare; longer where more wants to run than can."""
    load = max(os.getloadavg()[0], _runnable())
    return seconds * max(1.0, load / (os.cpu_count() or 1))


def _runnable() -> int:
    try:
        return int(Path("/proc/loadavg").read_text().split()[3].partition("/")[0])
    except OSError:
        return 0


def until(condition: Callable[[], T], what: str, seconds: float = SOON) -> T:
    """The first true value of the condition; fails naming `what` when there is none `within` that time."""
    seconds = within(seconds)
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(LOOK_EVERY)
    return found


def environment() -> dict[str, str]:
    """This process's, without what steers commsdesk itself."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COMMSDESK_")}


class Program:
    """A process whose standard error (or output, if asked for) is read as it comes.

    `PROGRAM` itself is forked from one that has loaded it (see `warm`); other words are started.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        stdin: int = subprocess.DEVNULL,
        output: bool = False,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        streams: dict[str, Any] = {
            "stdin": stdin,
            "stdout": subprocess.PIPE if output else subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL if output else subprocess.PIPE,
            "env": environment() | dict(extra or {}),
        }
        self._process: subprocess.Popen[str] | warm.Started
        if tuple(words[: len(PROGRAM)]) == PROGRAM:
            self._process = warm.start(words[len(PROGRAM) :], **streams)
        else:
            self._process = subprocess.Popen(words, text=True, **streams)
        found = self._process.stdout if output else self._process.stderr
        assert found is not None
        self._stream = found
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def says(self, text: str, seconds: float = SOON) -> str:
        """The first line that holds the text."""
        return until(lambda: next((line for line in self.lines if text in line), ""), repr(text), seconds)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def stop(self) -> None:
        """SIGSTOP, and wait until the kernel has done it."""
        self.signal(signal.SIGSTOP)
        until(lambda: process.is_stopped(self.pid), f"process {self.pid} is stopped")

    def ends(self, seconds: float = SOON) -> int:
        """The exit status, negative for a signal."""
        try:
            return self._process.wait(within(seconds))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still there after {seconds:g} s: {self.said}") from None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._stream.close()

    def _read(self) -> None:
        for line in self._stream:
            self.lines.append(line)


class Site:
    """A site, its local Clickatell, and the processes that were started on it."""

    def __init__(self, folder: Path, clickatell: ThreadedClickatell) -> None:
        self.folder = folder
        self.clickatell = clickatell
        self.database: Database = open_site(folder)
        self._programs: list[Program] = []

    # Processes

    def run(self) -> Program:
        """`commsdesk run`, started."""
        return self.start(*PROGRAM, "--data", str(self.folder), "run")

    def start(self, *words: str, **options: Any) -> Program:
        started = Program(words, **options)
        self._programs.append(started)
        return started

    def leader(self) -> Program:
        """`commsdesk run`, once it holds the lease."""
        started = self.run()
        self.leads(started)
        return started

    def leads(self, program: Program, seconds: float = SOON) -> None:
        """Wait until the program holds the lease."""
        until(
            lambda: self.lease.holder_pid == program.pid,
            f"process {program.pid} leads: {program.lines}",
            seconds,
        )

    def standby(self) -> Program:
        """Another `commsdesk run`, once it has signed on and watches."""
        before = self.signed_on
        started = self.run()
        until(lambda: self.signed_on > before, f"a second process: {started.lines}")
        return started

    def cli(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """A command, once it has ended."""
        arguments = ["--data", str(self.folder), *words]
        return warm.run(arguments, stdin=stdin, timeout=within(60), env=environment())

    def close(self) -> None:
        for program in self._programs:
            program.kill()
        self.database.close()

    # What is there

    @property
    def lease(self) -> Lease:
        with self.database.read() as connection:
            return leases.current(connection)

    @property
    def signed_on(self) -> int:
        with self.database.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM instance").scalar_one())

    @property
    def states(self) -> dict[MessageState, int]:
        return support.states(self.database)

    @property
    def review(self) -> list[Review]:
        return support.review_of(self.database)

    @property
    def inbox(self) -> dict[str, int]:
        """How often each message arrived, by the client message id."""
        return collections.Counter(
            message.client_message_id for message in list(self.clickatell.clickatell.account.inbox)
        )

    def arrived(self, count: int, seconds: float = SOON) -> None:
        """Wait until so many different messages have arrived."""
        until(lambda: len(self.inbox) >= count, f"{count} messages arrived: {self.states}", seconds)

    def settled(self, seconds: float = SOON) -> None:
        """Wait until nothing waits and nothing is being sent."""
        # Both of one look: what was being sent may be queued again between two.
        until(lambda: not self.states.keys() & UNDER_WAY, "nothing waits", seconds)

    def warned_twice(self) -> set[int]:
        """The messages of which the review says that an outcome was unknown."""
        return {
            entry.message_id
            for entry in self.review
            if entry.message_id is not None and entry.level is not Level.INFO and "unknown" in entry.text
        }

    def client_ids(self) -> dict[str, int]:
        with self.database.read() as connection:
            rows = connection.exec_driver_sql("SELECT client_message_id, id FROM message").all()
        return {row[0]: row[1] for row in rows}

    def unknown(self) -> list[Message]:
        """The messages that wait for an operator."""
        with self.database.read() as connection:
            wanted = MessageFilter(state=MessageState.UNKNOWN)
            return message_history.newest(connection, None, 10_000, wanted)

    def nothing_lost_or_doubled_in_silence(self) -> None:
        """Every message arrived, or is shown as unknown; one that arrived twice is in the review as such."""
        ids, inbox = self.client_ids(), self.inbox
        shown = {message.id for message in self.unknown()}
        lost = [number for name, number in ids.items() if not inbox.get(name) and number not in shown]
        assert not lost, f"{len(lost)} of {len(ids)} never arrived: {lost[:5]}"
        doubled = {ids[name] for name, count in inbox.items() if count > 1}
        silent = doubled - self.warned_twice()
        assert not silent, (
            f"{len(silent)} arrived twice and the review does not say why: {sorted(silent)[:5]}"
        )

    def is_clean(self) -> None:
        """Nobody signed on, no lease held, nothing in flight, and the file in order."""
        assert self.lease.holder is None
        assert self.signed_on == 0
        assert not self.states.get(MessageState.SENDING)
        # By a connection of its own: one that is older than others' writes takes its stale index for damage.
        assert integrity.full_check(self.folder / "commsdesk.sqlite3") == []

    # Arranging

    def handler(self, **values: Any) -> int:
        """A One API handler at the local Clickatell whose retries come after two seconds."""
        preset = {
            "base_url": self.clickatell.base_url,
            "retry_rate": 2 * SECOND,
            "stop_retrying_after": 120 * SECOND,
        }
        return support.add_handler(self.database, CLOCK, **(preset | values))

    def queue(self, handler_id: int, count: int = 1, origin: Origin = Origin.MANUAL) -> list[int]:
        return support.queue(self.database, CLOCK, handler_id, count, origin=origin)
