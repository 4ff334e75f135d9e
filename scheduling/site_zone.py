"""The time zone that this machine is set to, by its IANA name, and how sure that is.

In order, as libc has it: COMMSDESK_ZONE (this program's own), TZ, /etc/localtime, and where that
says nothing /etc/timezone. A zone is known by its name, by the file that it is a copy of, or by
the rule it follows; where nothing fits, UTC is taken and `doubt` says so.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from scheduling import zone_files
from scheduling.zone_files import Rule, read_rule
from scheduling.zones import ZoneError, zone_named

OWN, TZ = "COMMSDESK_ZONE", "TZ"
FALLBACK = "UTC"
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the setting is looked for. `given` holds the two variables, those of them that are set."""

    given: Mapping[str, str]
    localtime: Path = Path("/etc/localtime")
    timezone: Path = Path("/etc/timezone")
    folders: tuple[Path, ...] = ()

    @property
    def roots(self) -> tuple[Path, ...]:
        return self.folders or zone_files.folders()


@dataclass(frozen=True, slots=True)
class SiteZone:
    """A zone, and where its name comes from. `doubt` is a sentence where it had to be guessed."""

    name: str
    source: str
    doubt: str | None = None


def here() -> SiteZone:
    """The zone of this site, by COMMSDESK_ZONE, TZ or this machine's setting, and any doubt about it."""
    given = {name: os.environ[name] for name in (OWN, TZ) if name in os.environ}
    around = Surroundings(given)
    stamps = tuple(_changed(path) for path in (around.localtime, around.timezone))
    return _found(tuple(sorted(given.items())), stamps)


@lru_cache(maxsize=8)
def _found(given: tuple[tuple[str, str], ...], stamps: tuple[int, ...]) -> SiteZone:
    """Kept until a setting changes: comparing a file with every zone's takes a while."""
    return find(Surroundings(dict(given)))


def _changed(path: Path) -> int:
    try:
        return path.lstat().st_mtime_ns
    except OSError:
        return 0


def find(around: Surroundings) -> SiteZone:
    """The zone of these surroundings. Reads files, changes nothing, raises nothing."""
    passed_over: list[str] = []
    for variable in (OWN, TZ):
        value = around.given.get(variable, "").strip()
        if not value:
            continue
        found = _from_value(variable, value, around)
        if found is not None:
            return _with(passed_over, found)
        passed_over.append(f'{variable} is "{_shown(value)}", which names no time zone')
    found = _from_localtime(around) or _from_timezone(around)
    if found is None:
        passed_over.append("this machine names no time zone")
        found = SiteZone(FALLBACK, "nothing")
    return _with(passed_over, found)


def _with(passed_over: list[str], found: SiteZone) -> SiteZone:
    if not passed_over:
        return found
    said = [*passed_over, found.doubt] if found.doubt else [*passed_over, f"{found.name} is taken"]
    return SiteZone(found.name, found.source, "; ".join(said))


def _from_value(variable: str, value: str, around: Surroundings) -> SiteZone | None:
    """`Europe/Paris`, `:Europe/Paris`, the path of a zone file, or a rule such as `CET-1CEST`."""
    value = value.removeprefix(":")
    if value.startswith("/"):
        return _from_file(Path(value), variable, around)
    for folder in zone_files.NOT_FOLDERS:
        value = value.removeprefix(folder)
    if _is_zone(value):
        return SiteZone(value, variable)
    rule = read_rule(value)
    if rule is None:
        return None
    return _following(rule, f"{variable} is {_shown(value)}", variable, around)


def _from_localtime(around: Surroundings) -> SiteZone | None:
    try:
        around.localtime.stat()
    except OSError:
        return None
    return _from_file(around.localtime, str(around.localtime), around)


def _from_timezone(around: Surroundings) -> SiteZone | None:
    name = _named_in(around.timezone)
    return SiteZone(name, str(around.timezone)) if name else None


def _from_file(path: Path, source: str, around: Surroundings) -> SiteZone | None:
    """A zone file: known by where it lies, else by what is in it."""
    try:
        target = path.resolve(strict=True)
        content = target.read_bytes()
    except (OSError, ValueError, RuntimeError):
        return None
    name = str(target).rpartition("/zoneinfo/")[2] if "/zoneinfo/" in str(target) else ""
    for folder in zone_files.NOT_FOLDERS:
        name = name.removeprefix(folder)
    if name and _is_zone(name):
        return SiteZone(name, source)
    same = _copied_from(content, around)
    if same is not None:
        return SiteZone(same, source)
    rule = read_rule(zone_files.last_rule(content))
    if rule is None:
        return None
    return _following(rule, f"{source} is a file of its own", source, around)


def _copied_from(content: bytes, around: Surroundings) -> str | None:
    """The zone whose file has this content; what /etc/timezone names comes first among several."""
    roots = around.roots
    told = _named_in(around.timezone)
    if told and zone_files.content_of(told, roots) == content:
        return told
    same = []
    for name in zone_files.names():
        for root in roots:
            path = root / name
            try:
                alike = path.stat().st_size == len(content) and path.read_bytes() == content
            except OSError:
                continue
            if alike:
                same.append(name)
            break
    if FALLBACK in same:
        return FALLBACK
    return zone_files.best_known([name for name in same if zone_files.is_place(name)] or same, roots)


def _following(rule: Rule, said: str, source: str, around: Surroundings) -> SiteZone | None:
    """A zone whose clocks follow the rule; each of several would do from now on."""
    told = _named_in(around.timezone)
    roots = around.roots
    known = {name: read_rule(text) for name, text in zone_files.rules(roots).items()}
    same = [name for name, other in known.items() if other is not None and _agree(rule, other)]
    if told in same:
        name: str | None = told
    elif not rule.summer:
        # A name that was made up ("XYZ-3") still has its offset.
        own = [each for each in same if known[each].standard == rule.standard]  # type: ignore[union-attr]
        name = (
            zone_files.best_known(own, roots)
            or zone_files.fixed(rule.offset)
            or zone_files.best_known(same, roots)
        )
    else:
        name = zone_files.best_known(same, roots)
    if name is None:
        return None
    if name == FALLBACK:
        return SiteZone(name, source)
    return SiteZone(name, source, f"{said}: {name}, which follows that rule, is taken")


def _agree(wanted: Rule, other: Rule) -> bool:
    """Whether the rules are the same. One without its days of change is known by its two names."""
    if wanted[1:2] + wanted[3:4] != other[1:2] + other[3:4] or bool(wanted.summer) != bool(other.summer):
        return False
    if not wanted.summer:
        return True
    if wanted.changes:
        return wanted.changes == other.changes
    return (wanted.standard, wanted.summer) == (other.standard, other.summer)


def _named_in(path: Path) -> str:
    """The zone that /etc/timezone names; empty where it names none."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace")[:4096].split("\n")
    except OSError:
        return ""
    found = next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")
    return found if _is_zone(found) else ""


def _is_zone(name: str) -> bool:
    try:
        zone_named(name)
    except ZoneError:
        return False
    return True


def _shown(value: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in value[:_LONGEST_SHOWN])


@dataclass(frozen=True, slots=True)
class Difference:
    """The first instant at which the zone and this machine's own clock show different times."""

    at: datetime
    zone: timedelta
    machine: timedelta


def difference(name: str, now: datetime, days: int = 366) -> Difference | None:
    """Where the zone and this machine's local time part, today or within so many days; None: nowhere."""
    zone = zone_named(name)
    for day in range(0, days, 3):
        at = now + timedelta(days=day)
        wanted, shown = at.astimezone(zone).utcoffset(), at.astimezone().utcoffset()
        assert wanted is not None and shown is not None  # both are aware
        if wanted != shown:
            return Difference(at.astimezone(UTC), wanted, shown)
    return None
