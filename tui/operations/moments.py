"""Times as people type them, and the zone that times without one are in."""

import re
from datetime import UTC, date, datetime, time, timedelta

from scheduling import site_zone as site_zones
from scheduling.site_zone import SiteZone
from scheduling.zones import ZoneError, locate, zone_named
from tui.operations.errors import Refused

_AGO = re.compile(r"([+-]?)\s*([0-9]{1,9})\s*(s|m|min|h|d|w)", re.IGNORECASE)
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}


def site_zone() -> SiteZone:
    """The zone of this site, by COMMSDESK_ZONE, TZ or this machine's setting, and any doubt about it."""
    return site_zones.here()


def system_zone() -> str:
    """The IANA name of this site's zone."""
    return site_zone().name


def moment(text: str, field: str, now: datetime, zone: str | None = None, *, ago: bool = False) -> datetime:
    """The aware UTC time meant by `text`. Raises `Refused` naming the field.

    ISO 8601 with or without a zone (then in `zone`, else this machine's), a date alone (its
    midnight), `today`, `yesterday`, `tomorrow`, `now`, `+2h`, `-90m`. With `ago` a length
    without a sign (`10m`, `2h`, `3d`, `1w`) lies before now.
    """
    words = text.strip()
    there = check_zone(zone) if zone is not None else system_zone()
    if words.lower() == "now":
        return now
    if words.lower() in _DAYS:
        day = now.astimezone(zone_named(there)).date() + timedelta(days=_DAYS[words.lower()])
        return _midnight(day, there)
    length = _AGO.fullmatch(words)
    if length and (length[1] or ago):
        return _shifted(now, length, field)
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", words):
            return _midnight(date.fromisoformat(words), there)
        at = datetime.fromisoformat(words)
        return _in_utc(at, there)
    except (ValueError, OverflowError):
        example = "10m, 2h, 3d, today" if ago else "2026-03-02 14:00, today, +2h"
        raise Refused(f'{field}: "{words[:40]}" is no time: write it like {example}', field) from None


def check_zone(name: str) -> str:
    """The zone's name, tidied. Raises `Refused` with the nearest name."""
    try:
        zone_named(name)
    except ZoneError as error:
        raise Refused(str(error).rstrip("."), "Zone") from None
    return name.strip()


def _shifted(now: datetime, length: re.Match[str], field: str) -> datetime:
    try:
        shift = timedelta(**{_UNITS[length[3].lower()]: int(length[2])})
        return now + shift if length[1] == "+" else now - shift
    except OverflowError:
        raise Refused(f"{field} lies outside the calendar: give a shorter length of time", field) from None


def _in_utc(at: datetime, zone: str) -> datetime:
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    return locate(at, zone_named(zone)).first


def _midnight(day: date, zone: str) -> datetime:
    return locate(datetime.combine(day, time()), zone_named(zone)).first
