"""Listening for what other processes and the console write to the site."""

import logging
from collections.abc import Callable

from scheduling.clock import Clock
from storage.database import Database

log = logging.getLogger(__name__)


async def listen(
    database: Database,
    clock: Clock,
    every: float,
    on_change: Callable[[], None],
    on_trouble: Callable[[], None],
    on_progress: Callable[[], None],
) -> None:
    """Call `on_change` after a change, as long as this runs; `on_trouble` where that cannot be told."""
    watch = database.watch()
    try:
        while True:
            await clock.sleep(every)
            try:
                changed = watch.changed()
            except Exception as error:  # the file may be away for a moment; the work loop will say
                log.debug("cannot look for changes: %s", error)
                on_trouble()
                changed = False
            if changed:
                on_change()
            on_progress()
    finally:
        watch.close()
