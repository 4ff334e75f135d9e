"""Delivery: claims what is due, hands it to the senders, records what came of it.

The claim and the attempt row are committed before a request is written. Calls share the commits: one
writes what has come in meanwhile (`recording`) and claims for all connections that are free then (`claims`).
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from scheduling import claims, fault_points, outlived
from scheduling.call_result import Result
from scheduling.claims import Claim, Load, Wanted
from scheduling.clock_jump import TOLERANCE, PlanClock
from scheduling.deadline import within
from scheduling.gateways.outcome import Outcome, OutgoingMessage, QueryVerdict, Sender
from scheduling.leadership import Leadership
from scheduling.rate import RateLimits
from scheduling.recorder import Recorder, apply
from scheduling.recording import Answered, Recording, Written
from scheduling.sender_pool import SenderPool
from scheduling.store import Store
from storage import leases, outbox, time_shift
from storage import outlived as stored_outlived
from storage.database import Database, Transaction
from storage.errors import SecretMissing, StorageError
from storage.records import Handler, Message
from storage.savepoint import apart
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
        self._recorder = Recorder(database)
        self._recording = Recording(clock, self._write, lambda: self.stopping)
        self._ready: tuple[claims.ReadyHandler, ...] = ()  # as at the last look
        self._claiming = False
        self._stuck = False  # results cannot be written down: nothing is claimed
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
        if self.stopping or epoch is None or not self._leadership.holds or self._stuck:
            return False
        closed, outlook = await self._store.run(self._look, epoch)
        self._ready = outlook.ready
        started = await self._claim(epoch)
        waits = []
        for ready in outlook.ready:
            waits.append(self._clock.now() + timedelta(seconds=self._rates.wait(ready.handler)))
        # A handler that still has work but no connection is woken by the call that ends.
        later = [at for at in [outlook.next_at, *waits] if at is not None and at > self._clock.now()]
        self._paused_until = min(later, default=None)
        return bool(closed or started)

    def next_at(self) -> datetime | None:
        """When the next planned attempt comes due, or a waiting handler may go on. Blocks."""
        with self._database.read() as connection:
            planned = outbox.next_attempt_after(connection, self._clock.now())
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
        until = self._clock.boottime() + seconds
        # What was being claimed beside a result just now begins while others are waited for.
        while self._calls and self._clock.boottime() < until:
            await self._wait(set(self._calls), until)
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

    def _look(self, epoch: int) -> tuple[int, claims.Outlook]:
        return self._close_outlived(epoch), claims.look(self._database, self._clock.now())

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

    async def _claim(self, epoch: int) -> int:
        """Start calls for all free connections, alerts first; one is always kept free for alerts."""
        wanted = self._wanted()
        if not wanted:
            return 0
        self._claiming = True
        taking = asyncio.ensure_future(self._store.run(self._take, wanted, epoch))
        try:
            found = await asyncio.shield(taking)
        except asyncio.CancelledError:
            # A stop in the middle of a claim: what was claimed is sent, and waited for with the others.
            with contextlib.suppress(Exception):
                self._send_all(await taking)
            raise
        finally:
            self._claiming = False
        self._send_all(found)
        return len(found)

    def _wanted(self, leaving: Sequence[Answered] = ()) -> list[Wanted]:
        """Work for free connections, unless it is being claimed; those of calls that leave count as free."""
        if self.stopping or self._claiming or not self._leadership.holds:
            return []
        free = Counter((call.handler.id, call.results[0].message.lane) for call in leaving)
        found = []
        for ready in self._ready:
            key = ready.handler.id
            load = self._load(key)
            for lane in (outbox.ALERT_LANE, outbox.ORDINARY_LANE):
                load = load.with_more(-free[key, lane], lane)
            found.append(Wanted(ready, load, self._rates.allowed(ready.handler)))
        return [each for each in found if each.has_room]

    def _take(self, wanted: Sequence[Wanted], epoch: int) -> list[Claim]:
        # Asked in the store's thread: whatever could not be written down was there before this.
        if self._stuck:
            return []
        return claims.take(self._database, self._leadership, self._pool, wanted, epoch, self._id, self._clock)

    async def _write(self, calls: Sequence[Answered]) -> list[Written]:
        """Write down what calls came to, and claim for the connections that they leave, in one transaction.

        Two commits a call become one for several: alerts and single documents gain most.
        """
        # After an unknown outcome the connection is used to ask.
        leaving = [call for call in calls if call.all_accepted]
        wanted, epoch = self._wanted(leaving), self._leadership.epoch
        if not wanted or epoch is None:
            return (await self._store.run(self._record, calls))[0]
        self._claiming = True
        try:
            found, claimed = await self._store.run(self._record, calls, wanted, epoch)
        finally:
            self._claiming = False
            self._on_change()
        self._send_all(claimed)
        return found

    def _record(
        self, calls: Sequence[Answered], wanted: Sequence[Wanted] = (), epoch: int = 0
    ) -> tuple[list[Written], list[Claim]]:
        claimed: list[Claim] = []
        ready = self._prepared(wanted)

        def claim(tx: Transaction) -> None:
            work = partial(claims.claim, tx, self._leadership, ready, epoch, self._id, self._clock)
            # Results are kept whoever has the lease; without it nothing has been written here.
            with contextlib.suppress(leases.LeaseLost):
                made = apart(tx, work)
                if isinstance(made, Exception):
                    log.error("nothing could be claimed", exc_info=made)
                else:
                    claimed.extend(made)

        # The time is asked for here, in the thread in which plans are moved after a jump.
        results = [(call.handler, call.by_plans(self._clock)) for call in calls]
        try:
            found = self._recorder.record_calls(results, self._clock.now(), claim if ready else None)
        except StorageError:
            self._stuck = True
            raise
        self._stuck = False
        if claimed:
            fault_points.passing("after-claim")
        return found, claimed

    def _prepared(self, wanted: Sequence[Wanted]) -> claims.Prepared:
        try:
            return claims.prepare(self._database, self._pool, wanted) if wanted else ()
        except StorageError:
            return ()  # said when the next round claims

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
