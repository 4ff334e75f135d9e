"""Queued messages that have outlived their time: their useful life (never tried) or their retry window."""

from collections.abc import Sequence
from datetime import datetime

from scheduling.lifecycle import Step, message_entry
from storage.records import Message, ReviewEntry
from storage.vocabulary import Category, EntryKind, Level, MessageState


def step(message: Message, now: datetime) -> Step:
    """The end of such a message. Without a review entry: `entries` writes one for all of a cause."""
    if message.first_attempt_at is None:
        state, error = MessageState.EXPIRED, "not sent within its useful life"
    elif message.unknowns:
        state, error = MessageState.UNKNOWN, message.error or WINDOW_CLOSED
    else:
        state = MessageState.FAILED
        error = f"{message.error}; {WINDOW_CLOSED}" if message.error else WINDOW_CLOSED
    return Step(
        state,
        finished_at=None if state is MessageState.UNKNOWN else now,
        error_code=message.error_code,
        error=error,
        may_arrive_twice=message.may_arrive_twice,
        query_first=message.query_first,
        unknowns=message.unknowns,
    )


WINDOW_CLOSED = "the retry window closed"
CAUSES = {
    (False, False): (EntryKind.EXPIRED, "expired unsent: past their useful life"),
    (True, True): (EntryKind.UNKNOWN, "left unknown: the retry window closed after an unknown outcome"),
    (True, False): (EntryKind.FAILED, "failed: the retry window closed before they were accepted"),
}


def entries(
    messages: Sequence[Message], counts: dict[tuple[int, bool, bool], int] | None = None
) -> list[ReviewEntry]:
    """What to say of messages that have outlived their time: one entry a cause and handler, naming a few.

    `counts` has how many there are in all where these are one batch of them; what is said is taken out.
    """
    groups: dict[tuple[int, bool, bool], list[Message]] = {}
    for message in messages:
        tried = message.first_attempt_at is not None
        groups.setdefault((message.handler_id, tried, tried and message.unknowns > 0), []).append(message)
    if counts is None:
        counts = {key: len(group) for key, group in groups.items()}
    return [
        _entry_of_group(group, counts.pop(key), *CAUSES[key[1:]])
        for key, group in groups.items()
        if key in counts
    ]


def _entry_of_group(group: list[Message], count: int, kind: EntryKind, cause: str) -> ReviewEntry:
    first = group[0]
    if count == 1:
        cause = cause.replace("their", "its").replace("they were", "it was")
        return message_entry(first, kind, Category.MESSAGE, Level.ERROR, cause)
    names = ", ".join(message.user or message.to for message in group[:3])
    more = f" and {count - 3:,} more" if count > 3 else ""
    return ReviewEntry(
        Category.MESSAGE,
        f"{count:,} messages through {first.handler} {cause}: {names}{more}",
        Level.ERROR,
        handler_id=first.handler_id,
        handler=first.handler,
        kind=kind,
    )
