"""Asks each handler's balance: on start, after changes, every minute, and after failures."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduling import handler_state, system_alerts
from scheduling.clock import Clock
from scheduling.gateways.outcome import Balance, GatewayError, HandlerConfig
from scheduling.gateways.wording import said
from scheduling.handler_notes import free_again, handler_entry
from scheduling.handler_state import NO_PAUSE, WELL
from scheduling.money import money
from scheduling.sender_pool import SenderPool
from scheduling.store import Store
from storage import handlers, leases
from storage.database import Database
from storage.errors import SecretMissing, StorageError
from storage.records import Handler, HandlerStatus, ReviewEntry
from storage.vocabulary import EntryKind, HandlerState, Level, OutcomeKind, Pause

log = logging.getLogger(__name__)

CHECK_EVERY = timedelta(seconds=60)
AFTER_FAILURE = 5.0  # seconds between two checks that failures ask for

SECRET_MISSING = GatewayError(
    OutcomeKind.ACCOUNT,
    "secret missing: enter it again",
    "Edit the handler and enter its API Key or Password: the site's secret key does not open the kept one",
)


@dataclass(slots=True)
class _Checked:
    """When an account was last asked, and whether somebody had wanted it then."""

    revision: int
    at: float
    wanted: bool = False


class Monitor:
    """Keeps each handler's status and balance true while this process holds the lease."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        store: Store,
        pool: SenderPool,
        on_change: Callable[[], None],
        on_progress: Callable[[], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._store = store
        self._pool = pool
        self._on_change = on_change
        self._on_progress = on_progress
        self._checked: dict[int, _Checked] = {}
        self._known: list[Handler] = []
        self._wanted: set[int] = set()
        self._changes, self._known_at = 0, -1
        self._suspect: set[int] = set()
        self._looking = asyncio.Lock()  # a reload looks beside the loop: nobody is asked twice

    def suspect(self, handler_id: int) -> None:
        """A call has failed: look at the handler soon."""
        self._suspect.add(handler_id)

    def forget(self) -> None:
        """Look at every handler anew (the lease was just taken)."""
        self._checked.clear()
        self.site_changed()

    def site_changed(self) -> None:
        """The site was written to: the handlers are read again before the next check."""
        self._changes += 1

    async def tick(self, epoch: int) -> None:
        """Check each handler whose turn it is. One handler's trouble is that handler's status.

        Raises `StorageError` when what was found cannot be written down; it is asked for again soon.
        """
        async with self._looking:
            for handler in await self._due():
                try:
                    await self._check(handler, epoch)
                except leases.LeaseLost:
                    return
                except StorageError:
                    self._suspect.add(handler.id)
                    raise
                except Exception:
                    log.exception("the check of handler %s failed", handler.id)
                self._on_progress()

    async def _due(self) -> list[Handler]:
        if (changes := self._changes) != self._known_at:
            self._known, self._wanted = await self._store.run(self._read)
            self._known_at = changes
        now = self._clock.boottime()
        return [handler for handler in self._known if handler.enabled and self._is_due(handler, now)]

    def _read(self) -> tuple[list[Handler], set[int]]:
        """All handlers, and those of which a check is wanted at once."""
        with self._database.read() as connection:
            kept = handlers.statuses(connection)
            wanted = {each for each, found in kept.items() if found.checked_revision is None}
            return handlers.listing(connection), wanted

    def _is_due(self, handler: Handler, now: float) -> bool:
        last = self._checked.get(handler.id)
        if last is None or last.revision != handler.revision:
            return True
        waited = now - last.at
        if handler.id in self._wanted and not last.wanted:
            return True
        if handler.id in self._suspect | self._wanted and waited >= AFTER_FAILURE:
            return True
        return waited >= CHECK_EVERY.total_seconds()

    async def _check(self, handler: Handler, epoch: int) -> None:
        wanted = handler.id in self._wanted
        self._suspect.discard(handler.id)
        self._wanted.discard(handler.id)
        self._checked[handler.id] = _Checked(handler.revision, self._clock.boottime(), wanted)
        asked_at = self._clock.now()
        found = await self._ask(handler)
        if isinstance(found, GatewayError) and found.kind is OutcomeKind.NOT_SENT:
            self._suspect.add(handler.id)  # looked at again soon: alarms go once it answers
        changed = await self._store.run(self._keep, handler, found, asked_at, epoch)
        if changed:
            self._on_change()

    async def _ask(self, handler: Handler) -> Balance | GatewayError:
        try:
            config: HandlerConfig = await self._store.run(self._pool.config, handler)
        except SecretMissing:
            return SECRET_MISSING
        sender = await self._pool.get(handler, config)
        return await sender.balance()

    def _keep(self, handler: Handler, found: Balance | GatewayError, asked_at: datetime, epoch: int) -> bool:
        with self._database.write(wait=10) as tx:
            leases.check(tx, epoch)
            before = handlers.status_of(tx.connection, handler.id)
            now = self._clock.now()
            if before.checked_at is not None and asked_at < before.checked_at <= now:
                return False  # a person's test was answered meanwhile: that is the newer word
            values, entries = judge(handler, before, found, now)
            handlers.set_status(tx, handler.id, **values)
            tx.review(now, *entries)
            unwell = before.status == HandlerState.ERROR or before.not_sent_at is not None
            well = values.get("status") == HandlerState.RUNNING
            freed = free_again(tx, handler, now) if unwell and well else 0
            system_alerts.after_check(tx, handler, now)
        return bool(freed) or (before.pause is not None and values.get("pause", before.pause) is None)


def judge(
    handler: Handler, before: HandlerStatus, found: Balance | GatewayError, now: datetime
) -> tuple[dict[str, object], list[ReviewEntry]]:
    """The handler's new status and what to say of it, from what a balance call gave. Pure."""
    values: dict[str, object] = {"checked_at": now, "checked_revision": handler.revision}
    if isinstance(found, GatewayError):
        error = {"code": found.code, "error": found.error, "advice": found.advice}
        values |= {"status": HandlerState.ERROR, **error}
        known = before.status == HandlerState.ERROR and (before.code, before.error) == (
            found.code,
            found.error,
        )
        text = f"{said(found.code, found.error)}. {found.advice}"
        return values, [handler_entry(handler, text, Level.ERROR, kind=EntryKind.STATUS)] if not known else []
    values |= {"balance": found.amount, "currency": found.currency}
    if before.pause is not None and handler_state.resumes(handler, before, now, found.amount):
        values |= NO_PAUSE
        paused = False
    else:
        paused = before.pause == Pause.ACCOUNT
    if paused:
        # The lowest balance seen since the refusal is what a top-up must rise above.
        seen = before.balance_at_refusal
        lowest = min((each for each in (found.amount, seen) if each is not None), default=None)
        return values | {"balance_at_refusal": lowest, "status": HandlerState.ERROR}, []
    values |= WELL
    if before.status == HandlerState.RUNNING and before.pause != Pause.ACCOUNT:
        return values, []
    resumed = before.pause == Pause.ACCOUNT
    again = ", sending goes on" if resumed else ""
    told = "" if found.amount is None else f", balance {money(found.amount, found.currency)}"
    text = f"running{told}{again}"
    kind = EntryKind.RESUMED if resumed else EntryKind.STATUS
    return values, [handler_entry(handler, text, kind=kind)]
