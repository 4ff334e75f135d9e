"""The read calls of a notebook: the command line's field names, tables that nothing from outside steers."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.errors import StorageError
from tests.cli.conftest import CommandLine
from tui import notebook
from tui.notebook.table import MOST_SHOWN, Table
from tui.operations.errors import Refused

COMMANDS = {
    "handlers": ["handler", "list"],
    "users": ["user", "list"],
    "groups": ["group", "list"],
    "alerts": ["alert", "list"],
    "occurrences": ["alert", "occurrences"],
    "tasks": ["task", "list"],
    "messages": ["message", "list"],
    "review": ["review"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_rows_are_those_of_the_command_line(sample: Database, cli: CommandLine, name: str) -> None:
    there = CommandLine(Path(sample.path).parent, cli._monkeypatch, cli._capsys)
    said = there.ok(*COMMANDS[name], "--json").json
    call = getattr(notebook, name)
    limit = {"limit": None} if name in ("occurrences", "messages", "review") else {}
    found = call(data=there.folder, **limit)
    assert [set(row) for row in found] == [set(row) for row in said]
    assert [row["id"] for row in found] == [row["id"] for row in said]
    assert len(found) == len(said) > 0
    assert set(found.columns) <= set(found[0])
    json.dumps(list(found))


def test_what_fits_is_found(sample: Database) -> None:
    folder = Path(sample.path).parent
    failed = notebook.messages(state="failed", data=folder)
    assert failed and {row["state"] for row in failed} == {"failed"}
    assert [row["name"] for row in notebook.users("joe hart", data=folder)] == ["Joe Hart"]
    newest = notebook.review(category="handler", limit=3, data=folder)
    assert len(newest) == 3 and {row["category"] for row in newest} == {"Handler"}
    assert {row["active"] for row in notebook.occurrences(active=True, data=folder)} == {True}
    (how,) = notebook.status(data=folder)
    assert how["healthy"] is False and how["problems"]


def test_a_wrong_word_is_refused_with_the_right_ones(sample: Database) -> None:
    with pytest.raises(Refused, match=r"no state 'sent'.*accepted"):
        notebook.messages(state="sent", data=Path(sample.path).parent)
    with pytest.raises(Refused, match="nobody"):
        notebook.messages(user="nobody", data=Path(sample.path).parent)


def test_no_site_is_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        notebook.messages(data=tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


HOSTILE = '<script>alert(1)</script>"&\x1b]52;c;aGk=\x07\u202e'


def table(rows: int = 1, **values: Any) -> Table:
    row = {
        "id": 7,
        "text": HOSTILE,
        "groups": [HOSTILE],
        "fields": {HOSTILE: HOSTILE},
        "enabled": True,
        "to": None,
    }
    return Table([row | values] * rows, tuple(row), HOSTILE)


@pytest.mark.parametrize("shown", [table(), table(0)], ids=["rows", "none"])
def test_text_from_outside_is_text(shown: Table) -> None:
    html = shown._repr_html_()
    assert "<script" not in html
    assert set(re.findall(r"</?(\w+)", html)) <= {"table", "thead", "tbody", "tr", "th", "td", "p"}
    if len(shown):
        assert "\x1b" not in html + repr(shown) and "\u202e" not in html + repr(shown)
        assert "&lt;script&gt;" in html
    assert shown[:0]._repr_html_().startswith("<p>")


def test_a_row_keeps_what_is_not_shown() -> None:
    found = table(more="yes")
    assert found[0]["text"] == HOSTILE and found[0]["more"] == "yes" and dict(found[0])["id"] == 7


def test_a_long_table_shows_its_end_and_says_so() -> None:
    found = Table([{"id": n} for n in range(MOST_SHOWN + 5)], ("id",), "none")
    assert f"the newest {MOST_SHOWN} of {MOST_SHOWN + 5} rows" in found._repr_html_()
    lines = repr(found).splitlines()
    assert len(lines) == MOST_SHOWN + 2 and lines[1].strip() == "5"
    assert len(list(found)) == MOST_SHOWN + 5 and found[-1]["id"] == MOST_SHOWN + 4
    assert len(found[2:5]) == 3
