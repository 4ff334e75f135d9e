"""Sending by hand: who is reached, what it costs, and the messages on disk before anything leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from scheduling import recipients as choosing
from scheduling import sms_text, templates
from scheduling.recipients import Composed, LeftOut, Reached
from scheduling.send_size import SendSize
from scheduling.sms_text import Measure
from storage import audience, custom_fields, outbox
from storage import handlers as stored
from storage.database import Transaction
from storage.records import Handler, Recipient, ReviewEntry
from storage.vocabulary import Category, EntryKind, Level, Origin, Role, Stage
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.form_values import counted
from tui.operations.names import mentioned

NAMES_PER_ENTRY = 20
QUOTED = 60  # characters of the text in the review
NO_FIELD = "the site has no Telephone Number field yet, so no user can be sent to: make one first"
ADD_FIELD = 'commsdesk field add Mobile --type "Telephone Number"'


@dataclass(frozen=True, slots=True)
class Sent:
    """What was queued. `ids` are the messages', in the order of the people named.

    `left_out` are members of groups who get nothing; `joined` share number and text with
    another and get it once. `warnings` are sentences.
    """

    handler: Handler
    ids: tuple[int, ...]
    left_out: tuple[LeftOut, ...] = ()
    joined: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a text would become, for the composer. `parts` is of the longest message, `total_parts` of all.

    `problem` says why it cannot be sent as it is, None when it can.
    """

    measure: Measure
    people: int
    messages: int
    parts: int
    total_parts: int
    left_out: tuple[LeftOut, ...] = ()
    joined: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def size(self) -> SendSize:
        return SendSize(self.people, self.messages, self.total_parts)

    @property
    def must_ask(self) -> bool:
        """Whether a send of this size is asked about once."""
        return self.size.must_ask


@dataclass(frozen=True, slots=True)
class _Planned:
    handler: Handler
    reached: list[Reached]
    left_out: list[LeftOut]
    composed: Composed
    warnings: tuple[str, ...]


def send(
    desk: Desk,
    handler_id: int,
    recipients: Sequence[Recipient],
    text: str,
    *,
    fields: bool = False,
    useful_life: timedelta | None = None,
) -> Sent:
    """Queue a message for everyone named. When this returns it is on disk.

    The text is taken literally unless `fields`. Refused as a whole when someone named
    directly cannot be reached, nobody can, or the text is too long.
    """
    with desk.write(Role.OPERATOR, "sending") as tx:
        now = desk.now()
        planned = _plan(tx.connection, now, handler_id, recipients, text, fields, useful_life)
        submission = outbox.Submission(
            Origin.MANUAL,
            operator=desk.operator,
            left_out=tuple({"name": person.name, "reason": person.reason} for person in planned.left_out),
        )
        ids = outbox.enqueue(tx, submission, planned.composed.drafts, now)
        _say(tx, desk, planned, text)
    return Sent(
        planned.handler, tuple(ids), tuple(planned.left_out), planned.composed.joined, planned.warnings
    )


def preview(
    desk: Desk, handler_id: int, recipients: Sequence[Recipient], text: str, *, fields: bool = False
) -> Preview:
    """The same decisions as `send`, writing nothing. Raises nothing for what can be typed."""
    measured = sms_text.measure(sms_text.normalise(text))
    with desk.database.read() as connection:
        try:
            planned = _plan(connection, desk.now(), handler_id, recipients, text, fields, None)
        except Refused as refused:
            return _partial(connection, handler_id, recipients, text, measured, refused.message)
    drafts = planned.composed.drafts
    if len(drafts) == 1:
        measured = sms_text.measure(drafts[0].text)
    return Preview(
        measured,
        len(planned.reached),
        len(drafts),
        max(draft.segments for draft in drafts),
        planned.composed.parts,
        tuple(planned.left_out),
        planned.composed.joined,
        planned.composed.missing,
    )


def _partial(
    connection: sa.Connection,
    handler_id: int,
    recipients: Sequence[Recipient],
    text: str,
    measured: Measure,
    problem: str,
) -> Preview:
    """What can be said of a message that cannot be sent yet: the composer counts from the first letter."""
    handler = stored.get(connection, handler_id)
    field_id = audience.telephone_field(connection, handler.telephone_field_id) if handler else None
    reached, left_out = choosing.choose(audience.candidates(connection, recipients, field_id))
    return Preview(
        measured,
        len(reached),
        len(reached),
        measured.parts,
        measured.parts * len(reached),
        tuple(left_out),
        problem=problem,
    )


def _plan(
    connection: sa.Connection,
    now: datetime,
    handler_id: int,
    recipients: Sequence[Recipient],
    text: str,
    fields: bool,
    useful_life: timedelta | None,
) -> _Planned:
    """Everything that `send` decides, before it writes. Raises `Refused`."""
    handler = usable(connection, handler_id)
    if not text.strip():
        raise Refused("Message is empty: write a text", "Message")
    if fields:
        check_fields(connection, text)
    reached, left_out = _audience(connection, handler, recipients)
    composed = choosing.compose(
        reached,
        text,
        handler_id=handler.id,
        now=now,
        useful_life=useful_life or handler.useful_life,
        most_parts=handler.most_parts,
        literal=not fields,
    )
    _check_length(handler, composed)
    warnings = []
    if composed.missing:
        names = mentioned([f"{{{name}}}" for name in composed.missing])
        warnings.append(f"no value for {names} for some: it shows as {templates.MISSING}")
    return _Planned(handler, reached, left_out, composed, tuple(warnings))


def usable(connection: sa.Connection, handler_id: int) -> Handler:
    """The handler, if something can be sent through it by hand."""
    handler = stored.get(connection, handler_id)
    if handler is None or handler.removed_at is not None:
        raise Refused("the handler was removed: choose another", "Sender")
    if not handler.enabled:
        raise Refused(f"{handler.name} is disabled: enable it, or choose another handler", "Sender")
    return handler


def check_told(recipients: Sequence[Recipient], stage: str | None) -> None:
    """Refuse *told* where nobody can have been told: on the Created tab, in a task, by hand (no stage)."""
    if not any(recipient.is_told for recipient in recipients) or stage not in (None, str(Stage.CREATED)):
        return
    where = "on Created nobody has heard of it yet" if stage else "only an alert's messages tell of one"
    raise Refused(
        f"Recipients: told means everyone told so far of an alert, and {where}: name a user, a group or a"
        " +NUMBER (one that is called told: user:told or group:told)",
        "To",
    )


def check_fields(connection: sa.Connection, text: str, also: Sequence[str] = ()) -> None:
    """Refuse a text whose `{Field}`s are not known; `also` are fields besides those of users."""
    problems = templates.check(text, [*known_fields(connection), *also])
    if problems:
        raise Refused(f"Message: {problems[0]}", "Message")


def known_fields(connection: sa.Connection) -> list[str]:
    """What may stand in braces in any message: the built-in fields and the site's custom fields."""
    return [
        templates.NAME,
        templates.FIRST_NAME,
        *(field.name for field in custom_fields.listing(connection)),
    ]


def _audience(
    connection: sa.Connection, handler: Handler, recipients: Sequence[Recipient]
) -> tuple[list[Reached], list[LeftOut]]:
    if not recipients:
        raise Refused("To is empty: name a user, a group or a +NUMBER", "To")
    check_told(recipients, None)
    field_id = audience.telephone_field(connection, handler.telephone_field_id)
    if field_id is None and any(recipient.number is None for recipient in recipients):
        raise Refused(NO_FIELD, "To", hint=ADD_FIELD)
    candidates = audience.candidates(connection, recipients, field_id)
    reached, left_out = choosing.choose(candidates)
    named = [person for person in left_out if person.group is None]
    if named:
        raise Refused(f"nothing was queued: {mentioned([str(person) for person in named])}", "To")
    if not reached:
        who = mentioned([str(person) for person in left_out]) or _empty(recipients)
        raise Refused(f"nobody can be reached: {who}", "To")
    return reached, left_out


def _empty(recipients: Sequence[Recipient]) -> str:
    return f"{mentioned([recipient.name for recipient in recipients])} has no members"


def _check_length(handler: Handler, composed: Composed) -> None:
    longest = max(composed.drafts, key=lambda draft: draft.segments)
    if longest.segments <= handler.most_parts:
        return
    raise Refused(
        f"Message is too long: {longest.segments} parts; {handler.name} sends at most"
        f" {handler.most_parts}: shorten it{_because(longest.text)}",
        "Message",
    )


def _because(text: str) -> str:
    measured = sms_text.measure(text)
    if measured.encoding != "Unicode" or not measured.costly:
        return ""
    return f" ({measured.costly[0].reason})"


def _say(tx: Transaction, desk: Desk, planned: _Planned, text: str) -> None:
    """One entry for the act of sending, and who was left out by name."""
    handler, drafts = planned.handler, planned.composed.drafts
    who = mentioned([draft.user_name or draft.to for draft in drafts], 3)
    start = " ".join(text.split())
    quoted = start if len(start) <= QUOTED else f"{start[: QUOTED - 1]}…"
    alone = drafts[0] if len(drafts) == 1 else None
    said = f"{counted(len(drafts), 'message')} by hand through {handler.name} to {who}: “{quoted}”"
    about = {"operator": desk.operator, "handler_id": handler.id, "handler": handler.name}
    entries = [
        ReviewEntry(
            Category.OPERATOR,
            said,
            user_id=alone.user_id if alone else None,
            user=alone.user_name if alone else None,
            kind=EntryKind.QUEUED,
            **about,  # type: ignore[arg-type]
        )
    ]
    left_out = [str(person) for person in planned.left_out]
    for start_at in range(0, len(left_out), NAMES_PER_ENTRY):
        names = "; ".join(left_out[start_at : start_at + NAMES_PER_ENTRY])
        said = f"Left out by hand: {names}"
        entries.append(
            ReviewEntry(Category.OPERATOR, said, Level.WARNING, kind=EntryKind.LEFT_OUT, **about)  # type: ignore[arg-type]
        )
    tx.review(desk.now(), *entries)
