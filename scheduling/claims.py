"""Which messages go next, through which handler, and how many at once: for all free connections together.

Alerts go first and in small batches of their own; one connection is kept free for them.
The functions that take a database block: they are called in the store's thread.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduling import fault_points, handler_state, withdrawal
from scheduling.clock import Clock
from scheduling.clock_jump import plans_are_right
from scheduling.gateways import registry
from scheduling.gateways.codes import Recovery
from scheduling.gateways.outcome import HandlerConfig, Outcome
from scheduling.leadership import Leadership
from scheduling.recorder import accepted_before, after, apply
from scheduling.recording import MOST_AT_ONCE
from scheduling.sender_pool import SenderPool
from storage import adoption, handlers, integrity, leases, outbox
from storage import due as due_messages
from storage.database import Database, Transaction
from storage.errors import SecretMissing
from storage.outbox import ALERT_LANE, ORDINARY_LANE
from storage.records import Handler, HandlerStatus, Message
from storage.vocabulary import OutcomeKind


@dataclass(frozen=True, slots=True)
class ReadyHandler:
    """A handler that may send now, and the lanes with something due from which it may."""

    handler: Handler
    lanes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """Messages taken for one call. `config` is None when the handler's secret cannot be read."""

    handler: Handler
    lane: int
    messages: tuple[Message, ...]
    config: HandlerConfig | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """Who may send now, and when the first of the others with something due may."""

    ready: tuple[ReadyHandler, ...] = ()
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """How many calls are under way at one handler."""

    total: int = 0
    ordinary: int = 0

    def with_more(self, calls: int, lane: int) -> "Load":
        return Load(self.total + calls, self.ordinary + (calls if lane == ORDINARY_LANE else 0))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Work for a handler's free connections: what is under way there, and what its rate allows now."""

    ready: ReadyHandler
    load: Load
    allowed: int

    @property
    def has_room(self) -> bool:
        """Whether a call may start."""
        handler = self.ready.handler
        return self.allowed > 0 and any(free(handler, lane, self.load) for lane in self.ready.lanes)


def look(database: Database, now: datetime) -> Outlook:
    """The handlers with something due, sorted into those that may send and those that must wait."""
    with database.read() as connection:
        due = due_messages.lanes(connection, now)
        if not due or adoption.is_held(connection):
            return Outlook()
        known = {handler.id: handler for handler in handlers.listing(connection)}
        statuses = handlers.statuses(connection)
    ready = []
    later = []
    for handler_id in sorted({handler_id for handler_id, _ in due}):
        handler = known.get(handler_id)
        if handler is None or not handler.enabled:
            continue
        status = statuses.get(handler_id, HandlerStatus(handler_id))
        gate = handler_state.gate(status, now, [lane for owner, lane in due if owner == handler_id])
        if gate.lanes:
            ready.append(ReadyHandler(handler, gate.lanes))
        if gate.next_at is not None:
            later.append(gate.next_at)
    return Outlook(tuple(ready), min(later, default=None))


def may_send(status: HandlerStatus, now: datetime) -> bool:
    """Whether nothing holds the handler's messages back."""
    return handler_state.pause_of(status, now) is None


def free(handler: Handler, lane: int, load: Load) -> int:
    """How many more calls may start: ordinary messages leave one connection to alerts."""
    left = handler.max_connections - load.total
    if lane == ORDINARY_LANE:
        left = min(left, max(1, handler.max_connections - 1) - load.ordinary)
    return max(0, left)


def batch_size(handler: Handler, lane: int) -> int:
    """How many messages of a lane go in one call."""
    batch = registry.of(handler.api_type).batch
    return min(handler.batch_size, batch.of_alerts if lane == ALERT_LANE else batch.most)


def take(
    database: Database,
    leadership: Leadership,
    pool: SenderPool,
    wanted: Sequence[Wanted],
    epoch: int,
    instance_id: str,
    clock: Clock,
) -> list[Claim]:
    """Claim, in one transaction and fenced by the lease, for all free connections. Nothing when there is
    nothing to claim, or when the wall clock has jumped and the plans have not been put right yet.

    Raises `DiskFull` while what becomes of them could not be written down, and `StorageError` while
    the secret key cannot be read; then nothing is claimed.
    """
    ready = prepare(database, pool, wanted)
    with database.write(wait=5) as tx:
        found = claim(tx, leadership, ready, epoch, instance_id, clock)
    if found:
        fault_points.passing("after-claim")
    return found


Prepared = Sequence[tuple[Wanted, HandlerConfig | None]]


def prepare(database: Database, pool: SenderPool, wanted: Sequence[Wanted]) -> Prepared:
    """What is to be looked at before a claim: nothing that can fail may stand between it and the calls."""
    fault_points.passing("before-claim")
    integrity.require_room(database.folder.path)
    return [(each, _config(pool, each.ready.handler)) for each in wanted]


def claim(
    tx: Transaction, leadership: Leadership, wanted: Prepared, epoch: int, instance_id: str, clock: Clock
) -> list[Claim]:
    """`take`, in a transaction that others may write in, too. Raises `LeaseLost`."""
    leases.check(tx, epoch)
    # The wait for the lock may have outlasted the right to act.
    if not leadership.holds or adoption.is_held(tx):
        return []
    # Whoever wrote with a clock that was set has written before this moment.
    if not plans_are_right(clock):
        return []
    found: list[Claim] = []
    as_holder = _Holder(tx, epoch, instance_id, clock.now())
    left = MOST_AT_ONCE
    for each, config in wanted:
        claims = as_holder.claims_for(each, config, left)
        left -= sum(len(one.messages) for one in claims)
        found += claims
    return found


@dataclass(frozen=True, slots=True)
class _Holder:
    """The holder of the lease, in a transaction that claims."""

    tx: Transaction
    epoch: int
    instance_id: str
    now: datetime

    def claims_for(self, wanted: Wanted, config: HandlerConfig | None, most: int) -> list[Claim]:
        """One for each call that may start at a handler: alerts first, and no lane mixed with the other."""
        handler, load = wanted.ready.handler, wanted.load
        if not handlers.is_as_seen(self.tx, handler):
            return []
        left = min(most, wanted.allowed)
        # Looked at again: a pause may have begun since `look`.
        status = handlers.status_of(self.tx, handler.id)
        gate = handler_state.gate(status, self.now)
        found: list[Claim] = []
        for lane in wanted.ready.lanes:
            size = batch_size(handler, lane)
            room = min(free(handler, lane, load) * size, left)
            if lane not in gate.lanes or not room:
                continue
            if gate.one:
                taken = self._probe(handler, status, lane)
            else:
                taken = self._claim(handler, lane, room)
            calls = [tuple(taken[start : start + size]) for start in range(0, len(taken), size)]
            found += [Claim(handler, lane, messages, config) for messages in calls]
            if gate.one and taken:
                break
            left -= len(taken)
            load = load.with_more(len(calls), lane)
        return found

    def _claim(
        self, handler: Handler, lane: int, limit: int, only: Collection[int] | None = None
    ) -> list[Message]:
        return outbox.claim(
            self.tx,
            handler.id,
            lane,
            limit,
            rate=handler.retry_rate,
            stop=handler.stop_retrying_after,
            epoch=self.epoch,
            instance_id=self.instance_id,
            now=self.now,
            only=only,
        )

    def _probe(self, handler: Handler, status: HandlerStatus, lane: int) -> list[Message]:
        """Claim one message of a paused handler; where money is short, a cheap one with few attempts."""
        taken: list[Message] = []
        if handler_state.ends(status) is Recovery.BALANCE_ROSE:
            cheap = due_messages.cheapest(self.tx, handler.id, lane, self.now)
            taken = self._claim(handler, lane, 1, cheap)
        taken = taken or self._claim(handler, lane, 1)
        if taken:
            probe_at = handler_state.next_try(handler, status, self.now)
            handlers.set_status(self.tx, handler.id, probe_at=probe_at)
        return taken


def _config(pool: SenderPool, handler: Handler) -> HandlerConfig | None:
    try:
        return pool.config(handler)
    except SecretMissing:
        return None


SENDER_LOST = Outcome(OutcomeKind.UNKNOWN, error="the process that was sending it has ended")


def sweep(tx: Transaction, epoch: int, now: datetime) -> list[tuple[Handler, list[Message]]]:
    """Write down as unknown what former holders were sending; gives those that can be asked about."""
    return write_as_unknown(tx, outbox.sending_under_older_epochs(tx, epoch), now)


def write_as_unknown(
    tx: Transaction, lost: list[Message], now: datetime
) -> list[tuple[Handler, list[Message]]]:
    """Write down as unknown messages that no process is sending; gives those that can be asked about."""
    known = {handler.id: handler for handler in handlers.listing(tx.connection, removed=True)}
    not_again = withdrawal.reasons(tx, lost)
    steps = {}
    for message in lost:
        outcome = accepted_before(tx, message) or SENDER_LOST
        why_not = not_again.get(message.id)
        steps[message.id] = after(message, outcome, known[message.handler_id], now, why_not)
    outbox.finish_attempts(
        tx,
        [
            outbox.AttemptResult(m.attempt_id, OutcomeKind.UNKNOWN, now, error=SENDER_LOST.error)
            for m in lost
            if m.attempt_id is not None
        ],
    )
    apply(tx, steps, now)
    asked: dict[int, list[Message]] = {}
    for message in lost:
        if steps[message.id].query_first:
            asked.setdefault(message.handler_id, []).append(message)
    return [(known[handler_id], found) for handler_id, found in asked.items()]
