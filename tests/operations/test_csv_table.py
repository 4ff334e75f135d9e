"""CSV as spreadsheets write it, and cells that no spreadsheet runs."""

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.operations.csv_table import Table, bare, guarded, read_table, write_rows
from tui.operations.errors import Refused

KNOWN = {"Name", "Mobile", "Groups", "-x"}


def read(data: str | bytes) -> Table:
    return read_table(data.encode() if isinstance(data, str) else data, KNOWN.__contains__)


def lines(data: str | bytes) -> list[tuple[int, Sequence[str]]]:
    return [(line.number, list(line.cells)) for line in read(data).lines]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_write_is_read(encoding: str, end: str, delimiter: str) -> None:
    rows = ["Name|Mobile|Groups", 'Zoë|+61|"a|b;c,d"', '""|"two\nlines"|', "||", "", "Last|1|"]
    data = end.join(row.replace("|", delimiter) for row in rows).encode(encoding)
    table = read(data)
    assert table.header == ("Name", "Mobile", "Groups")
    assert [(line.number, list(line.cells)) for line in table.lines] == [
        (2, ["Zoë", "+61", f"a{delimiter}b;c,d"]),
        (3, ["", "two\nlines", ""]),
        (7, ["Last", "1", ""]),
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"Name\nZo\xeb\n", "line 2 is not UTF-8"),
        ("Name\nA\n".encode("utf-16-le"), "line 1 is not text"),
        (b'Name,Mobile\nA,1\nB,"2\nC,3\n', "line 3 cannot be read"),
        (b'Name\n"A"b\n', "line 2 cannot be read"),
        (b"Name\n" + b"x" * 200_000, "line 2 cannot be read"),
    ],
)
def test_what_cannot_be_read_names_the_line(data: bytes, said: str) -> None:
    with pytest.raises(Refused, match=said):
        list(read(data).lines)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "'=1", "''@x", "+61400000000"])
def test_a_cell_that_could_run_is_made_text(text: str) -> None:
    assert guarded(text) == "'" + text
    assert bare(guarded(text)) == text


@pytest.mark.parametrize("text", ["+61400000000", "-5", "-5.25"])
def test_plain_numbers_stay_as_they_are_where_numbers_belong(text: str) -> None:
    assert guarded(text, number=True) == text == bare(text)
    assert guarded(f"{text}+cmd", number=True).startswith("'")


@given(st.text(alphabet=st.sampled_from("'=+-@\t\r\n a1,;\"é"), max_size=8), st.booleans())
def test_any_cell_comes_back_as_it_was(text: str, number: bool) -> None:
    cell = guarded(text, number=number)
    assert bare(cell) == text
    assert cell[:1] not in ("=", "@", "\t", "\r")
    out = io.StringIO()
    write_rows(out, iter([["x", cell]]))
    assert next(csv.reader(io.StringIO(out.getvalue(), newline="")))[1] == cell


def test_a_guarded_heading_is_known() -> None:
    assert read("Name,'-x\nA,B\n").header == ("Name", "-x")


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;", "sep=;;;"])
def test_the_delimiter_that_the_first_line_names(first: str) -> None:
    table = read(f"{first}\r\nName;Mobile\r\nA,B;1\r\n")
    assert table.header == ("Name", "Mobile")
    assert [(line.number, line.cells) for line in table.lines] == [(3, ("A,B", "1"))]


def test_another_delimiter_can_be_named_and_a_column_may_be_called_sep() -> None:
    assert read("sep=|\nName|Mobile\nA;,|1\n").header == ("Name", "Mobile")
    assert read("Sep,Name\nx,A\n").header == ("Sep", "Name")
    with pytest.raises(Refused, match="line 3 cannot be read"):
        list(read('sep=;\nName;Mobile\nA;"1\n').lines)


@pytest.mark.parametrize(
    ("cell", "text"), [('="0049170"', "0049170"), ('="a""b"', 'a"b'), ('="a"&"b"', '="a"&"b"'), ('=""', "")]
)
def test_a_text_written_as_a_formula(cell: str, text: str) -> None:
    assert bare(cell) == text
