"""A site with custom fields, groups and users, made through the operations that the console uses."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from storage.records import User
from storage.vocabulary import Role
from tests.tui.support import make_desk, settle
from tui.operations import fields, groups, users
from tui.operations.desk import Desk

JOE = "+447400123456"
ANN = "+61400000000"


@contextmanager
def desk_at(folder: Path, *, role: Role = Role.ADMINISTRATOR) -> Iterator[Desk]:
    """An operator named ana at a new site."""
    made = make_desk(folder / "site", role=role)
    try:
        yield made
    finally:
        made.database.close()


def add_people(desk: Desk) -> dict[str, int]:
    """Mobile and Shift; Joe Hart (Ops), Ann Lee, Bob without a number. The ids by name."""
    fields.add(desk, "Mobile", "Telephone Number")
    fields.add(desk, "Shift", "Choice", choices=["Day", "Night"])
    found = {"Ops": groups.add(desk, "Ops").id, "Crew": groups.add(desk, "Crew").id}
    given: dict[str, dict[str, Any]] = {
        "Joe Hart": {"values": {"Mobile": JOE, "Shift": "Day"}, "groups": ["Ops"]},
        "Ann Lee": {"values": {"Mobile": ANN}},
        "Bob": {},
    }
    for name, values in given.items():
        found[name] = users.add(desk, name, **values).user.id
    return found


def user_named(desk: Desk, name: str) -> User:
    """The only user of that name."""
    (found,) = [user for user in users.page(desk) if user.name == name]
    return found


def cells(pilot: Pilot[Any]) -> list[tuple[str, ...]]:
    """The rows of the list that is shown, as text."""
    table = pilot.app._main.current.table  # type: ignore[attr-defined]
    rows = [table.row_at(index) for index in range(table.count)]
    return [tuple(getattr(cell, "plain", cell) for cell in row.cells) for row in rows if row]


async def rows_are(pilot: Pilot[Any], count: int) -> Any:
    """Wait until the list holds so many rows and has the keys; the section."""
    main = pilot.app._main  # type: ignore[attr-defined]
    await settle(
        pilot,
        lambda: (
            main.current.table.is_read and main.current.table.count == count and main.current.table.has_focus
        ),
    )
    return main.current


async def go_to(pilot: Pilot[Any], name: str) -> None:
    """Put the cursor on the row with this name."""
    table = pilot.app._main.current.table  # type: ignore[attr-defined]
    (index,) = [index for index, row in enumerate(cells(pilot)) if name in row]
    table.move_to(index)
    await pilot.pause()
