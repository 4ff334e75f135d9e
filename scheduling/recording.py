"""What calls came to, on its way to the disk: all that came in while one commit ran goes into the next.

A commit waits for the disk; shared by the calls that end together it costs each of them a part. What
cannot be written (a full disk, a locked file) is kept and tried again, and nothing is claimed meanwhile.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from scheduling.clock_jump import PlanClock
from scheduling.recorder import Recorder, Result
from scheduling.store import Store
from storage.errors import StorageError
from storage.records import Handler, Message
from storage.written_by import WallClock

log = logging.getLogger(__name__)

RECORD_AGAIN = 1.0  # seconds between tries to record a result
MOST_AT_ONCE = 400  # messages in one transaction: the write lock is held for about 20 ms


@dataclass(frozen=True, slots=True)
class _Call:
    """What one call came to. `heard` is the wall clock by which the gateway's "not before" was understood."""

    handler: Handler
    results: Sequence[Result]
    heard: WallClock | None
    written: "asyncio.Future[list[Message]]"


class Recording:
    """Used from the engine's loop; what is written is written in the store's thread."""

    def __init__(
        self, recorder: Recorder, clock: PlanClock, store: Store, stopping: Callable[[], bool]
    ) -> None:
        self._recorder = recorder
        self._clock = clock
        self._store = store
        self._stopping = stopping
        self._waiting: list[_Call] = []
        self._writer: asyncio.Task[None] | None = None
        self.stuck = False  # set in the store's thread, where claims look at it

    async def keep(
        self, handler: Handler, results: Sequence[Result], heard: WallClock | None = None
    ) -> list[Message]:
        """Returns once they are on disk, however long it takes: the messages that now wait unsure."""
        written: asyncio.Future[list[Message]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Call(handler, results, heard, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="recording")
        return await written

    async def settled(self) -> None:
        """Wait until nothing is left to be written."""
        if self._writer is not None:
            await asyncio.wait([self._writer])

    async def _write(self) -> None:
        while self._waiting:
            batch = self._next()
            try:
                found = await self._store.run(self._record, batch)
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

    def _next(self) -> list[_Call]:
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

    def _record(self, batch: Sequence[_Call]) -> list[list[Message] | Exception]:
        # The time is asked for here, in the thread in which plans are moved after a jump.
        calls = [(call.handler, self._by_plans(call)) for call in batch]
        try:
            found = self._recorder.record_calls(calls, self._clock.now())
        except StorageError:
            self.stuck = True
            raise
        self.stuck = False
        return found

    def _by_plans(self, call: _Call) -> Sequence[Result]:
        """The results with their "not before" by the clock that the plans go by."""
        results = call.results
        if call.heard and (moved := self._clock.moved_since(call.heard)):
            results = [_retried_by(result, moved) for result in results]
        return results


def _retried_by(result: Result, moved: timedelta) -> Result:
    asked = result.outcome.retry_at
    if asked is None:
        return result
    return replace(result, outcome=replace(result.outcome, retry_at=asked + moved))


def _tell(written: "asyncio.Future[list[Message]]", found: list[Message] | Exception) -> None:
    if written.done():
        return
    if isinstance(found, Exception):
        written.set_exception(found)
    else:
        written.set_result(found)
