"""Asks what became of accepted messages: only a delivery report makes one "delivered".

Each is asked about a few times over a day (`lifecycle.REPORT_DELAYS`), a few messages at a
time, behind everything that sends.
"""

from collections.abc import Callable

from scheduling import delivery_reports, system_alerts
from scheduling.clock import Clock
from scheduling.gateways.outcome import DeliveryStatus, DeliveryVerdict
from scheduling.sender_pool import SenderPool
from scheduling.store import Store
from storage import handlers, leases, message_history, outbox
from storage.database import Database
from storage.errors import SecretMissing
from storage.records import Handler, Message

AT_ONCE = 20  # messages asked about in one round


class Reports:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        store: Store,
        pool: SenderPool,
        on_progress: Callable[[], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._store = store
        self._pool = pool
        self._on_progress = on_progress

    async def tick(self, epoch: int) -> None:
        """Ask about what is due. A handler that cannot be asked is asked once in a round."""
        due, known = await self._store.run(self._due)
        silent: set[int] = set()
        answers: list[tuple[Message, DeliveryStatus | None]] = []
        for message in due:
            handler = known.get(message.handler_id)
            if handler is None or not handler.enabled or handler.id in silent:
                answers.append((message, None))
                continue
            status = await self._ask(handler, message)
            if status is None or status.verdict is DeliveryVerdict.NO_ANSWER:
                silent.add(handler.id)
            answers.append((message, status))
            self._on_progress()
        if answers:
            await self._store.run(self._keep, answers, epoch)

    def _due(self) -> tuple[list[Message], dict[int, Handler]]:
        with self._database.read() as connection:
            due = message_history.reports_due(connection, self._clock.now(), AT_ONCE)
            return due, {handler.id: handler for handler in handlers.listing(connection)} if due else {}

    async def _ask(self, handler: Handler, message: Message) -> DeliveryStatus | None:
        try:
            config = await self._store.run(self._pool.config, handler)
        except SecretMissing:
            return None
        sender = await self._pool.get(handler, config)
        return await sender.delivery_status(message.gateway_id or "")

    def _keep(self, answers: list[tuple[Message, DeliveryStatus | None]], epoch: int) -> None:
        with self._database.write(wait=5) as tx:
            leases.check(tx, epoch)
            now = self._clock.now()
            for message, status in answers:
                asked, due_at = delivery_reports.next_report(message, now)
                step = delivery_reports.after_report(message, status, now, due_at)
                outbox.set_report(tx, message.id, step.state, step.report_due_at, asked)
                tx.review(now, *step.review)
                system_alerts.messages_ended(tx, {message.id: step.state}, now)
