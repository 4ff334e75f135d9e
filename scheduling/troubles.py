"""What keeps the engine's loops from working: one step at a time, shown while it lasts, and tried again."""

import logging
from collections.abc import Awaitable, Callable

from storage.errors import NewerSchema, Replaced, StorageError
from storage.leases import LeaseLost

log = logging.getLogger(__name__)


class Troubles:
    """The sentence on each loop that is in trouble. May be read from any thread."""

    def __init__(self) -> None:
        self._sentences: dict[str, str] = {}

    def __contains__(self, loop: str) -> bool:
        return loop in self._sentences

    @property
    def first(self) -> str | None:
        """What to show, while there is trouble."""
        return next(iter(list(self._sentences.values())), None)

    def any_but(self, loop: str) -> bool:
        return any(troubled != loop for troubled in list(self._sentences))

    async def guard(self, loop: str, step: Callable[[], Awaitable[None]]) -> None:
        """Run one step of a loop and keep what went wrong. Raises only `NewerSchema` and `Replaced`."""
        try:
            await step()
            self._sentences.pop(loop, None)
        except LeaseLost:
            log.info("the lease went to another process")
        except (NewerSchema, Replaced) as error:
            self._sentences[loop] = str(error)
            raise
        except StorageError as error:
            if self._sentences.get(loop) != str(error):
                log.error("%s", error)
            self._sentences[loop] = str(error)
        except Exception as error:
            log.exception("an unexpected error; the engine goes on")
            self._sentences[loop] = f"unexpected error: {type(error).__name__}"
