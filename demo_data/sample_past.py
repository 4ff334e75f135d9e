"""Plays out a past: what was queued is attempted, answered and reported, as of its day.

The decisions and words are the engine's own (`outbox.claim`, `recorder.record`, `lifecycle`), so
that messages, attempts and review agree as they do after real sending. Only the gateway is made up.
"""

import heapq
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from demo_data.sample_people import BAD_NUMBER, OPTED_OUT, number_of
from demo_data.sample_setup import FLAKY, XML
from scheduling import delivery_reports, outlived
from scheduling.call_result import Result
from scheduling.gateways import registry
from scheduling.gateways.one_api.codes import CODES
from scheduling.gateways.outcome import DeliveryStatus, DeliveryVerdict, Outcome
from scheduling.gateways.verdict import by_code, by_status
from scheduling.recorder import apply, record
from storage import handlers, leases, outbox
from storage.database import Transaction
from storage.records import Handler, Message
from storage.vocabulary import InstanceKind, MessageState, OutcomeKind

Fate = Callable[[Handler, Message], Outcome]

NO_ANSWER = Outcome(OutcomeKind.UNKNOWN, error="no complete answer within 4 s")
BUSY = by_code(CODES["19"], "19", "", status=503)
TOO_MANY = by_status(429)
BAD_GATEWAY = by_status(503)

_TROUBLES = (BUSY, TOO_MANY, BAD_GATEWAY, NO_ANSWER)
_TROUBLE_AT_FLAKY = 0.35
_CALM = timedelta(seconds=70)  # before the start: what waits then is what the story says, and no more


class Past:
    """Events in the order of time, all in one transaction. What lies beyond `until` is left to come."""

    def __init__(self, tx: Transaction, until: datetime, rng: random.Random) -> None:
        self.tx = tx
        self.until = until
        self.rng = rng
        self._events: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._count = 0
        self._fates: dict[int, Fate] = {}
        self._epoch = _take_lease(tx, until)

    def at(self, when: datetime, what: Callable[[datetime], None]) -> None:
        """Let something happen at a time; it is given that time."""
        self._count += 1
        heapq.heappush(self._events, (when, self._count, what))

    def play(self) -> None:
        """Everything up to `until`, and the answers to what was attempted by then."""
        while self._events:
            when, _, what = heapq.heappop(self._events)
            what(when)
        leases.release(self.tx, self._epoch)

    def send(self, ids: Sequence[int], when: datetime, fate: Fate | None = None) -> None:
        """Attempt what was queued. `fate` stands in for the gateway, for as long as they are tried."""
        for message_id in ids:
            self._fates[message_id] = fate or self._usual
        self._attempt_at(ids, when)

    def _attempt_at(self, ids: Sequence[int], when: datetime) -> None:
        if when <= self.until:
            self.at(when, lambda at: self._attempt(ids, at))

    def _attempt(self, ids: Sequence[int], at: datetime) -> None:
        waiting = [m for m in outbox.current(self.tx, ids).values() if m.state is MessageState.QUEUED]
        calls: dict[tuple[int, int], list[int]] = {}
        for message in waiting:
            calls.setdefault((message.handler_id, message.lane), []).append(message.id)
        for (handler_id, lane), mine in calls.items():
            handler = handlers.get(self.tx.connection, handler_id)
            assert handler is not None
            taken = outbox.claim(
                self.tx,
                handler_id,
                lane,
                len(mine),
                rate=handler.retry_rate,
                stop=handler.stop_retrying_after,
                epoch=self._epoch,
                instance_id="before",
                now=at,
                only=mine,
            )
            self._answer_later(handler, taken, at)

    def _answer_later(self, handler: Handler, taken: Sequence[Message], at: datetime) -> None:
        """A call's messages are answered together, except where the handler sends them one by one."""
        groups = [list(taken)] if handler.batch_size > 1 else [[message] for message in taken]
        for messages in groups:
            results = [Result(message, self._fates[message.id](handler, message)) for message in messages]
            unknown = any(result.outcome is NO_ANSWER for result in results)
            wait = handler.total_timeout if unknown else timedelta(seconds=self.rng.uniform(0.15, 0.8))
            self.at(at + wait, self._answer(handler, results))

    def _answer(self, handler: Handler, results: Sequence[Result]) -> Callable[[datetime], None]:
        def answer(at: datetime) -> None:
            record(self.tx, handler, results, at)
            found = outbox.current(self.tx, [result.message.id for result in results])
            for message in found.values():
                if message.state is MessageState.QUEUED and message.next_attempt_at is not None:
                    self._attempt_at([message.id], message.next_attempt_at)
                if message.report_due_at is not None:
                    self._ask_for_report(message, message.report_due_at)

        return answer

    def _ask_for_report(self, message: Message, when: datetime) -> None:
        if when <= self.until:
            self.at(when, self._report(message))
            return
        # The gateway of the present knows nothing of it: it stays accepted.
        outbox.set_report(self.tx, message.id, MessageState.ACCEPTED, None, 0)

    def _report(self, message: Message) -> Callable[[datetime], None]:
        def report(at: datetime) -> None:
            step = delivery_reports.after_report(message, _delivery(message), at)
            asked = message.reports_asked + 1
            outbox.set_report(self.tx, message.id, step.state, step.report_due_at, asked)
            self.tx.review(at, *step.review)

        return report

    def expire(self, ids: Sequence[int]) -> Callable[[datetime], None]:
        """What happens to messages that were never attempted when their useful life ends."""

        def end(at: datetime) -> None:
            found = [m for m in outbox.current(self.tx, ids).values() if m.state is MessageState.QUEUED]
            apply(self.tx, {message.id: outlived.step(message, at) for message in found}, at)
            self.tx.review(at, *outlived.entries(found))

        return end

    def accepted(self) -> Outcome:
        gateway_id = f"{self.rng.getrandbits(128):032x}"
        return Outcome(OutcomeKind.ACCEPTED, gateway_id=gateway_id, http_status=202)

    def _usual(self, handler: Handler, message: Message) -> Outcome:
        if message.to == number_of(OPTED_OUT):
            return by_code(CODES["26"], "26", "", status=400)
        tried_at = message.last_planned_at or self.until
        if handler.name == FLAKY and tried_at < self.until - _CALM and self.rng.random() < _TROUBLE_AT_FLAKY:
            return self.rng.choice(_TROUBLES)
        return self.accepted()


def refused_by(handler: Handler) -> Outcome:
    """Nobody listened at the handler's address."""
    return Outcome(OutcomeKind.NOT_SENT, error=f"connection refused by {_place(handler)}")


def unreached(handler: Handler) -> Outcome:
    """The network lost the attempt to connect."""
    return Outcome(OutcomeKind.NOT_SENT, error=f"no connection to {_place(handler)} within 5 s")


def _place(handler: Handler) -> str:
    return urlsplit(registry.of(handler.api_type).address_of(handler.settings) or "").netloc


def _delivery(message: Message) -> DeliveryStatus:
    if message.to == number_of(BAD_NUMBER):
        return DeliveryStatus(DeliveryVerdict.UNDELIVERED, "RECIPIENT_DOES_NOT_EXIST")
    said = "004 Received by recipient" if message.handler == XML else "DEVICE_ACK"
    return DeliveryStatus(DeliveryVerdict.DELIVERED, said)


def _take_lease(tx: Transaction, now: datetime) -> int:
    """The attempts of the past belong to an engine of the past: a later one finds nothing to sweep."""
    epoch = leases.take(tx, leases.current(tx.connection), "before", InstanceKind.RUN, now)
    assert epoch is not None, "the site is new: nobody else can have the lease"
    return epoch
