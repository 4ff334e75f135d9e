"""Asks what became of accepted messages: only a delivery report makes one "delivered".

Each is asked about a few times over a day (`lifecycle.REPORT_DELAYS`), as many at once as a handler's
connections leave free: behind everything that sends, and one is always left to alerts.
"""

import asyncio
from collections.abc import Callable, Iterable

from scheduling import answering, delivery_reports, system_alerts
from scheduling.clock import Clock
from scheduling.gateways.outcome import DeliveryStatus, DeliveryVerdict
from scheduling.sender_pool import SenderPool
from scheduling.store import Store
from storage import handlers, leases, message_history, outbox
from storage.database import Database
from storage.errors import SecretMissing
from storage.records import Handler, Message

PAGE = 200  # messages asked about before the answers are written down

Answer = tuple[Message, DeliveryStatus | None]


class Reports:
    """`busy` tells how many calls that send are under way at a handler."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        store: Store,
        pool: SenderPool,
        on_progress: Callable[[], None],
        busy: Callable[[int], int] = lambda handler_id: 0,
    ) -> None:
        self._database = database
        self._clock = clock
        self._store = store
        self._pool = pool
        self._on_progress = on_progress
        self._busy = busy

    async def tick(self, epoch: int) -> None:
        """Ask about what is due, page by page, unless a handler cannot be asked."""
        while True:
            due, known = await self._store.run(self._due)
            by_handler: dict[int, list[Message]] = {}
            for message in due:
                by_handler.setdefault(message.handler_id, []).append(message)
            asked = [_Asked(self, known.get(key), found) for key, found in by_handler.items()]
            await asyncio.gather(*(each.ask() for each in asked))
            answers = [answer for each in asked for answer in each.answers]
            if answers:
                await self._store.run(self._keep, answers, epoch)
            if len(due) < PAGE or any(each.is_silent for each in asked):
                return

    def room(self, handler: Handler) -> int:
        """How many may be asked about at once, as things stand."""
        return max(1, handler.max_connections - 1 - self._busy(handler.id))

    async def ask(self, handler: Handler, message: Message) -> DeliveryStatus | None:
        try:
            config = await self._store.run(self._pool.config, handler)
        except SecretMissing:
            return None
        sender = await self._pool.get(handler, config)
        status = await sender.delivery_status(message.gateway_id or "")
        self._on_progress()
        return status

    def _due(self) -> tuple[list[Message], dict[int, Handler]]:
        with self._database.read() as connection:
            due = message_history.reports_due(connection, self._clock.now(), PAGE)
            return due, {handler.id: handler for handler in handlers.listing(connection)} if due else {}

    def _keep(self, answers: Iterable[Answer], epoch: int) -> None:
        with self._database.write(wait=5) as tx:
            leases.check(tx, epoch)
            now = self._clock.now()
            steps = {}
            for message, status in answers:
                asked, due_at = delivery_reports.next_report(message, now)
                step = delivery_reports.after_report(message, status, now, due_at)
                outbox.set_report(tx, message.id, step.state, step.report_due_at, asked)
                steps[message.id] = step
            tx.review(now, *(entry for step in steps.values() for entry in step.review))
            ended = {key: step.state for key, step in steps.items()}
            system_alerts.messages_ended(tx, ended, now)
            answering.messages_ended(tx, ended, now)


class _Asked:
    """One handler's messages of a page: asked about until all are, or until it does not answer."""

    def __init__(self, reports: Reports, handler: Handler | None, messages: list[Message]) -> None:
        self._reports = reports
        self._handler = handler if handler is not None and handler.enabled else None
        self._left = list(reversed(messages))
        self.answers: list[Answer] = []
        self.is_silent = False

    async def ask(self) -> None:
        if self._handler is not None:
            await self._ask_some(self._handler)
        # Nobody to ask: the moment is over all the same.
        self.answers += [(message, None) for message in reversed(self._left)]

    async def _ask_some(self, handler: Handler) -> None:
        under_way: set[asyncio.Task[None]] = set()
        try:
            while self._left and not self.is_silent:
                while self._left and len(under_way) < self._reports.room(handler):
                    under_way.add(asyncio.create_task(self._ask_one(handler, self._left.pop())))
                done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            await asyncio.gather(*under_way)
        finally:
            for task in under_way:
                task.cancel()

    async def _ask_one(self, handler: Handler, message: Message) -> None:
        status = await self._reports.ask(handler, message)
        if status is None or status.verdict is DeliveryVerdict.NO_ANSWER:
            self.is_silent = True
        self.answers.append((message, status))
