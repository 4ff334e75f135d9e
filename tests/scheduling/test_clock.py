"""The machine's clock: waiting with a limit."""

import asyncio

import pytest

from scheduling.clock import SystemClock


async def test_a_wait_gives_the_result_or_times_out() -> None:
    clock = SystemClock()
    event = asyncio.Event()
    with pytest.raises(TimeoutError):
        await clock.wait_for(event.wait(), 0.01)
    event.set()
    assert await clock.wait_for(event.wait(), 10)


@pytest.mark.parametrize("turns", range(5))
async def test_a_cancellation_that_comes_with_the_result_is_not_lost(turns: int) -> None:
    event = asyncio.Event()
    waiting = asyncio.create_task(SystemClock().wait_for(event.wait(), 60))
    for _ in range(3):
        await asyncio.sleep(0)
    event.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    cancelled_in_time = waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled() == cancelled_in_time
