"""A minute-by-minute model of cron 3.0pl1 with Debian's handling of clock changes.

Written from the algorithm: each minute the daemon compares the minute on the wall with the
minute up to which it has run jobs, and treats the difference by its size. No calendar
arithmetic and nothing from the product: it only looks at the clock, one minute at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
THREE_HOURS = 3 * 60
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall time
_LIMITS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


@dataclass(frozen=True)
class Entry:
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    wildcard: bool  # minute or hour written with a * in front
    day_star: bool  # day of month or day of week written with a * in front

    def matches(self, wall: datetime) -> bool:
        if wall.minute not in self.minutes or wall.hour not in self.hours or wall.month not in self.months:
            return False
        day, weekday = wall.day in self.days, wall.isoweekday() % 7 in self.weekdays
        return (day and weekday) if self.day_star else (day or weekday)


def read(expression: str) -> Entry:
    fields = expression.split()
    minutes, hours, days, months, weekdays = (
        _values(text, low, high) for text, (low, high) in zip(fields, _LIMITS, strict=True)
    )
    return Entry(
        minutes,
        hours,
        days,
        months,
        frozenset(day % 7 for day in weekdays),
        wildcard=fields[0][0] == "*" or fields[1][0] == "*",
        day_star=fields[2][0] == "*" or fields[4][0] == "*",
    )


def _values(text: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for item in text.split(","):
        span, _, step = item.partition("/")
        first, _, last = (f"{low}-{high}" if span == "*" else span).partition("-")
        found.update(range(int(first), int(last or first) + 1, int(step or 1)))
    return frozenset(found)


def runs(expression: str, zone: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every run of a job after `start`, up to and including `end`; twice where cron runs it twice at once."""
    entry, place = read(expression), ZoneInfo(zone)
    virtual = wall_minute(start, place)
    now = start
    while now < end:
        now += MINUTE
        running = wall_minute(now, place)
        due, virtual = _wake(entry, virtual, running)
        for _ in range(due):
            yield now


def wall_minute(instant: datetime, zone: ZoneInfo) -> int:
    return (instant.astimezone(zone).replace(tzinfo=None) - _EPOCH) // MINUTE


def _wake(entry: Entry, virtual: int, running: int) -> tuple[int, int]:
    """How often the job runs at this waking, and the minute up to which jobs have now run."""
    difference = running - virtual
    wild, fixed = entry.wildcard, not entry.wildcard
    if difference == 1:
        return _count(entry, [running]), running
    if 1 < difference <= 5:  # woke up late: every minute in turn
        return _count(entry, range(virtual + 1, running + 1)), running
    if 5 < difference <= THREE_HOURS:  # clocks went forward
        due = _count(entry, [running]) if wild else 0
        return due + (_count(entry, range(virtual + 1, running + 1)) if fixed else 0), running
    if -THREE_HOURS < difference <= 0:  # clocks went back: fixed jobs wait until the wall catches up
        return (_count(entry, [running]) if wild else 0), virtual
    return _count(entry, [running]), running  # another clock altogether


def _count(entry: Entry, minutes: range | list[int]) -> int:
    return sum(entry.matches(_EPOCH + minute * MINUTE) for minute in minutes)


def changes(zone: str, year: int) -> list[tuple[datetime, timedelta]]:
    """The instants in a year at which the zone's offset changes, and by how much."""
    place = ZoneInfo(zone)
    found: list[tuple[datetime, timedelta]] = []
    at, stop = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    step = timedelta(hours=12)
    while at < stop:
        old, new = _offset(at, place), _offset(at + step, place)
        if old != new:
            minute = at
            while _offset(minute, place) == old:
                minute += MINUTE
            found.append((minute, new - old))
        at += step
    return found


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
