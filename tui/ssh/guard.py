"""Ends a command whose client has gone, or that has lasted too long: none is left behind."""

import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta

LOOK_EVERY = 1.0  # seconds
GONE, TOO_LONG = 129, 1  # as after SIGHUP; as after any refusal


class Guard:
    """A thread beside a command without a terminal: sshd is its parent, and when that ends, so does it."""

    def __init__(
        self,
        longest: timedelta | None,
        say: Callable[[str], object],
        *,
        parent: Callable[[], int] = os.getppid,
        end: Callable[[int], object] = os._exit,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._longest, self._say, self._parent, self._end, self._now = longest, say, parent, end, now
        self._first = parent()
        self._begun = now()
        self._over = threading.Event()

    def __enter__(self) -> "Guard":
        threading.Thread(target=self._run, name="guard", daemon=True).start()
        return self

    def __exit__(self, *about: object) -> None:
        self._over.set()

    def _run(self) -> None:
        while not self._over.wait(LOOK_EVERY):
            self.look()

    def look(self) -> None:
        """End the process if it has to."""
        if self._parent() != self._first:
            self._end(GONE)
        elif self._longest is not None and self._now() - self._begun >= self._longest.total_seconds():
            self._say(f"commsdesk: ended after {self._longest}, the longest that a session may last")
            self._end(TOO_LONG)
