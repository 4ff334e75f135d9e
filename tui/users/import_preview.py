"""What an import would do, as rows; and how the columns of a file were understood."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from textual.content import Content

from storage.names import key_of
from storage.records import CustomField
from tui.operations.csv_table import read_table
from tui.operations.field_values import shown as shown_value
from tui.operations.user_csv import MOST_LINES, OWN_COLUMNS, BadLine, CheckedFile, Fate, Preview
from tui.text.content import plain
from tui.widgets.columns import Column
from tui.widgets.row_source import PageWanted, Row

COLUMNS = (
    Column("line", "Line", 7, align="right", sortable=False),
    Column("fate", "What", 12, sortable=False),
    Column("name", "Name", 14, flex=1, priority=1, sortable=False),
    Column("detail", "Changes, or why it is refused", 24, flex=4, sortable=False),
)

_SIGNS = {
    "refused": ("✗ refused", "$text-error"),
    "warning": ("▲ warning", "$text-warning"),
    Fate.ADDED: ("+ added", "$text-success"),
    Fate.CHANGED: ("~ changed", "$text-accent"),
    Fate.UNCHANGED: ("· unchanged", "$text-muted"),
}


class Show(StrEnum):
    """Which lines of the preview are shown."""

    ALL = "all"
    REFUSED = "refused"
    WARNINGS = "warnings"
    ADDED = "added"
    CHANGED = "changed"


@dataclass(frozen=True)
class ColumnMatch:
    """A heading of the file, and what it was taken for; `field` is empty where it is not known."""

    heading: str
    field: str
    type: str = ""


def match_columns(data: bytes, fields: Sequence[CustomField]) -> list[ColumnMatch]:
    """How the headings of a CSV file fit the site. Raises `Refused` when the file is no table."""
    own = {key_of(name): name for name in OWN_COLUMNS}
    custom = {key_of(field.name): field for field in fields}
    header = read_table(data, lambda name: key_of(name) in own or key_of(name) in custom).header
    found = []
    for heading in header:
        key = key_of(heading)
        field = custom.get(key)
        name = own.get(key) or (field.name if field else "")
        found.append(ColumnMatch(heading, name, str(field.type) if field and key not in own else ""))
    return found


def unknown(columns: Sequence[ColumnMatch]) -> list[str]:
    """The headings that fit nothing."""
    return [column.heading for column in columns if column.heading and not column.field]


def columns_line(columns: Sequence[ColumnMatch], *, passed_over: bool) -> Content:
    """The columns as they were matched. `passed_over` says that those not known are."""
    parts = [Content.styled("Columns ", "$text-muted")]
    for number, column in enumerate(columns):
        if number:
            parts.append(Content.styled(" · ", "$text-muted"))
        parts.append(_column(column, passed_over))
    return Content("").join(parts)


def _column(column: ColumnMatch, passed_over: bool) -> Content:
    if not column.heading:
        return Content.styled("▲ without a name", "$text-warning")
    if not column.field:
        if passed_over:
            return plain(f"{column.heading}: passed over").stylize("$text-muted")
        return plain(f"▲ {column.heading}: not known").stylize("$text-warning")
    renamed = f" → {column.field}" if column.heading != column.field else ""
    kind = f" ({column.type})" if column.type else ""
    return plain(f"{column.heading}{renamed}{kind}")


class PreviewSource:
    """The lines of a preview: those refused first, then in the order of the file."""

    def __init__(self, checked: CheckedFile, preview: Preview, show: Show = Show.ALL) -> None:
        self._lines = lines_of(preview, show)
        # Other lines have other keys, so that a table notices that it shows others.
        self._first = list(Show).index(show) * MOST_LINES * 2
        self._fields = {field.id: field for field in checked.fields}
        self._people = {person.line: person for person in checked.people}

    async def count(self) -> int:
        return len(self._lines)

    async def page(self, wanted: PageWanted) -> Sequence[Row]:
        # Formatting numbers takes a while the first time.
        return await asyncio.to_thread(self._rows, wanted)

    def _rows(self, wanted: PageWanted) -> list[Row]:
        page = self._lines[wanted.offset : wanted.offset + wanted.limit]
        return [self._row(self._first + wanted.offset + number, line) for number, line in enumerate(page)]

    async def position(self, key: int) -> int | None:
        index = key - self._first
        return index if 0 <= index < len(self._lines) else None

    async def keys(self, limit: int) -> Sequence[int]:
        return range(self._first, self._first + min(limit, len(self._lines)))

    def text(self, key: int) -> str:
        """A line in full, for where the column is too narrow."""
        index = key - self._first
        if not 0 <= index < len(self._lines):
            return ""
        line = self._lines[index]
        return f"Line {line.number}: {self._detail(line) or line.kind}"

    def _row(self, key: int, line: "PreviewLine") -> Row:
        word, colour = _SIGNS[line.kind]
        marks = frozenset({"dim"}) if line.kind == Fate.UNCHANGED else frozenset[str]()
        cells = (
            f"{line.number:,}",
            Content.styled(word, colour),
            line.name or "–",
            self._detail(line) or "–",
        )
        return Row(key, cells, marks)

    def _detail(self, line: "PreviewLine") -> str:
        return self._given(line.number) if line.kind == Fate.ADDED else line.detail

    def _given(self, line: int) -> str:
        """What a new user begins with."""
        person = self._people[line]
        found = [
            f"{self._fields[field_id].name} {shown_value(self._fields[field_id], value)}"
            for field_id, value in (person.values or {}).items()
            if value
        ]
        found += [f"groups {', '.join(person.groups)}"] if person.groups else []
        return "; ".join(found)


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """A line as it is shown. `kind` is a key of the signs above."""

    number: int
    kind: str
    name: str
    detail: str


def lines_of(preview: Preview, show: Show) -> Sequence[PreviewLine]:
    """What is shown."""
    if show is Show.REFUSED:
        return [_bad(line, "refused") for line in preview.refused]
    if show is Show.WARNINGS:
        return [_bad(line, "warning") for line in preview.warnings]
    good = [
        PreviewLine(line.line, line.fate, line.name, "; ".join(line.changes))
        for line in preview.lines
        if show is Show.ALL or line.fate.value == show.value
    ]
    return [*lines_of(preview, Show.REFUSED), *good] if show is Show.ALL else good


def _bad(line: BadLine, kind: str) -> PreviewLine:
    return PreviewLine(line.line, kind, line.name, line.reason)
