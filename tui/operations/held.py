"""Held messages: seen, released or dropped by an operator."""

from collections.abc import Sequence
from datetime import datetime

from scheduling import phone, recipients
from storage import audience, handlers, occurrences, outbox
from storage import held as stored
from storage.database import Transaction
from storage.held import Held
from storage.outbox import Submission
from storage.records import MessageDraft, Recipient, ReviewEntry
from storage.vocabulary import Category, EntryKind, HeldState, Level, Role
from tui.operations.desk import Desk
from tui.operations.errors import Refused

ON_THE_ORIGINAL = "held on the original"
MOST_NAMED = 500


def listing(desk: Desk, *, all_of: bool = False, limit: int | None = None) -> list[Held]:
    """What is held (else all that ever was), the newest last."""
    with desk.database.read() as connection:
        return stored.listing(connection, all_of=all_of, limit=limit)[::-1]


def release(desk: Desk, held_id: int) -> tuple[Held, int]:
    """Send a held (or dropped) message now, as it was written; gives it and the message's id."""
    with desk.write(Role.OPERATOR, "releasing what is held") as tx:
        now = desk.now()
        row = _known(tx, held_id)
        if row.state not in (HeldState.HELD, HeldState.DROPPED):
            raise Refused(f"held message {held_id} is {row.state} already: there is nothing to release")
        _check_occurrence(tx, row)
        draft = _draft(tx, row, now)
        submission = Submission(
            row.origin,
            operator=desk.operator,
            task_id=row.task_id,
            run_id=row.run_id,
            alert_id=row.alert_id,
            occurrence_id=row.occurrence_id,
            stage=row.stage,
            priority=row.priority,
            why=f"held until {row.until.astimezone():%H:%M}, released by {desk.operator}",
        )
        (message_id,) = outbox.enqueue(tx, submission, [draft], now)
        stored.end(tx, [held_id], HeldState.RELEASED, now, by=desk.operator, message_id=message_id)
        _say(tx, desk, row, f"released by hand ({row.why})", now, message_id=message_id)
        return _known(tx, held_id), message_id


def drop(desk: Desk, held_id: int) -> Held:
    """Give a held message up: it is not sent when its hold ends."""
    with desk.write(Role.OPERATOR, "dropping what is held") as tx:
        now = desk.now()
        row = _known(tx, held_id)
        if row.state is not HeldState.HELD:
            raise Refused(f"held message {held_id} is {row.state} already: there is nothing to drop")
        stored.end(tx, [held_id], HeldState.DROPPED, now, by=desk.operator)
        _say(tx, desk, row, "dropped: it will not be sent", now)
        return _known(tx, held_id)


def drop_on_copy(tx: Transaction, operator: str, now: datetime) -> int:
    """What a copy holds belongs to the original: dropped, and named in the review. How many."""
    rows = stored.listing(tx)[::-1]
    stored.end(tx, [row.id for row in rows], HeldState.DROPPED, now, by=operator, reason=ON_THE_ORIGINAL)
    entries = [
        _entry(row, operator, f"dropped: {ON_THE_ORIGINAL}", Level.WARNING) for row in rows[:MOST_NAMED]
    ]
    tx.review(now, *entries)
    return len(rows)


def _known(tx: Transaction, held_id: int) -> Held:
    found = stored.get(tx, held_id)
    if found is None:
        raise Refused(f"no held message has the id {held_id}", hint="see commsdesk message held")
    return found


def _check_occurrence(tx: Transaction, row: Held) -> None:
    if row.occurrence_id is None:
        return
    found = occurrences.get(tx, row.occurrence_id)
    if found is not None and not found.active:
        raise Refused(f"held message {row.id}: its occurrence is {found.stage}, nobody needs to hear of it")


def _draft(tx: Transaction, row: Held, now: datetime) -> MessageDraft:
    handler = handlers.get(tx.connection, row.handler_id)
    if handler is None or handler.removed_at is not None:
        raise Refused(f"held message {row.id}: its handler {row.handler} was removed")
    number, name = row.to, row.user
    if row.user_id is not None:
        field_id = audience.telephone_field(tx, handler.telephone_field_id)
        wanted: Sequence[Recipient] = [Recipient(user_id=row.user_id, name=row.user or "")]
        reached, missed = recipients.choose(audience.candidates(tx, wanted, field_id))
        if not reached:
            raise Refused(f"held message {row.id}: {missed[0] if missed else recipients.REMOVED}")
        number, name = reached[0].number, reached[0].name
    return MessageDraft(
        row.handler_id, number, row.text, row.segments, row.user_id, name, now + row.useful_life
    )


def _say(
    tx: Transaction, desk: Desk, row: Held, what: str, now: datetime, *, message_id: int | None = None
) -> None:
    tx.review(now, _entry(row, desk.operator, what, message_id=message_id))


def _entry(
    row: Held, operator: str, what: str, level: Level = Level.INFO, *, message_id: int | None = None
) -> ReviewEntry:
    return ReviewEntry(
        Category.MESSAGE,
        f"{row.user or phone.readable(row.to)}, held message {row.id}: {what}",
        level,
        operator=operator,
        handler_id=row.handler_id,
        handler=row.handler,
        user_id=row.user_id,
        user=row.user,
        message_id=message_id,
        alert_id=row.alert_id,
        alert=row.alert,
        occurrence_id=row.occurrence_id,
        task_id=row.task_id,
        task=row.task,
        kind=EntryKind.RELEASED,
    )
