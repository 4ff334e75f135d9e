"""Weekly windows on the wall clock: "Mon-Fri 22:00-07:00". Pure; computed from the rule each time.

A window begins on the days it names and may end on the next one. A wall time that does not exist is
the first moment after the gap, one that comes twice the first of them: a window may thus be an hour
(or half an hour) shorter or longer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.zones import locate, wall_of

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EVERY_DAY = frozenset(range(7))
EXAMPLE = '"Mon-Fri 22:00-07:00"'
_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")
_LONGEST = 80
_FURTHEST = 14  # days that are looked ahead for an end

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Window:
    """From a time of day to another, on the days (0 is Monday) on which it begins."""

    days: frozenset[int]
    start: time
    end: time

    @property
    def past_midnight(self) -> bool:
        return self.end <= self.start

    def __str__(self) -> str:
        end = "24:00" if self.end == time() and self.start == time() else f"{self.end:%H:%M}"
        hours = f"{self.start:%H:%M}-{end}"
        return hours if self.days == EVERY_DAY else f"{_days_said(self.days)} {hours}"

    def on(self, day: date, zone: ZoneInfo) -> Span | None:
        """When the window that begins on a day holds; None on a day that it does not name."""
        if day.weekday() not in self.days:
            return None
        try:
            ends = day + timedelta(days=1) if self.past_midnight else day
            span = (
                locate(datetime.combine(day, self.start), zone).first,
                locate(datetime.combine(ends, self.end), zone).first,
            )
        except OverflowError:
            return None
        return span if span[0] < span[1] else None


def parse(text: str) -> Window:
    """A window as people write it. Raises `ValueError` with a sentence."""
    words = " ".join(text.split())[:_LONGEST]
    if not words:
        raise ValueError(f"a window is empty: write it like {EXAMPLE}")
    found = _HOURS.search(words)
    if found is None:
        if any(sign.isdigit() for sign in words):
            raise ValueError(f'"{words}" has no hours: write it like {EXAMPLE}')
        return Window(_days(words), time(), time())
    if words[found.end() :].strip():
        raise ValueError(f'"{words}" has more after its hours: write it like {EXAMPLE}')
    days = words[: found.start()].strip()
    start, end = _time(found[1], found[2], words), _time(found[3], found[4], words)
    if found[1] == "24":
        raise ValueError(f'"{words}" begins at 24:00: write 00:00 on the next day')
    if start == end and found[3] != "24" and start != time():
        raise ValueError(f'"{words}" ends when it begins: for a whole day write 00:00-24:00')
    return Window(_days(days) if days else EVERY_DAY, start, end)


def _time(hours: str, minutes: str, words: str) -> time:
    if hours == "24" and minutes == "00":
        return time()
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError(f'"{words}": there is no {hours}:{minutes}, write 00:00 to 24:00')
    return time(int(hours), int(minutes))


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        begin = _day(first, text)
        finish = _day(last, text) if dash else begin
        found.add(begin)
        while begin != finish:
            begin = (begin + 1) % 7
            found.add(begin)
    return frozenset(found)


def _day(word: str, text: str) -> int:
    for place, name in enumerate(DAYS):
        if word.casefold()[:3] == name.casefold() and _FULL[place].startswith(word.casefold()):
            return place
    raise ValueError(f'"{text}" names no days: write Mon, Tue, Wed, Thu, Fri, Sat, Sun or Mon-Fri')


_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _days_said(days: frozenset[int]) -> str:
    """ "Mon-Fri", "Sat,Sun", "Fri-Mon": runs of three and more as a range."""
    starts = [day for day in sorted(days) if (day - 1) % 7 not in days]
    said = []
    for first in starts:
        length = 1
        while (first + length) % 7 in days:
            length += 1
        run = [DAYS[(first + place) % 7] for place in range(length)]
        said.append(f"{run[0]}-{run[-1]}" if length > 2 else ",".join(run))
    return ",".join(said)


def holding(windows: Sequence[Window], zone: ZoneInfo, at: datetime) -> Span | None:
    """Since when and until when windows hold at a moment, those that follow without a pause as one."""
    day = wall_of(at, zone).date()
    spans = sorted(
        span
        for window in windows
        for shift in range(-2, _FURTHEST)
        if (span := _on(window, day, shift, zone)) is not None
    )
    merged: Span | None = None
    for begin, end in spans:
        if merged is not None and begin <= merged[1]:
            merged = (merged[0], max(merged[1], end))
        elif merged is not None and merged[0] <= at < merged[1]:
            break
        else:
            merged = (begin, end)
    return merged if merged is not None and merged[0] <= at < merged[1] else None


def _on(window: Window, day: date, shift: int, zone: ZoneInfo) -> Span | None:
    try:
        return window.on(day + timedelta(days=shift), zone)
    except OverflowError:
        return None


def never_ends(windows: Sequence[Window], zone: ZoneInfo, at: datetime) -> bool:
    """Whether nothing is left of the week: whoever is quiet always would never be told."""
    found = holding(windows, zone, at)
    return found is not None and found[1] - at >= timedelta(days=_FURTHEST - 3)
