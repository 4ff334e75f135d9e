"""Moving what is planned when the wall clock has jumped: plans are lengths of time, not times of day."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from storage.database import Transaction
from storage.sql_values import QUEUED, WAITING, quoted
from storage.tables import handler_statuses, held, holds, limit_places, messages, occurrences, tasks
from storage.types import MICROSECOND, to_micros
from storage.vocabulary import HeldState, HoldKind
from storage.written_by import WallClock

_PLANNED = (
    "next_attempt_at",
    "window_closes_at",
    "first_attempt_at",
    "last_planned_at",
    "expires_at",
    "behind_since",
    "next_planned_at",
)

# Moments from which lengths are counted, of rows that do not keep their clock, and which rows.
_LENGTHS = (
    (handler_statuses.name, ("paused_until", "probe_at"), "pause IS NOT NULL"),
    (occurrences.name, ("sent_again_at",), "ended_at IS NULL AND sent_again_at IS NOT NULL"),
    (occurrences.name, ("step_at", "answer_due_at", "claim_until"), "ended_at IS NULL"),
    (occurrences.name, ("settle_at",), "settle_at IS NOT NULL"),
    (messages.name, ("report_due_at",), "report_due_at IS NOT NULL"),
    # A silence for two hours is a length, one until 16:00 a time of day; so are quiet hours.
    (holds.name, ("from_at", "until_at"), "length IS NOT NULL AND removed_at IS NULL"),
    (limit_places.name, ("at",), "1"),
    (held.name, ("until_at",), f"state = {quoted(HeldState.HELD)} AND kind = {quoted(HoldKind.LIMIT)}"),
)

# How far a message's own clock is from the one to go by. One of another boot, or of before rows
# kept their clock, was written by the clock that the plans went by until now.
_OFF = "CASE WHEN clock_boot = :boot THEN :offset - clock_offset ELSE :by END"


def shift_plans(tx: Transaction, by: timedelta, clock: WallClock, tolerance: timedelta = timedelta(0)) -> int:
    """Move what waits so that all of it goes by `clock`; how many messages were moved.

    `by` is how far that clock is ahead of the one that the plans went by until now. A message
    that yet another clock wrote is moved by its own distance; none is by less than `tolerance`.
    """
    for table, names, which in _LENGTHS if by else ():
        moved = ", ".join(f"{name} = {name} + :by" for name in names)
        tx.execute(sa.text(f"UPDATE {table} SET {moved} WHERE {which}"), {"by": by // MICROSECOND})
    return _bring(tx, by, clock, tolerance, f"state IN ({WAITING})")


def bring_strays(
    tx: Transaction, clock: WallClock, tolerance: timedelta, only: Collection[int] | None = None
) -> int:
    """Move waiting messages (`only` these) that were written by a clock farther than `tolerance` from
    the one that the plans go by: by a process that read its clock before a jump and wrote after it
    had been put right, or whose clock is another one. How many were."""
    chosen = f"state = {QUEUED} AND clock_boot = :boot"
    if only is not None:
        chosen += f" AND id IN ({', '.join(str(int(each)) for each in only)})"
    return _bring(tx, timedelta(0), clock, tolerance, chosen)


def _bring(tx: Transaction, by: timedelta, clock: WallClock, tolerance: timedelta, chosen: str) -> int:
    moved = ", ".join(f"{name} = {name} + ({_OFF})" for name in _PLANNED)
    # The life of one that waits for another's answer is counted from when it was queued.
    moved += f", queued_at = CASE WHEN told_by IS NULL THEN queued_at ELSE queued_at + ({_OFF}) END"
    statement = (
        f"UPDATE {messages.name} SET {moved}, clock_boot = :boot, clock_offset = :kept"
        f" WHERE {chosen} AND abs({_OFF}) > :tolerance"
    )
    values = {
        "boot": clock.boot,
        "offset": clock.offset,
        "kept": clock.columns["clock_offset"],
        "by": by // MICROSECOND,
        "tolerance": tolerance // MICROSECOND,
    }
    return tx.execute(sa.text(statement), values).rowcount


def pull_back(tx: Transaction, now: datetime, tolerance: timedelta) -> int:
    """Move waiting messages that began in the future so that they begin now; how many.

    A first attempt is due at once, so only a clock that was ahead for a while makes such a one.
    """
    began = "coalesce(first_attempt_at, next_attempt_at, behind_since)"
    moved = ", ".join(f"{name} = {name} - ({began} - :now)" for name in _PLANNED)
    result = tx.execute(
        sa.text(
            f"UPDATE {messages.name} SET {moved}, clock_boot = :clock_boot, clock_offset = :clock_offset"
            f" WHERE state = {QUEUED} AND {began} > :latest"
        ),
        {"now": to_micros(now), "latest": to_micros(now + tolerance), **tx.written_at(now)},
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
