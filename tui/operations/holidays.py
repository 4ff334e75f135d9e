"""Holidays of the site: dates that are no ordinary weekdays where a roster names them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import PurePath

from scheduling import hand_over, on_duty
from storage import rosters as stored
from storage.database import Transaction
from storage.names import key_of, tidy
from storage.vocabulary import Role
from tui.operations.csv_table import Line, bare, read_table
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.form_values import counted
from tui.operations.names import check_text
from tui.operations.roster_form import people_words, read_date
from tui.operations.rosters import note

MOST = 10_000
LONGEST_NAME = 100
DATE, NAME = "date", "name"


@dataclass(frozen=True, slots=True)
class Changed:
    """How many dates were set or taken away, and whom that puts on duty now."""

    days: int
    warnings: tuple[str, ...] = ()


def listing(desk: Desk) -> Mapping[date, str]:
    """All of them in the order of the calendar."""
    return desk.read(stored.holiday_listing)


def add(desk: Desk, day: str, name: str) -> Changed:
    """Make a date a holiday, or give it another name."""
    return _set(desk, {read_date(day, "Date"): _name(name)}, "")


def load(desk: Desk, data: bytes, file_name: str) -> Changed:
    """Holidays from a CSV file with the columns Date and Name, in this order where its first line is no
    heading: all of it, or nothing."""
    table = read_table(data, lambda heading: key_of(heading) in (DATE, NAME))
    places = {key_of(heading): place for place, heading in enumerate(table.header)}
    first: list[Line] = []
    if not {DATE, NAME} <= places.keys():
        if not _is_date(table.header[0]):
            raise Refused("the first line must name the columns Date and Name")
        places, first = {DATE: 0, NAME: 1}, [Line(1, table.header)]
    wanted: dict[date, str] = {}
    for line in chain(first, table.lines):
        cells = [bare(cell).strip() for cell in line.cells]
        try:
            day, name = (
                cells[places[column]] if places[column] < len(cells) else "" for column in (DATE, NAME)
            )
            wanted[read_date(day, "Date")] = _name(name)
        except Refused as error:
            raise Refused(f"line {line.number}: {error.message}: nothing was loaded") from None
    return _set(desk, wanted, f" from {PurePath(file_name).name}")


def remove(desk: Desk, day: str) -> Changed:
    wanted = read_date(day, "Date")
    with desk.write(Role.ADMINISTRATOR, "removing a holiday") as tx:
        found = stored.holiday_listing(tx)
        if wanted not in found:
            raise Refused(f"{wanted} is no holiday: commsdesk roster holiday list shows them", "Date")
        before = _on_now(tx, desk.now())
        stored.remove_holiday(tx, wanted)
        note(desk, tx, f"holiday removed: {wanted} {found[wanted]}")
        return Changed(1, _after(tx, desk, before))


def _set(desk: Desk, wanted: Mapping[date, str], where: str) -> Changed:
    if len(wanted) > MOST:
        raise Refused(f"there are {len(wanted):,} dates: {MOST:,} at most")
    with desk.write(Role.ADMINISTRATOR, "adding holidays") as tx:
        before = _on_now(tx, desk.now())
        stored.set_holidays(tx, wanted)
        if len(wanted) == 1:
            day, name = next(iter(wanted.items()))
            said = f"holiday: {day} {name}"
        else:
            said = counted(len(wanted), "holiday")
        note(desk, tx, f"{said}{where}")
        return Changed(len(wanted), _after(tx, desk, before))


def _is_date(text: str) -> bool:
    try:
        read_date(text, "Date")
    except Refused:
        return False
    return True


def _name(text: str) -> str:
    name = tidy(check_text(text, "Name"))
    if not name:
        raise Refused("Name is empty: say which holiday it is", "Name")
    if len(name) > LONGEST_NAME:
        raise Refused(f"Name has {len(name)} characters: {LONGEST_NAME} at most", "Name")
    return name


def _on_now(tx: Transaction, now: datetime) -> dict[int, tuple[int, ...]]:
    return {roster.id: on_duty.on_duty(roster, now).people for roster in stored.listing(tx)}


def _after(tx: Transaction, desk: Desk, before: Mapping[int, tuple[int, ...]]) -> tuple[str, ...]:
    """Plan the hand-overs anew, and say who is on now that was not: turns of covered days have moved."""
    found = []
    for roster in stored.listing(tx):
        hand_over.plan(tx, roster, desk.now())
        people = on_duty.on_duty(roster, desk.now()).people
        if people != before.get(roster.id):
            who = people_words(roster, people) or "nobody"
            found.append(f"{roster.name}: on duty now is {who}")
    return tuple(found)
