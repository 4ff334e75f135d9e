"""What a process of a round does: `commsdesk run`, a console (with its screen or without), a client."""

import importlib
import logging
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import scheduling.auditor
import scheduling.clock_jump
import scheduling.engine
import scheduling.gateways.http
import scheduling.monitor
import scheduling.recording
from scheduling import fault_points
from scheduling.clock import SystemClock
from scheduling.engine import Engine
from scheduling.gateways import registry
from scheduling.headless import run_headless
from scheduling.timing import Timing
from storage.records import Recipient
from storage.site import open_site
from storage.vocabulary import Stage
from tests import generic_http
from tests.faults.journal import Journal
from tui.cli.main import execute
from tui.operations import occurrences, sending
from tui.operations.desk import Desk
from tui.operations.errors import Refused

LONGEST_CALL = 1.0  # seconds: the handlers' total time limit

TIMING = Timing(
    lease_life=1.8,
    beat_every=0.4,
    standby_every=0.1,
    look_every=0.05,
    rest_at_most=0.5,
    check_every=0.1,
    report_every=1.0,
    head_every=1.0,
    audit_every=1.0,
    drain=1.5,
    sweep_after=LONGEST_CALL + 0.5,
)


# The gateway's name on a round's site, known to no one else.
GATEWAY = "clickatell.test"
NO_NAMES = "no-names"  # beside the site: while this file is there, no name is found
SHIFT = "shift"  # beside the site: by how many seconds the wall clock is wrong
# What a role loads when it is first at work, so that its children have it.
LOADED: dict[str, tuple[str, ...]] = {
    "run": (
        "logging.handlers",
        "tui.cli.run",
        "httpx",
        "anyio._backends._asyncio",
        "httpcore._async.connection_pool",
        "scheduling.gateways",
    ),
    "screen": ("tui.console.app", "tui.console.main_screen", "tui.cli.console"),
}


def load_for(roles: Iterable[str]) -> None:
    """Load what these roles need, once for all of their processes."""
    for role in roles:
        for name in LOADED.get(role, ()):
            importlib.import_module(name)


def sit_at(terminal: str) -> None:
    """Have that terminal as the controlling one, for input and all output."""
    os.setsid()
    its = os.open(terminal, os.O_RDWR)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.dup2(its, number)
        # Python's own were made for what was there before: a file, or a pipe.
        stream = os.fdopen(number, "w" if number else "r", closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.environ["TERM"] = "xterm-256color"


def shorten_times() -> None:
    """Seconds instead of minutes, in this process."""
    scheduling.clock_jump.STABLE_AFTER = timedelta(seconds=2)  # type: ignore[misc]
    scheduling.engine.Timing = lambda: TIMING  # type: ignore[misc, assignment]
    scheduling.monitor.AFTER_FAILURE = 0.2  # type: ignore[misc]
    scheduling.monitor.CHECK_EVERY = timedelta(seconds=3)  # type: ignore[misc]
    scheduling.recording.RECORD_AGAIN = 0.1  # type: ignore[misc]


def play(part: dict[str, Any]) -> int:
    """Do what the order says, in a process of its own; the exit status."""
    fault_points.arm({"COMMSDESK_TEST": "1", "COMMSDESK_FAULT_POINT": part.get("point", "")})
    folder = Path(part["folder"])
    registry.GATEWAYS[generic_http.GATEWAY.name] = generic_http.GATEWAY
    _world_of(folder.parent)
    if part["role"] == "run":
        return execute(["--data", str(folder), "run"])
    if part["role"] == "command":
        os.dup2(2, 1)
        return execute(["--data", str(folder), *part["words"]])
    if part["role"] == "screen":
        return execute(["--data", str(folder)])
    if part["role"] == "console":
        return _console(folder)
    return _ask(folder, part)


def _world_of(place: Path) -> None:
    """Names and time as the round wants them: files beside the site say when they are out of order."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name == GATEWAY and (place / NO_NAMES).exists():
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return resolve("127.0.0.1" if name == GATEWAY else host, *arguments, **options)

    def now(clock: SystemClock) -> datetime:
        try:
            wrong = float((place / SHIFT).read_text() or 0)
        except FileNotFoundError:
            wrong = 0
        return datetime.now(UTC) + timedelta(seconds=wrong)

    socket.getaddrinfo = getaddrinfo
    SystemClock.now = now  # type: ignore[method-assign]


def _console(folder: Path) -> int:
    """The engine that a console has beside its screen."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    database = open_site(folder)
    return run_headless(lambda: Engine(database, kind="console"), has_terminal=False)


def _ask(folder: Path, part: dict[str, Any]) -> int:
    """Send and raise, one after another; what was promised is in the journal as soon as it was."""
    desk = Desk(open_site(folder), "tester", now=SystemClock().now)
    journal = Journal(Path(part["journal"]))
    chance = random.Random(part["seed"])
    raised: list[tuple[int, str]] = []
    for n in range(part["count"]):
        text = f"{part['name']}-{n}"
        try:
            if raised and chance.random() < 0.3:
                occurrence, zone = raised.pop(chance.randrange(len(raised)))
                # To those who may have heard of it by then, so nobody is promised anything.
                journal.note("begins", f"Over {zone}", part["alerted"])
                occurrences.step(desk, occurrence, Stage.RESTORED)
            elif chance.random() < 0.3:
                journal.note("begins", f"Fire {text}", part["alerted"])
                made = occurrences.raise_alert(desk, part["alert"], given={"Zone": text})
                journal.note("promised", f"Fire {text}", part["alerted"])
                raised.append((made.occurrence.id, text))
            else:
                to = [f"+4477009{chance.randrange(90_000):05d}" for _ in range(chance.randint(1, 10))]
                to = sorted({*to, part["by_hand"]}) if chance.random() < 0.5 else sorted(set(to))
                journal.note("begins", text, to)
                handler = chance.choice(part["handlers"])
                sending.send(
                    desk, sending.Request(handler, [Recipient(number=number) for number in to], text)
                )
                journal.note("promised", text, to)
        except Refused as error:
            journal.note("refused", text, [str(error)])
        time.sleep(chance.random() * part["pause"])
    return 0


def quiet_end(status: int) -> None:
    """Leave a forked process without what its parent would do at its end."""
    sys.stderr.flush()
    os._exit(status)


def fresh_signals() -> None:
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
