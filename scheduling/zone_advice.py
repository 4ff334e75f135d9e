"""What to write instead of what is no time zone: never a zone with another offset than was meant."""

import difflib
import re

from scheduling import zone_files
from scheduling.zone_files import Rule, read_rule

_LONGEST_NAME = 64
_OFFSET = re.compile(
    r"(?:utc|gmt|z)?\s*([+-]|\N{MINUS SIGN})\s*(\d{1,2})(?::?(\d{2}))?(?:\s*h)?", re.IGNORECASE
)
_ABBREVIATION = re.compile(r"[A-Za-z]{2,5}")
_MOST_NAMED = 3


def advice(name: str) -> str:
    """The second half of a refusal: "did you mean Europe/London?"."""
    wanted = name[:_LONGEST_NAME].strip()
    exact = {zone.lower(): zone for zone in zone_files.names()}.get(wanted.lower().replace(" ", "_"))
    if exact:
        return f"did you mean {exact}?"
    for said in (_of_offset(wanted), _of_abbreviation(wanted), _of_rule(wanted)):
        if said:
            return said
    near = nearest(wanted)
    return f"did you mean {near}?" if near else "use an IANA name, e.g. Europe/London."


def nearest(name: str) -> str | None:
    """The place whose name, or city, is most like `name`; None where nothing is near."""
    zones: dict[str, str] = {}
    for zone in filter(zone_files.is_place, zone_files.names()):
        zones[zone.lower()] = zone
        zones.setdefault(zone.rpartition("/")[2].lower(), zone)
    wanted = name[:_LONGEST_NAME].strip().lower().replace(" ", "_")
    if re.search(r"[+\d]", wanted) or wanted.startswith("etc/"):
        return None  # an offset was meant, and names that look alike have another
    for attempt in (wanted, wanted.rpartition("/")[2]):
        near = difflib.get_close_matches(attempt, zones, n=1, cutoff=0.75)
        if near:
            return zones[near[0]]
    return None


def _of_offset(text: str) -> str | None:
    """`GMT+1`, `UTC-03:30`, `+02:00`: ahead of UTC with a plus, which Etc/GMT names turn round."""
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    seconds = (int(found[2]) * 60 + int(found[3] or 0)) * 60
    fixed = zone_files.fixed(seconds if found[1] == "+" else -seconds)
    place = "name a place, e.g. Europe/London, which knows its summer time"
    if fixed is None:
        return f"that is an offset and no zone: {place}."
    turned = " (the names count the other way round)" if seconds else ""
    return f"that is an offset and no zone: {place}, or write {fixed}{turned}."


def _of_abbreviation(text: str) -> str | None:
    """`CEST`, `PST`, `IST`: a place for each of the times that are called so."""
    if not _ABBREVIATION.fullmatch(text):
        return None
    meant: dict[Rule, list[str]] = {}
    roots = zone_files.folders()
    for name, written in zone_files.rules(roots).items():
        rule = read_rule(written)
        if rule is not None and text.upper() in (rule.standard.upper(), rule.summer.upper()):
            meant.setdefault(rule, []).append(name)
    groups = sorted(meant.values(), key=len, reverse=True)[:_MOST_NAMED]
    places = [place for group in groups if (place := zone_files.best_known(group, roots))]
    if not places:
        return None
    return f"{text.upper()} is a time that several places keep: name a place, e.g. {', '.join(places)}."


def _of_rule(text: str) -> str | None:
    """`CET-1CEST`: a place that follows the rule."""
    rule = read_rule(text)
    if rule is None or not rule.summer:
        return None
    roots = zone_files.folders()
    known = zone_files.rules(roots).items()
    same = [name for name, written in known if (other := read_rule(written)) and other[:4] == rule[:4]]
    place = zone_files.best_known(same, roots)
    return f"that is a rule and no zone: {place} follows it." if place else None
