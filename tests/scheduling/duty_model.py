"""A minute-by-minute model of rosters, written from the words of docs/duty.md.

A clock that goes forward jumps over times, one that goes back shows some twice: a time of day has come
once the wall has ever shown it or a later one. So the model walks through the minutes with the highest
time that the wall has shown, and does naive calendar arithmetic on that. It looks at nothing but the
clock (`debian_cron`) and the roster's values.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from storage.roster_records import Roster, Rule
from tests.scheduling.debian_cron import wall_minute

MINUTE = timedelta(minutes=1)
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall time
NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def minutes(roster: Roster, start: datetime, end: datetime) -> Iterator[tuple[datetime, tuple[int, ...]]]:
    """Each minute in [start, end) and who is on in it."""
    zone = ZoneInfo(roster.zone)
    highest = max(wall_minute(start - each * MINUTE, zone) for each in range(26 * 60))
    at = start
    while at < end:
        highest = max(highest, wall_minute(at, zone))
        yield at, who(roster, at, EPOCH + highest * MINUTE)
        at += MINUTE


def who(roster: Roster, at: datetime, wall: datetime) -> tuple[int, ...]:
    named = [_entry(roster, rule, wall) for rule in roster.rules if _holds(roster, rule, wall)]
    named.append(roster.fallback)
    for cover in roster.covers:
        if not cover.start <= at < cover.end:
            continue
        if cover.instead_of is None:
            if not cover.people:
                named = [(0,), *named]  # nobody, on purpose
            else:
                named = [cover.people, *named]
        else:
            named = [_instead(people, cover.instead_of, cover.people) for people in named]
    for people in named:
        if people == (0,):
            return ()
        if there := tuple(each for each in people if each not in roster.unreachable):
            return there
    return ()


def _instead(people: tuple[int, ...], gone: int, others: tuple[int, ...]) -> tuple[int, ...]:
    if gone not in people:
        return people
    found: list[int] = []
    for each in people:
        found += others if each == gone else [each]
    return tuple(dict.fromkeys(found)) or (0,)


def _day_holds(roster: Roster, rule: Rule, day: date) -> bool:
    special = any("Holiday" in each.days for each in roster.rules)
    if special and day in roster.holidays:
        return "Holiday" in rule.days
    return NAMES[day.weekday()] in rule.days


def _holds(roster: Roster, rule: Rule, wall: datetime) -> bool:
    for back in (0, 1):
        day = wall.date() - timedelta(days=back)
        begin = datetime(day.year, day.month, day.day) + rule.start * MINUTE  # noqa: DTZ001
        length = (rule.end - rule.start) % 1440 or 1440
        if _day_holds(roster, rule, day) and begin <= wall < begin + length * MINUTE:
            return True
    return False


def _entry(roster: Roster, rule: Rule, wall: datetime) -> tuple[int, ...]:
    """Counted day by day from the first turn to now."""
    day = (wall - rule.hand_over * MINUTE).date()
    if rule.unit == "weeks":
        first = rule.since
        while first.weekday() != rule.weekday:
            first -= timedelta(days=1)
        turn = ((day - first).days // 7) // rule.every
    else:
        every_day = all(name in rule.days for name in NAMES)
        counted, each = 0, min(day, rule.since)
        while each < max(day, rule.since):
            counted += every_day or _day_holds(roster, rule, each)
            each += timedelta(days=1)
        if day < rule.since:
            counted = -counted
        if not every_day and not _day_holds(roster, rule, day):
            counted -= 1  # the last day that counts is over by date, not by turn
        turn = counted // rule.every
    return rule.people[turn % len(rule.people)]
