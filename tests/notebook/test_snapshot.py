"""Pictures of the console for a notebook: what the console shows, without secrets, and nothing is changed."""

import re
from pathlib import Path

import pytest

from storage.database import Database
from tests.cli.conftest import CommandLine
from tui.notebook import snapshot
from tui.operations.errors import Refused

KEY = "c2ltdWxhdG9yLWtleS0wMQ=="


def text_of(svg: str) -> str:
    return " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg)).replace("&#160;", " ")


def test_a_section_as_the_console_shows_it(cli: CommandLine, tmp_path: Path) -> None:
    key = tmp_path / "key.txt"
    key.write_text(KEY)
    cli.ok("handler", "add", "Night desk", "--api", "one", "--api-key-file", key)
    cli.ok("field", "add", "Mobile", "--type", "Telephone Number")
    cli.ok("user", "add", "Joe Hart", "--set", "Mobile=+61400000000")
    handlers = snapshot(data=cli.folder)
    assert "Night desk" in text_of(handlers.svg)
    assert KEY not in handlers.svg and KEY[:12] not in handlers.svg
    users = snapshot("users", size=(80, 24), data=cli.folder)
    assert "Joe Hart" in text_of(users.svg) and "Night desk added" in text_of(users.svg)
    assert users._repr_svg_() == users.svg and users.svg.startswith("<svg")
    # Nothing in it is fetched from elsewhere, or does anything.
    for word in ("@font-face", "url(http", "href=", "<script", "<image", "onload"):
        assert word not in users.svg
    users.save(tmp_path / "users.svg")
    assert (tmp_path / "users.svg").read_text() == users.svg


def test_it_reads_and_nothing_else(cli: CommandLine, database: Database) -> None:
    with database.read() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM review").scalar_one()
    snapshot("Review", data=cli.folder)
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM review").scalar_one() == before
        assert connection.exec_driver_sql("SELECT count(*) FROM instance").scalar_one() == 0


def test_what_is_not_there_is_refused(cli: CommandLine, database: Database, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no section 'Nope': choose one of Handlers"):
        snapshot("Nope", data=cli.folder)
    with pytest.raises(Refused, match="no commsdesk site"):
        snapshot("Users", data=tmp_path / "none")
