"""Handlers as a list shows them: settings, status, balance and what waits, read together."""

from dataclasses import dataclass

import sqlalchemy as sa

from scheduling import handler_state
from scheduling.handler_state import StatusColumn
from scheduling.retry import RetryPlan
from storage import audience, custom_fields, leases
from storage import handlers as stored
from storage.errors import SecretMissing
from storage.records import Handler, HandlerStatus, Queue
from tui.operations.desk import Desk
from tui.operations.handler_form import Doubt, Doubtful, doubts


@dataclass(frozen=True, slots=True)
class HandlerView:
    """A handler and all that is known of it. `telephone_field` is the field it sends to now."""

    handler: Handler
    found: HandlerStatus
    shown: StatusColumn
    queue: Queue
    telephone_field: str | None
    doubts: tuple[Doubt, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is doubtful, in words."""
        return tuple(doubt.words for doubt in self.doubts)

    @property
    def plan(self) -> RetryPlan:
        return RetryPlan(self.handler.retry_rate, self.handler.stop_retrying_after)

    @property
    def error(self) -> str | None:
        """What is wrong and what to check, in one text; None when nothing is."""
        error, advice = self.shown.error, self.shown.advice
        if error is None or not advice:
            return error
        return f"{error}. {advice}" if advice[0].isupper() else f"{error}: {advice}"

    @property
    def pause(self) -> str | None:
        """Until when it is paused, and what ends it; None where it is not."""
        return handler_state.pause_in_words(self.shown, self.found)


def listing(desk: Desk) -> list[HandlerView]:
    """All handlers, the newest last."""
    with desk.database.read() as connection:
        return _views(desk, connection, stored.listing(connection))


def view(desk: Desk, handler_id: int) -> HandlerView | None:
    """One handler, removed or not."""
    with desk.database.read() as connection:
        found = stored.get(connection, handler_id)
        return _views(desk, connection, [found])[0] if found else None


def _views(desk: Desk, connection: sa.Connection, known: list[Handler]) -> list[HandlerView]:
    now = desk.now()
    running = leases.engine_is_running(leases.current(connection), now)
    statuses, queues = stored.statuses(connection), stored.queues(connection)
    fields = {field.id: field.name for field in custom_fields.listing(connection)}
    unreadable = _without_secret(desk, connection)
    views = []
    for handler in known:
        found = statuses.get(handler.id, HandlerStatus(handler.id))
        field_id = audience.telephone_field(connection, handler.telephone_field_id)
        doubtful = doubts(handler)
        if handler.id in unreadable:
            doubtful = (Doubt(Doubtful.SECRET, "secret missing: enter it again"), *doubtful)
        views.append(
            HandlerView(
                handler,
                found,
                handler_state.status_column(handler, found, running, now),
                queues.get(handler.id, Queue()),
                fields.get(field_id) if field_id is not None else None,
                doubtful,
            )
        )
    return views


def _without_secret(desk: Desk, connection: sa.Connection) -> set[int]:
    """Handlers whose secret is not there, or that this site's key does not open."""
    kept = stored.encrypted_secrets(connection)
    missing = {handler.id for handler in stored.listing(connection)} - set(kept)
    for handler_id, (token, _) in kept.items():
        try:
            desk.database.box.decrypt(token)
        except SecretMissing:
            missing.add(handler_id)
    return missing
