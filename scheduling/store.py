"""The engine's one thread for the database, so that its loop never waits for a disk or a lock."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


log = logging.getLogger(__name__)


class Store:
    """Runs blocking calls one after another in a thread of its own."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The call's result. A cancelled wait does not undo the call: it is still carried out."""
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._thread, lambda: call(*args, **kwargs))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(_nobody_waits)
            raise

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def _nobody_waits(future: "asyncio.Future[T]") -> None:
    """The end of a call whose caller was cancelled: an error in it is said, not left unseen."""
    if not future.cancelled() and (error := future.exception()):
        log.info("a call ended after its caller: %s", error or type(error).__name__)
