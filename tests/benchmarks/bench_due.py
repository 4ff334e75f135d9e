"""Many tasks that are due in one minute: how late the first attempts are, and how long others wait to write.

    python -m tests.benchmarks.bench_due [--tasks 100000] [--due 1000] [--probe]

A site with so many tasks, of which some are due at one moment; `commsdesk run` and the local Clickatell are
processes of their own. Lag is from the due time to the start of the message's first attempt. With --probe
something beside it asks for the write lock, and where it is held again every half a millisecond: its longest
wait is about the longest hold. That takes processor time: the lag is then another one.
"""

import argparse
import os
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo_data.clickatell.settings import SAMPLE_API_KEY
from scheduling import firing
from storage import handlers, sqlite
from storage.database import Database
from storage.types import to_micros
from tests.benchmarks.gateway import simulator
from tests.engine import support
from tests.processes.support import CLOCK, PROGRAM, Program, until

AHEAD = timedelta(seconds=15)  # the engine has started by then

TASKS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO task (id, name, name_key, cron, zone, enabled, when_missed, grace, most_catch_up, notes,
  next_due_at, revision, created_at, changed_at)
SELECT i, 'Task ' || i, 'task ' || i, printf('%d %d * * *', i % 60, i / 60 % 24), 'UTC', 1, 'latest', :grace,
  10, '', CASE WHEN i <= :due THEN :at ELSE :at + 3600000000 + i END, 1, :now, :now FROM n
"""
ACTIONS = """
INSERT INTO action (id, task_id, position, handler_id, body, enabled)
SELECT id, id, 0, :handler, 'Check {Task}', 1 FROM task
"""
RECIPIENTS = """
INSERT INTO action_recipient (action_id, position, number)
SELECT id, 0, '+4477009' || printf('%05d', id % 100000) FROM action
"""
LAG = """
SELECT attempt.started_at - task_run.due_at FROM attempt JOIN message ON message.id = attempt.message_id
JOIN submission ON submission.id = message.submission_id JOIN task_run ON task_run.id = submission.run_id
WHERE attempt.n = 1 ORDER BY 1
"""


def build(database: Database, handler: int, count: int, due: int, at: datetime) -> None:
    connection = sqlite.connect(database.path)
    now, grace = to_micros(CLOCK.now()), firing.DEFAULT_GRACE // timedelta(microseconds=1)
    connection.execute("BEGIN IMMEDIATE")
    values = {"count": count, "due": due, "at": to_micros(at), "now": now, "grace": grace}
    connection.execute(TASKS, values)
    connection.execute(ACTIONS, {"handler": handler})
    connection.execute(RECIPIENTS)
    connection.execute("COMMIT")
    connection.close()


class Probe(threading.Thread):
    """Asks for the write lock again and again; notes how long it waited."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._connection = sqlite.connect(path)
        # SQLite's own waiting sleeps up to 100 ms between two tries: that would measure the sleep.
        self._connection.execute("PRAGMA busy_timeout=0")
        self.waits: list[float] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.005):
            began = time.perf_counter()
            while not self._got_it():
                time.sleep(0.0005)
            self.waits.append(time.perf_counter() - began)
            self._connection.execute("ROLLBACK")
        self._connection.close()

    def _got_it(self) -> bool:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite.Error:
            return False
        return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--due", type=int, default=1_000)
    parser.add_argument("--probe", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, simulator() as (url, _):
        folder = Path(name)
        database = support.make_site(folder)
        handler = support.add_handler(database, CLOCK, base_url=url)
        with database.write() as tx:
            handlers.keep_secret(database, tx, handler, SAMPLE_API_KEY)
        build(database, handler, given.tasks, given.due, datetime.now(UTC) + AHEAD)
        run = Program([*PROGRAM, "--data", str(folder), "run"])
        probe = Probe(database.path)
        try:
            if given.probe:
                probe.start()
            reader = sqlite.connect(database.path)
            asked = "SELECT count(*) FROM message WHERE state = 'accepted'"
            until(lambda: reader.execute(asked).fetchone()[0] >= given.due, "all are accepted", 120)
            lags = [row[0] / 1000 for row in reader.execute(LAG)]
            reader.close()
        finally:
            probe.over.set()
            if given.probe:
                probe.join()
            run.kill()
            database.close()
    waits = sorted(probe.waits)
    print(f"{given.due:,} of {given.tasks:,} tasks due at one moment, {os.cpu_count()} cores,", end=" ")
    print(f"load {os.getloadavg()[0]:.1f}")
    print(
        f"  lag to the first attempt: median {_at(lags, 50):,.0f} ms, 99th percentile {_at(lags, 99):,.0f} ms"
    )
    if waits:
        print(f"  the write lock was held: 99th percentile {_at(waits, 99) * 1000:.1f} ms,", end=" ")
        print(f"longest {waits[-1] * 1000:.0f} ms, of {len(waits):,} times")


def _at(ordered: list[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


if __name__ == "__main__":
    main()
