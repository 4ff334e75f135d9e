"""CSV files as spreadsheets write and read them: delimiters, encodings, numbered lines, harmless cells."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

from tui.operations.errors import Refused

LARGEST_FILE = 64 * 1024 * 1024  # bytes
DELIMITERS = (",", ";", "\t")

# A spreadsheet runs a cell that begins so as a formula. A leading ' makes it text; a text that
# has such a ' of its own gets one more, so that reading gives back exactly what was written.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
# Excel's own first line "sep=;" names the delimiter.
_TOLD = re.compile(r'\ufeff?"?sep=([^\r\n"]|")"?[,;\t]*(?:\r\n|\n|\r)', re.IGNORECASE)
_TEXT_CELL = re.compile(r'="((?:[^"]|"")*)"')
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True)
class Line:
    """A record, by the number of the line it begins on (quoted cells may span several)."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A file taken apart. `lines` reads on as it is gone through and raises `Refused` where it must."""

    header: tuple[str, ...]
    lines: Iterator[Line]
    length: int  # lines of text in all, for a progress display


def read_table(data: bytes, known: Callable[[str], bool]) -> Table:
    """The table in a file, with the delimiter (comma, semicolon or tab) that yields most known names.

    `known` says whether a heading is one that the caller expects.
    """
    text = _decoded(data)
    told = _TOLD.match(text)
    skipped = told[0].count("\n") or told[0].count("\r") if told else 0
    text, length = text[told.end() :] if told else text, text.count("\n") + 1
    delimiter = told[1] if told else max(DELIMITERS, key=lambda char: _known_names(text, char, known))
    records = _records(text, delimiter, skipped)
    header = next(records, None)
    if header is None:
        raise Refused("the file is empty: its first line must name the columns")
    return Table(
        header=tuple(bare(cell).strip() for cell in header.cells),
        lines=records,
        length=length,
    )


def _decoded(data: bytes) -> str:
    if len(data) > LARGEST_FILE:
        raise Refused(f"the file is larger than {LARGEST_FILE // 1024 // 1024} MB: split it")
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Refused(f"line {line} is not UTF-8 text: save the file as CSV UTF-8") from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise Refused(f"line {line} is not text: save the file as CSV UTF-8")
    return text


def _known_names(text: str, delimiter: str, known: Callable[[str], bool]) -> tuple[int, int]:
    try:
        header = next(_records(text, delimiter), None)
    except Refused:
        return 0, 0
    cells = [bare(cell).strip() for cell in header.cells] if header else []
    return sum(known(cell) for cell in cells), len(cells)


def _records(text: str, delimiter: str, before: int = 0) -> Iterator[Line]:
    """Every record that is not blank; `before` is how many lines the file has above the text."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        number = before + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise Refused(f"line {number} cannot be read ({error}): check its quotes") from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield Line(number, tuple(cells))


def guarded(text: str, *, number: bool = False) -> str:
    """The cell so that no spreadsheet runs it. With `number`, plain numbers (`+61…`, `-5`) stay."""
    if not _FORMULA.match(text) or (number and _NUMBER.fullmatch(text)):
        return text
    return f"'{text}"


def bare(text: str) -> str:
    """The cell as it was before `guarded`; `="0049…"`, a text that is to be no number, as that text."""
    if text.startswith("'") and _FORMULA.match(text[1:]):
        return text[1:]
    quoted = _TEXT_CELL.fullmatch(text.strip())
    return quoted[1].replace('""', '"') if quoted else text


class _UnixLines:
    """Ends rows with a line feed alone. (The writer quotes a carriage return only where it ends rows.)"""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, row: str) -> int:
        return self._out.write(row.removesuffix("\r\n") + "\n")


def write_rows(out: TextIO, rows: Iterator[Sequence[str]]) -> int:
    """Write rows as CSV with commas; gives how many."""
    writer = csv.writer(_UnixLines(out), lineterminator="\r\n")
    count = 0
    for row in rows:
        writer.writerow(row)
        count += 1
    return count
