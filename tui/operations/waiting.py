"""Waiting until queued messages are accepted or settled, for a command that was asked to."""

import time
from collections.abc import Callable, Sequence

from storage import leases, outbox
from storage.database import ChangeWatch
from storage.records import Message
from storage.vocabulary import MessageState
from tui.operations.desk import Desk

LOOK_EVERY = 0.1  # seconds; a look is one PRAGMA
UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING)
TAKEN = (MessageState.ACCEPTED, MessageState.DELIVERED)


def all_taken(messages: Sequence[Message]) -> bool:
    """Whether Clickatell has accepted every one of them."""
    return all(message.state in TAKEN for message in messages)


def current(desk: Desk, ids: Sequence[int]) -> list[Message]:
    """The messages as they are now, in this order."""
    with desk.database.read() as connection:
        found = outbox.current(connection, ids)
    return [found[message_id] for message_id in ids if message_id in found]


def until_settled(
    desk: Desk,
    ids: Sequence[int],
    seconds: float,
    *,
    pause: Callable[[float], None] = time.sleep,
    elapsed: Callable[[], float] = time.monotonic,
) -> list[Message]:
    """The messages once none of them waits or is being sent, or as they are after `seconds`."""
    until = elapsed() + seconds
    watch: ChangeWatch = desk.database.watch()
    try:
        found = current(desk, ids)
        while any(message.state in UNDER_WAY for message in found):
            left = until - elapsed()
            if left <= 0:
                break
            pause(min(LOOK_EVERY, left))
            if watch.changed():
                found = current(desk, ids)
        return found
    finally:
        watch.close()


def engine_is_running(desk: Desk) -> bool:
    """Whether some process sends for this site, as far as can be seen from here."""
    with desk.database.read() as connection:
        return leases.engine_is_running(leases.current(connection), desk.now())
