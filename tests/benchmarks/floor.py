"""The floor: what the engine writes for a sent message, by fixed SQL straight through the driver.

    python -m tests.benchmarks.floor [MESSAGES]

The same rows and indexes, on a site that commsdesk made and with its settings (WAL, synchronous=FULL):
for each call a transaction that claims (the attempts, the messages) and one that records (attempts,
messages, the handler, a review entry each with its link in the chain, and its full text). No policy, no
reading again, no network: what is left is what the disk and the indexes cost. `make bench` shows the
engine beside it.

It holds itself to its word: afterwards the chain must verify, and every column that an engine fills in
must be filled in. It is never made slower to look better beside it.
"""

import hashlib
import hmac
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from scheduling.clock import SystemClock
from storage import review_verify, sqlite
from storage.database import Database
from storage.review_verify import Standing
from storage.vocabulary import MessageState, Origin
from tests.engine import support

MINUTE = 60_000_000
INSTANCE = "f" * 32
DIGEST_VERSION = 2

DUE = """
SELECT id, to_number, user_name FROM message INDEXED BY message_fresh
WHERE state = 'queued' AND first_attempt_at IS NULL AND next_attempt_at IS NOT NULL AND handler_id = ?
ORDER BY lane, rank, id LIMIT ?
"""
CLAIM = """
UPDATE message SET state = 'sending', attempts = attempts + 1, plan_attempts = plan_attempts + 1,
  last_planned_at = ?1, first_attempt_at = ?1, window_closes_at = ?2, retry_rate = 60000000,
  stop_retrying_after = 300000000, clock_boot = ?3, clock_offset = ?4, attempt_id = ?5
WHERE id = ?6
"""
ATTEMPT = "INSERT INTO attempt (id, message_id, n, epoch, instance_id, started_at) VALUES (?, ?, 1, 1, ?, ?)"
FINISH = """
UPDATE attempt SET outcome = 'accepted', finished_at = ?, http_status = 202, gateway_id = ? WHERE id = ?
"""
RECORD = """
UPDATE message SET state = 'accepted', next_attempt_at = NULL, finished_at = ?1, gateway_id = ?2,
  report_due_at = ?3
WHERE attempt_id = ?4 AND state = 'sending'
"""
HANDLER = "UPDATE handler_status SET last_accepted_at = ? WHERE handler_id = ?"
LAST = "SELECT id, chain FROM review ORDER BY id DESC LIMIT 1"
REVIEW = """
INSERT INTO review (id, at, category, level, body, handler_id, handler, message_id, digest, chain, key_id,
  kind, digest_version, user)
VALUES (?, ?, 'Message', 'info', ?, ?, 'Clickatell', ?, ?, ?, ?, 'accepted', 2, ?)
"""

Row = tuple[Any, ...]


class Floor:
    """A site with so many messages queued, and what sends them off without sending anything."""

    def __init__(self, folder: Path, count: int, origin: Origin = Origin.MANUAL) -> None:
        self.clock = SystemClock()
        self.database: Database = support.make_site(folder)
        self.handler = support.add_handler(self.database, self.clock)
        support.queue(self.database, self.clock, self.handler, count, origin=origin, life=timedelta(hours=2))
        self._connection = sqlite.connect(folder / self.database.path.name)
        self._signer = self.database.signer

    def send(self, in_a_call: int, calls_at_once: int = 1) -> None:
        """Claim and record them all: `calls_at_once` calls share each of the two transactions."""
        begin, execute = self._connection.execute, self._connection.execute
        attempt = 0
        while True:
            begin("BEGIN IMMEDIATE")
            rows = execute(DUE, (self.handler, in_a_call * calls_at_once)).fetchall()
            if not rows:
                execute("COMMIT")
                return
            numbered = list(enumerate(rows, attempt + 1))
            attempt += len(rows)
            self._claim(numbered)
            execute("COMMIT")
            begin("BEGIN IMMEDIATE")
            for start in range(0, len(numbered), in_a_call):
                self._record(numbered[start : start + in_a_call])
            execute("COMMIT")

    def _claim(self, numbered: Sequence[tuple[int, Row]]) -> None:
        now = time.time_ns() // 1000
        many = self._connection.executemany
        many(CLAIM, [(now, now + 5 * MINUTE, 1, now, number, row[0]) for number, row in numbered])
        many(ATTEMPT, [(number, row[0], INSTANCE, now) for number, row in numbered])

    def _record(self, numbered: Sequence[tuple[int, Row]]) -> None:
        now = time.time_ns() // 1000
        connection = self._connection
        given = [(now, f"{number:032x}", number) for number, _ in numbered]
        connection.executemany(FINISH, given)
        connection.executemany(RECORD, [(at, name, at + MINUTE, number) for at, name, number in given])
        connection.execute(HANDLER, (now, self.handler))
        connection.executemany(REVIEW, list(self._entries(numbered, now)))

    def _entries(self, numbered: Sequence[tuple[int, Row]], now: int) -> Iterator[Row]:
        entry, chain = self._connection.execute(LAST).fetchone() or (0, bytes(32))
        for number, (message, to, name) in numbered:
            entry += 1
            text = f"{name} {to}: accepted, attempt 1 of 5, id {number:032x}"
            handler = self.handler
            content = [DIGEST_VERSION, now, "Message", "info", text, None, handler, "Clickatell"]
            content += [None, name, message, None, None, None, None, None, "accepted"]
            digest = hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).digest()
            chain = hmac.digest(self._signer.key, chain + digest, "sha256")
            yield entry, now, text, handler, message, digest, chain, self._signer.key_id, name

    def check(self, count: int) -> None:
        """That it did the whole of the work: all accepted, the review whole, an entry and an attempt each."""
        assert support.states(self.database) == {MessageState.ACCEPTED: count}
        assert review_verify.verify(self.database).standing is Standing.WHOLE
        asked = {
            "SELECT count(*) FROM attempt WHERE outcome = 'accepted'",
            "SELECT count(*) FROM review WHERE kind = 'accepted'",
            "SELECT count(*) FROM review_text WHERE review_text MATCH 'accepted'",
        }
        for query in asked:
            assert self._connection.execute(query).fetchone()[0] == count, query

    def filled(self) -> dict[str, set[str]]:
        """Which columns hold something, by table."""
        return filled(self._connection)

    def close(self) -> None:
        self._connection.close()
        self.database.close()


WRITTEN = ("message", "attempt", "handler_status", "review")


def filled(connection: Any) -> dict[str, set[str]]:
    """Which columns of the tables that sending writes to hold something, of messages that were accepted."""
    found = {}
    for table in WRITTEN:
        names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        where = " WHERE kind = 'accepted'" if table == "review" else ""
        counted = ", ".join(f'count("{name}")' for name in names)
        counts = connection.execute(f"SELECT {counted} FROM {table}{where}").fetchone()
        found[table] = {name for name, count in zip(names, counts, strict=True) if count}
    return found


def rate(count: int, in_a_call: int, calls_at_once: int = 1, origin: Origin = Origin.MANUAL) -> float:
    """Messages a second."""
    with tempfile.TemporaryDirectory() as name:
        floor = Floor(Path(name), count, origin)
        try:
            started = time.perf_counter()
            floor.send(in_a_call, calls_at_once)
            took = time.perf_counter() - started
            floor.check(count)
            return count / took
        finally:
            floor.close()


def main(count: int) -> None:
    for in_a_call, at_once in ((100, 1), (10, 8), (50, 1), (1, 8), (1, 1)):
        found = rate(count, in_a_call, at_once)
        what = f"{in_a_call} a call, {at_once} calls a transaction"
        print(f"{what:36} {found:9,.0f} messages/s  {1e6 / found:6.1f} µs a message")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
