"""A site to run the engine on: handlers, messages and scripted senders."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scheduling.clock import Clock
from scheduling.engine import Engine
from scheduling.gateways.outcome import (
    Balance,
    DeliveryStatus,
    DeliveryVerdict,
    GatewayError,
    HandlerConfig,
    Outcome,
    OutgoingMessage,
    QueryAnswer,
    Sender,
)
from scheduling.gateways.registry import make_sender
from scheduling.timing import Timing
from storage import handlers, message_history, outbox, review
from storage.database import Database
from storage.records import Message, MessageDraft, Review
from storage.site import open_site
from storage.vocabulary import MessageState, Origin, OutcomeKind
from tests.handler_values import handler_row
from tests.virtual_time import VirtualClock, VirtualLoop

MINUTE = timedelta(minutes=1)


def make_site(folder: Path, clock: VirtualClock | None = None) -> Database:
    if clock is None:
        return open_site(folder)
    database = open_site(folder, now=clock.now)
    database.machine = clock
    return database


def add_handler(database: Database, clock: Clock, name: str = "Clickatell", **values: Any) -> int:
    row = handler_row(name, **values)
    with database.write() as tx:
        made = handlers.add(tx, row, clock.now())
        handlers.keep_secret(database, tx, made, "c2ltdWxhdG9yLWtleS0wMQ==")
    return made


def queue(
    database: Database,
    clock: Clock,
    handler_id: int,
    count: int = 1,
    *,
    origin: Origin = Origin.MANUAL,
    priority: int | None = None,
    life: timedelta = 60 * MINUTE,
) -> list[int]:
    drafts = [
        MessageDraft(
            handler_id, f"+4477009{n:05d}", f"Pump {n} stopped", 1, None, f"Person {n}", clock.now() + life
        )
        for n in range(count)
    ]
    with database.write() as tx:
        return outbox.enqueue(tx, outbox.Submission(origin, priority=priority), drafts, clock.now())


def message(database: Database, message_id: int) -> Message:
    with database.read() as connection:
        found = message_history.get(connection, message_id)
    assert found is not None
    return found


def states(database: Database) -> dict[MessageState, int]:
    with database.read() as connection:
        return message_history.counts_by_state(connection)


def review_of(database: Database) -> list[Review]:
    with database.read() as connection:
        return list(review.everything(connection))


ACCEPTED = Outcome(OutcomeKind.ACCEPTED, gateway_id="0" * 32, http_status=202)


def outcome(kind: OutcomeKind, **values: Any) -> Outcome:
    return Outcome(kind, **{"error": f"scripted {kind}", **values})


@dataclass
class ScriptedSender:
    """Answers from a function of the message and how often it was tried; notes what it was given."""

    clock: Clock
    answer: Callable[[OutgoingMessage, int], Outcome] = lambda message, n: ACCEPTED
    sent: list[tuple[float, OutgoingMessage]] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    tries: dict[str, int] = field(default_factory=dict)
    balance_answer: Balance | GatewayError = field(default_factory=lambda: Balance(Decimal("87.41"), "EUR"))
    known: dict[str, QueryAnswer] = field(default_factory=dict)
    takes: float = 0.0
    is_xml: bool = False

    async def send(self, batch: Sequence[OutgoingMessage]) -> list[Outcome]:
        self.calls.append(len(batch))
        for item in batch:
            self.sent.append((self.clock.boottime(), item))
            self.tries[item.client_message_id] = self.tries.get(item.client_message_id, 0) + 1
        if self.takes:
            await self.clock.sleep(self.takes)
        return [self.answer(item, self.tries[item.client_message_id]) for item in batch]

    async def balance(self) -> Balance | GatewayError:
        return self.balance_answer

    async def query(self, client_message_id: str) -> QueryAnswer | None:
        return self.known.get(client_message_id) if self.is_xml else None

    async def delivery_status(self, gateway_id: str) -> DeliveryStatus:
        return DeliveryStatus(DeliveryVerdict.PENDING, "QUEUED")

    async def close(self) -> None: ...

    @property
    def times(self) -> list[float]:
        return [at for at, _ in self.sent]


class OnRealTime:
    """A real sender on a virtual loop: virtual time stands still during its calls."""

    def __init__(self, inner: Sender) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        async def call(*args: Any) -> Any:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualLoop)
            loop.busy += 1
            try:
                return await method(*args)
            finally:
                loop.busy -= 1

        return call


def use_sender(monkeypatch: pytest.MonkeyPatch, sender: Sender) -> None:
    monkeypatch.setattr("scheduling.sender_pool.make_sender", lambda config, clock: sender)


def scripted_site(
    folder: Path,
    clock: VirtualClock,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[OutgoingMessage, int], Outcome] = lambda message, n: ACCEPTED,
    *,
    takes: float = 0.0,
    **values: Any,
) -> tuple[Database, int, ScriptedSender]:
    """A site with one handler, whose gateway answers so after `takes` seconds; `values` are the handler's."""
    sender = ScriptedSender(clock, answer, takes=takes)
    use_sender(monkeypatch, sender)
    database = make_site(folder, clock)
    return database, add_handler(database, clock, **values), sender


def use_real_senders(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(config: HandlerConfig, clock: Clock) -> Any:
        return OnRealTime(make_sender(config, clock))

    monkeypatch.setattr("scheduling.sender_pool.make_sender", make)


@contextlib.asynccontextmanager
async def running(
    database: Database, clock: Clock, *, kind: str = "run", timing: Timing | None = None
) -> AsyncIterator[Engine]:
    engine = Engine(database, kind=kind, version="test", clock=clock, timing=timing)
    work = asyncio.create_task(engine.run())
    try:
        yield engine
    finally:
        engine.stop()
        await work
