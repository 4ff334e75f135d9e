"""Which clock wrote a row: the wall clock as it stood then, told as wall time minus boot time.

Boot time never jumps, so two rows of one boot whose differences agree were written by one clock,
and where they do not agree their difference is how far the wall clock was set in between. A row
keeps the difference in microseconds, and which boot it belongs to.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from storage import process
from storage.types import to_micros


class BootClock(Protocol):
    """What never jumps while the machine is up."""

    @property
    def boot_key(self) -> int | None:
        """Tells one boot of one machine from another; None where the system does not say."""

    def boottime(self) -> float:
        """Seconds that never jump and go on through a suspend."""


class MachineBoot:
    """This machine since it was started."""

    @property
    def boot_key(self) -> int | None:
        return process.boot_key()

    def boottime(self) -> float:
        # CLOCK_BOOTTIME counts time spent suspended, time.monotonic() does not; macOS has no such id.
        return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class WallClock:
    """A wall clock as it stood. `offset` is wall time minus boot time, in microseconds."""

    boot: int | None
    offset: int

    @property
    def columns(self) -> dict[str, int | None]:
        """As a row keeps it; nothing where the boot cannot be told."""
        return {"clock_boot": self.boot, "clock_offset": self.offset if self.boot is not None else None}


def wall_clock(machine: BootClock, now: datetime) -> WallClock:
    """The clock that gave `now` a moment ago."""
    return WallClock(machine.boot_key, to_micros(now) - round(machine.boottime() * 1_000_000))
