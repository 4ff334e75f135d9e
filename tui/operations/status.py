"""How the site is, for monitoring: who fires, what waits and since when, the handlers, and what is wrong."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from scheduling import unheard
from scheduling.diagnose.site import OVERDUE, SILENT
from scheduling.unheard import Unheard
from storage import adoption, attention, clock_hold, integrity, leases, message_history, outbox
from storage import held as stored_held
from storage import holds as stored_holds
from storage import tasks as stored_tasks
from storage.adoption import Hold
from storage.attention import Attention
from storage.clock_hold import ClockHold
from storage.database import SCHEMA_VERSION
from storage.leases import Lease
from storage.vocabulary import HandlerState, Pause
from tui.operations import duty, handler_status
from tui.operations.desk import Desk
from tui.operations.handler_status import HandlerView
from tui.operations.views import iso

NOTHING_ASKS = Attention()


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """All of it as at one moment. The site is healthy while `problems` is empty."""

    folder: str
    at: datetime
    lease: Lease
    engine_running: bool
    hold: Hold | None
    unknown: int
    oldest_due_at: datetime | None
    next_task: str | None
    next_task_due_at: datetime | None
    handlers: tuple[HandlerView, ...]
    free_bytes: int
    unheard: Unheard = field(default_factory=Unheard)
    attention: Attention = NOTHING_ASKS
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    held_messages: int = 0
    silences: int = 0
    clock_hold: ClockHold | None = None
    gaps: tuple[str, ...] = ()  # when nobody is on duty, a sentence a roster, where it begins within 7 days

    @property
    def healthy(self) -> bool:
        return not self.problems

    @property
    def beat_age(self) -> timedelta | None:
        """Since the holder's last beat, by the wall clock; None when nobody holds the lease."""
        if self.lease.holder is None or self.lease.beaten_at is None:
            return None
        return max(self.at - self.lease.beaten_at, timedelta(0))

    @property
    def waiting(self) -> int:
        return sum(view.queue.waiting for view in self.handlers)

    @property
    def retrying(self) -> int:
        return sum(view.queue.retrying for view in self.handlers)

    @property
    def sending(self) -> int:
        return sum(view.queue.sending for view in self.handlers)


def status(desk: Desk) -> SiteStatus:
    """Read it all; writes nothing and calls nobody."""
    now = desk.now()
    views = tuple(handler_status.listing(desk))
    folder = desk.database.folder.path
    with desk.database.read() as connection:
        lease = leases.current(connection)
        next_task, next_due_at = stored_tasks.next_task(connection) or (None, None)
        found = SiteStatus(
            folder=str(folder),
            at=now,
            lease=lease,
            engine_running=leases.engine_is_running(lease, now),
            hold=adoption.hold_of(connection),
            clock_hold=clock_hold.hold_of(connection),
            unknown=message_history.count_undecided(connection),
            oldest_due_at=outbox.oldest_due(connection, now),
            next_task=next_task,
            next_task_due_at=next_due_at,
            handlers=views,
            free_bytes=integrity.free_bytes(folder),
            held_messages=stored_held.count(connection),
            silences=sum(one.holds_at(now) for one in stored_holds.silences(connection)),
            unheard=unheard.look(connection, now),
            attention=attention.read(connection, now),
            gaps=tuple(duty.gaps_words(*each) for each in duty.gaps(connection, now, duty.SOON)),
        )
    return _judged(found)


def _judged(found: SiteStatus) -> SiteStatus:
    problems, warnings = [], []
    if not found.engine_running:
        problems.append("no scheduler is running: start commsdesk run")
    elif found.beat_age is not None and found.beat_age > SILENT:
        problems.append(f"the scheduler has shown no life for {int(found.beat_age.total_seconds())} s")
    if found.hold is not None:
        problems.append(f"held: this database is {found.hold.reason}; nothing is sent (commsdesk adopt)")
    if found.clock_hold is not None:
        until = f"{found.clock_hold.until.astimezone():%H:%M}"
        problems.append(
            f"the clock jumped: scheduled tasks wait until {until} (if it is right: commsdesk task go-on)"
        )
    if found.oldest_due_at is not None and found.at - found.oldest_due_at > OVERDUE:
        minutes = int((found.at - found.oldest_due_at).total_seconds() // 60)
        problems.append(f"the oldest message has been due for {minutes} min")
    problems += [
        f"{view.handler.name}: {view.error}"
        for view in found.handlers
        if view.shown.status == HandlerState.ERROR and view.handler.enabled
    ]
    if found.unheard:
        number = len(found.unheard.nobody_told)
        problems.append(f"{unheard.said(number)}: commsdesk alert occurrences --active")
    if found.free_bytes < integrity.LEAST:
        problems.append(f"the disk is full: {found.free_bytes / integrity.MEGABYTE:.0f} MB left")
    elif found.free_bytes < integrity.SCARCE:
        warnings.append(f"the disk has {found.free_bytes / integrity.MEGABYTE:.0f} MB left")
    warnings += [
        f"{view.handler.name}: {view.shown.pause_words}"
        for view in found.handlers
        if view.shown.pause == Pause.BUSY and view.shown.status != HandlerState.ERROR
    ]
    if number := found.attention.unanswered:
        noun = "alert" if number == 1 else "alerts"
        warnings.append(f"{number:,} unanswered {noun}: commsdesk alert occurrences --unanswered")
    if found.unknown:
        warnings.append(f"{found.unknown:,} of unknown outcome wait for a person")
    if found.unheard.unsure:
        warnings.append(unheard.unsure_said(len(found.unheard.unsure)))
    warnings += found.gaps
    return replace(found, problems=tuple(problems), warnings=tuple(warnings))


def as_json(found: SiteStatus) -> dict[str, Any]:
    """For other programs; lengths of time in seconds, sizes in bytes."""
    lease = found.lease
    held = found.hold
    return {
        "healthy": found.healthy,
        "problems": list(found.problems),
        "warnings": list(found.warnings),
        "at": iso(found.at),
        "folder": found.folder,
        "schema": SCHEMA_VERSION,
        "engine": {
            "running": found.engine_running,
            "holder": lease.holder,
            "kind": lease.holder_kind,
            "pid": lease.holder_pid,
            "epoch": lease.epoch,
            "beaten_at": iso(lease.beaten_at),
            "beat_age": None if found.beat_age is None else found.beat_age.total_seconds(),
        },
        "tasks_held_until": None if found.clock_hold is None else iso(found.clock_hold.until),
        "held": None if held is None else {"since": iso(held.since), "reason": held.reason},
        "queue": {
            "waiting": found.waiting,
            "retrying": found.retrying,
            "sending": found.sending,
            "unknown": found.unknown,
        },
        "held_messages": found.held_messages,
        "silences": found.silences,
        "nobody_told": len(found.unheard.nobody_told),
        "nobody_told_occurrences": list(found.unheard.nobody_told),
        "told_of_unknown_outcome": len(found.unheard.unsure),
        "unanswered": found.attention.unanswered,
        "open_alerts": found.attention.open,
        "answered_alerts": found.attention.answered,
        "failed_today": found.attention.failed_today,
        "oldest_due_at": iso(found.oldest_due_at),
        "oldest_due_age": None
        if found.oldest_due_at is None
        else max((found.at - found.oldest_due_at).total_seconds(), 0.0),
        "next_task": found.next_task,
        "next_task_due_at": iso(found.next_task_due_at),
        "handlers": [_handler(view) for view in found.handlers],
        "free_bytes": found.free_bytes,
    }


def unusable_json(folder: str, problem: str) -> dict[str, Any]:
    """The same for a site that cannot be opened at all."""
    return {"healthy": False, "problems": [problem], "warnings": [], "folder": folder}


def _handler(view: HandlerView) -> dict[str, Any]:
    balance = view.found.balance
    return {
        "id": view.handler.id,
        "name": view.handler.name,
        "status": view.shown.status,
        "balance": None if balance is None else float(balance),
        "currency": view.found.currency,
        "queued": view.queue.waiting + view.queue.retrying,
        "error": view.error,
        "pause": view.shown.pause,
        "paused_until": iso(view.shown.paused_until),
        "checked_at": iso(view.found.checked_at),
    }
