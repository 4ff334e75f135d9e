"""When a cron expression fires, in UTC, in any time zone and through every change of the clocks.

croniter reads the expression and steps over times on the wall, without a zone. What a wall
time is in UTC, and what happens to one that is skipped or repeated, is decided here by the
rules of Debian's cron: a task whose minute or hour begins with `*` follows the wall clock as
it is; any other fires once, in a repeated hour the first time only, in a gap at the first
instant after it. A change of more than three hours is a move of the calendar (the date line):
what it skips is not made up, what it repeats happens again.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from scheduling.cron_syntax import (
    DAY_OF_MONTH,
    DAY_OF_WEEK,
    FIELDS,
    CronError,
    both_days_needed,
    field_error,
    follows_wall_clock,
    lax_forms,
    quote,
    spelled_out,
    split,
)
from scheduling.zones import (
    WallKind,
    WallTime,
    ZoneError,
    forget_changes,
    locate,
    offset_at,
    wall_of,
    zone_named,
)

__all__ = ["CronError", "Schedule", "fires_often", "parse"]

_MINUTE = timedelta(minutes=1)
_ZERO = timedelta(0)
_LARGEST_SHIFT = timedelta(hours=3)  # Debian cron: a larger change is a new clock, not daylight saving
_LOOK_AHEAD = timedelta(hours=26)  # no change of any zone turns the clock back by more
_OFTEN = 5  # minutes
# 29 February recurs after eight years at most (2096 to 2104), on a given weekday after forty.
_LEAP_YEARS, _LEAP_WEEKDAYS = 8, 40
_HORIZON = timedelta(days=366 * 60)
_REFERENCE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Schedule:
    """An expression in a zone. Made by `parse`; safe to share between threads.

    `warnings` are sentences about forms that mean something else than they may seem to.
    """

    expression: str
    zone: str
    warnings: tuple[str, ...] = field(compare=False)
    _zone: ZoneInfo = field(repr=False, compare=False)
    _cron: Any = field(repr=False, compare=False)
    _follows_wall_clock: bool = field(repr=False, compare=False)

    def next_after(self, instant: datetime) -> datetime | None:
        """The first firing strictly after an aware instant, in UTC; None where there is none in 60 years."""
        if instant.tzinfo is None:
            raise ValueError("an aware time is needed")
        after = instant.astimezone(UTC)
        try:
            return self._next_after(after)
        except OverflowError:  # the ends of the calendar
            return None

    def _next_after(self, after: datetime) -> datetime | None:
        best: datetime | None = None
        for slot in self._slots(wall_of(after, self._zone) - self._comes_again(after)):
            wall = locate(slot, self._zone)
            if wall.first - after > _HORIZON:
                return best
            for fire in self._fires(wall):
                if fire > after and (best is None or fire < best):
                    best = fire
            if best is not None and wall.first >= best:
                return best  # a later slot's first instant is never earlier
        return best

    def _comes_again(self, after: datetime) -> timedelta:
        """How much earlier to begin on the wall, because clocks about to go back show those times again."""
        now = offset_at(after, self._zone)
        back = now - offset_at(after + _LOOK_AHEAD, self._zone)
        # Clocks that go back by an hour show again only what they show in the hour before.
        soon = back > _ZERO and offset_at(after + back, self._zone) != now
        return back if soon else _ZERO

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Every firing after `start`, up to and including `end`, in UTC and in order."""
        fire = self.next_after(start)
        while fire is not None and fire <= end:
            yield fire
            fire = self.next_after(fire)

    def local(self, instant: datetime) -> datetime:
        """An instant as the schedule's own zone shows it."""
        return instant.astimezone(self._zone)

    def dst_note(self, fire: datetime) -> str | None:
        """What a change of the clocks does to this firing, in a few words; None where it does nothing."""
        fire = fire.astimezone(UTC)
        skipped = self._skipped_before(fire)
        if skipped is not None:
            return f"clocks go forward: {skipped:%H:%M} does not exist"
        wall = locate(wall_of(fire, self._zone), self._zone)
        if wall.kind is not WallKind.REPEATED:
            return None
        return f"clocks go back: {'first' if fire == wall.first else 'second'} of the two"

    def _skipped_before(self, fire: datetime) -> datetime | None:
        """The earliest slot inside the gap that ends at `fire`, if this firing stands for one."""
        if self._follows_wall_clock:
            return None
        ends = wall_of(fire, self._zone)
        gap = offset_at(fire, self._zone) - offset_at(fire - timedelta(seconds=1), self._zone)
        if not _ZERO < gap <= _LARGEST_SHIFT:
            return None
        slot = next(self._slots(ends - gap - timedelta(seconds=1)), None)
        return slot if slot is not None and slot < ends else None

    def _slots(self, after: datetime) -> Iterator[datetime]:
        """Matching wall times after a naive one, in order."""
        stepper = copy.copy(self._cron)  # stepping changes it, and schedules are shared
        stepper.set_current(after)
        while True:
            try:
                slot: datetime = stepper.get_next(datetime)
            except ValueError:  # none within the years asked for, or past the year 9999
                return
            yield slot

    def _fires(self, wall: WallTime) -> tuple[datetime, ...]:
        as_it_is = self._follows_wall_clock or abs(wall.change) > _LARGEST_SHIFT
        if wall.kind is WallKind.SKIPPED and as_it_is:
            return ()
        if wall.second is not None and as_it_is:
            return (wall.first, wall.second)
        return (wall.first,)


def parse(expression: str, zone: str) -> Schedule:
    """The schedule of an expression of exactly five fields, or an @alias, in an IANA zone.

    Raises `CronError` with a sentence for what cannot be read, never fires, or names no zone.
    """
    # Checked before the cache is asked: what is no text may not be hashable either.
    fields = split(expression)
    if not isinstance(zone, str):
        raise CronError("A time zone is needed, e.g. Europe/London.")
    shown = expression.strip().lower() if expression.strip().startswith("@") else " ".join(fields)
    return _parsed(shown, fields, zone.strip())


def forget_zones() -> None:
    """Read the time zones anew from this system: their rules may have been updated."""
    ZoneInfo.clear_cache()
    forget_changes()
    _parsed.cache_clear()


@lru_cache(maxsize=1024)
def _parsed(shown: str, fields: tuple[str, ...], zone: str) -> Schedule:
    try:
        zone_info = zone_named(zone)
    except ZoneError as error:
        raise CronError(str(error)) from None
    schedule = Schedule(
        expression=shown,
        zone=zone,
        warnings=lax_forms(fields) + _days_warning(fields),
        _zone=zone_info,
        _cron=_croniter(fields),
        _follows_wall_clock=follows_wall_clock(fields),
    )
    if schedule.next_after(_REFERENCE) is None:
        raise CronError(f"{shown} never fires: there is no such day or time. Check day, month and weekday.")
    return schedule


def _croniter(fields: tuple[str, ...]) -> Any:
    from croniter import croniter  # type: ignore[import-untyped]

    years = _LEAP_WEEKDAYS if _needs_weekday(fields) else _LEAP_YEARS
    try:
        return croniter(
            " ".join(spelled_out(fields)),
            _REFERENCE.replace(tzinfo=None),
            implement_cron_bug=True,
            max_years_between_matches=years,
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise _explained(fields, error) from None


def _needs_weekday(fields: tuple[str, ...]) -> bool:
    """Whether a day must be right in the month and in the week, which can take forty years."""
    days = (fields[2] + fields[4]).lower()
    return both_days_needed(fields) is not False or any(sign in days for sign in "#lw")


def _explained(fields: tuple[str, ...], error: Exception) -> CronError:
    """The field that croniter refuses by itself, in our words; else what it says of the whole."""
    from croniter import croniter

    for place, (kind, value) in enumerate(zip(FIELDS, fields, strict=True)):
        alone = ["*"] * len(FIELDS)
        alone[place] = value
        try:
            croniter.expand(" ".join(alone))
        except (ValueError, TypeError, AttributeError):
            return field_error(kind, value)
    said = str(error).splitlines()[0][:120] if str(error) else "it cannot be read"
    return CronError(f"{' '.join(fields)} is not a cron expression: {said}.")


def _days_warning(fields: tuple[str, ...]) -> tuple[str, ...]:
    needed = both_days_needed(fields)
    if needed is None:
        return ()
    if needed:
        return ("Day of month and day of week are both set, one with *: it fires when both match.",)
    if "l" in fields[DAY_OF_MONTH].lower().split(","):
        day, weekday = quote(fields[DAY_OF_MONTH]), quote(fields[DAY_OF_WEEK])
        return (
            f"Day of month {day} and day of week {weekday} are both set: it fires when either of them"
            " matches, so on the last day of the month and on every such weekday. For the last one in the"
            " month only write L before its number: 0 9 * * L5.",
        )
    return ("Day of month and day of week are both set: it fires when either of them matches.",)


def fires_often(schedule: Schedule) -> bool:
    """Whether it fires more than once within five minutes."""
    minutes, hours = (_values(schedule, place, count) for place, count in ((0, 60), (1, 24)))
    if any(later - earlier < _OFTEN for earlier, later in pairwise(minutes)):
        return True
    hours_meet = any((hour + 1) % 24 in hours for hour in hours)
    return hours_meet and minutes[0] + 60 - minutes[-1] < _OFTEN


def _values(schedule: Schedule, place: int, count: int) -> list[int]:
    values = schedule._cron.expanded[place]
    return list(range(count)) if "*" in values else sorted(values)
