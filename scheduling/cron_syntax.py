"""The text of a cron expression: its five fields, and clear words for what is wrong with it.

Whether a field's values are right is croniter's to say; here are the forms around that:
aliases, numbers of fields, what is not taken, and what is taken but means more than it seems.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 256  # characters; a longer list costs time and helps nobody

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class CronError(ValueError):
    """An expression that cannot be used; the message is one sentence that says why."""


class Field(NamedTuple):
    """One of the five: its name, the name of one value, and its lowest and highest number."""

    name: str
    unit: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        if text.isascii() and text.isdigit():
            return int(text)
        return self.low + self.names.index(text.lower()) if text.lower() in self.names else None


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

FIELDS = (
    Field("Minute", "minute", 0, 59),
    Field("Hour", "hour", 0, 23),
    Field("Day of month", "day", 1, 31),
    Field("Month", "month", 1, 12, _MONTHS),
    Field("Day of week", "day of the week", 0, 7, _DAYS),
)
DAY_OF_MONTH, MONTH, DAY_OF_WEEK = 2, 3, 4

_HASHED = re.compile(r"[hr](\(.*\))?(/.*)?", re.IGNORECASE)
_RANGE = re.compile(r"([^-/]+)-([^-/]+)(?:/(\d+))?")
_STEP = re.compile(r"([^/]+)/(\d+)")


def split(expression: str) -> tuple[str, ...]:
    """The five fields of an expression or an @alias. Raises `CronError`."""
    if not isinstance(expression, str):
        raise CronError("A cron expression is text, e.g. 0 9 * * 1-5.")
    if len(expression) > LONGEST:
        raise CronError(
            f"The cron expression is {len(expression):,} characters long: {LONGEST} are the most."
        )
    text = expression.strip()
    if not text:
        raise CronError("A cron expression is needed, e.g. 0 9 * * 1-5 for working days at 09:00.")
    if text.startswith("@"):
        return tuple(_aliased(text).split())
    fields = tuple(re.split(r"[ \t\r\n]+", text))
    if len(fields) != len(FIELDS):
        raise CronError(_wrong_number(len(fields)))
    for field, value in zip(FIELDS, fields, strict=True):
        _refuse_hashed(field, value)
    _refuse_mixed_days(fields)
    return fields


def _aliased(text: str) -> str:
    known = ALIASES.get(text.lower())
    if known is not None:
        return known
    if text.lower() == "@reboot":
        raise CronError("@reboot cannot be used: a scheduled task is tied to the time, not to a start.")
    raise CronError(f"{quote(text)} is not known: use one of {', '.join(ALIASES)}.")


def _wrong_number(count: int) -> str:
    wanted = "exactly five are needed: minute, hour, day of month, month, day of week"
    if count in (6, 7):
        return (
            f"This has {count} fields and {wanted}. Seconds and years cannot be used: leave that field out."
        )
    return f"This has {count} field{'s' if count != 1 else ''} and {wanted}."


def _refuse_hashed(field: Field, value: str) -> None:
    for item in value.split(","):
        if _HASHED.fullmatch(item):
            raise CronError(
                f"{field.name} {quote(value)}: H and R pick a time by chance; write the {field.unit}."
            )


def _refuse_mixed_days(fields: tuple[str, ...]) -> None:
    """`15W`, `1#2` and `L5` narrow the days of both fields in croniter, so "either" would not hold."""
    day, weekday = fields[DAY_OF_MONTH], fields[DAY_OF_WEEK]
    narrowing = "w" in day.lower() or "#" in weekday or re.search(r"\bl\d", weekday.lower())
    if narrowing and both_days_needed(fields) is False:
        raise CronError(
            f"Day of month {quote(day)} and day of week {quote(weekday)} cannot be used together: "
            "write * for one of them."
        )


def field_error(field: Field, value: str) -> CronError:
    """What to say of a field that cannot be read."""
    if re.search(r"/0+(,|$)", value):
        return CronError(f"{field.name} {quote(value)} has a step of 0: a step is 1 or more.")
    last = _last_days(field, value)
    if last is not None:
        return CronError(f"{field.name} {quote(value)} is not valid: {last}.")
    names = f" or {field.names[0].upper()} to {field.names[-1].upper()}" if field.names else ""
    return CronError(
        f"{field.name} {quote(value)} is not valid: use {field.low} to {field.high}{names}, "
        "* for all, lists (1,2), ranges (1-5) and steps (*/5)."
    )


_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_LAST_WEEKDAY = re.compile(r"(?:([0-7]|[a-z]{3})l|l([a-z]{3}))", re.IGNORECASE)


def _last_days(field: Field, value: str) -> str | None:
    """What to write for "the last …" where it is written as other programs have it; else None."""
    if field.name == "Day of month" and "l" in value.lower():
        return "the last day of the month is L alone; no days are counted back from it"
    if field.name != "Day of week":
        return None
    items = [_LAST_WEEKDAY.fullmatch(item) for item in value.split(",")]
    days = [None if item is None else field.number(item[1] or item[2]) for item in items]
    if not any(day is not None for day in days):
        return (
            "the last of a weekday is L and its number, L5 for the last Friday"
            if value.lower() == "l"
            else None
        )
    wanted = ",".join(f"L{day % 7}" for day in days if day is not None)
    named = ", ".join(_WEEKDAYS[day % 7] for day in days if day is not None)
    return f"for the last {named} of the month write {wanted} (0 is Sunday, 5 Friday)"


def follows_wall_clock(fields: tuple[str, ...]) -> bool:
    """Debian cron's test: the minute or the hour is written with a `*` in front."""
    return fields[0].startswith("*") or fields[1].startswith("*")


def both_days_needed(fields: tuple[str, ...]) -> bool | None:
    """How day of month and day of week combine: both must match, or either (None: at most one is set)."""
    day, weekday = fields[DAY_OF_MONTH], fields[DAY_OF_WEEK]
    if day in ("*", "?") or weekday in ("*", "?"):
        return None
    return day.startswith("*") or weekday.startswith("*")


def spelled_out(fields: tuple[str, ...]) -> tuple[str, ...]:
    """The fields with `5,*` written as the whole range, which cron takes it for.

    Only a field that *begins* with `*` counts as unrestricted.
    """
    return tuple(
        f"{field.low}-{min(field.high, 6) if field.name == 'Day of week' else field.high}"
        if "*" in value.split(",")[1:] and not value.startswith("*")
        else value
        for field, value in zip(FIELDS, fields, strict=True)
    )


def lax_forms(fields: tuple[str, ...]) -> tuple[str, ...]:
    """A sentence for each form that other crons refuse, or that means more than it seems to."""
    found: list[str] = []
    for field, value in zip(FIELDS, fields, strict=True):
        for item in value.split(","):
            found.extend(_lax_item(field, item))
    return tuple(found)


def _lax_item(field: Field, item: str) -> Iterator[str]:
    if item == "?":
        yield f'{field.name} "?" is taken as "*": every {field.unit}.'
    ranged = _RANGE.fullmatch(item)
    if ranged:
        low, high = field.number(ranged[1]), field.number(ranged[2])
        if low is not None and low == high:
            yield (
                f"{field.name} {quote(item)} begins and ends with the same value and is taken as every "
                f"{field.unit}: for that value alone write {ranged[1]}."
            )
        elif low is not None and high is not None and low > high and (field.name, high) != ("Day of week", 0):
            yield f"{field.name} {quote(item)} runs backwards: past the end and on from the beginning."
    left = _only_value(field, item)
    if left is not None:
        yield f"{field.name} {quote(item)} steps past the end: only the first value is left, {left}."


def _only_value(field: Field, item: str) -> str | None:
    """The first value of a step, as written, where a step of the item already lies past its end."""
    ranged, stepped = _RANGE.fullmatch(item), _STEP.fullmatch(item)
    if ranged and ranged[3]:
        first, last, step = ranged[1], field.number(ranged[2]), int(ranged[3])
    elif stepped:
        first, step = (str(field.low) if stepped[1] == "*" else stepped[1]), int(stepped[2])
        last = _highest(field)
    else:
        return None
    low = field.number(first)
    if low is None or last is None or low >= last + (not ranged) or low + step <= last:
        return None
    return first


def _highest(field: Field) -> int:
    """The last value that a step without an end comes to: Sunday is 0 then, and not 7."""
    return min(field.high, 6) if field.name == "Day of week" else field.high


def quote(text: str) -> str:
    """What was typed, for a sentence: printable and not too long."""
    shown = "".join(char if char.isprintable() else "�" for char in text)
    return f'"{shown}"' if len(shown) <= 40 else f'"{shown[:39]}…"'
