"""What a handler's Status column says, what a paused handler may still send, and when it goes on.

Pure: the rules of docs/handlers.md as functions of what is kept in `handler_status`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from scheduling.gateways.codes import Recovery
from scheduling.gateways.wording import said
from storage.outbox import ALERT_LANE, ORDINARY_LANE
from storage.records import Handler, HandlerStatus
from storage.vocabulary import HandlerState, Pause

ALARM_EVERY = timedelta(seconds=5)
"""How often one alert message may try while a busy gateway's pause lasts."""

SHORTEST_PROBE = timedelta(seconds=1)
"""How long at least between two probe messages of a handler that an account error has paused."""


NO_PAUSE: dict[str, None] = dict.fromkeys(
    (
        "pause",
        "pause_code",
        "paused_until",
        "paused_revision",
        "balance_at_refusal",
        "probe_at",
        "pause_ends",
        "paused_attempt",
    )
)

WELL: dict[str, HandlerState | None] = {
    "status": HandlerState.RUNNING,
    "error": None,
    "advice": None,
    "code": None,
}


@dataclass(frozen=True, slots=True)
class StatusColumn:
    """The Status column: the state, and for an error what is wrong and what to check.

    `paused_until` is when a busy one goes on by itself, or when the next single message tries; None
    where only a check, an edit or *go on* can end it.
    """

    status: HandlerState
    error: str | None = None
    advice: str | None = None
    pause: Pause | None = None
    paused_until: datetime | None = None
    at: datetime | None = None  # when this was looked at

    @property
    def light(self) -> HandlerState:
        """The word whose sign and colour stand before it: a running handler that is paused is "Paused"."""
        going = self.status in (HandlerState.RUNNING, HandlerState.STARTING)
        return HandlerState.PAUSED if self.pause == Pause.BUSY and going else self.status

    @property
    def words(self) -> str:
        """The whole column: "Running", "busy, paused until 14:05", "20 No credit; paused, next try 14:05"."""
        if self.light == HandlerState.PAUSED:
            return self.pause_words or ""
        said = self.error if self.status == HandlerState.ERROR and self.error else self.status
        return f"{said}; {self.pause_words}" if self.pause_words else said

    @property
    def pause_words(self) -> str | None:
        """Why and until when it is paused; None where it is not."""
        if self.pause is None:
            return None
        at = clock_time(self.paused_until, self.at) if self.paused_until else None
        if self.pause == Pause.BUSY:
            return f"busy, paused until {at}"
        return f"paused, next try {at}" if at else "paused"


def status_column(
    handler: Handler, found: HandlerStatus, engine_running: bool, now: datetime
) -> StatusColumn:
    if not handler.enabled:
        return StatusColumn(HandlerState.DISABLED)
    if not engine_running:
        advice = "start `commsdesk run`, or open the console"
        return StatusColumn(HandlerState.STOPPED, "no scheduler is running", advice)
    pause = pause_of(found, now)
    until = found.paused_until if pause == Pause.BUSY else _next_probe(found, now) if pause else None
    if found.status == HandlerState.ERROR or pause == Pause.ACCOUNT:
        error = said(found.code, found.error) or None
        return StatusColumn(HandlerState.ERROR, error, found.advice, pause, until, now)
    return StatusColumn(found.status, pause=pause, paused_until=until, at=now)


def pause_of(found: HandlerStatus, now: datetime) -> Pause | None:
    """Why the handler is paused, if it is. A busy pause ends by itself at its time."""
    if found.pause == Pause.BUSY and (found.paused_until is None or now >= found.paused_until):
        return None
    return found.pause


def ends(found: HandlerStatus) -> Recovery:
    """What ends the handler's pause."""
    if found.pause_ends is not None:
        return Recovery(found.pause_ends)
    return Recovery.AT_TIME if found.pause == Pause.BUSY else Recovery.BALANCE_ANSWERS


_ENDINGS = {
    Recovery.AT_TIME: "goes on at that time, which Clickatell named; an alarm may try meanwhile",
    Recovery.TIME_OR_ACCEPTED: "goes on then, or when an alarm that tries meanwhile is accepted",
    Recovery.BALANCE_ANSWERS: "goes on when a check of the account succeeds",
    Recovery.BALANCE_ROSE: "goes on when the balance has risen, or a message that tries is accepted",
    Recovery.PROBE_ACCEPTED: "goes on when an edit is saved, or a message that tries is accepted",
}


def pause_in_words(shown: StatusColumn, found: HandlerStatus) -> str | None:
    """Until when it is paused, and what ends it; None where it is not."""
    if shown.pause_words is None:
        return None
    return f"{shown.pause_words}; it {_ENDINGS[ends(found)]}, or when an operator says go on"


@dataclass(frozen=True, slots=True)
class Gate:
    """What may be sent through a handler now: from these lanes, all or one message.

    `next_at` is when more may, as far as the clock decides it.
    """

    lanes: tuple[int, ...]
    one: bool = False
    next_at: datetime | None = None


def gate(found: HandlerStatus, now: datetime, due: Iterable[int] = (ALERT_LANE, ORDINARY_LANE)) -> Gate:
    """What may go of the lanes in which something is due.

    While a gateway is busy one alert message may try every few seconds; after an account error
    that a message can show to be over, one message of either lane for each Retry Rate. Either is
    an attempt of that message's plan.
    """
    waiting = tuple(lane for lane in (ALERT_LANE, ORDINARY_LANE) if lane in set(due))
    pause = pause_of(found, now)
    if pause is None:
        return Gate(waiting)
    rests = found.probe_at is not None and found.probe_at > now
    if pause == Pause.BUSY:
        alarms = tuple(lane for lane in waiting if lane == ALERT_LANE)
        if rests and alarms:
            return Gate((), True, min(filter(None, (found.probe_at, found.paused_until))))
        return Gate(alarms, True, found.paused_until)
    if not ends(found).by_message:
        return Gate(())
    return Gate((), True, found.probe_at) if rests else Gate(waiting, True)


def next_try(handler: Handler, found: HandlerStatus, now: datetime) -> datetime:
    """When the next single message may try after one that is tried now."""
    if found.pause == Pause.BUSY:
        return now + ALARM_EVERY
    return now + max(handler.retry_rate, SHORTEST_PROBE)


def resumes(handler: Handler, found: HandlerStatus, now: datetime, balance: Decimal | None) -> bool:
    """Whether a paused handler may send again, now that its account has answered.

    `balance` is None where the gateway tells none.
    """
    if found.pause is None:
        return False
    if found.pause == Pause.BUSY:
        return pause_of(found, now) is None
    match ends(found):
        case Recovery.BALANCE_ROSE:
            at_refusal = found.balance_at_refusal
            return balance is not None and at_refusal is not None and balance > at_refusal
        case Recovery.BALANCE_ANSWERS:
            return True
        case _:
            return found.paused_revision is not None and handler.revision != found.paused_revision


def shows_recovery(found: HandlerStatus, accepted_attempts: Iterable[int], now: datetime) -> bool:
    """Whether acceptances end a pause: of a request that left after it began, not of one before."""
    if pause_of(found, now) is None or not ends(found).by_message:
        return False
    since = found.paused_attempt
    return any(since is None or attempt > since for attempt in accepted_attempts)


def clock_time(moment: datetime, now: datetime | None = None) -> str:
    """A time to come as people read it: local, to the minute (rounded up) where it is not within one."""
    if now is not None and moment - now < timedelta(minutes=1):
        return f"{moment.astimezone():%H:%M:%S}"
    local = (moment + timedelta(seconds=59, microseconds=999_999)).astimezone()
    far = now is not None and moment - now > timedelta(hours=20)
    return f"{local:%Y-%m-%d %H:%M}" if far else f"{local:%H:%M}"


def _next_probe(found: HandlerStatus, now: datetime) -> datetime | None:
    if not ends(found).by_message or found.probe_at is None:
        return None
    return found.probe_at
