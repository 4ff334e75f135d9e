"""Delivery: claims what is due, hands it to the senders, records what came of it.

The claim and the attempt row are committed before a request is written. Calls share the commits:
one claims for all free connections (`claims`), one writes what has come in meanwhile (`recording`).
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduling import claims, fault_points, outlived
from scheduling.claims import Claim, Load, Wanted
from scheduling.clock_jump import TOLERANCE, PlanClock
from scheduling.deadline import within
from scheduling.gateways.outcome import Outcome, OutgoingMessage, QueryVerdict, Sender
from scheduling.leadership import Leadership
from scheduling.rate import RateLimits
from scheduling.recorder import Recorder, Result, apply
from scheduling.recording import Recording
from scheduling.sender_pool import SenderPool
from scheduling.store import Store
from storage import leases, outbox, time_shift
from storage import outlived as stored_outlived
from storage.database import Database
from storage.errors import SecretMissing
from storage.records import Handler, Message
from storage.vocabulary import OutcomeKind
from storage.written_by import wall_clock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Flood:
    """Messages found past their time at one moment; `unsaid` counts those that the review does not have."""

    at: datetime
    unsaid: dict[tuple[int, bool, bool], int]


class Delivery:
    def __init__(
        self,
        database: Database,
        clock: PlanClock,
        leadership: Leadership,
        instance_id: str,
        store: Store,
        pool: SenderPool,
        on_change: Callable[[], None],
        on_failure: Callable[[int], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._leadership = leadership
        self._id = instance_id
        self._store = store
        self._pool = pool
        self._on_change = on_change
        self._on_failure = on_failure
        self._recording = Recording(Recorder(database), clock, store, lambda: self.stopping)
        self._rates = RateLimits(clock)
        self._calls: dict[asyncio.Task[None], tuple[int, int]] = {}
        self._sending: set[int] = set()
        self._flood: _Flood | None = None
        self._paused_until: datetime | None = None
        self.stopping = False

    @property
    def in_flight(self) -> int:
        """Calls under way, recording included."""
        return len(self._calls)

    @property
    def sending(self) -> frozenset[int]:
        """The messages whose calls are under way, or whose results are being recorded."""
        return frozenset(self._sending)

    def busy(self, handler_id: int) -> int:
        """Calls under way at one handler."""
        return self._load(handler_id).total

    async def tick(self) -> bool:
        """Send what is due, as far as connections allow. Whether anything was found to do."""
        epoch = self._leadership.epoch
        if self.stopping or epoch is None or not self._leadership.holds or self._recording.stuck:
            return False
        closed = await self._store.run(self._close_outlived, epoch)
        outlook = await self._store.run(claims.look, self._database, self._clock.now())
        started = await self._claim(outlook.ready, epoch)
        waits = []
        for ready in outlook.ready:
            waits.append(self._clock.now() + timedelta(seconds=self._rates.wait(ready.handler)))
        # A handler that still has work but no connection is woken by the call that ends.
        later = [at for at in [outlook.next_at, *waits] if at is not None and at > self._clock.now()]
        self._paused_until = min(later, default=None)
        return bool(closed or started)

    async def next_at(self) -> datetime | None:
        """When the next planned attempt comes due, or a waiting handler may go on."""
        now = self._clock.now()

        def ask() -> datetime | None:
            with self._database.read() as connection:
                return outbox.next_attempt_after(connection, now)

        planned = await self._store.run(ask)
        return min((at for at in (planned, self._paused_until) if at is not None), default=None)

    async def sweep(self, epoch: int) -> None:
        """Write down as unknown what a former holder was sending, and ask where one can ask."""

        def write() -> list[tuple[Handler, list[Message]]]:
            with self._database.write() as tx:
                leases.check(tx, epoch)
                return claims.sweep(tx, epoch, self._clock.now())

        for handler, unsure in await self._store.run(write):
            self._start(self._ask(handler, unsure), handler.id, outbox.ORDINARY_LANE)

    async def drain(self, seconds: float) -> None:
        """Wait for the calls under way; what is not answered by then is recorded as unknown."""
        self.stopping = True
        if self._calls:
            await self._wait(set(self._calls), self._clock.boottime() + seconds)
        for call in self._calls:
            call.cancel()
        while self._calls:
            await asyncio.wait(set(self._calls))
        await self._recording.settled()

    async def _wait(self, calls: set[asyncio.Task[None]], until: float) -> None:
        try:
            await within(self._clock, asyncio.wait(calls), lambda: until)
        except TimeoutError:
            log.warning("%s calls had no answer in time", len(self._calls))

    def _close_outlived(self, epoch: int) -> int:
        """Close a batch of them; those of one moment are said once, however many batches they take."""
        now = self._clock.now()
        if self._flood and self._flood.at <= now:
            now = self._flood.at
        else:  # none, or the clock was set back since: by its moment what lives would be outlived
            self._flood = None
        with self._database.read() as connection:
            found = stored_outlived.found(connection, now)
        if not found:
            self._flood = None
            return 0
        with self._database.write(wait=5) as tx:
            leases.check(tx, epoch)
            if not self._clock.is_right:
                return 0  # what another clock wrote would be called outlived
            time_shift.bring_strays(
                tx, wall_clock(self._clock, self._clock.now()), TOLERANCE, [each.id for each in found]
            )
            flood = self._flood or _Flood(now, stored_outlived.counts(tx, now))
            unsaid = dict(flood.unsaid)
            present = stored_outlived.found(tx, now)
            apply(tx, {message.id: outlived.step(message, now) for message in present}, now)
            tx.review(now, *outlived.entries(present, unsaid))
        self._flood = _Flood(now, unsaid)
        return len(found)

    async def _claim(self, ready: Sequence[claims.ReadyHandler], epoch: int) -> int:
        """Start calls for all free connections, alerts first; one is always kept free for alerts."""
        wanted = [
            Wanted(each, self._load(each.handler.id), self._rates.allowed(each.handler)) for each in ready
        ]
        wanted = [each for each in wanted if each.has_room]
        if self.stopping or not wanted or not self._leadership.holds:
            return 0
        taking = asyncio.ensure_future(self._store.run(self._take, wanted, epoch))
        try:
            found = await asyncio.shield(taking)
        except asyncio.CancelledError:
            # A stop in the middle of a claim: what was claimed is sent, and waited for with the others.
            with contextlib.suppress(Exception):
                self._send_all(await taking)
            raise
        self._send_all(found)
        return len(found)

    def _take(self, wanted: Sequence[Wanted], epoch: int) -> list[Claim]:
        # Asked in the store's thread: whatever could not be written down was there before this.
        if self._recording.stuck:
            return []
        return claims.take(self._database, self._leadership, self._pool, wanted, epoch, self._id, self._clock)

    def _send_all(self, found: Sequence[Claim]) -> None:
        for claim in found:
            self._rates.spend(claim.handler, len(claim.messages))
            self._start(self._send(claim), claim.handler.id, claim.lane)

    def _load(self, handler_id: int) -> Load:
        mine = [lane for owner, lane in self._calls.values() if owner == handler_id]
        return Load(len(mine), sum(lane == outbox.ORDINARY_LANE for lane in mine))

    def _start(self, work: Coroutine[None, None, None], handler: int, lane: int) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._calls[task] = (handler, lane)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._calls.pop(task, None)
        if not task.cancelled() and (error := task.exception()):
            log.error("a call ended badly", exc_info=error)
        self._on_change()

    async def _send(self, claim: Claim) -> None:
        """Make one call with its batch, and record an outcome for each message whatever happens."""
        outcomes = {message.id: UNTOLD for message in claim.messages}
        heard = None
        self._sending.update(outcomes)
        try:
            if claim.config is None:
                outcomes = dict.fromkeys(outcomes, SECRET_MISSING)
            else:
                sender = await self._pool.get(claim.handler, claim.config)
                outcomes |= await self._exchange(claim, sender)
                heard = self._clock.wall()
        except asyncio.CancelledError:
            log.warning("stopped while sending: %s messages are of unknown outcome", len(outcomes))
        except Exception as error:
            log.exception("the sender of %s failed", claim.handler.name)
            outcomes = dict.fromkeys(outcomes, _sender_failed(error))
        results = [Result(message, outcomes[message.id]) for message in claim.messages]
        try:
            unsure = await asyncio.shield(self._recording.keep(claim.handler, results, heard))
        finally:
            self._sending.difference_update(outcomes)
        if any(outcome.kind is not OutcomeKind.ACCEPTED for outcome in outcomes.values()):
            self._on_failure(claim.handler.id)
        if unsure and not self.stopping:
            await self._ask(claim.handler, unsure)

    async def _exchange(self, claim: Claim, sender: Sender) -> dict[int, Outcome]:
        """Outcomes by message id. Messages of unknown outcome are asked about before they go again."""
        outcomes: dict[int, Outcome] = {}
        for message in claim.messages:
            if message.query_first and (
                found := await _known_of_earlier_attempt(sender, message, must_answer=True)
            ):
                outcomes[message.id] = found
        outgoing = [message for message in claim.messages if message.id not in outcomes]
        if not outgoing:
            return outcomes
        if not self._leadership.holds:
            return outcomes | {message.id: LEASE_LOST for message in outgoing}
        answers = await sender.send([_outgoing(message) for message in outgoing])
        fault_points.passing("after-answer")
        return outcomes | {m.id: answer for m, answer in zip(outgoing, answers, strict=True)}

    async def _ask(self, handler: Handler, unsure: Sequence[Message]) -> None:
        """Ask Clickatell at once about messages whose outcome is unknown (XML API)."""
        try:
            config = await self._store.run(self._pool.config, handler)
        except SecretMissing:
            return
        sender = await self._pool.get(handler, config)
        results = []
        for message in unsure:
            if found := await _known_of_earlier_attempt(sender, message, must_answer=False):
                results.append(Result(message, found))
        if results:
            await self._recording.keep(handler, results)


UNTOLD = Outcome(OutcomeKind.UNKNOWN, error="the program was stopped before the answer came")
LEASE_LOST = Outcome(OutcomeKind.NOT_SENT, error="not sent: another process has taken over")
SECRET_MISSING = Outcome(OutcomeKind.ACCOUNT, error="secret missing: enter it again")


def _sender_failed(error: Exception) -> Outcome:
    return Outcome(OutcomeKind.UNKNOWN, error=f"the sender failed: {type(error).__name__}")


def _outgoing(message: Message) -> OutgoingMessage:
    return OutgoingMessage(message.client_message_id, message.to, message.text)


async def _known_of_earlier_attempt(sender: Sender, message: Message, *, must_answer: bool) -> Outcome | None:
    """What Clickatell knows of an earlier attempt: an outcome, or None when it may be sent (again)."""
    answer = await sender.query(message.client_message_id)
    if answer is None or answer.verdict is QueryVerdict.NOT_KNOWN:
        return None
    if answer.verdict is QueryVerdict.ACCEPTED:
        return Outcome(OutcomeKind.ACCEPTED, gateway_id=answer.gateway_id, found_earlier=True)
    if not must_answer:
        return None
    return Outcome(
        OutcomeKind.NOT_SENT,
        error=f"Clickatell could not be asked about the earlier attempt: {answer.error or 'no answer'}",
    )
