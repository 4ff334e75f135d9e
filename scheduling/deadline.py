"""A limit on how long something may take that is not held against us when we stood still ourselves.

A process that was stopped, or a machine that was paused, finds its timer over and the answer it
waited for in the same instant. What has arrived is taken before the limit counts.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from scheduling.clock import Clock

T = TypeVar("T")

# Turns of the loop after a limit: each reads what the kernel holds, and goes on with it. An answer of
# the largest size takes about ten reads.
TURNS = 50
LATE = 0.5  # seconds after which a limit was not noticed in time: something stood still
# Then what was sent meanwhile may still be on its way: the other side repeats it.
GRACE = 2.0


async def within(clock: Clock, work: Coroutine[Any, Any, T], limit: Callable[[], float]) -> T:
    """The result of `work`, or `TimeoutError` once the boot time that `limit` gives is over.

    `limit` is asked again whenever it has passed: work that gets on may move it. Work that is not
    done by then is cancelled, and has ended when this raises. A cancellation passes through.
    """
    task = asyncio.ensure_future(work)
    here = asyncio.current_task()
    cancels = here.cancelling() if here else 0
    try:
        while not task.done():
            late = clock.boottime() - limit()
            if late < 0:
                await _wait(clock, task, -late)
            elif not await _takes_what_is_there(clock, task, GRACE if late > LATE else 0.0, limit):
                break
            # A clock's wait may drop a cancellation that comes together with the result.
            if here and here.cancelling() > cancels:
                raise asyncio.CancelledError
        if task.done():
            return task.result()
    except BaseException:
        task.cancel()
        await asyncio.wait([task])
        raise
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled() and task.exception() is None:
        return task.result()
    raise TimeoutError


async def _takes_what_is_there(
    clock: Clock, task: "asyncio.Future[Any]", grace: float, limit: Callable[[], float]
) -> bool:
    """Whether it is done, or gets on, when it has read what had arrived."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
        if task.done() or limit() > clock.boottime():
            return True
    if grace:
        await _wait(clock, task, grace)
    return task.done() or limit() > clock.boottime()


async def _wait(clock: Clock, task: "asyncio.Future[Any]", seconds: float) -> None:
    """Until it is done, or for so many seconds; it is not touched."""
    try:
        await clock.wait_for(asyncio.wait([task]), seconds)
    except TimeoutError:
        return
