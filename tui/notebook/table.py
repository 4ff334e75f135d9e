"""What a read call gives: rows by the JSON field names of the command line, shown as a table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, overload

from tui.cli.table import lines
from tui.text.plain import plain_str

MOST_SHOWN = 100  # rows; all of them are there to go through
LONGEST = 120  # characters of a cell


class Table(Sequence[Mapping[str, Any]]):
    """Rows as dictionaries, the newest last. In a notebook it shows as a table, elsewhere as text.

    Only some columns are shown; every row holds all of its fields.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str], empty: str) -> None:
        self._rows = tuple(rows)
        self.columns = tuple(columns)
        self._empty = empty

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self._rows)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Any]: ...

    @overload
    def __getitem__(self, index: slice) -> "Table": ...

    def __getitem__(self, index: int | slice) -> "Mapping[str, Any] | Table":
        if isinstance(index, slice):
            return Table(self._rows[index], self.columns, self._empty)
        return self._rows[index]

    def __repr__(self) -> str:
        if not self._rows:
            return self._empty
        said = lines(self.columns, self._cells(), self._figures())
        return "\n".join([*said, *([note] if (note := self._more()) else [])])

    def _repr_html_(self) -> str:
        if not self._rows:
            return f"<p>{escape(self._empty)}</p>"
        figures = self._figures()
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>{}</tr>".format(
                "".join(
                    f'<td style="text-align:{"right" if place in figures else "left"}">{escape(cell)}</td>'
                    for place, cell in enumerate(row)
                )
            )
            for row in self._cells()
        )
        more = f"<p>{escape(note)}</p>" if (note := self._more()) else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"

    def _cells(self) -> list[list[str]]:
        """The newest rows as safe text: what came from outside steers neither page nor terminal."""
        return [[_shown(row.get(name)) for name in self.columns] for row in self._rows[-MOST_SHOWN:]]

    def _figures(self) -> set[int]:
        return {
            place
            for place, name in enumerate(self.columns)
            if any(_is_figure(row.get(name)) for row in self._rows[-MOST_SHOWN:])
        }

    def _more(self) -> str:
        left = len(self._rows) - MOST_SHOWN
        return f"the newest {MOST_SHOWN} of {len(self._rows):,} rows" if left > 0 else ""


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        value = ", ".join(f"{name}: {each}" for name, each in value.items())
    elif isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    text = plain_str(str(value)[: LONGEST + 1])
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
