"""The local Clickatell on a thread of its own, for programs whose own loop is elsewhere."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar

from demo_data.clickatell.server import Clickatell
from demo_data.clickatell.settings import Settings

T = TypeVar("T")


class ThreadedClickatell:
    """A context manager: listening inside, gone outside.

    `.clickatell` may be read from any thread, and its `faults` and `settings` changed; what concerns
    sockets or waits goes through the methods here.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: Iterable[str] = (),
    ) -> None:
        self.clickatell = Clickatell(settings, faults=faults)
        self._host, self._port = host, port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="clickatell", daemon=True)

    def start(self) -> Self:
        """Listen. Raises `ValueError` or `OSError` as `Clickatell.start` does."""
        self._thread.start()
        try:
            self._run(self.clickatell.start(self._host, self._port))
        except BaseException:
            self._end_loop()
            raise
        return self

    def stop(self) -> None:
        """Cut all connections and end the thread."""
        if self._loop.is_closed():
            return
        self._run(self.clickatell.stop())
        self._end_loop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        """The One API's base URL."""
        return self.clickatell.base_url

    @property
    def api_uri(self) -> str:
        """The XML API's URI."""
        return self.clickatell.api_uri

    def pause_listening(self, cut: bool = True) -> None:
        """As `Clickatell.pause_listening`."""
        self._run(self.clickatell.pause_listening(cut))

    def resume_listening(self) -> None:
        """As `Clickatell.resume_listening`."""
        self._run(self.clickatell.resume_listening())

    def reset(self) -> None:
        """As `Clickatell.reset`."""
        self._run(self._reset())

    def wait_until(self, condition: Callable[[Clickatell], bool], seconds: float = 10.0) -> None:
        """Wait until a condition on the `Clickatell` holds. Raises `TimeoutError`."""
        self._run(self.clickatell.wait_until(lambda: condition(self.clickatell), seconds))

    async def _reset(self) -> None:
        self.clickatell.reset()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
