"""Time zones by name, and what a change of the clocks does to a time on the wall."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from scheduling import zone_advice
from scheduling.zone_files import NOT_FOLDERS, NOT_ZONES

_SECOND = timedelta(seconds=1)
_LONGEST_NAME = 64


class ZoneError(ValueError):
    """A zone that does not exist; the message is one sentence with the nearest name."""


class WallKind(StrEnum):
    PLAIN = "plain"  # happens once
    REPEATED = "repeated"  # happens twice: clocks go back
    SKIPPED = "skipped"  # does not happen: clocks go forward


@dataclass(frozen=True, slots=True)
class WallTime:
    """What a time on the wall is in UTC.

    `first` is the (first) instant that shows it, or for a skipped time the first instant
    after the change. `second` is the later instant of a repeated time. `change` is by how
    much the clocks move, zero for a plain time.
    """

    kind: WallKind
    first: datetime
    second: datetime | None = None
    change: timedelta = timedelta(0)


def zone_named(name: str) -> ZoneInfo:
    """The IANA zone of that name ("Europe/London"). Raises `ZoneError`."""
    wanted = name.strip()
    if wanted and len(wanted) <= _LONGEST_NAME and wanted not in NOT_ZONES:
        try:
            if not wanted.startswith(NOT_FOLDERS):
                return ZoneInfo(wanted)
        except (ValueError, KeyError, OSError):
            # A path outside the database, an unknown name, a folder ("America").
            pass
    raise ZoneError(_unknown(wanted))


def _unknown(name: str) -> str:
    if not name:
        return "A time zone is needed, e.g. Europe/London."
    shown = "".join(char if char.isprintable() else "�" for char in name[:_LONGEST_NAME])
    return f'There is no time zone "{shown}": {zone_advice.advice(name)}'


def wall_of(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows at an instant, as a naive time."""
    return instant.astimezone(zone).replace(tzinfo=None)


def offset_at(instant: datetime, zone: ZoneInfo) -> timedelta:
    """Local time minus UTC at an instant."""
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None  # a ZoneInfo always has one
    return offset


def locate(wall: datetime, zone: ZoneInfo) -> WallTime:
    """Where a naive time on the wall lies in UTC."""
    before = _offset(wall, zone, fold=0)
    after = _offset(wall, zone, fold=1)
    first = (wall - before).replace(tzinfo=UTC)
    if before == after:
        return WallTime(WallKind.PLAIN, first)
    second = (wall - after).replace(tzinfo=UTC)
    if before > after:
        return WallTime(WallKind.REPEATED, first, second, after - before)
    # In a gap the offsets before and after the change put the time on either side of it.
    return WallTime(WallKind.SKIPPED, _change_between(second, first, zone), None, after - before)


def _offset(wall: datetime, zone: ZoneInfo, fold: int) -> timedelta:
    offset = wall.replace(tzinfo=zone, fold=fold).utcoffset()
    assert offset is not None  # a ZoneInfo always has one
    return offset


@lru_cache(maxsize=256)
def _change_between(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """The instant of the change after `early` and not after `late`."""
    old = offset_at(early, zone)
    while late - early > _SECOND:
        middle = early + ((late - early) // _SECOND // 2) * _SECOND
        if offset_at(middle, zone) == old:
            early = middle
        else:
            late = middle
    return late


def forget_changes() -> None:
    """Keep nothing of what was found in the zones."""
    _change_between.cache_clear()
