"""When a console over SSH closes by itself: after a time without a key, and after its longest time. Pure."""

from dataclasses import dataclass
from datetime import timedelta

WARN_BEFORE = timedelta(minutes=1)


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
