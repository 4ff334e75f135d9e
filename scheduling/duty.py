"""Recipients by roster: whoever is on duty at the moment at which messages are queued."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from scheduling import recipients as choosing
from scheduling.on_duty import Shift, on_duty
from scheduling.recipients import LeftOut
from storage import audience, rosters
from storage.database import Transaction
from storage.records import Recipient
from storage.roster_records import Roster
from storage.vocabulary import ShiftWhy

Connection = sa.Connection | Transaction


@dataclass(frozen=True, slots=True)
class Resolved:
    """Recipients with people in the place of rosters.

    `left_out` are those on duty who cannot be reached, `why` says by user why they get it in the place
    of others, and `notes` are sentences on what an operator should know.
    """

    recipients: tuple[Recipient, ...]
    left_out: tuple[LeftOut, ...] = ()
    why: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    on_duty: Mapping[int, str] = field(default_factory=dict)  # who is on, by roster
    by_duty: frozenset[int] = frozenset()  # the users who stand in it because they are on

    def with_left_out(self, others: Sequence[LeftOut]) -> list[LeftOut]:
        """Everyone left out, each once."""
        known = {person.user_id for person in others}
        return [*others, *(person for person in self.left_out if person.user_id not in known)]


def with_reach(connection: Connection, roster: Roster, field_id: int | None) -> Roster:
    """The roster with who cannot be reached, by the numbers in a telephone field."""
    everyone = [Recipient(user_id=user_id) for user_id in roster.people]
    _, left_out = choosing.choose(audience.candidates(connection, everyone, field_id))
    missing = {person.user_id: person.reason for person in left_out if person.user_id is not None}
    return replace(roster, unreachable=missing)


def resolve(
    connection: Connection, named: Sequence[Recipient], field_id: int | None, now: datetime
) -> Resolved:
    """Who is on by the rosters among the recipients; the others stay as they are."""
    if not any(recipient.is_duty for recipient in named):
        return Resolved(tuple(named))
    people: list[Recipient] = []
    left_out: dict[int, LeftOut] = {}
    why: dict[int, str] = {}
    notes: list[str] = []
    names: dict[int, str] = {}
    by_duty: set[int] = set()
    for recipient in named:
        if recipient.roster_id is None:
            people.append(recipient)
            continue
        roster = rosters.get(connection, recipient.roster_id, ending_after=now)
        if roster is None:
            notes.append(f"its roster {recipient.name} was removed")
            continue
        roster = with_reach(connection, roster, field_id)
        shift = on_duty(roster, now)
        people += [Recipient(user_id=user_id, name=roster.names.get(user_id, "")) for user_id in shift.people]
        by_duty.update(shift.people)
        for missing in shift.unreachable:
            name = roster.names.get(missing.user_id, "")
            left_out.setdefault(
                missing.user_id, LeftOut(name, missing.reason, recipient.name, missing.user_id)
            )
        names[roster.id] = ", ".join(roster.names.get(user_id, "") for user_id in shift.people)
        if reason := fallback_for(roster, shift):
            why |= dict.fromkeys(shift.people, reason)
        if note := _note(roster, shift, recipient.name):
            notes.append(note)
    return Resolved(tuple(people), tuple(left_out.values()), why, tuple(notes), names, frozenset(by_duty))


def fallback_for(roster: Roster, shift: Shift) -> str | None:
    """Why people who are not on by their turn get it: "fallback for Click"; None where they are."""
    if shift.why is not ShiftWhy.FALLBACK:
        return None
    missed = " and ".join(roster.names.get(missing.user_id, "") for missing in shift.unreachable)
    return f"fallback for {missed}" if missed else f"fallback of {roster.name}"


def _note(roster: Roster, shift: Shift, recipient: str) -> str | None:
    missed = "; ".join(f"{roster.names.get(each.user_id, '')} {each.reason}" for each in shift.unreachable)
    because = f": {missed}" if missed else ""
    if not shift.people:
        return f"{recipient} has nobody on duty{because}"
    if not missed:
        return None
    others = ", ".join(roster.names.get(user_id, "") for user_id in shift.people)
    instead = "the fallback" if shift.why is ShiftWhy.FALLBACK else "instead"
    return f"{recipient} is {others}, {instead}{because}"
