"""The rules of a roster as people write them: turns, hand-overs, days, hours and the people in turn."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import sqlalchemy as sa

from scheduling.turns import WEEKDAYS
from storage import users
from storage.names import key_of
from storage.roster_records import EVERY_DAY, Roster, Rule
from storage.vocabulary import DutyDay, TurnUnit
from tui.operations import names
from tui.operations.errors import Refused

MOST_PEOPLE = 100
LONGEST_TURN = 366
NOBODY = "nobody"

_TURN = re.compile(r"([0-9]{1,9})\s*(d|days?|w|weeks?)", re.IGNORECASE)
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleForm:
    """A rule as it is written; None leaves it as it is, or at its preset."""

    people: Sequence[str] | None = None
    turn: str | None = None
    hand_over: str | None = None
    since: str | None = None
    days: str | None = None
    start: str | None = None
    end: str | None = None


def read_rule(connection: sa.Connection, form: RuleForm, before: Rule | None, today: date) -> Rule:
    """The rule that is meant: what is given over what was there. Raises `Refused` naming the field.

    Presets of a new one: a week in turn from today, all day, every day, handed over when its hours
    begin, weeks on a Monday.
    """
    if form.people is None and before is None:
        raise Refused("People is empty: name who is in turn, several together as Joe+Amy", "People")
    rule = before or Rule(0, (), 1, TurnUnit.WEEKS, 0, 0, today)
    if form.people is not None:
        rule = replace(rule, people=read_people(connection, form.people))
    if form.turn is not None:
        every, unit = read_turn(form.turn)
        rule = replace(rule, every=every, unit=unit)
    if form.days is not None:
        rule = replace(rule, days=read_days(form.days))
    if form.start is not None:
        rule = replace(rule, start=read_time(form.start, "From"))
    if form.end is not None:
        rule = replace(rule, end=read_time(form.end, "To"))
    if form.hand_over is not None:
        weekday, minute = read_hand_over(form.hand_over, rule.unit)
        rule = replace(rule, weekday=rule.weekday if weekday is None else weekday, hand_over=minute)
    elif before is None:
        rule = replace(rule, hand_over=rule.start)
    if form.since is not None:
        rule = replace(rule, since=read_date(form.since, "Since"))
    return rule


def read_people(connection: sa.Connection, given: Iterable[str]) -> tuple[tuple[int, ...], ...]:
    """Entries in turn: a user each, or several together with + between them."""
    entries = tuple(together(connection, text, "People") for text in given if text.strip())
    if not entries:
        raise Refused("People is empty: name who is in turn, several together as Joe+Amy", "People")
    if len(entries) > MOST_PEOPLE:
        raise Refused(f"People has {len(entries)} entries: {MOST_PEOPLE} at most", "People")
    return entries


def together(connection: sa.Connection, text: str, field: str) -> tuple[int, ...]:
    """Users who are on together: `Joe+Amy`. A name that itself holds + is taken as it stands."""
    whole = users.by_name(connection, text.strip())
    parts = [text] if len(whole) == 1 else text.split("+")
    try:
        found = [names.user(connection, part).id for part in parts]
    except Refused as error:
        raise Refused(f"{field}: {error.message}", field) from None
    return tuple(dict.fromkeys(found))


def covering(connection: sa.Connection, text: str) -> tuple[int, ...]:
    """Who covers: users, or nobody (a user of that name: user:nobody)."""
    return () if key_of(text) == NOBODY else together(connection, text, "By")


def read_turn(text: str) -> tuple[int, TurnUnit]:
    found = _TURN.fullmatch(text.strip())
    if found is None:
        raise Refused(f'Turn: "{text.strip()[:40]}" is no length: write days or weeks, as 1w or 2d', "Turn")
    every = int(found[1])
    if not 1 <= every <= LONGEST_TURN:
        raise Refused(f"Turn must be 1 to {LONGEST_TURN}, not {every:,}", "Turn")
    return every, TurnUnit.WEEKS if found[2][0].lower() == "w" else TurnUnit.DAYS


def read_hand_over(text: str, unit: TurnUnit) -> tuple[int | None, int]:
    """The weekday of it, if one is named, and the minute of the day."""
    words = text.split()
    if len(words) == 1:
        return None, read_time(words[0], "Hand-over")
    if len(words) != 2:
        raise Refused(f'Hand-over: "{text.strip()[:40]}" is none: write it like Mon 08:00', "Hand-over")
    weekday, minute = _weekday(words[0], "Hand-over"), read_time(words[1], "Hand-over")
    if unit is TurnUnit.DAYS:
        raise Refused(
            f"Hand-over names {WEEKDAYS[weekday]}, and the turn is of days: give the time alone", "Hand-over"
        )
    return weekday, minute


def read_time(text: str, field: str) -> int:
    """A time of day as minutes after midnight; 24:00 is midnight too."""
    found = _TIME.fullmatch(text.strip())
    minute = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else None
    if minute is None or minute > 1440:
        raise Refused(f'{field}: "{text.strip()[:40]}" is no time of day: write it like 08:00', field)
    return minute % 1440


def read_days(text: str) -> frozenset[DutyDay]:
    """Days with commas, ranges with a dash: `Mon-Fri,Holiday`. A range may go over Sunday."""
    found: set[DutyDay] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if key_of(part) in ("holiday", "holidays"):
            found.add(DutyDay.HOLIDAY)
        elif dash:
            start, end = _weekday(first, "Days"), _weekday(last, "Days")
            found.update(WEEKDAYS[(start + step) % 7] for step in range((end - start) % 7 + 1))
        else:
            found.add(WEEKDAYS[_weekday(part, "Days")])
    return frozenset(found)


def _weekday(text: str, field: str) -> int:
    wanted = key_of(text)
    for place, day in enumerate(WEEKDAYS):
        if wanted in (key_of(day), _FULL[place]):
            return place
    raise Refused(
        f'{field}: "{text.strip()[:40]}" is no day: there are Mon, Tue, Wed, Thu, Fri, Sat, Sun'
        + (" and Holiday" if field == "Days" else ""),
        field,
    )


def read_date(text: str, field: str) -> date:
    """A date between the years 1970 and 2200."""
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise Refused(f'{field}: "{text.strip()[:40]}" is no date: write it like 2026-03-02', field) from None
    if not 1970 <= found.year < 2200:
        raise Refused(f"{field} must lie between 1970 and 2199: {found} does not", field)
    return found


def check_moment(at: datetime, field: str) -> datetime:
    """A moment that rosters reckon with. Raises `Refused`."""
    if not 1970 <= at.year < 2199:
        raise Refused(f"{field} must lie between 1970 and 2198: {at.year} does not", field)
    return at


# As people read it


def turn_words(rule: Rule) -> str:
    """`1w`, `2d`."""
    return f"{rule.every}{'w' if rule.unit is TurnUnit.WEEKS else 'd'}"


def time_words(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def hand_over_words(rule: Rule) -> str:
    """`Mon 08:00`, or the time alone where turns are of days."""
    day = f"{WEEKDAYS[rule.weekday]} " if rule.unit is TurnUnit.WEEKS else ""
    return f"{day}{time_words(rule.hand_over)}"


def days_words(rule: Rule) -> str:
    """`Mon-Fri,Holiday`: runs of days as ranges."""
    places = [place for place, day in enumerate(WEEKDAYS) if day in rule.days]
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    parts = [
        f"{WEEKDAYS[run[0]]}-{WEEKDAYS[run[-1]]}"
        if len(run) > 2
        else ",".join(str(WEEKDAYS[each]) for each in run)
        for run in runs
    ]
    return ",".join([*parts, *([str(DutyDay.HOLIDAY)] if DutyDay.HOLIDAY in rule.days else [])])


def hours_words(rule: Rule) -> str:
    """`22:00–06:00`, or `all day`."""
    if rule.start == rule.end == 0:
        return "all day"
    return f"{time_words(rule.start)}–{time_words(rule.end)}"


def people_words(roster: Roster, people: Sequence[int]) -> str:
    return "+".join(roster.names.get(user_id, f"user {user_id}") for user_id in people)


def rule_words(roster: Roster, rule: Rule) -> str:
    """A rule on one line: `Ana, Joe+Amy; each 1w, Mon 08:00; Mon-Fri 17:00–08:00`."""
    people = ", ".join(people_words(roster, entry) for entry in rule.people)
    when = "every day" if rule.days == EVERY_DAY else days_words(rule)
    return f"{people}; each {turn_words(rule)}, {hand_over_words(rule)}; {when} {hours_words(rule)}"
