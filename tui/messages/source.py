"""The outbox as a list: pages by key, newest first, however many messages there are."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from textual.content import Content

from scheduling import phone
from scheduling.gateways.wording import said
from storage import message_history, message_search
from storage.message_history import ALL, MessageFilter
from storage.records import Message
from storage.vocabulary import MessageState
from tui.messages.states import attempts_of, state_of
from tui.review.lines import short_time
from tui.text.content import plain
from tui.widgets.columns import Column
from tui.widgets.row_source import PageWanted, Row

if TYPE_CHECKING:
    from tui.port import Console

COLUMNS = (
    Column("state", "State", 14, sortable=False),
    Column("to", "To", 16, flex=2, sortable=False),
    Column("text", "Message", 16, flex=4, sortable=False),
    Column("handler", "Sender", 12, flex=1, priority=3, sortable=False),
    Column("attempts", "Attempts", 8, align="right", priority=1, sortable=False),
    Column("queued", "When", 12, align="right", sortable=False),
    Column("next", "Next", 12, align="right", priority=2, sortable=False),
)
WITH_REASON = (
    Column("state", "State", 14, sortable=False),
    Column("to", "To", 12, flex=2, sortable=False),
    Column("reason", "Reason", 18, flex=4, sortable=False),
    Column("text", "Message", 10, flex=2, sortable=False),
    Column("handler", "Sender", 12, flex=1, priority=3, sortable=False),
    Column("queued", "When", 12, align="right", sortable=False),
)
"""What is shown of problems."""
SPARING = 20  # a search is counted again after so many times as long as it took
FINAL = (MessageState.DELIVERED, MessageState.CANCELLED)


def columns_of(wanted: MessageFilter) -> tuple[Column, ...]:
    """The columns for what is shown: with the reason where all have one."""
    return WITH_REASON if wanted.problems or wanted.state in message_search.FAILED_STATES else COLUMNS


class Counter:
    """Counts what fits. A search through all messages is done again only when that is cheap enough.

    Until then what is newer is added: states and reasons of older ones may have changed meanwhile, so
    the count of a search through a million messages may be some seconds old. Rows never are.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counted: tuple[MessageFilter, int, int] | None = None
        self._again_at = 0.0

    def count(self, connection: sa.Connection, wanted: MessageFilter) -> int:
        if wanted == ALL:
            return message_history.total(connection)
        if not wanted.words:
            return message_history.count(connection, wanted)
        began = self._clock()
        known, newest, total = self._counted or (wanted, 0, 0)
        last = message_history.last_id(connection)
        if known != wanted or began >= self._again_at:
            total = message_history.count(connection, wanted)
            ended = self._clock()
            self._again_at = ended + SPARING * (ended - began)
        elif last > newest:
            total += message_history.count(connection, wanted, newer_than=newest)
        self._counted = (wanted, last, total)
        return total


class MessageSource:
    """Messages that fit a filter."""

    def __init__(self, console: "Console", wanted: MessageFilter, counter: Counter) -> None:
        self._console, self._wanted, self._counter = console, wanted, counter
        self._total: int | None = None

    async def count(self) -> int:
        self._total = await self._console.read(self._counter.count, self._wanted)
        return self._total

    async def page(self, wanted: PageWanted) -> Sequence[Row]:
        return await self._console.read(self._page, wanted)

    def _page(self, connection: sa.Connection, wanted: PageWanted) -> list[Row]:
        """On a thread: the rows are made there too, as telephone numbers take a while."""
        found = message_history.page(
            connection,
            self._wanted,
            offset=wanted.offset,
            limit=wanted.limit,
            older_than=wanted.after,
            total=self._total,
        )
        now = datetime.now(UTC)
        reasons = columns_of(self._wanted) is WITH_REASON
        return [(problem_row if reasons else row_of)(message, now) for message in found]

    async def position(self, key: int) -> int | None:
        return await self._console.read(message_history.position, key, self._wanted)

    async def keys(self, limit: int) -> Sequence[int]:
        return await self._console.read(message_history.ids, limit, self._wanted)


def row_of(message: Message, now: datetime) -> Row:
    number = phone.readable(message.to)
    waits = message.state is MessageState.QUEUED and message.next_attempt_at is not None
    return Row(
        message.id,
        (
            state_of(message),
            message.user or number,
            plain(message.text, width=200),
            message.handler,
            attempts_of(message),
            short_time(message.queued_at, now),
            short_time(message.next_attempt_at, now) if waits and message.next_attempt_at else Content("–"),
        ),
        frozenset({"dim"}) if message.state in FINAL else frozenset(),
    )


def reason_of(message: Message) -> str:
    """Why it failed or waits, with Clickatell's code: "25 invalid number"."""
    return said(message.error_code, message.error)


def problem_row(message: Message, now: datetime) -> Row:
    """A message that failed, is of unknown outcome, or waits after an attempt."""
    return Row(
        message.id,
        (
            state_of(message),
            message.user or phone.readable(message.to),
            plain(reason_of(message), width=200),
            plain(message.text, width=200),
            message.handler,
            short_time(message.queued_at, now),
        ),
    )
