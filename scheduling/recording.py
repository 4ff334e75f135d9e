"""What calls came to, on its way to the disk: all that came in while one commit ran goes into the next.

A commit waits for the disk; shared by the calls that end together it costs each of them a part. What
cannot be written (a full disk, a locked file) is kept and tried again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from scheduling.call_result import Result
from scheduling.clock import Clock
from scheduling.clock_jump import PlanClock
from storage.errors import StorageError
from storage.records import Handler, Message
from storage.vocabulary import OutcomeKind
from storage.written_by import WallClock

log = logging.getLogger(__name__)

RECORD_AGAIN = 1.0  # seconds between tries to record a result
MOST_AT_ONCE = 200  # messages recorded, and as many claimed, in one transaction: 30 ms of the write lock

Written = list[Message] | Exception


@dataclass(frozen=True, slots=True)
class Answered:
    """What one call came to. `heard` is the wall clock by which the gateway's "not before" was understood."""

    handler: Handler
    results: Sequence[Result]
    heard: WallClock | None
    written: "asyncio.Future[list[Message]]"

    @property
    def all_accepted(self) -> bool:
        return all(result.outcome.kind is OutcomeKind.ACCEPTED for result in self.results)

    def by_plans(self, clock: PlanClock) -> Sequence[Result]:
        """The results with their "not before" by the clock that the plans go by."""
        results = self.results
        if self.heard and (moved := clock.moved_since(self.heard)):
            results = [_retried_by(result, moved) for result in results]
        return results


class Recording:
    """Used from the engine's loop.

    `write` writes one batch: for each call the messages that now wait unsure, or why it alone could not be
    written. It raises `StorageError` where none could.
    """

    def __init__(
        self,
        clock: Clock,
        write: Callable[[Sequence[Answered]], Awaitable[list[Written]]],
        stopping: Callable[[], bool],
    ) -> None:
        self._clock = clock
        self._write = write
        self._stopping = stopping
        self._waiting: list[Answered] = []
        self._writer: asyncio.Task[None] | None = None

    async def keep(
        self, handler: Handler, results: Sequence[Result], heard: WallClock | None = None
    ) -> list[Message]:
        """Returns once they are on disk, however long it takes: the messages that now wait unsure."""
        written: asyncio.Future[list[Message]] = asyncio.get_running_loop().create_future()
        self._waiting.append(Answered(handler, results, heard, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all(), name="recording")
        return await written

    async def settled(self) -> None:
        """Wait until nothing is left to be written."""
        if self._writer is not None:
            await asyncio.wait([self._writer])

    async def _write_all(self) -> None:
        while self._waiting:
            batch = self._next()
            try:
                found = await self._write(batch)
            except StorageError as error:
                log.error("results cannot be recorded, trying again: %s", error)
                if self._stopping():
                    found = [[] for _ in batch]
                else:
                    self._waiting[:0] = batch
                    await self._clock.sleep(RECORD_AGAIN)
                    continue
            except Exception as error:
                found = [error for _ in batch]
            for call, unsure in zip(batch, found, strict=True):
                _tell(call.written, unsure)

    def _next(self) -> list[Answered]:
        """The calls that have waited longest, as many as one transaction takes."""
        size = 0
        for count, call in enumerate(self._waiting):
            size += len(call.results)
            if size > MOST_AT_ONCE and count:
                break
        else:
            count = len(self._waiting)
        batch = self._waiting[:count]
        del self._waiting[:count]
        return batch


def _retried_by(result: Result, moved: timedelta) -> Result:
    asked = result.outcome.retry_at
    if asked is None:
        return result
    return replace(result, outcome=replace(result.outcome, retry_at=asked + moved))


def _tell(written: "asyncio.Future[list[Message]]", found: Written) -> None:
    if written.done():
        return
    if isinstance(found, Exception):
        written.set_exception(found)
    else:
        written.set_result(found)
