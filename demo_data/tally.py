"""What a run came to: how many messages were accepted, retried, failed, and what waits."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.tables import attempts, messages
from storage.vocabulary import UNDER_WAY, MessageState, OutcomeKind


@dataclass(frozen=True, slots=True)
class Tally:
    """Messages since some time, and what waits now. `retried` counts messages tried more than once."""

    accepted: int
    retried: int
    failed: int
    waiting: int

    def __str__(self) -> str:
        return (
            f"{self.accepted} accepted, {self.retried} retried, {self.failed} failed, {self.waiting} waiting"
        )


def tally(connection: sa.Connection, since: datetime) -> Tally:
    """Counted from the attempts made since `since`, and from how messages ended since then."""
    tried = sa.select(sa.func.count(sa.distinct(attempts.c.message_id))).where(attempts.c.started_at >= since)
    ended = sa.select(sa.func.count()).select_from(messages)
    failed = ended.where(
        messages.c.state.in_((MessageState.FAILED, MessageState.EXPIRED)), messages.c.finished_at >= since
    )
    waiting = ended.where(messages.c.state.in_(UNDER_WAY))
    return Tally(
        accepted=connection.execute(tried.where(attempts.c.outcome == OutcomeKind.ACCEPTED)).scalar_one(),
        retried=connection.execute(tried.where(attempts.c.n > 1)).scalar_one(),
        failed=connection.execute(failed).scalar_one(),
        waiting=connection.execute(waiting).scalar_one(),
    )
