"""Who is on duty, who is next, and where nobody is: for lists, the command line, status and health."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from scheduling import duty, on_duty
from scheduling.on_duty import Difference, Shift
from scheduling.zones import WallKind, locate, wall_of
from storage import audience
from storage import rosters as stored
from storage.roster_records import Cover, Roster, Rule
from storage.vocabulary import DutyDay, ShiftWhy
from tui.operations.desk import Desk
from tui.operations.roster_form import (
    NOBODY,
    days_words,
    hand_over_words,
    people_words,
    time_words,
    turn_words,
)
from tui.operations.rosters import known
from tui.operations.views import iso

SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class View:
    """A roster with who is on, who comes next, and when nobody is on in the next 31 days."""

    roster: Roster
    shift: Shift
    following: Shift | None
    gaps: tuple[Shift, ...]


def reachable(connection: sa.Connection, roster: Roster) -> Roster:
    """The roster with who cannot be reached by the site's telephone field."""
    return duty.with_reach(connection, roster, audience.telephone_field(connection, None))


def read(desk: Desk, roster_id: int) -> Roster:
    """A roster with all its covers and who cannot be reached."""
    with desk.database.read() as connection:
        return reachable(connection, known(connection, roster_id))


def views(connection: sa.Connection, now: datetime) -> list[View]:
    """All rosters by id, as at this moment."""
    found = []
    for roster in stored.listing(connection, ending_after=now - timedelta(days=1)):
        roster = reachable(connection, roster)
        shift = on_duty.on_duty(roster, now)
        after = on_duty.following(roster, shift)
        found.append(View(roster, shift, after, tuple(on_duty.gaps(roster, now))))
    return found


def gaps(
    connection: sa.Connection, now: datetime, ahead: timedelta = on_duty.AHEAD
) -> list[tuple[Roster, list[Shift]]]:
    """When nobody is on, roster by roster; those that have no gap are not in it."""
    known_ones = [reachable(connection, each) for each in stored.listing(connection, ending_after=now)]
    found = [(roster, on_duty.gaps(roster, now, ahead)) for roster in known_ones]
    return [(roster, holes) for roster, holes in found if holes]


def gap_words(roster: Roster, gap: Shift) -> str:
    """`duty:Night has nobody Sat 02:00–08:00`, with dates where it is not within the week."""
    zone = on_duty.in_zone(roster)
    assert gap.start is not None and gap.end is not None
    span = span_words(gap.start, gap.end, zone)
    missing = "; ".join(f"{roster.names.get(each.user_id)} {each.reason}" for each in gap.unreachable)
    return f"duty:{roster.name} has nobody {span}{f': {missing}' if missing else ''}"


def gaps_words(roster: Roster, gaps: Sequence[Shift]) -> str:
    """The first of them in a sentence, and how many more there are."""
    more = f", and {len(gaps) - 1} more time{'' if len(gaps) == 2 else 's'}" if len(gaps) > 1 else ""
    return f"{gap_words(roster, gaps[0])}{more}"


def span_words(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """`Sat 05 Dec 02:00–08:00`, or with both dates."""
    begin, stop = wall_of(start, zone), wall_of(end, zone)
    if begin.date() == stop.date() and start < end and begin < stop:
        return f"{moment_words(start, zone)}–{stop:%H:%M}"
    return f"{moment_words(start, zone)} – {moment_words(end, zone)}"


def moment_words(at: datetime, zone: ZoneInfo) -> str:
    """`Sat 05 Dec 02:00` in the zone, with the offset where the wall shows it twice."""
    local = at.astimezone(zone)
    twice = locate(local.replace(tzinfo=None, fold=0), zone).kind is WallKind.REPEATED
    return f"{local:%a %d %b %H:%M}" + (f" ({local:%z})" if twice else "")


def shift_people(roster: Roster, shift: Shift) -> str:
    return people_words(roster, shift.people) if shift.people else NOBODY


def why_words(roster: Roster, shift: Shift) -> str:
    """`rule 2`, `cover 5`, `fallback for Click`, and who cannot be reached."""
    if shift.why is ShiftWhy.FALLBACK:
        said = duty.fallback_for(roster, shift) or str(shift.why)
    elif shift.why is ShiftWhy.COVER:
        said = f"cover {shift.cover}"
    else:
        said = f"rule {shift.rule}" if shift.why is ShiftWhy.RULE else "gap"
    missing = "; ".join(f"{roster.names.get(each.user_id)} {each.reason}" for each in shift.unreachable)
    return f"{said}: {missing}" if missing else said


def difference_words(roster: Roster, found: Difference) -> str:
    """`Mon 30 Mar 08:00 – Mon 06 Apr 08:00: Ben instead of Ana`."""
    zone = on_duty.in_zone(roster)
    after = people_words(roster, found.after) if found.after else NOBODY
    before = people_words(roster, found.before) if found.before else NOBODY
    return f"{span_words(found.start, found.end, zone)}: {after} instead of {before}"


def days_from(roster: Roster, start: date, days: int) -> tuple[datetime, datetime]:
    """From the midnight that begins a date until the one so many days later, on the roster's wall."""
    zone = on_duty.in_zone(roster)
    first = datetime.combine(start, time())
    return locate(first, zone).first, locate(first + timedelta(days=days), zone).first


# As JSON


def shift_json(roster: Roster, shift: Shift) -> dict[str, Any]:
    zone = on_duty.in_zone(roster)
    return {
        "roster": roster.name,
        "from": iso(shift.start),
        "to": iso(shift.end),
        "local_from": _local(shift.start, zone),
        "local_to": _local(shift.end, zone),
        "people": [roster.names.get(user_id, "") for user_id in shift.people],
        "why": str(shift.why),
        "rule": shift.rule,
        "cover": shift.cover,
        "unreachable": [
            {"user": roster.names.get(each.user_id, ""), "reason": each.reason} for each in shift.unreachable
        ],
    }


def _local(at: datetime | None, zone: ZoneInfo) -> str | None:
    return None if at is None else at.astimezone(zone).isoformat()


def roster_json(roster: Roster) -> dict[str, Any]:
    return {
        "id": roster.id,
        "name": roster.name,
        "zone": roster.zone,
        "fallback": roster.fallback_name,
        "rules": [rule_json(roster, place, rule) for place, rule in enumerate(roster.rules, 1)],
        "covers": [cover_json(roster, cover) for cover in roster.covers],
        "revision": roster.revision,
    }


def rule_json(roster: Roster, place: int, rule: Rule) -> dict[str, Any]:
    return {
        "roster": roster.name,
        "rule": place,
        "people": [[roster.names.get(user_id, "") for user_id in entry] for entry in rule.people],
        "turn": turn_words(rule),
        "hand_over": hand_over_words(rule),
        "since": rule.since.isoformat(),
        "days": [str(day) for day in DutyDay if day in rule.days],
        "from": time_words(rule.start),
        "to": time_words(rule.end),
    }


def cover_json(roster: Roster, cover: Cover) -> dict[str, Any]:
    zone = on_duty.in_zone(roster)
    instead = None if cover.instead_of is None else roster.names.get(cover.instead_of, "")
    return {
        "id": cover.id,
        "roster": roster.name,
        "from": iso(cover.start),
        "to": iso(cover.end),
        "local_from": _local(cover.start, zone),
        "local_to": _local(cover.end, zone),
        "by": [roster.names.get(user_id, "") for user_id in cover.people],
        "for": instead,
        "note": cover.note,
        "made_by": cover.made_by,
    }


def rule_lines(roster: Roster) -> Iterable[tuple[object, ...]]:
    """The rules for a listing: place, people, turn, hand-over, since, days, hours."""
    for place, rule in enumerate(roster.rules, 1):
        people = ", ".join(people_words(roster, entry) for entry in rule.people)
        hours = f"{time_words(rule.start)}–{time_words(rule.end)}"
        yield (
            place,
            people,
            turn_words(rule),
            hand_over_words(rule),
            rule.since,
            days_words(rule),
            hours,
        )
