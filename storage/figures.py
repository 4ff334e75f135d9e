"""Figures of a site for monitoring, each found by index: as cheap with a million messages as with none.

How many messages ended is counted by reading an index from end to end. That count is kept, and
read again only after a hundred times as long as it took: one part in a hundred, however long the past.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage import message_history
from storage import sql_values as sql
from storage.types import UtcTime
from storage.vocabulary import MessageState

WAITING = (MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN)
ENDED = (
    MessageState.ACCEPTED,
    MessageState.DELIVERED,
    MessageState.UNDELIVERED,
    MessageState.FAILED,
    MessageState.CANCELLED,
    MessageState.EXPIRED,
)
SPARING = 100

BY_STATE = "SELECT state, count(*) FROM message WHERE state IN ({}) GROUP BY state"
COUNT_WAITING = sa.text(BY_STATE.format(sql.WAITING))
COUNT_ENDED = sa.text(BY_STATE.format(sql.quoted(*ENDED)))
RETRYING = sa.text(
    "SELECT count(*) FROM message INDEXED BY message_window"
    f" WHERE state = {sql.QUEUED} AND first_attempt_at IS NOT NULL"
)
# Named, because the planner would take the index by state and then look into every row.
QUEUED_BY_HANDLER = sa.text(
    "SELECT handler_id, count(*) FROM (SELECT handler_id FROM message INDEXED BY message_due"
    f" WHERE state = {sql.QUEUED} AND first_attempt_at IS NOT NULL"
    " UNION ALL SELECT handler_id FROM message INDEXED BY message_fresh"
    f" WHERE state = {sql.QUEUED} AND first_attempt_at IS NULL AND next_attempt_at IS NOT NULL"
    " UNION ALL SELECT handler_id FROM message INDEXED BY message_behind"
    f" WHERE state = {sql.QUEUED} AND behind_since IS NOT NULL AND first_attempt_at IS NULL"
    " UNION ALL SELECT handler_id FROM message INDEXED BY message_told_by"
    f" WHERE state = {sql.QUEUED} AND told_by IS NOT NULL AND behind_since IS NULL) GROUP BY handler_id"
)
SENDING_BY_HANDLER = sa.text(
    "SELECT handler_id, count(*) FROM message INDEXED BY message_sending"
    f" WHERE state = {sql.SENDING} GROUP BY handler_id"
)
ACTIVE = sa.text(f"SELECT count(*) FROM occurrence WHERE stage IN ({sql.ACTIVE})")
LAST_FIRED = sa.text("SELECT max(last_run_at) AS at FROM task")


@dataclass(frozen=True, slots=True)
class Figures:
    """What waits and what ended, by state and by handler's id. Times are aware UTC.

    `unknown` are those that a person must decide about.
    """

    by_state: dict[str, int]
    retrying: int
    queued: dict[int, int]
    sending: dict[int, int]
    active_occurrences: int
    task_fired_at: datetime | None


class EndedCounts:
    """How many messages ended in each state; read anew when that is cheap enough."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._again_at = float("-inf")

    def read(self, connection: sa.Connection) -> dict[str, int]:
        # What it took is this machine's business: not the clock that a simulation moves.
        began = time.monotonic()
        if began >= self._again_at:
            self._counts = _counted(connection, COUNT_ENDED)
            ended = time.monotonic()
            self._again_at = ended + SPARING * (ended - began)
        return self._counts


def read(connection: sa.Connection, ended: EndedCounts) -> Figures:
    """All figures as at one moment."""
    none = dict.fromkeys((*WAITING, *ENDED), 0)
    return Figures(
        by_state=none
        | ended.read(connection)
        | _counted(connection, COUNT_WAITING)
        | {"unknown": message_history.count_undecided(connection)},
        retrying=connection.execute(RETRYING).scalar_one(),
        queued=_counted(connection, QUEUED_BY_HANDLER),
        sending=_counted(connection, SENDING_BY_HANDLER),
        active_occurrences=connection.execute(ACTIVE).scalar_one(),
        task_fired_at=connection.execute(LAST_FIRED.columns(at=UtcTime)).scalar(),
    )


def _counted(connection: sa.Connection, query: sa.TextClause) -> dict[Any, int]:
    return {row[0]: row[1] for row in connection.execute(query)}
