"""Who is on duty at a moment: one function for sending, lists, gaps and tests. Pure.

The newest cover that holds; else the first rule whose days and hours hold; else the fallback; else
nobody. Where nobody of those can be reached it falls through to the next; turns do not move.
Documented in docs/duty.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from scheduling import turns
from scheduling.zones import zone_named
from storage.roster_records import Cover, Roster
from storage.vocabulary import DutyDay, ShiftWhy

AHEAD = timedelta(days=31)
# How far the ends of a shift are looked for, a bit farther each time; beyond the last it has none.
_SPANS = tuple(timedelta(days=days) for days in (2, 8, 32, 128, 400))
_TICK = timedelta(microseconds=1)
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Missing:
    """Someone who would be on duty and cannot be reached."""

    user_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on, from when until when. Without an end nothing is known to end it within a year.

    `rule` is the place of the rule that says so, counted from 1, and `cover` the id of the cover.
    `turn` tells apart turns of the same people. Nobody is on where `people` is empty.
    """

    roster: str
    zone: str
    people: tuple[int, ...]
    why: ShiftWhy
    rule: int | None = None
    cover: int | None = None
    unreachable: tuple[Missing, ...] = ()
    turn: int | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Layer:
    """Those named by one cover, rule or fallback, before it is asked who can be reached."""

    why: ShiftWhy
    people: tuple[int, ...]
    rule: int | None = None
    cover: int | None = None
    turn: int | None = None


def on_duty(roster: Roster, at: datetime) -> Shift:
    """Who is on at this moment, and the whole of their shift."""
    found = _who(roster, at)
    return replace(found, start=_began(roster, at, found), end=_ends(roster, at, found))


def shifts(roster: Roster, start: datetime, end: datetime) -> list[Shift]:
    """Every shift that lies in [start, end), whole, in order; nobody on duty is a shift too."""
    found = [on_duty(roster, start)]
    while (last := found[-1].end) is not None and last < end:
        found.append(_from(roster, last))
    return found


def _from(roster: Roster, edge: datetime) -> Shift:
    """The shift that begins at this moment."""
    who = _who(roster, edge)
    return replace(who, start=edge, end=_ends(roster, edge, who))


def gaps(roster: Roster, now: datetime, ahead: timedelta = AHEAD) -> list[Shift]:
    """When nobody is on, from now on and cut at the end: those that meet are one."""
    end = now + ahead
    found: list[Shift] = []
    for shift in shifts(roster, now, end):
        if shift.people:
            continue
        cut = replace(shift, start=max(shift.start or now, now), end=min(shift.end or end, end))
        if found and found[-1].end == cut.start:
            missing = tuple(dict.fromkeys((*found[-1].unreachable, *cut.unreachable)))
            found[-1] = replace(found[-1], end=cut.end, unreachable=missing)
        else:
            found.append(cut)
    return found


def following(roster: Roster, shift: Shift) -> Shift | None:
    """The shift after this one in which others are on: who is next."""
    people, at = shift.people, shift.end
    while at is not None and shift.end is not None and at - shift.end < _SPANS[-1]:
        after = _from(roster, at)
        if after.people and after.people != people:
            return after
        at = after.end
    return None


@dataclass(frozen=True, slots=True)
class Difference:
    """From when until when an edit puts others on duty."""

    start: datetime
    end: datetime
    before: tuple[int, ...]
    after: tuple[int, ...]


def differences(before: Roster, after: Roster, start: datetime, end: datetime) -> list[Difference]:
    """What an edit changes between two moments, as people read it."""
    marks = sorted({start, end, *_edges(before, start, end), *_edges(after, start, end)})
    found: list[Difference] = []
    for begin, stop in pairwise(marks):
        one = Difference(begin, stop, _who(before, begin).people, _who(after, begin).people)
        if one.before == one.after:
            continue
        last = found[-1] if found else None
        if last and last.end == begin and (last.before, last.after) == (one.before, one.after):
            found[-1] = replace(last, end=stop)
        else:
            found.append(one)
    return found


class HandOvers:
    """The moments at which other people come on duty, as the due times of a task.

    They go by who is named, whether they can be reached or not: a person who is disabled for an
    hour makes no hand-over. Nobody coming on is none either.
    """

    def __init__(self, roster: Roster) -> None:
        self._roster = replace(roster, unreachable={})

    def next_after(self, instant: datetime) -> datetime | None:
        for span in _SPANS:
            for found in self.between(instant, min(instant + span, LATEST)):
                return found
        return None

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Those after `start`, up to and with `end`."""
        for edge in _edges(self._roster, start, end + _TICK):
            now_on = set(_who(self._roster, edge).people)
            if now_on and now_on != set(_who(self._roster, edge - _TICK).people):
                yield edge


def _who(roster: Roster, at: datetime) -> Shift:
    """Who is on at this moment, without the ends of the shift."""
    missing: dict[int, Missing] = {}
    for layer in _layers(roster, at):
        reached = tuple(person for person in layer.people if person not in roster.unreachable)
        for person in layer.people:
            if person in roster.unreachable:
                missing.setdefault(person, Missing(person, roster.unreachable[person]))
        if reached or not layer.people:
            return _shift(roster, layer, reached, missing)
    return _shift(roster, _Layer(ShiftWhy.GAP, ()), (), missing)


def _shift(roster: Roster, layer: _Layer, people: tuple[int, ...], missing: dict[int, Missing]) -> Shift:
    return Shift(
        roster.name,
        roster.zone,
        people,
        layer.why,
        layer.rule,
        layer.cover,
        tuple(missing.values()),
        layer.turn,
    )


def _layers(roster: Roster, at: datetime) -> list[_Layer]:
    """All who might be on, the first first: covers over rules over the fallback."""
    zone, days = zone_named(roster.zone), special_days(roster)
    found: list[_Layer] = []
    for place, rule in enumerate(roster.rules, 1):
        if turns.holds_at(rule, at, zone, days):
            people, turn = turns.entry_at(rule, at, zone, days)
            if people:
                found.append(_Layer(ShiftWhy.RULE, people, place, None, turn))
    if roster.fallback:
        found.append(_Layer(ShiftWhy.FALLBACK, roster.fallback))
    for cover in roster.covers:
        if cover.start <= at < cover.end:
            found = _covered(found, cover)
    return found


def _covered(layers: list[_Layer], cover: Cover) -> list[_Layer]:
    """What a cover makes of it: over all, or in the place of one person wherever they are named."""
    if cover.instead_of is None:
        return [_Layer(ShiftWhy.COVER, cover.people, None, cover.id), *layers]
    found = []
    for layer in layers:
        if cover.instead_of in layer.people:
            people = [
                person
                for named in layer.people
                for person in (cover.people if named == cover.instead_of else (named,))
            ]
            layer = _Layer(
                ShiftWhy.COVER, tuple(dict.fromkeys(people)), layer.rule, cover.id, turn=layer.turn
            )
        found.append(layer)
    return found


def special_days(roster: Roster) -> turns.Holidays:
    """The holidays that are no ordinary weekdays here."""
    return roster.holidays if any(DutyDay.HOLIDAY in rule.days for rule in roster.rules) else {}


def _edges(roster: Roster, start: datetime, end: datetime) -> list[datetime]:
    """Every moment after `start` and before `end` at which somebody else may be on, in order."""
    zone, days = zone_named(roster.zone), special_days(roster)
    found = {moment for cover in roster.covers for moment in (cover.start, cover.end)}
    for rule in roster.rules:
        found.update(turns.edges(rule, start, end, zone, days))
    return sorted(moment for moment in found if start < moment < end)


def _ends(roster: Roster, at: datetime, shift: Shift) -> datetime | None:
    for begin, end in _spans():
        for edge in _edges(roster, at + begin - _TICK, min(at + end, LATEST)):
            if _who(roster, edge) != shift:
                return edge
    return None


def _began(roster: Roster, at: datetime, shift: Shift) -> datetime | None:
    for begin, end in _spans():
        for edge in reversed(_edges(roster, max(at - end, EARLIEST), at - begin + _TICK)):
            if _who(roster, edge - _TICK) != shift:
                return edge
    return None


def _spans() -> Iterator[tuple[timedelta, timedelta]]:
    begin = timedelta(0)
    for span in _SPANS:
        yield begin, span
        begin = span


def in_zone(roster: Roster | Shift) -> ZoneInfo:
    """The zone whose wall a roster goes by."""
    return zone_named(roster.zone)
