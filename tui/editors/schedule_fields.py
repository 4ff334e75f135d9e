"""The schedule of a task as the editor's fields hold it: the plain form, the cron field, and between them.

Pure: values of fields in, values of fields out. What is typed in one side follows in the other.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from scheduling import cron_form
from scheduling.cron_form import DAY_NAMES, EVERY_CHOICES, LAST_DAY
from tui.operations.errors import Refused
from tui.widgets.fields import ChoiceField, Field, TextField

ONCE, EVERY, DAILY, WEEKDAYS, WEEKLY, MONTHLY, HAND_OVER, CRON = (
    "once",
    "every",
    "daily",
    "weekdays",
    "weekly",
    "monthly",
    "hand-over",
    "cron",
)
KINDS = (
    ("Every N minutes", EVERY),
    ("Daily", DAILY),
    ("Weekdays", WEEKDAYS),
    ("Weekly", WEEKLY),
    ("Monthly", MONTHLY),
    ("Once at", ONCE),
    ("At hand-over of a roster", HAND_OVER),
    ("As the cron field says", CRON),
)
SHOWN = {
    ONCE: ("date", "at"),
    EVERY: ("every",),
    DAILY: ("at",),
    WEEKDAYS: ("at",),
    WEEKLY: ("days", "at"),
    MONTHLY: ("day", "at"),
    HAND_OVER: ("roster",),
    CRON: (),
}
PLAIN = ("kind", "every", "date", "days", "day", "at")


def fields(rosters: Sequence[tuple[str, int]] = ()) -> Sequence[Field]:
    """`rosters` are names and ids, for a task that fires at the hand-overs of one."""
    return (
        ChoiceField(key="kind", label="Fires", options=KINDS, required=True),
        ChoiceField(key="every", label="Every", options=tuple((_every(n), n) for n in EVERY_CHOICES)),
        TextField(key="date", label="Date", help="Year-month-day, e.g. 2027-01-31"),
        TextField(key="days", label="Days", help="Names of days, e.g. Mon, Thu"),
        TextField(key="day", label="Day", help="1 to 31, or last"),
        ChoiceField(key="roster", label="Roster", options=tuple(rosters)),
        TextField(key="at", label="At", help="Hours and minutes in the task's zone, e.g. 06:30"),
        TextField(key="cron", label="Cron", help="minute hour day month weekday, e.g. 0 9 * * 1-5"),
    )


def _every(minutes: int) -> str:
    if minutes % 60:
        return f"{minutes} minutes" if minutes > 1 else "minute"
    return f"{minutes // 60} hours" if minutes > 60 else "hour"


def values_of(expression: str, once_at: datetime | None, roster_id: int | None = None) -> dict[str, Any]:
    """The fields for a task's schedule; `once_at` is in the task's zone."""
    values: dict[str, Any] = {"every": 5, "date": "", "days": "Mon", "day": "1", "at": "09:00"}
    values |= {"cron": expression, "kind": CRON, "roster": roster_id}
    if roster_id is not None:
        return values | {"kind": HAND_OVER, "cron": ""}
    if once_at is not None:
        return values | {"kind": ONCE, "date": f"{once_at:%Y-%m-%d}", "at": f"{once_at:%H:%M}", "cron": ""}
    return values | plain_of(expression)


def plain_of(expression: str) -> dict[str, Any]:
    """The plain form that an expression has; only the kind "cron" where it has none."""
    match cron_form.from_cron(expression):
        case cron_form.EveryMinutes(minutes):
            return {"kind": EVERY, "every": minutes}
        case cron_form.Weekdays(at):
            return {"kind": WEEKDAYS, "at": f"{at:%H:%M}"}
        case cron_form.Daily(at):
            return {"kind": DAILY, "at": f"{at:%H:%M}"}
        case cron_form.Weekly(at, days):
            names = ", ".join(DAY_NAMES[day][:3] for day in sorted(days, key=lambda day: (day - 1) % 7))
            return {"kind": WEEKLY, "at": f"{at:%H:%M}", "days": names}
        case cron_form.Monthly(at, day):
            return {"kind": MONTHLY, "at": f"{at:%H:%M}", "day": "last" if day == LAST_DAY else str(day)}
        case _:
            return {"kind": CRON}


def cron_of(values: Mapping[str, Any]) -> str | None:
    """The expression of the plain fields; None for "once" and "cron". Raises `Refused`."""
    kind = values["kind"]
    if kind == EVERY:
        return cron_form.EveryMinutes(values["every"] or 5).to_cron()
    if kind == DAILY:
        return cron_form.Daily(_time(values["at"])).to_cron()
    if kind == WEEKDAYS:
        return cron_form.Weekdays(_time(values["at"])).to_cron()
    if kind == WEEKLY:
        return cron_form.Weekly(_time(values["at"]), _days(values["days"])).to_cron()
    if kind == MONTHLY:
        return cron_form.Monthly(_time(values["at"]), _day(values["day"])).to_cron()
    return None


def once_at(values: Mapping[str, Any]) -> datetime:
    """The local date and time of a task that runs once, without its zone. Raises `Refused`."""
    try:
        day = date.fromisoformat(values["date"].strip())
    except ValueError:
        raise Refused("Date must be written year-month-day, e.g. 2027-01-31", "Date") from None
    return datetime.combine(day, _time(values["at"]))


def _time(text: str) -> time:
    hours, colon, minutes = text.strip().partition(":")
    if colon and hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60:
        return time(int(hours), int(minutes))
    raise Refused("At must be hours and minutes, e.g. 06:30", "At")


def _days(text: str) -> frozenset[int]:
    found = set()
    for word in text.replace(",", " ").split():
        numbers = [n for n, name in enumerate(DAY_NAMES) if name.lower().startswith(word.lower())]
        if len(word) < 2 or len(numbers) != 1:
            raise Refused(f"Days: {word} is no day of the week; write e.g. Mon, Thu", "Days")
        found.add(numbers[0])
    if not found:
        raise Refused("Days is empty: write e.g. Mon, Thu", "Days")
    return frozenset(found)


def _day(text: str) -> int:
    word = text.strip().lower()
    if word == "last":
        return LAST_DAY
    if word.isdigit() and 1 <= int(word) <= 31:
        return int(word)
    raise Refused("Day must be 1 to 31, or last", "Day")
