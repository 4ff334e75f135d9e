"""Whom a list of recipients comes to as things are, read in one go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from textual.content import Content

from scheduling import duty
from scheduling import recipients as choosing
from scheduling.recipients import LeftOut, Reached
from storage import audience, groups
from storage.records import Recipient

# Keys of bare numbers lie above all ids of users, those of groups are negative, those of rosters lie
# below them, and 0 is everyone told.
_NUMBERS = 10**16
_ROSTERS = -(10**16)


def key_for(recipient: Recipient) -> int:
    """A key that names a recipient in a list."""
    if recipient.is_told:
        return 0
    if recipient.roster_id is not None:
        return _ROSTERS - recipient.roster_id
    if recipient.number is not None:
        return _NUMBERS + int(recipient.number.removeprefix("+"))
    return -recipient.group_id if recipient.group_id is not None else recipient.user_id or 0


def people(number: int) -> str:
    """`1 person`, `3 people`."""
    return f"{number:,} {'person' if number == 1 else 'people'}"


def group_size(members: int) -> Content:
    """What stands beside a group's name."""
    return Content(f"group of {members:,}") if members else Content.styled("▲ empty group", "$text-warning")


@dataclass(frozen=True, slots=True)
class Reach:
    """Who is reached and who is left out.

    `field_id` is the telephone field that was looked in, None where the site has none. `numbers`
    are E.164 by user, `reasons` why a user is left out, `members` how many a group has.
    """

    reached: tuple[Reached, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    field_id: int | None = None
    numbers: Mapping[int, str] = field(default_factory=dict)
    reasons: Mapping[int, str] = field(default_factory=dict)
    members: Mapping[int, int] = field(default_factory=dict)
    on_duty: Mapping[int, str] = field(default_factory=dict)  # who is on now, by roster
    notes: tuple[str, ...] = ()


def reach_of(
    connection: sa.Connection, recipients: Sequence[Recipient], field_id: int | None, now: datetime
) -> Reach:
    """Whom these recipients reach now through a telephone field (None: the site's first one)."""
    found = audience.telephone_field(connection, field_id)
    by_roster = duty.resolve(connection, recipients, found, now)
    reached, left_out = choosing.choose(audience.candidates(connection, by_roster.recipients, found))
    left_out = by_roster.with_left_out(left_out)
    wanted = {recipient.group_id for recipient in recipients if recipient.group_id is not None}
    known = (groups.get(connection, group_id) for group_id in wanted)
    return Reach(
        tuple(reached),
        tuple(left_out),
        found,
        {person.user_id: person.number for person in reached if person.user_id is not None},
        {person.user_id: person.reason for person in left_out if person.user_id is not None},
        {group.id: group.members for group in known if group},
        by_roster.on_duty,
        by_roster.notes,
    )
