"""Moving what is planned when the wall clock has jumped: plans are lengths of time, not times of day."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from storage.database import Transaction
from storage.tables import handler_statuses, messages, tasks
from storage.types import MICROSECOND, to_micros

_PLANNED = ("next_attempt_at", "window_closes_at", "first_attempt_at", "last_planned_at", "expires_at")


def shift_plans(tx: Transaction, by: timedelta) -> int:
    """Move planned attempts, open windows, useful lives and pauses by the jump; how many messages."""
    micros = by // MICROSECOND
    moved = ", ".join(f"{name} = {name} + :by" for name in _PLANNED)
    result = tx.execute(
        sa.text(f"UPDATE {messages.name} SET {moved} WHERE state IN ('queued', 'sending')"), {"by": micros}
    )
    pauses = ", ".join(f"{name} = {name} + :by" for name in ("paused_until", "probe_at"))
    tx.execute(sa.text(f"UPDATE {handler_statuses.name} SET {pauses}"), {"by": micros})
    return result.rowcount


def pull_back(tx: Transaction, now: datetime, tolerance: timedelta) -> int:
    """Move waiting messages that began in the future so that they begin now; how many.

    A first attempt is due at once, so only a clock that was ahead for a while makes such a one.
    """
    began = "coalesce(first_attempt_at, next_attempt_at)"
    moved = ", ".join(f"{name} = {name} - ({began} - :now)" for name in _PLANNED)
    result = tx.execute(
        sa.text(f"UPDATE {messages.name} SET {moved} WHERE state = 'queued' AND {began} > :latest"),
        {"now": to_micros(now), "latest": to_micros(now + tolerance)},
    )
    return result.rowcount


def tasks_due_after(tx: Transaction, moment: datetime) -> list[int]:
    """Enabled tasks that wait for a time after `moment`: after a jump back they may wait too long."""
    query = sa.select(tasks.c.id).where(
        tasks.c.enabled == 1,
        tasks.c.removed_at.is_(None),
        tasks.c.once_at.is_(None),
        sa.or_(tasks.c.next_due_at > moment, tasks.c.next_due_at.is_(None)),
    )
    return list(tx.execute(query).scalars())
