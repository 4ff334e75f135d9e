"""Which messages go next, through which handler, and how many at once.

Alerts go first and in small batches of their own; one connection is kept free for them.
The functions that take a database block: they are called in the store's thread.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from scheduling import fault_points, handler_state, lifecycle, withdrawal
from scheduling.clock import Clock
from scheduling.clock_jump import plans_are_right
from scheduling.gateways import registry
from scheduling.gateways.codes import Recovery
from scheduling.gateways.outcome import HandlerConfig, Outcome
from scheduling.leadership import Leadership
from scheduling.recorder import accepted_before, apply
from scheduling.sender_pool import SenderPool
from storage import adoption, handlers, integrity, leases, outbox
from storage import due as due_messages
from storage.database import Database, Transaction
from storage.errors import SecretMissing
from storage.outbox import ALERT_LANE
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


def room(handler: Handler, lane: int, load: Load) -> bool:
    """Whether another call may start: ordinary messages leave one connection to alerts."""
    if load.total >= handler.max_connections:
        return False
    return lane == ALERT_LANE or load.ordinary < max(1, handler.max_connections - 1)


def batch_size(handler: Handler, lane: int) -> int:
    """How many messages of a lane go in one call."""
    batch = registry.of(handler.api_type).batch
    return min(handler.batch_size, batch.of_alerts if lane == ALERT_LANE else batch.most)


def take(
    database: Database,
    leadership: Leadership,
    pool: SenderPool,
    ready: ReadyHandler,
    lane: int,
    size: int,
    epoch: int,
    instance_id: str,
    clock: Clock,
) -> Claim | None:
    """Claim up to `size` messages of a lane, fenced by the lease. None when there is nothing to claim,
    or when the wall clock has jumped and the plans have not been put right yet.

    Raises `DiskFull` while what becomes of them could not be written down, and `StorageError` while
    the secret key cannot be read; then nothing is claimed.
    """
    handler = ready.handler
    fault_points.passing("before-claim")
    integrity.require_room(database.folder.path)
    # Before the claim: nothing that can fail may stand between it and the call.
    config = _config(pool, handler)
    with database.write(wait=5) as tx:
        leases.check(tx, epoch)
        # The wait for the lock may have outlasted the right to act.
        if not leadership.holds or adoption.is_held(tx):
            return None
        # Whoever wrote with a clock that was set has written before this moment.
        if not plans_are_right(clock):
            return None
        now = clock.now()
        # Looked at again: a pause may have begun since `look`.
        status = handlers.status_of(tx.connection, handler.id)
        gate = handler_state.gate(status, now)
        if lane not in gate.lanes:
            return None
        claim = partial(
            outbox.claim,
            tx,
            handler.id,
            lane,
            rate=handler.retry_rate,
            stop=handler.stop_retrying_after,
            epoch=epoch,
            instance_id=instance_id,
            now=now,
        )
        taken = _probe(tx, handler, status, lane, now, claim) if gate.one else claim(size)
    if not taken:
        return None
    fault_points.passing("after-claim")
    return Claim(handler, tuple(taken), config)


def _probe(
    tx: Transaction,
    handler: Handler,
    status: HandlerStatus,
    lane: int,
    now: datetime,
    claim: Callable[..., list[Message]],
) -> list[Message]:
    """Claim one message of a paused handler; where money is short, a cheap one with few attempts."""
    taken: list[Message] = []
    if handler_state.ends(status) is Recovery.BALANCE_ROSE:
        taken = claim(1, only=due_messages.cheapest(tx, handler.id, lane, now))
    taken = taken or claim(1)
    if taken:
        handlers.set_status(tx, handler.id, probe_at=handler_state.next_try(handler, status, now))
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
        handler = known[message.handler_id]
        steps[message.id] = lifecycle.after_attempt(
            message,
            accepted_before(tx, message) or SENDER_LOST,
            now,
            on_unknown=handler.on_unknown,
            can_query=registry.of(handler.api_type).knows_ids,
            no_retry=not_again.get(message.id),
        )
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
