"""Sending by hand: who is reached, what it costs, and the messages on disk before anything leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from scheduling import duty, holding, sms_text, templates
from scheduling import recipients as choosing
from scheduling.actions import by_reason
from scheduling.recipients import Composed, LeftOut, Reached
from scheduling.send_size import SendSize
from storage import audience, custom_fields, holds, outbox
from storage import handlers as stored
from storage.database import Transaction
from storage.records import Handler, Recipient, ReviewEntry
from storage.vocabulary import Category, EntryKind, Level, Origin, Role, Stage
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.form_values import counted
from tui.operations.message_rules import EMPTY, no_value, too_long
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
class Request:
    """A message by hand, as it is asked for. The text is taken literally unless `fields`."""

    handler_id: int
    recipients: Sequence[Recipient]
    text: str
    fields: bool = False
    useful_life: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What sending it would queue as things are: what a question shows and what `send` writes down."""

    handler: Handler
    reached: tuple[Reached, ...]
    left_out: tuple[LeftOut, ...]
    composed: Composed
    why: Mapping[int, str] = field(default_factory=dict)  # of those who get it in the place of others
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> SendSize:
        return SendSize(len(self.reached), len(self.composed.drafts), self.composed.parts)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the sender should know, in sentences."""
        said = no_value(self.composed.missing)
        return ((said,) if said else ()) + self.notes


def send(desk: Desk, request: Request) -> Sent:
    """Queue a message for everyone named. When this returns it is on disk.

    Refused as a whole when someone named directly cannot be reached, nobody can, or the text is too long.
    """
    with desk.write(Role.OPERATOR, "sending") as tx:
        now = desk.now()
        found = plan(tx.connection, request, now)
        submission = outbox.Submission(
            Origin.MANUAL,
            operator=desk.operator,
            left_out=tuple({"name": person.name, "reason": person.reason} for person in found.left_out),
        )
        ids: list[int] = []
        for why, drafts in by_reason(found.composed.drafts, found.why):
            ids += holding.queue(tx, replace(submission, why=why), drafts, now).ids
            submission = replace(submission, left_out=())
        _write_down(tx, desk, found, request.text)
    return Sent(found.handler, tuple(ids), found.left_out, found.composed.joined, found.warnings)


def planned(desk: Desk, request: Request) -> Plan:
    """What `send` would do now, writing nothing. Raises `Refused` for what it would refuse."""
    desk.require(Role.OPERATOR, "sending")
    with desk.database.read() as connection:
        return plan(connection, request, desk.now())


def plan(connection: sa.Connection, request: Request, now: datetime) -> Plan:
    """Everything that `send` decides, before it writes. Raises `Refused`."""
    handler = usable(connection, request.handler_id)
    if not request.text.strip():
        raise Refused(EMPTY, "Message")
    if request.fields:
        check_fields(connection, request.text)
    reached, left_out, by_roster = _audience(connection, handler, request.recipients, now)
    composed = choosing.compose(
        reached,
        request.text,
        handler_id=handler.id,
        now=now,
        useful_life=request.useful_life or handler.useful_life,
        most_parts=handler.most_parts,
        literal=not request.fields,
    )
    _check_length(handler, composed)
    notes = (*by_roster.notes, *_in_quiet_hours(connection, reached, now))
    return Plan(handler, tuple(reached), tuple(left_out), composed, by_roster.why, notes)


def _in_quiet_hours(connection: sa.Connection, reached: Sequence[Reached], now: datetime) -> list[str]:
    """Whom a message by hand reaches in their quiet hours: it goes all the same."""
    quiets = holds.quiet_hours(connection)
    if not quiets:
        return []
    found = holding.quiet_of(connection, quiets, {person.user_id for person in reached}, now)
    names = [
        f"{person.name or person.number} (until {quiet.until.astimezone():%H:%M})"
        for person in reached
        if (quiet := found[person.user_id]) is not None
    ]
    return [f"sent in quiet hours all the same: {mentioned(names)}"] if names else []


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
    connection: sa.Connection, handler: Handler, recipients: Sequence[Recipient], now: datetime
) -> tuple[list[Reached], list[LeftOut], duty.Resolved]:
    if not recipients:
        raise Refused("To is empty: name a user, a group or a +NUMBER", "To")
    check_told(recipients, None)
    field_id = audience.telephone_field(connection, handler.telephone_field_id)
    if field_id is None and any(recipient.number is None for recipient in recipients):
        raise Refused(NO_FIELD, "To", hint=ADD_FIELD)
    by_roster = duty.resolve(connection, recipients, field_id, now)
    reached, left_out = choosing.choose(audience.candidates(connection, by_roster.recipients, field_id))
    left_out = by_roster.with_left_out(left_out)
    named = [person for person in left_out if person.group is None]
    if named:
        raise Refused(f"nothing was queued: {mentioned([str(person) for person in named])}", "To")
    if not reached:
        if by_roster.notes:
            raise Refused(f"nobody can be reached: {'; '.join(by_roster.notes)}", "To")
        who = mentioned([str(person) for person in left_out]) or _empty(recipients)
        raise Refused(f"nobody can be reached: {who}", "To")
    return reached, left_out, by_roster


def _empty(recipients: Sequence[Recipient]) -> str:
    return f"{mentioned([recipient.name for recipient in recipients])} has no members"


def _check_length(handler: Handler, composed: Composed) -> None:
    longest = composed.longest
    if problem := too_long(longest.segments, handler.most_parts, handler.name):
        raise Refused(f"{problem}{_because(longest.text)}", "Message")


def _because(text: str) -> str:
    measured = sms_text.measure(text)
    if measured.encoding != "Unicode" or not measured.costly:
        return ""
    return f" ({measured.costly[0].reason})"


def _write_down(tx: Transaction, desk: Desk, found: Plan, text: str) -> None:
    """One entry for the act of sending, and who was left out by name."""
    handler, drafts = found.handler, found.composed.drafts
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
    left_out = [str(person) for person in found.left_out]
    for start_at in range(0, len(left_out), NAMES_PER_ENTRY):
        names = "; ".join(left_out[start_at : start_at + NAMES_PER_ENTRY])
        said = f"Left out by hand: {names}"
        entries.append(
            ReviewEntry(Category.OPERATOR, said, Level.WARNING, kind=EntryKind.LEFT_OUT, **about)  # type: ignore[arg-type]
        )
    entries += [
        ReviewEntry(Category.OPERATOR, f"By hand: {said}", Level.WARNING, kind=EntryKind.NOTE, **about)  # type: ignore[arg-type]
        for said in found.notes
    ]
    tx.review(desk.now(), *entries)
