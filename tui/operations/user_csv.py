"""Users from a CSV file: every line checked first, then all of them imported or none.

`check` reads the file, `preview` compares it with the site, `apply` imports it. The header
row names the columns without regard to case: `Name`, custom fields by their names, `Groups`
(several parted by `;`), and, where wanted, `Id`, `Enabled` and `Notes`. A column that is
there sets its field: an empty cell takes the value away. A column that is not there
changes nothing.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import sqlalchemy as sa

from storage import custom_fields, user_import
from storage.names import key_of
from storage.records import CustomField, ReviewEntry
from storage.user_import import Change, Mismatch, StagedUser
from storage.vocabulary import Category, EntryKind, Role
from tui.operations import names
from tui.operations.csv_table import Line, Table, bare, read_table
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.field_values import check_value, read_yes_no, shown
from tui.operations.users import check_notes

MOST_LINES = 200_000
ID, NAME, GROUPS, ENABLED, NOTES = "Id", "Name", "Groups", "Enabled", "Notes"
OWN_COLUMNS = (ID, NAME, GROUPS, ENABLED, NOTES)

Progress = Callable[[int, int], None]
"""Called with how many lines are done, and of how many."""


def _silent(done: int, total: int) -> None:
    pass


class Fate(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class BadLine:
    """Why a line cannot be imported. `column` is None when no single column is at fault.

    `name` is the user that the line names, empty where it names none that can be.
    """

    line: int
    column: str | None
    reason: str
    name: str = ""

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class GoodLine:
    """What a line will do. `changes` are phrases ("Mobile none → +61 400 000 000", "joined Ops")."""

    line: int
    name: str
    fate: Fate
    changes: tuple[str, ...] = ()
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file whose cells were checked. `fields` are the custom fields it was checked by."""

    people: tuple[StagedUser, ...]
    refused: tuple[BadLine, ...]
    warnings: tuple[BadLine, ...]
    ignored: tuple[str, ...]
    columns: frozenset[int]
    fields: tuple[CustomField, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import will do, or why it cannot be done."""

    lines: tuple[GoodLine, ...]
    refused: tuple[BadLine, ...]
    warnings: tuple[BadLine, ...] = ()
    new_groups: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def count(self, fate: Fate) -> int:
        return sum(line.fate is fate for line in self.lines)

    def __str__(self) -> str:
        counts = [f"{self.count(fate):,} {fate}" for fate in Fate]
        if self.refused:
            counts.append(f"{len({bad.line for bad in self.refused}):,} refused")
        groups = f"; new groups: {names.mentioned(self.new_groups, 20)}" if self.new_groups else ""
        return ", ".join(counts) + groups


class ImportRefused(Refused):
    """Nothing was imported; `preview.refused` names every bad line."""

    def __init__(self, preview: Preview) -> None:
        bad = len({line.line for line in preview.refused})
        lines = "1 line is" if bad == 1 else f"{bad:,} lines are"
        super().__init__(f"nothing was imported: {lines} refused")
        self.preview = preview


def check(
    desk: Desk, data: bytes, *, ignore_unknown: bool = False, progress: Progress = _silent
) -> CheckedFile:
    """Read a file and check every cell. Raises `Refused` when the file as a whole is no use."""
    with desk.database.read() as connection:
        fields = tuple(custom_fields.listing(connection))
    by_key = {key_of(field.name): field for field in fields}
    own = {key_of(column): column for column in OWN_COLUMNS}
    table = read_table(data, lambda name: key_of(name) in own or key_of(name) in by_key)
    columns, ignored = _columns(table, own, by_key, ignore_unknown)
    reader = _LineReader(table.header, columns)
    people: list[StagedUser] = []
    for line in table.lines:
        if len(people) >= MOST_LINES:
            raise Refused(f"the file has more than {MOST_LINES:,} users: split it")
        person = reader.read(line)
        if person:
            people.append(person)
        if line.number % 100 == 0:
            progress(line.number, table.length)
    progress(table.length, table.length)
    return CheckedFile(
        people=tuple(people),
        refused=tuple(reader.refused),
        warnings=tuple(reader.warnings),
        ignored=ignored,
        columns=frozenset(column.id for column in columns if isinstance(column, CustomField)),
        fields=fields,
    )


def preview(desk: Desk, checked: CheckedFile, *, progress: Progress = _silent) -> Preview:
    """What the import would do now. Nothing is written and no lock is held."""
    desk.require(Role.ADMINISTRATOR, "importing users")
    with desk.database.read() as connection:
        return _plan(connection, checked, progress)


def apply(
    desk: Desk,
    checked: CheckedFile,
    *,
    file_name: str = "a file",
    expected: Preview | None = None,
    progress: Progress = _silent,
) -> Preview:
    """Import all of it in one transaction. Raises `ImportRefused`, with nothing done, for bad lines.

    `expected` is the preview that the operator agreed to: refused when it would come out
    differently now.
    """
    with desk.write(Role.ADMINISTRATOR, "importing users") as tx:
        plan = _plan(tx.connection, checked, progress)
        if plan.refused:
            raise ImportRefused(plan)
        if expected is not None and (plan.lines, plan.new_groups) != (expected.lines, expected.new_groups):
            raise Refused("users were changed by someone else meanwhile: look at the preview again")
        changed = [line for line in plan.lines if line.fate is Fate.CHANGED]
        user_import.apply(tx, [line.line for line in changed], desk.now())
        if changed or plan.count(Fate.ADDED) or plan.new_groups:
            entries = [_changed_entry(desk, line) for line in changed]
            text = f"users imported from {file_name}: {plan}"
            entries.append(ReviewEntry(Category.USER, text, operator=desk.operator, kind=EntryKind.CHANGE))
            tx.review(desk.now(), *entries)
        return plan


def _changed_entry(desk: Desk, line: GoodLine) -> ReviewEntry:
    text = f"user {line.name} changed by import: {'; '.join(line.changes)}"
    return ReviewEntry(
        Category.USER,
        text,
        operator=desk.operator,
        user_id=line.user_id,
        user=line.name,
        kind=EntryKind.CHANGE,
    )


Column = CustomField | str | None


def _columns(
    table: Table, own: dict[str, str], by_key: dict[str, CustomField], ignore_unknown: bool
) -> tuple[list[Column], tuple[str, ...]]:
    """What each column holds (None: nothing we read), and the names of those passed over."""
    found: list[Column] = []
    unknown: list[str] = []
    for name in table.header:
        column: Column = own.get(key_of(name)) or by_key.get(key_of(name))
        if column is not None and column in found:
            raise Refused(f"the file has two columns named {name}: leave one out")
        if column is None and name:
            unknown.append(name)
        found.append(column)
    if unknown and not ignore_unknown:
        said = _unknown_columns(unknown, [*own.values(), *(field.name for field in by_key.values())])
        raise Refused(said, hint="--ignore-unknown")
    if NAME not in found:
        raise Refused("the file has no column Name: its first line must name the columns, Name among them")
    return found, tuple(unknown)


def _unknown_columns(unknown: Sequence[str], known: Sequence[str]) -> str:
    quoted = names.mentioned([f'"{name[:60]}"' for name in unknown], 10)
    which = f"the column {quoted} is" if len(unknown) == 1 else f"the columns {quoted} are"
    near = names.nearest(unknown[0], known)
    hint = f' (did you mean "{near}"?)' if near else ""
    return f"{which} not known{hint}: add a custom field of that name, or import without"


class _LineReader:
    """Turns lines into checked users; keeps what was wrong with each."""

    def __init__(self, header: Sequence[str], columns: Sequence[Column]) -> None:
        self.header = header
        self.columns = columns
        self.refused: list[BadLine] = []
        self.warnings: list[BadLine] = []

    def read(self, line: Line) -> StagedUser | None:
        """The user of a line, or None when something in it is refused."""
        before = len(self.refused)
        found = StagedUser(line.number, "")
        values: dict[int, str | None] = {}
        cells, width = line.cells, len(self.header)
        # Spreadsheets leave out the separators of empty cells at the end of a line.
        cells += ("",) * (width - len(cells))
        if any(cell.strip() for cell in cells[width:]):
            self._refuse(line, None, f"it has {len(cells)} cells, the header only {width}")
        for name, column, cell in zip(self.header, self.columns, cells, strict=False):
            text = bare(cell).strip()
            try:
                if isinstance(column, CustomField):
                    values[column.id] = self._value(line, column, text)
                elif column is not None:
                    found = _own_column(found, column, text)
                elif text and not name:
                    raise Refused(f'"{text[:40]}" is in a column without a name')
            except Refused as refusal:
                self._refuse(line, name or None, refusal.message)
        good = len(self.refused) == before
        self.refused[before:] = [replace(bad, name=found.name) for bad in self.refused[before:]]
        return replace(found, values=values) if good else None

    def _value(self, line: Line, field: CustomField, text: str) -> str | None:
        checked = check_value(field, text)
        if checked and checked.warning:
            self.warnings.append(BadLine(line.number, field.name, checked.warning))
        return checked.value if checked else None

    def _refuse(self, line: Line, column: str | None, reason: str) -> None:
        self.refused.append(BadLine(line.number, column, reason))


def _own_column(person: StagedUser, column: str, text: str) -> StagedUser:
    if column == NAME:
        return replace(person, name=names.check_name(text, "user"))
    if column == NOTES:
        return replace(person, notes=check_notes(text))
    if column == GROUPS:
        return replace(person, groups=_group_names(text))
    if not text:
        return person
    if column == ID:
        text = re.sub(r"(?<=[0-9])[.,]0{1,2}$", "", text)  # 7 as a spreadsheet may write it
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise Refused(f'Id "{text[:40]}" is not a whole number: leave it empty to add a user', ID)
        return replace(person, user_id=int(text))
    enabled = read_yes_no(text)
    if enabled is None:
        raise Refused(f'Enabled "{text[:40]}" is neither Yes nor No: write one of them', ENABLED)
    return replace(person, enabled=enabled)


def _group_names(text: str) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for part in text.split(";"):
        if part.strip():
            try:
                name = names.check_name(part, "group")
            except Refused as refusal:
                raise Refused(f'Groups "{part.strip()[:40]}": {refusal.message}', GROUPS) from None
            found.setdefault(key_of(name), name)
    return tuple(found.values())


def _plan(connection: sa.Connection, checked: CheckedFile, progress: Progress) -> Preview:
    """Stage the checked lines on this connection and compare them with the site."""
    if tuple(custom_fields.listing(connection)) != checked.fields:
        raise Refused("the custom fields were changed meanwhile: read the file again")
    user_import.stage(connection, checked.people, progress)
    refused = [*checked.refused, *_misfits(user_import.match(connection))]
    new = set(user_import.new_lines(connection))
    refused += _without_required(checked, new)
    changes: dict[int, list[Change]] = {}
    for change in user_import.changes(connection):
        changes.setdefault(change.line, []).append(change)
    names_of = {field.id: field for field in checked.fields}
    bad = {line.line for line in refused}
    return Preview(
        lines=tuple(
            _good_line(person, person.line in new, changes.get(person.line, []), names_of)
            for person in checked.people
            if person.line not in bad
        ),
        refused=tuple(sorted(refused, key=lambda line: line.line)),
        warnings=checked.warnings,
        new_groups=tuple(user_import.new_groups(connection)),
        ignored=checked.ignored,
    )


def _good_line(
    person: StagedUser, new: bool, changes: Sequence[Change], fields: dict[int, CustomField]
) -> GoodLine:
    if new:
        return GoodLine(person.line, person.name, Fate.ADDED)
    if not changes:
        return GoodLine(person.line, person.name, Fate.UNCHANGED)
    phrases = tuple(_phrase(change, fields) for change in changes)
    return GoodLine(person.line, changes[0].user, Fate.CHANGED, phrases, changes[0].user_id)


def _phrase(change: Change, fields: dict[int, CustomField]) -> str:
    if change.what == "name":
        return f"name now {change.new}"
    if change.what == "enabled":
        return "enabled" if change.new else "disabled"
    if change.what in ("joined", "left"):
        return f"{change.what} {change.new or change.old}"
    if change.field_id is None:
        return change.what
    field = fields[change.field_id]
    was, now = (shown(field, value) if value else "none" for value in (change.old, change.new))
    return f"{field.name} {was} → {now}"


def _misfits(found: Sequence[Mismatch]) -> Iterator[BadLine]:
    for misfit in found:
        ids = names.mentioned([f"id:{user_id}" for user_id in misfit.ids])
        for line in misfit.lines:
            others = names.mentioned([str(other) for other in misfit.lines if other != line], 10)
            column, name = NAME, misfit.name
            if misfit.kind == "unknown id":
                column, reason = ID, f"Id {misfit.ids[0]} is no user's: leave it empty to add {name}"
            elif misfit.kind == "several users":
                reason = f"{len(misfit.ids)} users are named {name} ({ids}): add a column Id"
            elif misfit.kind == "same user":
                reason = f"{name} ({ids}) is on line {others} too: leave one out"
            else:
                reason = f"{name} is on line {others} too: name them apart"
            yield BadLine(line, column, reason, name)


def _without_required(checked: CheckedFile, new: set[int]) -> Iterator[BadLine]:
    missing = [field for field in checked.fields if field.required and field.id not in checked.columns]
    for line in sorted(new) if missing else ():
        for field in missing:
            yield BadLine(line, field.name, f"{field.name} is required, and the file has no such column")
