"""A dry run: an operation done for real in a transaction that is undone, and what it would have sent.

An operation is given the rehearsal's desk instead of the site's own. It takes the very same path, with
the moment of the rehearsal as now; nothing of it stays: no message, no review entry, no id.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum

from scheduling import handler_state, sms_text
from storage import handlers, rehearsed
from storage.database import Transaction
from storage.errors import StorageError
from storage.records import HandlerStatus
from storage.vocabulary import Role
from tui.operations import waiting
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.form_values import counted


class Would(StrEnum):
    """What would become of a message."""

    SEND = "send"
    HOLD = "hold"
    LEAVE_OUT = "leave out"


@dataclass(frozen=True, slots=True)
class Line:
    """One message that would be made, or one person who would get none. `until` is the end of a hold."""

    would: Would
    user: str | None
    to: str | None = None
    handler: str | None = None
    text: str | None = None
    parts: int | None = None
    why: str | None = None
    until: datetime | None = None

    @property
    def encoding(self) -> str | None:
        """`GSM` or `Unicode`."""
        return None if self.text is None else sms_text.measure(self.text).encoding


@dataclass(frozen=True, slots=True)
class RehearsalDesk(Desk):
    """A desk of which nothing stays. `lines` is what its transactions would have made."""

    lines: list[Line] = field(default_factory=list)
    handler_ids: set[int] = field(default_factory=set)

    @contextmanager
    def write(self, role: Role, what: str) -> Iterator[Transaction]:
        """As for the site's own desk; all of it is undone on leaving."""
        self.require(role, what)
        try:
            with self.database.rehearse() as tx:
                self.check(tx.connection, role, what)
                before, held_before = rehearsed.newest_submission(tx), rehearsed.newest_held(tx)
                yield tx
                self._keep(tx, before)
                self._keep_held(tx, held_before)
        except StorageError as error:
            raise Refused.by(error) from error

    def _keep(self, tx: Transaction, before: int) -> None:
        queued, left_out = rehearsed.queued_since(tx, before)
        self.handler_ids.update(message.handler_id for message in queued)
        self.lines.extend(
            Line(Would.SEND, one.user, one.to, one.handler, one.text, one.parts, one.why) for one in queued
        )
        self.lines.extend(Line(Would.LEAVE_OUT, one.name, why=one.reason) for one in left_out)

    def _keep_held(self, tx: Transaction, before: int) -> None:
        self.lines.extend(
            Line(Would.HOLD, row.user, row.to, row.handler, row.text, row.segments, row.why, row.until)
            for row in rehearsed.held_after(tx, before)
        )


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a rehearsal came to. `doubts` are sentences: what keeps messages from going at once."""

    lines: tuple[Line, ...]
    doubts: tuple[str, ...]

    @property
    def reaches_somebody(self) -> bool:
        """Whether at least one message would go out, now or when a hold ends."""
        return any(line.would is not Would.LEAVE_OUT for line in self.lines)


def desk_for(desk: Desk, at: datetime | None = None) -> RehearsalDesk:
    """A desk to rehearse at, with `at` (aware UTC) as its now; None: the moment it is."""
    own = {each.name: getattr(desk, each.name) for each in fields(Desk)}
    return RehearsalDesk(**own | ({"now": lambda: at} if at is not None else {}))


def outlook(desk: RehearsalDesk) -> Outlook:
    """What the operations at this desk would have made, and what would keep it from going at once."""
    return Outlook(tuple(desk.lines), tuple(_doubts(desk)))


def _doubts(desk: RehearsalDesk) -> Iterator[str]:
    with desk.database.read() as connection:
        used = [each for each in handlers.listing(connection) if each.id in desk.handler_ids]
        statuses = handlers.statuses(connection)
    for handler in used:
        waits = sum(line.handler == handler.name and line.would is Would.SEND for line in desk.lines)
        status = statuses.get(handler.id, HandlerStatus(handler.id))
        if not handler.enabled:
            yield f"{handler.name} is disabled: {counted(waits, 'message')} would wait until it is enabled"
        elif (pause := handler_state.pause_of(status, desk.now())) is not None:
            yield f"{handler.name} is paused ({pause}): {counted(waits, 'message')} would wait"
    if used and not waiting.engine_is_running(desk):
        yield f"no engine is running on {desk.database.folder.path}: messages would wait for commsdesk run"
