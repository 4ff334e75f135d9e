"""What people type into the fields of a form, read and checked; each refusal names its field."""

from datetime import timedelta

from tui.operations.errors import Refused

MOST_MINUTES = 525_600  # a year


def whole_number(text: str | int, field: str, low: int, high: int) -> int:
    """A whole number from `low` to `high`. Raises `Refused` naming the field."""
    try:
        number = text if isinstance(text, int) else int(text.strip())
    except ValueError:
        raise Refused(f'{field} must be a whole number, not "{str(text).strip()[:40]}"', field) from None
    if not low <= number <= high:
        raise Refused(f"{field} must be {low:,} to {high:,}, not {number:,}", field)
    return number


def any_whole_number(text: str | int, field: str) -> int:
    """A whole number of any size; the form checks its range. Raises `Refused` naming the field."""
    return whole_number(text, field, -(2**63), 2**63)


def whole_minutes(text: str | int, field: str, *, low: int = 0) -> timedelta:
    """Whole minutes, `low` to a year. Raises `Refused` naming the field."""
    try:
        number = text if isinstance(text, int) else int(text.strip())
    except ValueError:
        raise Refused(f'{field} must be whole minutes, not "{str(text).strip()[:40]}"', field) from None
    if not low <= number <= MOST_MINUTES:
        raise Refused(f"{field} must be {low} to {MOST_MINUTES:,} minutes, not {number:,}", field)
    return timedelta(minutes=number)


def minutes_of(length: timedelta) -> int | float:
    """A length of time in minutes as it is shown: whole where it is whole."""
    minutes = length.total_seconds() / 60
    return int(minutes) if minutes == int(minutes) else minutes


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 message`, `3 messages`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
