"""How many messages a second get queued, and sent end to end: `python -m tests.benchmarks.bench_throughput`.

End to end is from the commit that queues them to the commit that records the last answer, through
`commsdesk run` and the local Clickatell, each a process of its own, every step durable on disk.
The processor time is that of `commsdesk run` alone: it says more than the rate on a busy machine.

What is sent has its floor beside it: the same rows by plain SQL (`tests/benchmarks/floor.py`), measured in
turns with the engine, and the same calls by the same HTTP library alone (`tests/benchmarks/bare.py`); a ratio
is the median of those of neighbours. `gateway` is the processor time of the local Clickatell as a share of
the time that the run took.
"""

import argparse
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from demo_data.clickatell.settings import SAMPLE_API_ID, SAMPLE_API_KEY, SAMPLE_PASSWORD, SAMPLE_USER
from scheduling import firing
from scheduling.leadership import Leadership
from scheduling.planner import Planner
from storage import actions, handlers, tasks
from storage.records import Action, Recipient
from storage.site import open_site
from storage.vocabulary import MessageState, Origin
from tests.benchmarks import bare, floor
from tests.benchmarks.gateway import processor_seconds, simulator
from tests.engine import support
from tests.processes.support import CLOCK, PROGRAM, Program, until
from tui.operations import sending
from tui.operations.desk import Desk

LONGEST = 300.0  # seconds for one measurement


@dataclass(frozen=True, slots=True)
class Run:
    """Messages a second, the engine's processor ms a message, and the gateway's share of the time."""

    rate: float
    used: float = math.nan
    gateway: float = math.nan


def end_to_end(count: int, *, origin: Origin = Origin.MANUAL, **handler: Any) -> Run:
    """From being queued to being recorded as accepted."""
    with tempfile.TemporaryDirectory() as name, simulator() as (url, gateway):
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
            started, used, asked = time.perf_counter(), processor_seconds(run.pid), processor_seconds(gateway)
            support.queue(database, CLOCK, number, count, origin=origin, life=timedelta(hours=2))
            done = {MessageState.ACCEPTED: count + 1}
            until(lambda: support.states(database) == done, "all are accepted", LONGEST)
            took = time.perf_counter() - started
            used, asked = processor_seconds(run.pid) - used, processor_seconds(gateway) - asked
            return Run(count / took, used * 1000 / count, asked / took)
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


def firing_tasks(count: int) -> Run:
    """Tasks a second that are due at once, each with one recipient, and processor ms a task."""
    with tempfile.TemporaryDirectory() as name:
        database = support.make_site(Path(name))
        number = support.add_handler(database, CLOCK)
        now = CLOCK.now()
        with database.write() as tx:
            for n in range(count):
                values = {"name": f"Task {n}", "cron": "*/5 * * * *", "zone": "UTC", "enabled": True}
                values |= {"when_missed": "latest", "grace": firing.DEFAULT_GRACE, "next_due_at": now}
                made = tasks.add(tx, {**values, "most_catch_up": 10}, now)
                to = (Recipient(number=f"+4477009{n:05d}"),)
                actions.set_of_task(tx, made, [Action(0, number, "", "Check pump {Task}", to)])
        holder = Leadership(database, CLOCK, "bench", "run")
        holder.step()
        assert holder.epoch is not None
        planner = Planner(database, CLOCK)
        started, used = time.perf_counter(), time.process_time()
        while planner.tick(holder.epoch):
            pass
        took, used = time.perf_counter() - started, time.process_time() - used
        assert support.states(database) == {MessageState.QUEUED: count}
        database.close()
        return Run(count / took, used * 1000 / count)


@dataclass(frozen=True, slots=True)
class Row:
    """What is measured, and what beside it.

    `floor`: so many messages a call, so many calls a transaction; `bare`: the API, so many a call.
    """

    what: str
    measure: Callable[[], Run]
    count: int = 0
    floor: tuple[int, int] | None = None
    bare: tuple[str, int] | None = None
    origin: Origin = Origin.MANUAL
    unit: str = "messages"

    def show(self, rounds: int) -> None:
        """Measure in turns with what stands beside it, and print the medians."""
        runs, floors, bares = [], [], []
        for _ in range(rounds):
            if self.floor:
                floors.append(floor.rate(self.count, *self.floor, origin=self.origin))
            if self.bare:
                bares.append(bare.rate(*self.bare, self.count))
            runs.append(self.measure())
        rates = [run.rate for run in runs]
        line = f"{self.what:32} {_spread(rates)} {self.unit}/s"
        if not math.isnan(runs[0].used):
            line += f"  {statistics.median(run.used for run in runs):5.3f} ms of processor each"
        if not math.isnan(runs[0].gateway):
            line += f"  gateway {statistics.median(run.gateway for run in runs):4.0%}"
        for what, beside in (("floor", floors), ("calls alone", bares)):
            if beside:
                ratio = statistics.median(rate / other for rate, other in zip(rates, beside, strict=True))
                line += f"  {what} {_spread(beside)}  engine/{what} {ratio:.2f}"
        print(line, flush=True)


def _spread(rates: list[float]) -> str:
    """The median, with the least and the most where there are several."""
    between = f" ({min(rates):,.0f}-{max(rates):,.0f})" if len(rates) > 1 else ""
    return f"{statistics.median(rates):7,.0f}{between}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="the rows that hold this word")
    given = parser.parse_args()
    count, few = given.messages, max(1, given.messages // 5)
    rows = [
        Row("queued in one transaction", lambda: Run(queueing(count))),
        Row("sent by hand, one a transaction", lambda: Run(sending_one_by_one(few))),
        Row("One API, 100 a call", lambda: end_to_end(count), count, (100, 1), ("one", 100)),
        Row(
            "One API, alerts, 10 a call",
            lambda: end_to_end(count, origin=Origin.ALERT),
            count,
            (10, 8),
            ("one", 10),
            Origin.ALERT,
        ),
        Row(
            "XML API, 1 a document",
            lambda: end_to_end(few, api_type="xml", batch_size=1),
            few,
            (1, 8),
            ("xml", 1),
        ),
        Row(
            "XML API, 50 a document",
            lambda: end_to_end(count, api_type="xml", batch_size=50),
            count,
            (50, 1),
            ("xml", 50),
        ),
        Row("due tasks, fired", lambda: firing_tasks(few), unit="tasks"),
    ]
    print(
        f"{given.rounds} rounds in turns, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start"
    )
    for row in rows:
        if given.only in row.what:
            row.show(given.rounds)


if __name__ == "__main__":
    main()
