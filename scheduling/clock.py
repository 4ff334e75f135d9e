"""The one object that is asked for the time and that waits.

Everything in the engine that needs "now" or a pause takes a `Clock`, so that tests and
simulations can pass one whose time moves only when they say so.
"""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from storage.written_by import BootClock, MachineBoot

T = TypeVar("T")


class Clock(BootClock, Protocol):
    """Wall time for people and records, boot time for judging how long something took."""

    def now(self) -> datetime:
        """The wall clock, as an aware UTC time. It may jump."""

    async def sleep(self, seconds: float) -> None:
        """Wait for so many seconds."""

    async def wait_for(self, awaitable: Awaitable[T], seconds: float) -> T:
        """The result, or `TimeoutError` after so many seconds."""


class SystemClock(MachineBoot):
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def wait_for(self, awaitable: Awaitable[T], seconds: float) -> T:
        # Not asyncio.wait_for: before Python 3.12 it loses a cancellation that comes with the result.
        async with asyncio.timeout(seconds):
            return await awaitable
