"""How many messages a second get queued, and sent end to end: `python -m tests.benchmarks.bench_throughput`.

End to end is from the commit that queues them to the commit that records the last answer, through
`commsdesk run` and the local Clickatell, each a process of its own, every step durable on disk.
The processor time is that of `commsdesk run` alone: it says more than the rate on a busy machine.
"""

import argparse
import math
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from demo_data.clickatell.settings import SAMPLE_API_ID, SAMPLE_API_KEY, SAMPLE_PASSWORD, SAMPLE_USER
from storage import handlers
from storage.records import Recipient
from storage.site import open_site
from storage.vocabulary import MessageState, Origin
from tests.engine import support
from tests.processes.support import CLOCK, PROGRAM, Program, until
from tui.operations import sending
from tui.operations.desk import Desk

LONGEST = 300.0  # seconds for one measurement
TARGET = 1000  # messages a second through the One API


@contextmanager
def simulator() -> Iterator[str]:
    """The base URL of a local Clickatell in a process of its own."""
    rich = ["--balance", "1000000", "--credits", "1000000"]
    program = Program([*PROGRAM, "simulator", "--port", "0", "--quiet", *rich], output=True)
    try:
        yield re.findall(r"base URL (http://[\d.:]+),", program.says("base URL"))[0]
    finally:
        program.kill()


def processor_seconds(pid: int) -> float:
    """What a process has used so far, where the kernel tells."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return math.nan
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def end_to_end(count: int, *, origin: Origin = Origin.MANUAL, **handler: Any) -> tuple[float, float]:
    """Messages a second from being queued to being recorded as accepted, and processor ms a message."""
    with tempfile.TemporaryDirectory() as name, simulator() as url:
        folder = Path(name)
        database = support.make_site(folder)
        xml = {"api_uri": f"{url}/xml/xml", "user_name": SAMPLE_USER, "api_id": SAMPLE_API_ID}
        number = support.add_handler(
            database, CLOCK, base_url=url, total_timeout=timedelta(seconds=60), **(xml | handler)
        )
        with database.write() as tx:
            secret = SAMPLE_PASSWORD if handler.get("api_type") == "xml" else SAMPLE_API_KEY
            handlers.keep_secret(database, tx, number, secret)
        run = Program([*PROGRAM, "--data", str(folder), "run"])
        try:
            # Warm: connected and checked.
            support.queue(database, CLOCK, number)
            until(lambda: support.states(database) == {MessageState.ACCEPTED: 1}, "the first is accepted")
            started, used = time.perf_counter(), processor_seconds(run.pid)
            support.queue(database, CLOCK, number, count, origin=origin, life=timedelta(hours=2))
            done = {MessageState.ACCEPTED: count + 1}
            until(lambda: support.states(database) == done, "all are accepted", LONGEST)
            took = time.perf_counter() - started
            return count / took, (processor_seconds(run.pid) - used) * 1000 / count
        finally:
            run.kill()
            database.close()


def queueing(count: int) -> float:
    """Messages a second written by one transaction."""
    with tempfile.TemporaryDirectory() as name:
        database = support.make_site(Path(name))
        number = support.add_handler(database, CLOCK)
        started = time.perf_counter()
        support.queue(database, CLOCK, number, count)
        took = time.perf_counter() - started
        database.close()
        return count / took


def sending_one_by_one(count: int) -> float:
    """Sends a second by hand, each to one number and on disk when it returns."""
    with tempfile.TemporaryDirectory() as name:
        database = open_site(Path(name))
        number = support.add_handler(database, CLOCK)
        desk = Desk(database, "bench")
        started = time.perf_counter()
        for n in range(count):
            to = f"+4477009{n:05d}"
            sending.send(desk, sending.Request(number, [Recipient(number=to, name=to)], "Pump 3 stopped"))
        took = time.perf_counter() - started
        database.close()
        return count / took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=5000)
    count = parser.parse_args().messages
    rows = [
        ("queued in one transaction", (queueing(count), math.nan)),
        ("sent by hand, one a transaction", (sending_one_by_one(max(1, count // 10)), math.nan)),
        ("One API, 100 a call", end_to_end(count)),
        ("One API, alerts, 10 a call", end_to_end(count, origin=Origin.ALERT)),
        ("XML API, 1 a document", end_to_end(max(1, count // 5), api_type="xml", batch_size=1)),
        ("XML API, 50 a document", end_to_end(count, api_type="xml", batch_size=50)),
    ]
    for what, (rate, used) in rows:
        engine = "" if math.isnan(used) else f"  {used:6.2f} ms of processor a message"
        print(f"{what:34} {rate:9,.0f} messages/s  {rate / TARGET:6.2f} × {TARGET:,}{engine}")


if __name__ == "__main__":
    main()
