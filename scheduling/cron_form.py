"""The plain form of a schedule (once at, every N minutes, daily, …) and the cron expression it writes.

Times are on the wall of the task's zone. `from_cron` is the way back; it answers None for
an expression that the plain form cannot show.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import ClassVar

from scheduling.cron import CronError, parse
from scheduling.cron_syntax import DAY_OF_WEEK, FIELDS, split
from scheduling.zones import zone_named

LAST_DAY = 0  # as the day of `Monthly`
DAY_NAMES = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

# Only these divide the hour or the day evenly; cron begins anew at each hour and each midnight.
EVERY_CHOICES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720)

_MINUTE = timedelta(minutes=1)
_PAST_ANY_CHANGE = timedelta(hours=4)  # further than daylight saving moves a clock
_MONDAY_TO_FRIDAY = "1-5"


@dataclass(frozen=True, slots=True)
class Once:
    """One firing at a local date and time, to the minute.

    Cron has no year: `window` gives the task's start and end that leave this one firing.
    """

    at: datetime
    kind: ClassVar[str] = "once"

    def __post_init__(self) -> None:
        if self.at.tzinfo is not None or self.at.second or self.at.microsecond:
            raise ValueError("once: a local date and time in whole minutes is needed")

    def to_cron(self) -> str:
        return f"{self.at.minute} {self.at.hour} {self.at.day} {self.at.month} *"

    def fires_at(self, zone: str) -> datetime:
        """The one firing in UTC. Raises `CronError` for a day that the zone's calendar left out."""
        schedule = parse(self.to_cron(), zone)
        near = self.at.replace(tzinfo=zone_named(zone)).astimezone(UTC)
        fire = schedule.next_after(near - _PAST_ANY_CHANGE)
        if fire is None or fire - near > _PAST_ANY_CHANGE:
            raise CronError(f"{self.at:%Y-%m-%d %H:%M} does not exist in {zone}: choose another day.")
        return fire

    def window(self, zone: str) -> tuple[datetime, datetime]:
        """The task's start and end, in UTC: a minute either side, whichever of them counts as inside."""
        fire = self.fires_at(zone)
        return fire - _MINUTE, fire + _MINUTE


@dataclass(frozen=True, slots=True)
class EveryMinutes:
    """Every `minutes` minutes, counted from the hour or from midnight. One of `EVERY_CHOICES`."""

    minutes: int
    kind: ClassVar[str] = "every N minutes"

    def __post_init__(self) -> None:
        if self.minutes not in EVERY_CHOICES:
            near = min(EVERY_CHOICES, key=lambda choice: abs(choice - self.minutes))
            raise ValueError(
                f"every {self.minutes} minutes does not fit into the hour or the day: try {near}"
            )

    def to_cron(self) -> str:
        if self.minutes == 1:
            return "* * * * *"
        if self.minutes < 60:
            return f"*/{self.minutes} * * * *"
        return "0 * * * *" if self.minutes == 60 else f"0 */{self.minutes // 60} * * *"


@dataclass(frozen=True, slots=True)
class _AtTime:
    at: time

    def __post_init__(self) -> None:
        if self.at.tzinfo is not None or self.at.second or self.at.microsecond:
            raise ValueError("a local time in whole minutes is needed")

    def _clock(self) -> str:
        return f"{self.at.minute} {self.at.hour}"


@dataclass(frozen=True, slots=True)
class Daily(_AtTime):
    """Every day at a time."""

    kind: ClassVar[str] = "daily"

    def to_cron(self) -> str:
        return f"{self._clock()} * * *"


@dataclass(frozen=True, slots=True)
class Weekdays(_AtTime):
    """Monday to Friday at a time."""

    kind: ClassVar[str] = "weekdays"

    def to_cron(self) -> str:
        return f"{self._clock()} * * {_MONDAY_TO_FRIDAY}"


@dataclass(frozen=True, slots=True)
class Weekly(_AtTime):
    """On some days of the week at a time. `days`: 0 is Sunday, 6 Saturday (as in cron)."""

    days: frozenset[int]
    kind: ClassVar[str] = "weekly"

    def __post_init__(self) -> None:
        _AtTime.__post_init__(self)
        if not self.days or not self.days <= set(range(7)):
            raise ValueError("weekly: one or more days of the week are needed, 0 (Sunday) to 6 (Saturday)")

    def to_cron(self) -> str:
        return f"{self._clock()} * * {','.join(str(day) for day in sorted(self.days))}"


@dataclass(frozen=True, slots=True)
class Monthly(_AtTime):
    """On one day of every month at a time. `day`: 1 to 31, or `LAST_DAY`.

    A month without a 29th, 30th or 31st is passed over; the last day is in every month.
    """

    day: int
    kind: ClassVar[str] = "monthly"

    def __post_init__(self) -> None:
        _AtTime.__post_init__(self)
        if self.day != LAST_DAY and not 1 <= self.day <= 31:
            raise ValueError("monthly: a day from 1 to 31, or the last day, is needed")

    def to_cron(self) -> str:
        return f"{self._clock()} {'L' if self.day == LAST_DAY else self.day} * *"


Form = Once | EveryMinutes | Daily | Weekdays | Weekly | Monthly


def from_cron(
    expression: str, start: datetime | None = None, end: datetime | None = None, zone: str = "UTC"
) -> Form | None:
    """The plain form of an expression, or None where there is none or the expression is broken.

    A single date is `Once` only with the task's `start` and `end` (aware) as `Once.window`
    gives them, since without them it comes back every year.
    """
    try:
        fields = split(expression)
    except CronError:
        return None
    minute, hour, day, month, weekday = fields
    every = _every(fields)
    if every is not None:
        return every
    at = _time(minute, hour)
    if at is None:
        return None
    if month != "*":
        return _once(expression, start, end, zone) if weekday == "*" else None
    if day == "*":
        return _by_weekday(at, weekday)
    if weekday != "*":
        return None
    if day.lower() == "l":
        return Monthly(at, LAST_DAY)
    number = _number(day, 1, 31)
    return Monthly(at, number) if number is not None else None


def _every(fields: tuple[str, ...]) -> EveryMinutes | None:
    minute, hour, *rest = fields
    if rest != ["*", "*", "*"]:
        return None
    if hour == "*":
        if minute in ("*", "0"):
            return EveryMinutes(1 if minute == "*" else 60)
        return _stepped(minute, 1, 60)
    return _stepped(hour, 60, 24) if minute == "0" else None


def _stepped(field: str, unit: int, whole: int) -> EveryMinutes | None:
    match = re.fullmatch(r"\*/([0-9]{1,3})", field)
    step = int(match[1]) if match else 0
    fits = 0 < step < whole and step * unit in EVERY_CHOICES
    return EveryMinutes(step * unit) if fits else None


def _by_weekday(at: time, weekday: str) -> Form | None:
    if weekday == "*":
        return Daily(at)
    if weekday.lower() in (_MONDAY_TO_FRIDAY, "mon-fri"):
        return Weekdays(at)
    numbers = [FIELDS[DAY_OF_WEEK].number(item) for item in weekday.split(",")]
    days = frozenset(number % 7 for number in numbers if number is not None and number <= 7)
    return Weekly(at, days) if days and all(n is not None and n <= 7 for n in numbers) else None


def _once(expression: str, start: datetime | None, end: datetime | None, zone: str) -> Once | None:
    if start is None or end is None:
        return None
    try:
        schedule = parse(expression, zone)
        minute, hour, day, month = (int(value) for value in split(expression)[:4])
        once = Once(datetime(schedule.local(start + _MINUTE).year, month, day, hour, minute))  # noqa: DTZ001
        return once if once.window(zone) == (start, end) else None
    except ValueError:  # CronError is one
        return None


def _time(minute: str, hour: str) -> time | None:
    numbers = _number(minute, 0, 59), _number(hour, 0, 23)
    return time(numbers[1], numbers[0]) if numbers[0] is not None and numbers[1] is not None else None


def _number(text: str, low: int, high: int) -> int | None:
    if not re.fullmatch(r"[0-9]{1,2}", text):
        return None
    return int(text) if low <= int(text) <= high else None
