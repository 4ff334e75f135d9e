"""Whose turn a rule of a roster says it is, and when it holds. Pure.

Times of day are wall time in the roster's zone, found anew each time: one that the clocks skip is the
first moment after the gap, one that comes twice is the first of the two (scheduling/zones.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from scheduling.zones import locate, wall_of
from storage.roster_records import EVERY_DAY, Rule
from storage.vocabulary import DutyDay, TurnUnit

DAY = timedelta(days=1)
WEEK = 7
WEEKDAYS = tuple(day for day in DutyDay if day is not DutyDay.HOLIDAY)
# How many days are looked through for one on which a rule holds.
FARTHEST = 4000

Holidays = Mapping[date, str]


@lru_cache(maxsize=8192)
def instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The moment at which the wall first shows this time of day, `minute` minutes after midnight."""
    return locate(datetime.combine(day, time()) + timedelta(minutes=minute), zone).first


def window(rule: Rule, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when until when the rule holds if it holds on this day: it may end on the next one."""
    last = day if rule.end > rule.start else day + DAY
    return instant(day, rule.start, zone), instant(last, rule.end, zone)


def holds_on(rule: Rule, day: date, holidays: Holidays) -> bool:
    """Whether a window of the rule begins on this day.

    `holidays` are those that are no ordinary weekdays; none where no rule of the roster names them.
    """
    if day in holidays:
        return DutyDay.HOLIDAY in rule.days
    return WEEKDAYS[day.weekday()] in rule.days


def holds_at(rule: Rule, at: datetime, zone: ZoneInfo, holidays: Holidays) -> bool:
    """Whether one of the rule's windows is open."""
    today = wall_of(at, zone).date()
    # Where clocks go back over midnight the wall shows a day whose end has passed already.
    for day in (today, today - DAY, today + DAY):
        if holds_on(rule, day, holidays):
            start, end = window(rule, day, zone)
            if start <= at < end:
                return True
    return False


def hand_over_day(rule: Rule, at: datetime, zone: ZoneInfo) -> date:
    """The date of the last hand-over up to this moment."""
    day = wall_of(at, zone).date() + DAY
    while instant(day, rule.hand_over, zone) > at:
        day -= DAY
    if rule.unit is TurnUnit.WEEKS:
        day -= timedelta(days=(day.weekday() - rule.weekday) % WEEK)
    return day


def turn_at(rule: Rule, at: datetime, zone: ZoneInfo, holidays: Holidays) -> int:
    """The number of the turn; that of the date `since` is 0, and 0 is the first entry's.

    Weeks and days are counted in dates, never in hours. Where a rule of days holds on some days
    only, those alone count.
    """
    return _number(rule, hand_over_day(rule, at, zone), holidays)


def _number(rule: Rule, day: date, holidays: Holidays) -> int:
    if rule.unit is TurnUnit.WEEKS:
        first = rule.since - timedelta(days=(rule.since.weekday() - rule.weekday) % WEEK)
        return (day - first).days // (WEEK * rule.every)
    if rule.days >= EVERY_DAY:
        return (day - rule.since).days // rule.every
    return (_days_held(rule, rule.since, day + DAY, holidays) - 1) // rule.every


def _days_held(rule: Rule, start: date, end: date, holidays: Holidays) -> int:
    """On how many days from `start` to before `end` the rule holds; below zero where `end` is earlier."""
    if end < start:
        return -_days_held(rule, end, start, holidays)
    weeks, rest = divmod((end - start).days, WEEK)
    plain = weeks * len(rule.days & EVERY_DAY)
    plain += sum(WEEKDAYS[(start.weekday() + each) % WEEK] in rule.days for each in range(rest))
    for day in holidays:
        if start <= day < end:
            plain += (DutyDay.HOLIDAY in rule.days) - (WEEKDAYS[day.weekday()] in rule.days)
    return plain


def entry_at(
    rule: Rule, at: datetime, zone: ZoneInfo, holidays: Holidays
) -> tuple[tuple[int, ...], int | None]:
    """Those whose turn it is, and the turn's number; no number for those who stay on after an edit."""
    if rule.kept is not None and rule.kept_from is not None and rule.kept_until is not None:  # noqa: SIM102
        if rule.kept_from <= at < rule.kept_until:
            return rule.kept, None
    if not rule.people:
        return (), None
    turn = turn_at(rule, at, zone, holidays)
    return rule.people[turn % len(rule.people)], turn


def edges(
    rule: Rule, start: datetime, end: datetime, zone: ZoneInfo, holidays: Holidays
) -> Iterator[datetime]:
    """Moments at which the rule may say something else: windows and hand-overs of these days."""
    day = wall_of(start, zone).date() - 2 * DAY
    last = wall_of(end, zone).date() + DAY
    while day <= last:
        if holds_on(rule, day, holidays):
            yield from window(rule, day, zone)
        if rule.unit is TurnUnit.DAYS or day.weekday() == rule.weekday:
            yield instant(day, rule.hand_over, zone)
        day += DAY
    if rule.kept_from is not None and rule.kept_until is not None:
        yield from (rule.kept_from, rule.kept_until)


def next_turn(rule: Rule, at: datetime, zone: ZoneInfo, holidays: Holidays) -> datetime | None:
    """The hand-over that ends the turn of this moment; None where none comes."""
    people, turn = entry_at(rule, at, zone, holidays)
    if turn is None:
        return rule.kept_until if people else None
    day = hand_over_day(rule, at, zone)
    for _ in range(FARTHEST):
        day += DAY
        if _number(rule, day, holidays) > turn and (
            rule.unit is TurnUnit.DAYS or day.weekday() == rule.weekday
        ):
            return instant(day, rule.hand_over, zone)
    return None


def edited(
    before: Rule, wanted: Rule, now: datetime, zone: ZoneInfo, holidays: Holidays, *, since_given: bool
) -> Rule:
    """The rule as it is to be kept after an edit: whoever is on stays on until their hand-over.

    Unless a new `since` was given, it is moved so that the order goes on with whoever follows those who
    are on now, from that hand-over on. (Where the time of day of hand-overs is now later, from the new one.)
    """
    if _same_turns(before, wanted) and not since_given:
        return replace(wanted, since=before.since)
    on_now, turn = entry_at(before, now, zone, holidays)
    until = next_turn(before, now, zone, holidays)
    fresh = replace(wanted, kept=None, kept_from=None, kept_until=None)
    if not on_now or until is None or not fresh.people:
        return fresh
    if not since_given:
        day = hand_over_day(fresh, until, zone)
        if instant(day, fresh.hand_over, zone) <= now:
            day += timedelta(days=WEEK if fresh.unit is TurnUnit.WEEKS else 1)
            until = instant(day, fresh.hand_over, zone)
        follower = (_place_of_now(before, fresh, on_now, turn) + 1) % len(fresh.people)
        fresh = _begun(fresh, follower, day, holidays)
    if entry_at(fresh, now, zone, holidays)[0] == on_now and next_turn(fresh, now, zone, holidays) == until:
        return fresh
    return replace(fresh, kept=on_now, kept_from=now, kept_until=until)


def _same_turns(one: Rule, other: Rule) -> bool:
    return (one.people, one.every, one.unit, one.weekday, one.hand_over, one.days) == (
        other.people,
        other.every,
        other.unit,
        other.weekday,
        other.hand_over,
        other.days,
    )


def _place_of_now(before: Rule, wanted: Rule, on_now: tuple[int, ...], turn: int | None) -> int:
    """Which entry of the new list has the present turn, by the order of the old one."""
    same = turn % len(before.people) if turn is not None else 0
    if same < len(wanted.people) and wanted.people[same] == on_now:
        return same
    if on_now in wanted.people:
        return wanted.people.index(on_now)
    old = before.people
    start = old.index(on_now) if on_now in old else -1
    for step in range(1, len(old) + 1):
        follower = old[(start + step) % len(old)]
        if follower in wanted.people:
            return wanted.people.index(follower) - 1
    return -1


def _begun(rule: Rule, place: int, day: date, holidays: Holidays) -> Rule:
    """The rule with `since` so that the turn of the entry at `place` begins on this day."""
    turns = place * rule.every
    if rule.unit is TurnUnit.WEEKS:
        return replace(rule, since=day - timedelta(days=turns * WEEK))
    if rule.days >= EVERY_DAY:
        return replace(rule, since=day - timedelta(days=turns))
    day = _held_from(rule, day, DAY, holidays)
    for _ in range(turns):
        day = _held_from(rule, day - DAY, -DAY, holidays)
    return replace(rule, since=day)


def _held_from(rule: Rule, day: date, step: timedelta, holidays: Holidays) -> date:
    """The first day from this one on, in steps, on which the rule holds; as far as is looked."""
    for _ in range(FARTHEST):
        if holds_on(rule, day, holidays):
            break
        day += step
    return day
