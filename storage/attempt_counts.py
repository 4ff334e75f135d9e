"""Attempts counted as they end, by handler and outcome: each once, whatever becomes of it later.

Only attempts made since the last look are read, by their ids, so the past costs nothing.
"""

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa

from storage.sql_values import SENDING

OUTCOMES = ("accepted", "rejected", "busy", "account", "not_sent", "unknown")

NEWEST = sa.text("SELECT coalesce(max(id), 0) FROM attempt")
BEING_MADE = sa.text(
    "SELECT attempt_id FROM message INDEXED BY message_sending"
    f" WHERE state = {SENDING} AND attempt_id IS NOT NULL"
)
ENDED_SINCE = sa.text(
    "SELECT message.handler_id, attempt.outcome, count(*)"
    " FROM attempt CROSS JOIN message ON message.id = attempt.message_id"
    " WHERE attempt.id > :low AND attempt.id <= :high AND attempt.outcome IS NOT NULL GROUP BY 1, 2"
)
OPEN_SINCE = sa.text("SELECT id FROM attempt WHERE id > :low AND id <= :high AND outcome IS NULL")
ENDED_OF = sa.text(
    "SELECT attempt.id, message.handler_id, attempt.outcome"
    " FROM attempt CROSS JOIN message ON message.id = attempt.message_id"
    " WHERE attempt.id IN :ids AND attempt.outcome IS NOT NULL"
).bindparams(sa.bindparam("ids", expanding=True))
KNOWN = sa.text("SELECT id FROM attempt WHERE id IN :ids").bindparams(sa.bindparam("ids", expanding=True))
AT_ONCE = 500


class AttemptCounts:
    """How many attempts have ended since this began to count, by handler's id and outcome."""

    def __init__(self, connection: sa.Connection) -> None:
        self.ended: Counter[tuple[int, str]] = Counter()
        self._seen = int(connection.execute(NEWEST).scalar_one())
        self._open = [row[0] for row in connection.execute(BEING_MADE)]

    def look(self, connection: sa.Connection) -> None:
        """Count what has ended since the last look."""
        ended = self._ended_of(connection, self._open)
        there = self._still_there(connection)
        self._open = [attempt for attempt in self._open if attempt not in ended and attempt in there]
        span = {"low": self._seen, "high": int(connection.execute(NEWEST).scalar_one())}
        for handler_id, outcome, number in connection.execute(ENDED_SINCE, span):
            self.ended[handler_id, outcome] += number
        self._open += [row[0] for row in connection.execute(OPEN_SINCE, span)]
        self._seen = span["high"]

    def _still_there(self, connection: sa.Connection) -> set[int]:
        """Those of the open attempts that were not taken back; the newest id may yet be used again."""
        newest = int(connection.execute(NEWEST).scalar_one())
        found = {attempt for attempt in self._open if attempt > newest}
        for start in range(0, len(self._open), AT_ONCE):
            ids = {"ids": self._open[start : start + AT_ONCE]}
            found |= {row[0] for row in connection.execute(KNOWN, ids)}
        return found

    def _ended_of(self, connection: sa.Connection, attempts: Sequence[int]) -> set[int]:
        found = set()
        for start in range(0, len(attempts), AT_ONCE):
            for attempt, handler_id, outcome in connection.execute(
                ENDED_OF, {"ids": attempts[start : start + AT_ONCE]}
            ):
                self.ended[handler_id, outcome] += 1
                found.add(attempt)
        return found
