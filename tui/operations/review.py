"""Reading the review: what fits, and what comes while one looks."""

import time
from collections.abc import Callable, Iterator

from storage import review as stored
from storage.records import Review
from storage.review import EVERYTHING, ReviewFilter
from storage.vocabulary import Role
from tui.operations.desk import Desk

PAGE = 500
LOOK_EVERY = 0.1  # seconds; a look is one PRAGMA


def listing(desk: Desk, wanted: ReviewFilter = EVERYTHING, limit: int | None = None) -> Iterator[Review]:
    """What fits, the newest last: all of it, or the newest `limit`."""
    if limit is not None:
        with desk.database.read() as connection:
            yield from reversed(stored.before(connection, None, limit, wanted))
        return
    yield from after(desk, 0, wanted)


def after(desk: Desk, last_id: int, wanted: ReviewFilter = EVERYTHING) -> Iterator[Review]:
    """What fits and was written after an entry, a page at a time."""
    while True:
        with desk.database.read() as connection:
            page = stored.after(connection, last_id, PAGE, wanted)
        if not page:
            return
        yield from page
        last_id = page[-1].id


def last_id(desk: Desk) -> int:
    with desk.database.read() as connection:
        return stored.last_id(connection)


def follow(
    desk: Desk,
    last_seen: int,
    wanted: ReviewFilter = EVERYTHING,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Review]:
    """Entries as they are written, whichever process writes them. Never ends by itself."""
    watch = desk.database.watch()
    try:
        while True:
            newest = last_id(desk)
            for entry in after(desk, last_seen, wanted):
                yield entry
                last_seen = entry.id
            last_seen = max(last_seen, newest)  # past what does not fit, too
            while not watch.changed():
                pause(LOOK_EVERY)
            desk.require(Role.VIEWER, "following the review")
    finally:
        watch.close()
