"""Named points in the way of a message at which a test can end the process, as a power cut would.

Only tests switch one on: with COMMSDESK_TEST=1 and COMMSDESK_FAULT_POINT=NAME:N in the
environment, which is read once at import, the process kills itself (SIGKILL) when it passes
that point for the Nth time. Otherwise passing a point is one comparison.
"""

import os
import signal
import threading
from collections.abc import Mapping

POINTS = (
    "before-claim",
    "after-claim",
    "after-request",
    "after-answer",
    "before-commit",
    "after-commit",
    "before-firing-commit",
    "after-firing-commit",
    "before-answer-commit",
    "after-answer-commit",
    "before-release-commit",
    "after-release-commit",
)


class _Armed:
    """Counts the passages of one point, from any thread."""

    def __init__(self, point: str, passages: int) -> None:
        self.point = point
        self._left = passages
        self._lock = threading.Lock()

    def passed(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


def arm(environment: Mapping[str, str]) -> None:
    """Switch on the point that the environment names. Raises `ValueError` for one that there is not."""
    global _armed  # noqa: PLW0603
    name, _, passages = environment.get("COMMSDESK_FAULT_POINT", "").partition(":")
    if not name or environment.get("COMMSDESK_TEST") != "1":
        _armed = None
        return
    if name not in POINTS:
        raise ValueError(f"there is no fault point named {name!r}")
    _armed = _Armed(name, int(passages or 1))


def passing(point: str) -> None:
    """The process is at this point."""
    if _armed is not None and _armed.point == point:
        _armed.passed()


_armed: _Armed | None = None
arm(os.environ)
