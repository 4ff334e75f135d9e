"""How long someone may stay at a console, and whether it should have closed by now. For any thread."""

import time
from collections.abc import Callable
from datetime import timedelta

from tui.console import session_limits
from tui.console.session_limits import Left, Limits

GRACE = 1.5  # seconds that a console which has to close is given to do so by itself


class Stay:
    """Begins when it is made. `now` counts seconds and never goes back."""

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
        return session_limits.left(self._limits, open_for=open_for, idle_for=idle_for)

    def overdue(self) -> str | None:
        """The sentence to end with where the console should have closed by itself: its loop is blocked."""
        if self._signed_off is not None:
            since, reason = self._signed_off
            return reason if self._now() - since >= GRACE else None
        near = self.left()
        return near.closed if near is not None and near.time <= -timedelta(seconds=GRACE) else None
