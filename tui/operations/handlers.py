"""Communication handlers: what an operator may do with them."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scheduling import handler_state, hanging
from scheduling.gateways import registry
from scheduling.handler_state import NO_PAUSE, WELL
from storage import due
from storage import handlers as stored
from storage.database import Transaction
from storage.errors import SecretMissing
from storage.handlers import keep_proxy_secret, keep_secret
from storage.records import Handler, Queue, ReviewEntry
from storage.secrets import hint
from storage.tables import actions, alerts, messages, tasks
from storage.vocabulary import Category, EntryKind, HandlerState, Level, MessageState, Role
from tui.operations import handler_settings
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.form_values import counted, minutes_of
from tui.operations.handler_form import LABELS, HandlerForm, check, form_of, warnings
from tui.operations.names import mentioned
from tui.operations.way_out import PROXY_PASSWORD

__all__ = [
    "HandlerForm",
    "Removed",
    "Saved",
    "add",
    "edit",
    "form_of",
    "go_on",
    "remove",
    "set_enabled",
    "uses",
]

SHOWN_IN_MINUTES = ("retry_rate", "stop_retrying_after", "useful_life")


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved, and sentences about what looks doubtful in it."""

    handler: Handler
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Removed:
    """How many waiting messages were cancelled with the handler, and what still names it."""

    cancelled: int = 0
    used_by: tuple[str, ...] = ()


def add(desk: Desk, form: HandlerForm) -> Saved:
    """A new handler."""
    with desk.write(Role.ADMINISTRATOR, "adding a handler") as tx:
        values = check(tx.connection, form, None)
        _name_is_free(tx.connection, values["name"])
        now = desk.now()
        handler_id = stored.add(tx, values, now)
        assert form.secret is not None  # or the check had refused
        keep_secret(desk.database, tx, handler_id, form.secret)
        if form.proxy_password:
            keep_proxy_secret(desk.database, tx, handler_id, form.proxy_password)
        made = _read(tx.connection, handler_id)
        _note_handler_change(
            tx, desk, made, f"{made.name} added: {registry.of(made.api_type).account_in_words(made.settings)}"
        )
        return Saved(made, warnings(made))


def edit(desk: Desk, handler_id: int, revision: int, form: HandlerForm) -> Saved:
    """Save an edited handler; `revision` is the one the editor opened on.

    Saving without a change counts too: a handler that a set-up error has paused is tried again.
    """
    with desk.write(Role.ADMINISTRATOR, "editing a handler") as tx:
        before = _read(tx.connection, handler_id)
        if before.revision != revision:
            raise Refused(
                f"{before.name} was changed by someone else meanwhile: open it again and repeat the change"
            )
        values = check(tx.connection, form, before)
        _name_is_free(tx.connection, values["name"], handler_id)
        stored.change(tx, handler_id, values, desk.now())
        if form.secret is not None:
            keep_secret(desk.database, tx, handler_id, form.secret)
        if form.proxy_password is not None or values["proxy"] is None:
            keep_proxy_secret(desk.database, tx, handler_id, form.proxy_password or None)
        after = _read(tx.connection, handler_id)
        _note_handler_change(tx, desk, after, f"{before.name} {_changes(before, after, form.secret)}")
        return Saved(after, warnings(after))


def set_enabled(desk: Desk, handler_id: int, enabled: bool) -> int:
    """Enable or disable; how many messages wait at the handler. Disabling keeps them waiting."""
    word = "enabled" if enabled else "disabled"
    with desk.write(Role.ADMINISTRATOR, f"a handler being {word}") as tx:
        found = _read(tx.connection, handler_id)
        waiting = _queue(tx.connection, handler_id).total
        if found.enabled != enabled:
            stored.change(tx, handler_id, {"enabled": enabled}, desk.now())
            kept = f"; {counted(waiting, 'message')} kept waiting" if waiting and not enabled else ""
            _note_handler_change(tx, desk, found, f"{found.name} {word}{kept}")
        return waiting


def go_on(desk: Desk, handler_id: int) -> Handler:
    """Let a paused handler send again, whatever paused it; a check of its account is asked for.

    Refused where nothing pauses it, while it is disabled, and without a secret to send with. What
    paused it pauses it again if it still holds.
    """
    with desk.write(Role.OPERATOR, "letting a handler go on") as tx:
        found = _read(tx.connection, handler_id)
        status = stored.status_of(tx.connection, handler_id)
        pause = handler_state.pause_of(status, desk.now())
        if not found.enabled:
            raise Refused(f"{found.name} is disabled: enable it, then it sends")
        if pause is None:
            raise Refused(f"{found.name} is not paused: there is nothing to go on with")
        try:
            stored.secret_of(desk.database, tx.connection, handler_id)
        except SecretMissing as error:
            raise Refused(f"{found.name} cannot go on: {error}") from error
        well = WELL if status.status == HandlerState.ERROR else {}
        stored.set_status(tx, handler_id, **NO_PAUSE, **well, checked_revision=None)
        due.free_again(tx, handler_id, desk.now())
        reason = handler_state.status_column(found, status, True, desk.now()).words
        _note_handler_change(
            tx, desk, found, f"{found.name} goes on by hand (it was: {reason})", kind=EntryKind.RESUMED
        )
        return found


def remove(
    desk: Desk, handler_id: int, *, cancel_waiting: bool = False, although_used: bool = False
) -> Removed:
    """Remove a handler. Its history stays, and names it.

    Refused while messages wait unless `cancel_waiting`, and while tasks or alerts send through
    it unless `although_used`.
    """
    with desk.write(Role.ADMINISTRATOR, "removing a handler") as tx:
        found = _read(tx.connection, handler_id)
        used_by = uses(tx.connection, handler_id)
        if used_by and not although_used:
            raise Refused(
                f"{found.name} is the sender of {mentioned(used_by)}:"
                " choose another sender there, or remove it all the same",
                hint="--force",
            )
        queue = _queue(tx.connection, handler_id)
        if queue.total and not cancel_waiting:
            verb = "waits" if queue.total == 1 else "wait"
            raise Refused(
                f"{counted(queue.total, 'message')} {verb} at {found.name}:"
                " let them be sent, or cancel them with it",
                hint="--cancel-waiting",
            )
        cancelled = _cancel_all(tx, desk, handler_id)
        stored.change(tx, handler_id, {"removed_at": desk.now(), "enabled": False}, desk.now())
        also = f", {counted(cancelled, 'waiting message')} cancelled" if cancelled else ""
        hangs = f"; it still is the sender of {mentioned(used_by)}" if used_by else ""
        _note_handler_change(
            tx, desk, found, f"{found.name} removed{also}{hangs}", Level.WARNING if hangs else Level.INFO
        )
        return Removed(cancelled, used_by)


def uses(connection: sa.Connection, handler_id: int) -> tuple[str, ...]:
    """What sends through the handler: "task Shift report", "alert Fire"."""
    found: list[str] = []
    for kind, owner, owner_id in (("task", tasks, actions.c.task_id), ("alert", alerts, actions.c.alert_id)):
        query = (
            sa.select(owner.c.id, owner.c.name)
            .join_from(actions, owner, owner.c.id == owner_id)
            .where(actions.c.handler_id == handler_id, owner.c.removed_at.is_(None))
            .distinct()
        )
        found += [f"{kind} {row.name}" for row in connection.execute(query.order_by(owner.c.id))]
    return tuple(found)


def _read(connection: sa.Connection, handler_id: int) -> Handler:
    found = stored.get(connection, handler_id)
    if found is None or found.removed_at is not None:
        raise Refused("the handler was removed meanwhile: choose another")
    return found


def _name_is_free(connection: sa.Connection, name: str, own_id: int | None = None) -> None:
    other = stored.by_name(connection, name)
    if other is not None and other.id != own_id:
        raise Refused(f'Name: there is a handler named "{other.name}" already: choose another name', "Name")


def _queue(connection: sa.Connection, handler_id: int) -> Queue:
    return stored.queues(connection).get(handler_id, Queue())


def _cancel_all(tx: Transaction, desk: Desk, handler_id: int) -> int:
    """Cancel what is queued; what is being sent at this moment ends by itself."""
    m = messages.c
    result = tx.execute(
        sa.update(messages)
        .where(m.handler_id == handler_id, m.state == MessageState.QUEUED)
        .values(state=MessageState.CANCELLED, next_attempt_at=None, finished_at=desk.now())
    )
    hanging.settle_what_is_over(tx, desk.now())
    return result.rowcount


def _changes(before: Handler, after: Handler, secret: str | None) -> str:
    """What an edit changed, field by field."""
    common = {
        name: (label, _shown(name, getattr(before, name)), _shown(name, getattr(after, name)))
        for name, label in LABELS.items()
        if getattr(before, name) != getattr(after, name)
    }
    of_account = [common.pop(name) for name in ("name", "api_type") if name in common]
    of_gateway = [
        (label, _shown("", was), _shown("", now))
        for label, was, now in handler_settings.changes(
            (before.api_type, before.settings), (after.api_type, after.settings)
        )
    ]
    all_of_them = (*of_account, *of_gateway, *common.values())
    found = [f"{label} {was} → {now}" for label, was, now in all_of_them]
    if secret is not None:
        found.append(f"{registry.of(after.api_type).secret.label} entered anew ({hint(secret)})")
    if before.proxy_secret_hint != after.proxy_secret_hint:
        found.append(
            f"{PROXY_PASSWORD} {'entered anew' if after.proxy_secret_hint is not None else 'removed'}"
        )
    return f"changed: {', '.join(found)}" if found else "saved without a change"


def _shown(name: str, value: Any) -> str:
    if value is None or value == "":
        return "–"
    if name in SHOWN_IN_MINUTES:
        return f"{minutes_of(value):g}"
    if name == "total_timeout":
        return f"{value.total_seconds():g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _note_handler_change(
    tx: Transaction,
    desk: Desk,
    handler: Handler,
    text: str,
    level: Level = Level.INFO,
    *,
    kind: EntryKind = EntryKind.CHANGE,
) -> None:
    tx.review(
        desk.now(),
        ReviewEntry(
            Category.HANDLER,
            text,
            level,
            operator=desk.operator,
            handler_id=handler.id,
            handler=handler.name,
            kind=kind,
        ),
    )
