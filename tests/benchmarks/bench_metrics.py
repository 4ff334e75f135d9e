"""How long a metrics file takes to write on a site with many messages.

    python -m tests.benchmarks.bench_metrics [MESSAGES]

The site is built by SQL in a temporary folder: of each thousand messages 995 have ended, three
are of unknown outcome and two wait.
"""

import sys
import tempfile
import time
from pathlib import Path

from scheduling.clock import SystemClock
from scheduling.leadership import Leadership
from scheduling.metrics_file import MetricsFile, Own
from storage import sqlite
from storage.database import Database
from storage.site import open_site
from tests.engine.support import add_handler

HANDLERS = 3
ROUNDS = 20

MESSAGES = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO message (client_message_id, submission_id, handler_id, user_name, to_number, body, origin, lane,
  rank, segments, queued_at, expires_at, first_attempt_at, next_attempt_at, attempts, plan_attempts, unknowns,
  may_arrive_twice, query_first, reports_asked, attempt_id, state)
SELECT printf('%032x', i), 1, 1 + i % 3, 'Person ' || i, '+4477009' || printf('%05d', i % 100000),
  'Pump ' || i || ' stopped, water level high; call the night desk', 'manual', 1, 0, 1,
  :now, :now + 3600000000,
  CASE WHEN i % 1000 = 999 THEN NULL ELSE :now END, CASE WHEN i % 1000 >= 998 THEN :now + i END,
  1, 1, 0, 0, 0, 0, i,
  CASE WHEN i % 1000 < 970 THEN 'accepted' WHEN i % 1000 < 990 THEN 'delivered'
  WHEN i % 1000 < 995 THEN 'failed' WHEN i % 1000 < 998 THEN 'unknown' ELSE 'queued' END
FROM n
"""
ATTEMPTS = """
INSERT INTO attempt (id, message_id, n, epoch, instance_id, started_at, finished_at, outcome)
SELECT id, id, 1, 1, 'x', queued_at, queued_at, 'accepted' FROM message
"""


def build(database: Database, count: int) -> None:
    for number in range(HANDLERS):
        add_handler(database, SystemClock(), f"Handler {number + 1}")
    connection = sqlite.connect(database.path)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO submission (origin, created_at, left_out) VALUES ('manual', 0, '[]')")
    connection.execute(MESSAGES, {"count": count, "now": int(time.time() * 1_000_000)})
    connection.execute(ATTEMPTS)
    connection.execute("COMMIT")
    connection.close()


def measure(database: Database, file: Path) -> list[float]:
    """Milliseconds of each write, one after another."""
    leadership = Leadership(database, SystemClock(), "bench", "run")
    leadership.step()
    metrics = MetricsFile(file, database, SystemClock(), "0", lambda: Own(True, False, 0))
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        metrics.write()
        found.append((time.perf_counter() - began) * 1000)
    return found


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = open_site(Path(folder) / "site")
        build(database, count)
        file = Path(folder) / "commsdesk.prom"
        first, *others = measure(database, file)
        print(f"{count:,} messages: first write {first:.0f} ms (loads the library, counts what ended),")
        print(f"  then median {sorted(others)[len(others) // 2]:.1f} ms, most {max(others):.1f} ms;", end=" ")
        print(f"{file.stat().st_size:,} bytes")
        database.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
