"""What asks for a person: open alerts and messages that failed today, each counted by index.

An alert is *open* in Created and Escalated, where nobody looks after it, and *answered* in Claimed
and Actioned. Failed are messages that ended as failed, expired or undelivered.
"""

from dataclasses import dataclass
from datetime import datetime, time

import sqlalchemy as sa

from storage.database import Transaction
from storage.sql_values import ACTIVE, one_of
from storage.types import UtcTime
from storage.vocabulary import OPEN_STAGES, MessageState

FAILED_STATES = (MessageState.FAILED, MessageState.EXPIRED, MessageState.UNDELIVERED)

ALERTS = sa.text(
    "SELECT stage, count(*), max(id) FROM occurrence INDEXED BY occurrence_active"
    f" WHERE stage IN ({ACTIVE}) GROUP BY stage"
)
UNANSWERED = sa.text(
    "SELECT count(*) FROM occurrence INDEXED BY occurrence_active"
    " JOIN alert ON alert.id = occurrence.alert_id"
    f" WHERE stage IN ({ACTIVE}) AND {one_of('stage', OPEN_STAGES)} AND alert.plan IS NOT NULL"
)
FAILED_SINCE = sa.text(
    "SELECT count(*) FROM message INDEXED BY message_failed"
    f" WHERE {one_of('state', FAILED_STATES)} AND finished_at >= :since"
).bindparams(sa.bindparam("since", type_=UtcTime))


@dataclass(frozen=True, slots=True)
class Attention:
    """`newest_open` is the id of the open occurrence that was raised last; 0 where none is open.

    `unanswered` are the open ones whose alert has an answer plan.
    """

    open: int = 0
    answered: int = 0
    newest_open: int = 0
    failed_today: int = 0
    unanswered: int = 0


def read(connection: sa.Connection | Transaction, now: datetime) -> Attention:
    """The counts as at one moment; today is the day of this machine's time zone."""
    stages = {stage: (count, newest) for stage, count, newest in connection.execute(ALERTS)}
    waiting = [found for stage, found in stages.items() if stage in OPEN_STAGES]
    number = sum(count for count, _ in waiting)
    return Attention(
        number,
        sum(count for count, _ in stages.values()) - number,
        max((newest for _, newest in waiting), default=0),
        connection.execute(FAILED_SINCE, {"since": start_of_day(now)}).scalar_one(),
        connection.execute(UNANSWERED).scalar_one() if number else 0,
    )


def start_of_day(now: datetime) -> datetime:
    """Midnight of this machine's day that holds the moment, aware."""
    return datetime.combine(now.astimezone().date(), time()).astimezone()
