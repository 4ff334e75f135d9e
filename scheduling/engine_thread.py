"""The engine on a thread of its own, beside a screen that may freeze with its terminal."""

import asyncio
import logging
import threading
from collections.abc import Callable

from scheduling.engine import Engine
from storage.errors import StorageError

log = logging.getLogger(__name__)


class EngineThread:
    """Runs an engine's loop until stopped. A terminal that stops reading does not stop it."""

    def __init__(self, make: Callable[[], Engine]) -> None:
        self._make = make
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._ready = threading.Event()
        self.ended = threading.Event()
        self.engine: Engine | None = None
        self.error: BaseException | None = None

    def start(self) -> None:
        """Start, and wait until there is an engine to talk to."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Ask the engine to stop; returns at once."""
        if self.engine is not None:
            self.engine.stop()

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the engine to have stopped cleanly. Whether it has."""
        return self.ended.wait(seconds)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except StorageError as error:
            self.error = error
            log.error("the engine has ended: %s", error)
        except BaseException as error:
            self.error = error
            log.exception("the engine has ended")
        finally:
            self._ready.set()
            self.ended.set()

    async def _main(self) -> None:
        self.engine = self._make()
        self._ready.set()
        await self.engine.run()
