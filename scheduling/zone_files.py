"""The time zone files of this system: their names, and the rule that each ends with.

A zone file (TZif, RFC 9636) ends with the rule that holds from now on, written as the variable TZ
has it (POSIX): `CET-1CEST,M3.5.0,M10.5.0/3`.
"""

import re
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

# Names that exist as files but are no zone of their own: this machine's setting, leap-second copies.
NOT_ZONES = frozenset({"localtime", "posixrules", "Factory"})
NOT_FOLDERS = ("posix/", "right/")

_NAME = r"([A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_OFFSET = r"([+-]?)(\d{1,3})(?::(\d{1,2}))?(?::(\d{1,2}))?"
_RULE = re.compile(f"{_NAME}{_OFFSET}(?:{_NAME}(?:{_OFFSET})?(,.*)?)?", re.ASCII)
_SIGNATURE = b"TZif"


class Rule(NamedTuple):
    """A rule taken apart. Offsets are seconds to add to UTC; `summer` is empty where none is kept."""

    standard: str
    offset: int
    summer: str = ""
    summer_offset: int = 0
    changes: str = ""


def read_rule(text: str) -> Rule | None:
    """A rule as TZ has it; None for anything else. TZ counts hours to UTC, so its signs are turned."""
    found = _RULE.fullmatch(text)
    if found is None:
        return None
    offset = _seconds(found[2], found[3], found[4], found[5])
    if not found[6]:
        return Rule(found[1].strip("<>"), offset)
    summer = _seconds(found[7], found[8], found[9], found[10]) if found[8] else offset + 3600
    return Rule(found[1].strip("<>"), offset, found[6].strip("<>"), summer, (found[11] or "").lstrip(","))


def _seconds(sign: str | None, hours: str, minutes: str | None, seconds: str | None) -> int:
    length = int(hours) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return length if sign == "-" else -length


def last_rule(content: bytes) -> str:
    """The rule at the end of a zone file; empty where there is none."""
    if not content.startswith(_SIGNATURE) or content[4:5] < b"2":
        return ""
    return content.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii", "replace")


def folders() -> tuple[Path, ...]:
    """Where zone files are: this system's folders, then the package tzdata."""
    found = [Path(folder) for folder in zoneinfo.TZPATH]
    package = find_spec("tzdata")
    if package is not None and package.origin:
        found.append(Path(package.origin).parent / "zoneinfo")
    return tuple(folder for folder in found if folder.is_dir())


def names() -> list[str]:
    """Every IANA name, sorted."""
    return sorted(zoneinfo.available_timezones() - NOT_ZONES)


def is_place(name: str) -> bool:
    """Whether a zone is named after a place: those names say what people mean."""
    return "/" in name and not name.startswith(("Etc/", "US/", "SystemV/", *NOT_FOLDERS))


def content_of(name: str, roots: Sequence[Path]) -> bytes:
    """The zone's file; empty where no folder has it."""
    for root in roots:
        try:
            return (root / name).read_bytes()
        except OSError:
            continue
    return b""


@lru_cache(maxsize=4)
def rules(roots: tuple[Path, ...]) -> Mapping[str, str]:
    """The rule of every zone that is named after a place, by name. Reads the files the first time."""
    found = {name: last_rule(content_of(name, roots)) for name in names() if is_place(name)}
    return {name: rule for name, rule in found.items() if rule}


@lru_cache(maxsize=4)
def _countries(roots: tuple[Path, ...]) -> Mapping[str, int]:
    """How many countries keep a zone's time, for those that the database counts among the present ones."""
    for root in roots:
        try:
            lines = (root / "zone1970.tab").read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        rows = [line.split("\t") for line in lines if not line.startswith("#")]
        return {row[2]: row[0].count(",") + 1 for row in rows if len(row) > 2}
    return {}


def best_known(candidates: Iterable[str], roots: tuple[Path, ...]) -> str | None:
    """One of several zones that are alike: the one that most countries keep, of the fullest continent."""
    known = sorted(candidates)
    if not known:
        return None
    countries = _countries(roots)
    areas = Counter(name.partition("/")[0] for name in known)
    return max(known, key=lambda name: (countries.get(name, 0), areas[name.partition("/")[0]]))


def fixed(offset: int) -> str | None:
    """The zone that is always so many seconds from UTC, by whole hours; None where there is none."""
    hours, rest = divmod(offset, 3600)
    if rest or not -12 <= hours <= 14:
        return None
    return "UTC" if hours == 0 else f"Etc/GMT{-hours:+d}"  # the names count as TZ does: GMT-1 is ahead
