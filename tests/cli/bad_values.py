"""What to feed each option and argument of each command: values that are right, and values that never are."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

# What stands at the site that the sweep is made on, by the noun of the command that works on it.
THERE = {
    "handler": "Clickatell",
    "field": "Badge",
    "user": "Joe Hart",
    "group": "Ops",
    "alert": "Fire door",
    "task": "Shift report",
    "template": "Hello",
    "roster": "Night",
}
TWICE = "Ann Lee"  # two users have this name
RIGHT = {
    "new_name": "Another",
    "type": "Text",
    "to": "Joe Hart",
    "users": "Joe Hart",
    "names": "Joe Hart",
    "stage": "Created",
    "stages": "Claimed",
    "place": "1",
    "number": "2",
    "message": "Pump 2 stopped",
    "text": "Pump 2 stopped",
    "steps": "5m repeat",
    "then": "stop",
    "claim_lasts": "60m",
    "lasts": "2h",
    "file": "{csv}",
    "day": "2026-12-25",
}
# What a command needs besides what its usage asks for.
NEEDED = {
    "handler add": {"api_key_file": "{key}"},
    "task add": {"cron": "0 8 * * *"},
    "alert restore": {"occurrence_id": "1"},
    "send": {"message": "Pump 2 stopped"},
    "task action remove": {"name": "Night report"},
    "user export": {"file": "{new}"},
    "backup": {"file": "{new}"},
    "roster rule add": {"people": "Joe Hart"},
    "roster cover": {"start": "2026-12-05 10:00", "end": "2026-12-05 14:00", "by": "Joe Hart"},
    "roster take": {"user": "Joe Hart"},
    "roster holiday import": {"file": "{holidays}"},
    "quiet set": {"whom": "Joe Hart", "window": "22:00-07:00"},
    "silence add": {"alert": THERE["alert"], "lasts": "2h", "reason": "works"},
}
NUMBERS = frozenset(
    """
    retry_rate stop_retrying_after useful_life most_parts rate_per_minute low_balance batch_size connections
    total_timeout priority grace most_catch_up
    """.split()  # noqa: SIM905 - easier to read and to add to
)
TIMES = frozenset(("once_at", "start", "end", "since", "until", "day", "hand_over"))
ADDRESSES = frozenset(("base_url", "api_uri", "callback"))
LINKS = frozenset(
    """
    handler user task alert group template telephone_field leave people by instead_of fallback
    """.split()  # noqa: SIM905 - easier to read and to add to
)
CRONS = ("x", "61 * * * *", "* * * *", "* * * * * *", "R * * * *", "@never", "0 0 30 2 *")
# Not refused by everything, but nothing may stumble over it.
ODD = ("", "9" * 25)
MORE_ODD = (
    "x" * 100_000,
    " ",
    "a\x00b",
    "a\nb",
    "12345",
    "-1",
    "id:9999999999999999999999",
    "\u202egnp\x1b[31m",
)


def right_value(path: tuple[str, ...], param: Any) -> str:
    """A value that the parameter takes, where the command is one that is known; else a likely one."""
    annotation = param.type_descriptor.annotation
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return str(next(iter(annotation)).value)
    if annotation in (int, float):
        return RIGHT.get(param.name, "1")
    if param.name == "name":
        return "New one" if _is_new(path) else THERE.get(path[0], "New one")
    return RIGHT.get(param.name) or THERE.get(param.name) or "x"


def wrong_values(path: tuple[str, ...], param: Any) -> Iterator[str]:
    """Values that can never be right for the parameter, by what it is for."""
    annotation, name = param.type_descriptor.annotation, param.name
    if annotation is int:
        yield from ("x", "", "1.5", "0x10")
        if name != "seed":
            yield "-1"
    elif annotation is float:
        yield from ("x", "", "nan", "-1")
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        yield from ("nonsense", "", "12345")
    elif name in NUMBERS:
        yield from ("x", "-1", "nan", "1e999", "9" * 25)
    elif name in TIMES:
        yield from ("some day", "2026-13-45", "2026-02-30 10:00", "25:00")
    elif name in ("steps", "claim_lasts", "lasts", "then"):
        yield from ("soon", "", "0m repeat" if name == "steps" else "0m", "5m shout", "9" * 25)
    elif name == "turn":
        yield from ("x", "0w", "-1d", "1m", "999999999w", "")
    elif name == "days":
        yield from ("x", "Mon-", "Mon-Xyz", "")
    elif name == "zone":
        yield from ("Mars/Base", "../etc/passwd", "x" * 1000)
    elif name == "cron":
        yield from CRONS
    elif name in ADDRESSES:
        yield from ("not an address", "ftp://example.org/")
        if name != "callback":
            yield from ("http://", "https://user:secret@example.org")
    elif name in ("stage", "stages"):
        yield from ("Nonsense", "", "12345")
    elif name == "to":
        yield from ("+1", "+999999999999999999999", "Nobody at all")
        if path != ("handler", "test"):
            yield from ("", TWICE, "9999999")
    elif name == "set" and path[0] == "user":
        yield from ("Nothing=1", "=", "Mobile=abc", "Mobile")
    elif name in ("api_key_file", "password_file", "against") or (name == "file" and path[-1] != "export"):
        yield from ("{folder}", "{missing}/x")
    elif (name in LINKS and path[0] != "service") or (
        name in ("name", "names", "users") and not _is_new(path)
    ):
        yield from ("Nobody at all", "9999999", "id:9999999")
    elif name == "new_name" or (name == "name" and _is_new(path)):
        yield from ("", " ", "x" * 100_000)
        if path[0] != "user" and "holiday" not in path:
            yield "12345"


def _is_new(path: tuple[str, ...]) -> bool:
    return path[-1] == "add" and not {"action", "rule"} & {*path}


def put_in(value: str, folder: Path) -> str:
    """Where the value names a file, its path in this folder."""
    places = {
        "key": "key.txt",
        "csv": "people.csv",
        "holidays": "holidays.csv",
        "new": "new",
        "missing": "not there",
        "folder": ".",
    }
    for name, place in places.items():
        value = value.replace("{" + name + "}", str(folder / place))
    return value
