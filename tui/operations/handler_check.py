"""Testing a handler's account: the balance call, which costs nothing and sends nothing."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from scheduling.clock import SystemClock
from scheduling.gateways import registry, wording
from scheduling.gateways.outcome import Balance, GatewayError, HandlerConfig
from scheduling.money import money
from scheduling.monitor import judge
from scheduling.sender_pool import read_config
from storage import due
from storage import handlers as stored
from storage.database import Transaction
from storage.errors import SecretMissing
from storage.records import Handler, ReviewEntry
from storage.vocabulary import Category, EntryKind, HandlerState, Level, Role
from tui.operations.desk import Desk
from tui.operations.errors import Refused


@dataclass(frozen=True, slots=True)
class Checked:
    """What Clickatell answered. `error` and `advice` are None when key and connection are good."""

    handler: Handler
    at: datetime
    balance: Decimal | None = None
    currency: str | None = None
    error: str | None = None
    advice: str | None = None
    code: str | None = None

    @property
    def ok(self) -> bool:
        return self.error is None

    @property
    def sentence(self) -> str:
        if self.ok:
            reached = f"{self.handler.name} reaches {registry.of(self.handler.api_type).provider}"
            return reached + (
                "" if self.balance is None else f": balance {money(self.balance, self.currency)}"
            )
        return f"{self.handler.name}: {self.error}" + (f". {self.advice}" if self.advice else "")


def check_account(desk: Desk, handler_id: int) -> Checked:
    """Ask Clickatell for the balance, here and now. Takes up to the handler's total timeout.

    What it answers is what Status shows from now on, by the rules of the engine's own checks; the
    engine is asked to look for itself at once (alerts about handlers are raised by it alone).
    """
    desk.require(Role.OPERATOR, "testing a handler")
    with desk.database.read() as connection:
        handler = stored.get(connection, handler_id)
        if handler is None or handler.removed_at is not None:
            raise Refused("the handler was removed meanwhile: choose another")
        try:
            config = read_config(desk.database, connection, handler)
        except SecretMissing as error:
            raise Refused(f"{handler.name}: {error}") from error
    answer = asyncio.run(_ask(config))
    checked = _checked(handler, answer, desk.now())
    with desk.write(Role.OPERATOR, "testing a handler") as tx:
        _keep(tx, desk, handler.id, answer)
        level = Level.INFO if checked.ok else Level.ERROR
        said = f"tested: {checked.sentence}"
        tx.review(
            desk.now(),
            ReviewEntry(
                Category.HANDLER,
                said,
                level,
                operator=desk.operator,
                handler_id=handler.id,
                handler=handler.name,
                kind=EntryKind.STATUS,
            ),
        )
    return checked


def _keep(tx: Transaction, desk: Desk, handler_id: int, answer: Balance | GatewayError) -> None:
    """Note the answer as a check. Of a handler that is disabled nothing is kept."""
    present = stored.get(tx.connection, handler_id)
    if present is None or not present.enabled:
        return
    before = stored.status_of(tx.connection, handler_id)
    values, said = judge(present, before, answer, desk.now())
    stored.set_status(tx, handler_id, **{**values, "checked_revision": None})
    if before.status == HandlerState.ERROR and values.get("status") == HandlerState.RUNNING:
        due.free_again(tx, handler_id, desk.now())
    # The test's own entry tells the rest.
    tx.review(desk.now(), *(entry for entry in said if entry.kind is EntryKind.RESUMED))


async def _ask(config: HandlerConfig) -> Balance | GatewayError:
    sender = registry.make_sender(config, SystemClock())
    try:
        return await sender.balance()
    finally:
        await sender.close()


def _checked(handler: Handler, answer: Balance | GatewayError, now: datetime) -> Checked:
    if isinstance(answer, Balance):
        return Checked(handler, now, answer.amount, answer.currency)
    error = wording.said(answer.code, answer.error)
    return Checked(handler, now, error=error, advice=answer.advice, code=answer.code)
