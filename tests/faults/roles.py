"""What a process of a round does: an engine as `commsdesk run` or a console has it, or a client that asks."""

import logging
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import scheduling.auditor
import scheduling.delivery
import scheduling.engine
import scheduling.monitor
import scheduling.senders.http
from scheduling import fault_points
from scheduling.engine import Engine, Timing
from scheduling.headless import run_headless
from storage.records import Recipient
from storage.site import open_site
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


def shorten_times() -> None:
    """Seconds instead of minutes, in this process."""
    scheduling.engine.Timing = lambda: TIMING  # type: ignore[misc, assignment]
    scheduling.monitor.AFTER_FAILURE = 0.2  # type: ignore[misc]
    scheduling.delivery.RECORD_AGAIN = 0.1  # type: ignore[misc]


def play(part: dict[str, Any]) -> int:
    """Do what the order says, in a process of its own; the exit status."""
    fault_points.arm({"COMMSDESK_TEST": "1", "COMMSDESK_FAULT_POINT": part.get("point", "")})
    folder = Path(part["folder"])
    if part["role"] == "run":
        return execute(["--data", str(folder), "run"])
    if part["role"] == "console":
        return _console(folder)
    return _ask(folder, part)


def _console(folder: Path) -> int:
    """The engine that a console has beside its screen."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    database = open_site(folder)
    return run_headless(lambda: Engine(database, kind="console"), has_terminal=False)


def _ask(folder: Path, part: dict[str, Any]) -> int:
    """Send and raise, one after another; what was promised is in the journal as soon as it was."""
    desk = Desk(open_site(folder), "tester")
    journal = Journal(Path(part["journal"]))
    chance = random.Random(part["seed"])
    for n in range(part["count"]):
        text = f"{part['name']}-{n}"
        try:
            if chance.random() < 0.3:
                journal.note("begins", f"Fire {text}", part["alerted"])
                occurrences.raise_alert(desk, part["alert"], given={"Zone": text})
                journal.note("promised", f"Fire {text}", part["alerted"])
            else:
                to = [f"+4477009{chance.randrange(100_000):05d}" for _ in range(chance.randint(1, 10))]
                to = sorted(set(to))
                journal.note("begins", text, to)
                handler = chance.choice(part["handlers"])
                sending.send(desk, handler, [Recipient(number=number) for number in to], text)
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
