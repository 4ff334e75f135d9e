"""The people of the sample site, read from the table beside this file.

All numbers are ones that their countries keep for fiction: the ACMA's list (Australia), 07700 900
(Ofcom, United Kingdom), 0171 39200 (Bundesnetzagentur), 070-174 06 (PTS, Sweden), 555-01 (North
America). One person has none, and one a number that lacks a digit.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

OPTED_OUT = "Sam Whitlock"
BAD_NUMBER = "Bill Farrow"
NO_NUMBER = "Old Greg"
ON_LEAVE = "Peter Quill"

_OWN = frozenset({"Name", "Groups", "Notes", "Enabled"})


@dataclass(frozen=True, slots=True)
class Person:
    """A user to be. `values` are custom fields by name, in their stored form."""

    name: str
    values: dict[str, str]
    groups: tuple[str, ...]
    notes: str
    enabled: bool


@cache
def everyone() -> tuple[Person, ...]:
    """All people in the order of the table."""
    text = files("demo_data").joinpath("sample_people.csv").read_text("utf-8")
    return tuple(_person(row) for row in csv.DictReader(text.splitlines()))


def number_of(name: str) -> str:
    """The mobile number of a person who has one (E.164)."""
    return next(person.values["Mobile"] for person in everyone() if person.name == name)


def _person(row: dict[str, str]) -> Person:
    return Person(
        name=row["Name"],
        values={field: value for field, value in row.items() if value and field not in _OWN},
        groups=tuple(group for group in row["Groups"].split(";") if group),
        notes=row["Notes"],
        enabled=row["Enabled"] == "Yes",
    )
