"""Messages: looking at them, and what an operator may do with one: cancel, send again, settle."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scheduling import hanging, withdrawal
from scheduling.gateways import registry
from scheduling.send_size import SendSize, size_of
from scheduling.told import person_of
from storage import message_history, message_order, outbox
from storage.database import Transaction
from storage.message_history import ALL, MessageFilter
from storage.records import Attempt, Message, MessageDraft, ReviewEntry
from storage.tables import messages
from storage.vocabulary import Category, EntryKind, MessageState, Origin, Role
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.sending import usable

RESENDABLE = (MessageState.UNKNOWN, MessageState.FAILED, MessageState.EXPIRED, MessageState.CANCELLED)
PAGE = 500

# How a state reads in a sentence.
STATE_WORDS = {
    MessageState.QUEUED: "is waiting to be sent",
    MessageState.SENDING: "is being sent at this moment",
    MessageState.ACCEPTED: "was accepted by Clickatell",
    MessageState.DELIVERED: "was delivered",
    MessageState.UNDELIVERED: "was accepted by Clickatell, and then not delivered",
    MessageState.FAILED: "has failed",
    MessageState.UNKNOWN: "has an unknown outcome",
    MessageState.CANCELLED: "was cancelled",
    MessageState.EXPIRED: "has expired unsent",
}

# What a message that starts a new plan forgets of the old one; the attempts stay written down.
NEW_PLAN: dict[str, Any] = {
    "state": MessageState.QUEUED,
    "first_attempt_at": None,
    "last_planned_at": None,
    "window_closes_at": None,
    "finished_at": None,
    "retry_rate": None,
    "stop_retrying_after": None,
    "plan_attempts": 0,
    "gateway_id": None,
    "error_code": None,
    "error": None,
    "report_due_at": None,
    "reports_asked": 0,
    "told_by": None,
    "behind_since": None,
    "next_planned_at": None,
    "freed_after": None,
}


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message and every attempt to send it, the oldest first."""

    message: Message
    attempts: tuple[Attempt, ...]


def listing(desk: Desk, wanted: MessageFilter = ALL, limit: int | None = None) -> Iterator[Message]:
    """What fits, the newest last: all of it, or the newest `limit`."""
    if limit is not None:
        with desk.database.read() as connection:
            yield from reversed(message_history.newest(connection, None, limit, wanted))
        return
    last = 0
    while True:
        with desk.database.read() as connection:
            page = message_history.after(connection, last, PAGE, wanted)
        if not page:
            return
        yield from page
        last = page[-1].id


def view(desk: Desk, message_id: int) -> MessageView:
    """One message with its attempts."""
    with desk.database.read() as connection:
        found = _read(connection, message_id)
        return MessageView(found, tuple(message_history.attempts_of(connection, message_id)))


def cancel(desk: Desk, message_id: int) -> Message:
    """Take a waiting message out of the queue."""
    with desk.write(Role.OPERATOR, "cancelling a message") as tx:
        found = _read(tx.connection, message_id)
        if found.state is MessageState.UNKNOWN:
            raise Refused(
                f"message {found.id} has an unknown outcome, so it may have been sent: send it again,"
                " say that it arrived, or drop it",
                hint="message resend, arrived or drop",
            )
        if found.state is not MessageState.QUEUED:
            raise Refused(
                f"message {found.id} {STATE_WORDS[found.state]}: only a waiting message can be cancelled"
            )
        _set(tx, found, state=MessageState.CANCELLED, next_attempt_at=None, finished_at=desk.now())
        twice = ", though an earlier attempt may have arrived" if found.may_arrive_twice else ""
        _note_on_message(tx, desk, found, EntryKind.CANCELLED, f"cancelled{twice}")
        _ended(tx, desk, found)
        return _read(tx.connection, message_id)


def resend(desk: Desk, message_id: int, *, again: bool = False) -> Message:
    """Send a message again: a new plan on the same row, or with `again` a new, linked message.

    The new message is only for one that was sent, still is under way, or was withdrawn; without
    `again` that is refused.
    """
    with desk.write(Role.OPERATOR, "sending a message again") as tx:
        found = _read(tx.connection, message_id)
        if found.withdrawn and not again:
            raise Refused(
                f"message {found.id} was withdrawn: {found.error};"
                " to send its text all the same, as a new message, say so",
                hint="--again",
            )
        if found.state in RESENDABLE and not found.withdrawn:
            _start_again(tx, desk, found)
            return _read(tx.connection, message_id)
        if not again:
            raise Refused(
                f"message {found.id} {STATE_WORDS[found.state]}:"
                " to send it once more as a new message, say so",
                hint="--again",
            )
        return _read(tx.connection, _send_once_more(tx, desk, found))


def resend_size(found: Iterable[Message]) -> SendSize:
    """How many people, messages and parts it comes to when these are sent again."""
    wanted = list(found)
    return size_of(
        (person_of(message.user_id, message.to) for message in wanted),
        (message.segments for message in wanted),
    )


def newer_that_went(desk: Desk, found: Collection[Message]) -> dict[int, int]:
    """How many newer messages to the same number went before each of these, by id; those with any.

    A person's resend goes when asked, whatever went before it: who asks for one should know.
    """
    with desk.database.read() as connection:
        counts = {message.id: message_order.newer_that_went(connection, message) for message in found}
    return {key: count for key, count in counts.items() if count}


def arrived(desk: Desk, message_id: int) -> Message:
    """Say of an unknown message that it arrived: accepted, without an id of Clickatell's."""
    with desk.write(Role.OPERATOR, "settling a message") as tx:
        found = _unknown(tx.connection, message_id)
        _set(tx, found, state=MessageState.ACCEPTED, finished_at=desk.now(), next_attempt_at=None)
        _note_on_message(tx, desk, found, EntryKind.SETTLED, "arrived, says the operator: taken as accepted")
        _ended(tx, desk, found)
        withdrawal.told_otherwise(tx, [found.id], desk.now())
        return _read(tx.connection, message_id)


def drop(desk: Desk, message_id: int) -> Message:
    """Give an unknown message up."""
    with desk.write(Role.OPERATOR, "settling a message") as tx:
        found = _unknown(tx.connection, message_id)
        _set(tx, found, state=MessageState.CANCELLED, finished_at=desk.now(), next_attempt_at=None)
        _note_on_message(
            tx, desk, found, EntryKind.CANCELLED, "dropped after an unknown outcome: it may have arrived"
        )
        _ended(tx, desk, found)
        return _read(tx.connection, message_id)


def _read(connection: sa.Connection, message_id: int) -> Message:
    found = message_history.get(connection, message_id)
    if found is None:
        raise Refused(f"there is no message {message_id}")
    return found


def _unknown(connection: sa.Connection, message_id: int) -> Message:
    found = _read(connection, message_id)
    if found.state is not MessageState.UNKNOWN:
        raise Refused(
            f"message {found.id} {STATE_WORDS[found.state]}: only one with an unknown outcome can be settled"
        )
    return found


def _start_again(tx: Transaction, desk: Desk, found: Message) -> None:
    handler = usable(tx.connection, found.handler_id)
    unsure = found.state is MessageState.UNKNOWN
    now = desk.now()
    _set(
        tx,
        found,
        **NEW_PLAN,
        next_attempt_at=now,
        expires_at=now + handler.useful_life,
        resent_at=now,
        may_arrive_twice=found.may_arrive_twice or unsure,
        # One unknown stays counted, so that a late answer to that attempt is still taken.
        unknowns=1 if unsure else 0,
        query_first=unsure and registry.of(handler.api_type).knows_ids,
        **tx.written_at(now),
    )
    message_order.arrange(tx, [found.id], [], now)
    twice = ": it may arrive twice" if found.may_arrive_twice or unsure else ""
    _note_on_message(tx, desk, found, EntryKind.QUEUED, f"sent again by hand{twice}")


def _send_once_more(tx: Transaction, desk: Desk, found: Message) -> int:
    handler = usable(tx.connection, found.handler_id)
    now = desk.now()
    draft = MessageDraft(
        handler_id=handler.id,
        to=found.to,
        text=found.text,
        segments=found.segments,
        user_id=found.user_id,
        user_name=found.user,
        expires_at=now + handler.useful_life,
    )
    (made,) = outbox.enqueue(tx, outbox.Submission(Origin.MANUAL, operator=desk.operator), [draft], now)
    tx.execute(sa.update(messages).where(messages.c.id == made).values(resend_of=found.id))
    _note_on_message(tx, desk, found, EntryKind.QUEUED, f"sent once more by hand, as message {made}")
    return made


def _ended(tx: Transaction, desk: Desk, found: Message) -> None:
    """Go on with what waited for this message."""
    message_order.arrange(tx, [], [found.id], desk.now())
    hanging.answered(tx, [found.id], desk.now())


def _set(tx: Transaction, found: Message, **values: Any) -> None:
    tx.execute(sa.update(messages).where(messages.c.id == found.id).values(**values))


def _note_on_message(tx: Transaction, desk: Desk, found: Message, kind: EntryKind, text: str) -> None:
    tx.review(
        desk.now(),
        ReviewEntry(
            Category.OPERATOR,
            f"{found.recipient}: {text}",
            operator=desk.operator,
            handler_id=found.handler_id,
            handler=found.handler,
            user_id=found.user_id,
            user=found.user,
            message_id=found.id,
            task_id=found.task_id,
            alert_id=found.alert_id,
            occurrence_id=found.occurrence_id,
            kind=kind,
        ),
    )
