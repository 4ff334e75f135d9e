"""Users to a CSV file, in the very form that the import reads."""

from collections.abc import Iterator, Sequence
from typing import TextIO

from storage import custom_fields, users
from storage.records import CustomField, User
from storage.users import EVERYONE, UserFilter
from storage.vocabulary import FieldType
from tui.operations.csv_table import guarded, write_rows
from tui.operations.desk import Desk
from tui.operations.user_csv import ENABLED, GROUPS, ID, NAME, NOTES

_NUMERIC = (FieldType.TELEPHONE_NUMBER, FieldType.NUMBER)


def export(desk: Desk, out: TextIO, wanted: UserFilter = EVERYONE) -> int:
    """Write a header row and a line a user; gives how many users.

    Cells that a spreadsheet would run as a formula get a leading ', which the import takes away.
    """
    with desk.database.read() as connection:
        fields = custom_fields.listing(connection)
        header = [ID, NAME, *(field.name for field in fields), GROUPS, ENABLED, NOTES]
        write_rows(out, iter([[guarded(cell) for cell in header]]))
        return write_rows(out, _rows(users.everyone(connection, wanted), fields))


def _rows(people: Iterator[User], fields: Sequence[CustomField]) -> Iterator[list[str]]:
    for person in people:
        yield [
            str(person.id),
            guarded(person.name),
            *(guarded(person.values.get(field.id, ""), number=field.type in _NUMERIC) for field in fields),
            guarded(";".join(person.groups)),
            "Yes" if person.enabled else "No",
            guarded(person.notes),
        ]
