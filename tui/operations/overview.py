"""What the header shows: who sends, how it is, what waits. Read in one go, off the screen's thread."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa

    from tui.operations.first_steps import Missing

BEAT_SHOWN_AFTER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Light:
    """One handler in the header: its status and its balance."""

    handler_id: int
    name: str
    status: str  # Starting | Running | Paused | Error | Disabled | Stopped
    balance: Decimal | None
    currency: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Overview:
    """The site at a glance. `sender` says which process holds the lease.

    Nobody looks after an open alert; `newest_open` is the occurrence that was raised last of them.
    """

    sender: str | None = None
    sender_kind: str | None = None
    sender_pid: int | None = None
    beaten_at: datetime | None = None
    engine_running: bool = False
    waiting: int = 0
    retrying: int = 0
    sending: int = 0
    unknown: int = 0
    oldest_due_at: datetime | None = None
    next_task: str | None = None
    next_task_at: datetime | None = None
    held: bool = False
    missing: "Missing | None" = None
    lights: tuple[Light, ...] = ()
    nobody_told: int = 0
    tasks_held_until: datetime | None = None  # the clock jumped
    open_alerts: int = 0
    answered_alerts: int = 0
    newest_open: int = 0
    failed_today: int = 0
    unanswered: int = 0
    silences: int = 0

    @property
    def nothing_sent_after(self) -> str:
        """What is said before the only engine ends: what waits, and which task comes next."""
        parts = []
        if waiting := self.waiting + self.retrying + self.sending:
            parts.append(f"{waiting} waiting")
        if self.next_task_at is not None:
            parts.append(f"next task {self.next_task_at.astimezone():%a %H:%M} ({self.next_task})")
        return "Nothing will be sent after this" + (f": {'; '.join(parts)}" if parts else "")

    def beat_age(self, now: datetime) -> timedelta | None:
        """The age of the last beat once it is worth showing."""
        if self.beaten_at is None or not self.engine_running:
            return None
        age = now - self.beaten_at
        return age if age > BEAT_SHOWN_AFTER else None


def read_overview(connection: "sa.Connection", now: datetime) -> Overview:
    from scheduling import unheard
    from scheduling.handler_state import status_column
    from storage import attention, clock_hold, handlers, holds, leases, message_history, outbox, tasks
    from storage.records import HandlerStatus
    from tui.operations import first_steps

    lease = leases.current(connection)
    hold = clock_hold.hold_of(connection)
    running = leases.engine_is_running(lease, now)
    statuses, queues = handlers.statuses(connection), handlers.queues(connection)
    lights = []
    for handler in handlers.listing(connection):
        found = statuses.get(handler.id, HandlerStatus(handler.id))
        state = status_column(handler, found, running, now)
        lights.append(
            Light(handler.id, handler.name, state.light, found.balance, found.currency, state.error)
        )
    task = tasks.next_task(connection)
    asking = attention.read(connection, now)
    return Overview(
        sender=lease.holder,
        sender_kind=lease.holder_kind,
        sender_pid=lease.holder_pid,
        beaten_at=lease.beaten_at,
        engine_running=running,
        waiting=sum(queue.waiting for queue in queues.values()),
        retrying=sum(queue.retrying for queue in queues.values()),
        sending=sum(queue.sending for queue in queues.values()),
        unknown=message_history.count_undecided(connection),
        oldest_due_at=outbox.oldest_due(connection, now),
        next_task=task[0] if task else None,
        next_task_at=task[1] if task else None,
        held=is_held(connection),
        missing=first_steps.missing(connection),
        lights=tuple(lights),
        nobody_told=len(unheard.look(connection, now).nobody_told),
        tasks_held_until=hold.until if hold else None,
        open_alerts=asking.open,
        answered_alerts=asking.answered,
        newest_open=asking.newest_open,
        failed_today=asking.failed_today,
        unanswered=asking.unanswered,
        silences=sum(one.holds_at(now) for one in holds.silences(connection)),
    )


def is_held(connection: "sa.Connection") -> bool:
    """Whether this is a copy that nobody has called the live site yet."""
    try:
        from storage import adoption
    except ImportError:
        return False
    return adoption.is_held(connection)
