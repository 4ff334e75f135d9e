"""Telling the service manager how the process is, as systemd's sd_notify(3) does.

A datagram of NAME=VALUE lines to the socket that NOTIFY_SOCKET names; without one, nothing is
sent. It is 20 lines of our own because the pure-Python package for it has had no release since
2017 and the others bind libsystemd.
"""

import contextlib
import os
import socket
import time
from collections.abc import Mapping

LONGEST = 0.5  # seconds for a datagram: a manager that does not read must not stop the engine
SHARE = 4  # the watchdog is fed so many times within its patience


class Notifier:
    """Speaks to the service manager of this process, if it has one."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        found = os.environ if environment is None else environment
        self._address = found.get("NOTIFY_SOCKET", "")
        self._status = ""
        self._fed_at = float("-inf")
        self.feed_every = _feed_every(found)

    def ready(self, status: str) -> None:
        """The start, or a reload, is done."""
        self._status = status
        self._send("READY=1", f"STATUS={_line(status)}")

    def status(self, text: str) -> None:
        """What the process is doing, in a line; sent when it changes."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={_line(text)}")

    def reloading(self) -> None:
        """A reload has begun; `ready` ends it."""
        self._status = "looking at everything anew"
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={now}", f"STATUS={self._status}")

    def stopping(self, status: str) -> None:
        self._status = status
        self._send("STOPPING=1", f"STATUS={_line(status)}")

    def alive(self) -> None:
        """Feed the watchdog, when its turn has come."""
        now = time.monotonic()
        if self.feed_every is not None and now - self._fed_at >= self.feed_every:
            self._fed_at = now
            self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        # An address that begins with @ is in Linux's abstract namespace.
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaking:
            speaking.settimeout(LONGEST)
            speaking.connect(address)
            speaking.send("\n".join(lines).encode())


def _feed_every(environment: Mapping[str, str]) -> float | None:
    """Seconds between two feeds; None where this process has no watchdog."""
    wanted, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not wanted.isdecimal() or int(wanted) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(wanted) / 1_000_000 / SHARE


def _line(text: str) -> str:
    """A value may hold no line break: what follows one would be another assignment."""
    return " ".join(text.split())
