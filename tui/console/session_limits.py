"""When a console over SSH closes by itself: after a time without a key, and after its longest time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

WARN_BEFORE = timedelta(minutes=1)
GRACE = 1.5  # seconds that a console which has to close is given to do so by itself


@dataclass(frozen=True, slots=True)
class Limits:
    """`idle` counts from the last key or click, `longest` from the login; None is no limit."""

    idle: timedelta | None = None
    longest: timedelta | None = None

    @property
    def any(self) -> bool:
        return self.idle is not None or self.longest is not None


@dataclass(frozen=True, slots=True)
class Left:
    """How long there is until the console closes, and why it will."""

    time: timedelta
    reason: str
    remedy: str

    @property
    def warning(self) -> str:
        seconds = max(1, round(self.time.total_seconds()))
        return f"This console closes in {seconds} s ({self.reason}): {self.remedy}"

    @property
    def closed(self) -> str:
        return f"closed after {self.reason}"


def left(limits: Limits, *, open_for: timedelta, idle_for: timedelta) -> Left | None:
    """What is left until the nearer limit; None without one."""
    found = []
    if limits.idle is not None:
        reason = f"{said(limits.idle)} without a key"
        found.append(Left(limits.idle - idle_for, reason, "press any key to stay"))
    if limits.longest is not None:
        reason = f"{said(limits.longest)} since the login"
        found.append(Left(limits.longest - open_for, reason, "log in again"))
    return min(found, key=lambda each: each.time, default=None)


def said(length: timedelta) -> str:
    """A limit in words: "90 min", "12 h"."""
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    if seconds:
        return f"{minutes * 60 + seconds} s"
    return f"{minutes // 60} h" if minutes and minutes % 60 == 0 else f"{minutes} min"


class SessionTime:
    """How long someone has been at a console, and whether it should have closed by now. For any thread.

    It begins when it is made. `now` counts seconds and never goes back.
    """

    def __init__(self, limits: Limits, now: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._now = limits, now
        self._opened_at = self._touched_at = now()
        self._signed_off: tuple[float, str] | None = None

    def touched(self) -> None:
        """There was a key or a click."""
        self._touched_at = self._now()

    def signed_off(self, reason: str) -> None:
        """They may not be here any more."""
        self._signed_off = (self._now(), reason)

    def left(self) -> Left | None:
        """What is left until the nearer limit; None without one."""
        now = self._now()
        open_for, idle_for = (timedelta(seconds=now - since) for since in (self._opened_at, self._touched_at))
        return left(self._limits, open_for=open_for, idle_for=idle_for)

    def overdue(self) -> str | None:
        """The sentence to end with where the console should have closed by itself: its loop is blocked."""
        if self._signed_off is not None:
            since, reason = self._signed_off
            return reason if self._now() - since >= GRACE else None
        near = self.left()
        return near.closed if near is not None and near.time <= -timedelta(seconds=GRACE) else None
