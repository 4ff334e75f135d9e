"""Time that moves only when everything is idle: an event loop whose clock jumps to the next timer."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


class _Selector(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    """Waits for real only while real work is under way; else moves the clock instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.loop: VirtualLoop | None = None

    def select(self, timeout: float | None = None) -> Any:
        assert self.loop is not None
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.loop.busy:
            return super().select(0.02)
        if timeout is None:
            return super().select(1.0)
        self.loop.advance(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Jumps over idle time. `busy` sections hold the clock still.

    Calls handed to threads are made in the loop itself, one after another in the order that they were
    handed over. With `threads` they go to real threads, and the clock stands still meanwhile: for calls
    that wait for something that the loop does.
    """

    def __init__(self, *, threads: bool = False) -> None:
        selector = _Selector()
        super().__init__(selector)
        selector.loop = self
        self._offset = 0.0
        self._threads = threads
        self.busy = 0

    def time(self) -> float:
        return getattr(self, "_offset", 0.0)

    def advance(self, seconds: float) -> None:
        # A hair more than asked: rounding must not leave a timer just out of reach.
        self._offset += seconds + 1e-6

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> "asyncio.Future[T]":
        if not self._threads:
            made: asyncio.Future[T] = self.create_future()
            self.call_soon(_carry_out, made, func, args)
            return made
        self.busy += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._work_ended)
        return future

    def _work_ended(self, future: "Future[Any] | asyncio.Future[Any]") -> None:
        self.busy -= 1


def _carry_out(future: "asyncio.Future[T]", func: Callable[..., T], args: tuple[Any, ...]) -> None:
    if future.cancelled():
        return
    try:
        result = func(*args)
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)


class VirtualClock:
    """A `Clock` on a `VirtualLoop`. `jump` moves the wall clock, and nothing else."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._jumped = timedelta(0)

    def now(self) -> datetime:
        return self._start + self._jumped + timedelta(seconds=round(self._loop().time(), 3))

    @property
    def boot_key(self) -> int:
        return 1

    def boottime(self) -> float:
        return self._loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def wait_for(self, awaitable: Awaitable[T], seconds: float) -> T:
        async with asyncio.timeout(seconds):
            return await awaitable

    def jump(self, by: timedelta) -> None:
        self._jumped += by

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        self._attached = loop

    def _loop(self) -> asyncio.AbstractEventLoop:
        # Also asked from the store's thread, where no loop runs.
        return self._attached


def run_virtually(
    main: Callable[[VirtualClock], Coroutine[Any, Any, T]], start: datetime = START, *, threads: bool = False
) -> T:
    """Run a coroutine function on virtual time, to its end."""
    clock = VirtualClock(start)
    loop = VirtualLoop(threads=threads)
    clock.attach(loop)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main(clock))
