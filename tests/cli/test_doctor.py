"""`commsdesk doctor`: what it finds, where it points to, and its exit status."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo_data.clickatell.settings import SAMPLE_API_KEY
from demo_data.clickatell.threaded import ThreadedClickatell
from storage.database import Database
from tests.cli.conftest import CommandLine
from tests.operations.arrange import run_engine_here


@pytest.fixture
def clickatell() -> Iterator[ThreadedClickatell]:
    with ThreadedClickatell() as running:
        yield running


def add(cli: CommandLine, name: str, url: str, key: str = SAMPLE_API_KEY) -> None:
    words = ["handler", "add", name, "--api", "one", "--base-url", url, "--api-key-file", "-"]
    cli.ok(*words, stdin=key)


@pytest.fixture
def well(cli: CommandLine, clickatell: ThreadedClickatell, database: Database) -> CommandLine:
    """A site in order, with an engine."""
    add(cli, "One", clickatell.base_url)
    cli.ok("field", "add", "Mobile", "--type", "Telephone Number")
    cli.ok("user", "add", "Joe", "--set", "Mobile=+61400000000")
    run_engine_here(database)
    return cli


def test_a_site_in_order_is_0(well: CommandLine) -> None:
    ended = well.ok("doctor")
    assert ended.lines[-1].startswith("0 problems, 0 warnings")
    assert any(line.startswith("✓ Balance · One: EUR 100") for line in ended.lines)


def test_each_line_of_json_says_what_was_tried_and_what_came_back(well: CommandLine) -> None:
    found = well.ok("doctor", "--json").json
    assert all(one["check"] and one["tried"] and one["found"] for one in found)
    assert {one["status"] for one in found} == {"ok"}


def test_a_refused_key_is_1_with_what_to_do(well: CommandLine, clickatell: ThreadedClickatell) -> None:
    add(well, "Bad", clickatell.base_url, "wrong-key-000001")
    ended = well("doctor", "--handler", "Bad")
    assert ended.status == 1
    at = next(n for n, line in enumerate(ended.lines) if line.startswith("✗ Key or credentials · Bad: 1 "))
    assert ended.lines[at + 1] == "    tried: ask for the balance with the API Key"
    assert ended.lines[at + 2].startswith("    to do: Check the API Key")
    assert "wrong-key" not in ended.out + ended.err
    assert well("doctor", "--handler", "One").status == 0


def test_a_dead_address_is_1_and_offline_does_not_call_it(well: CommandLine) -> None:
    add(well, "Dead", "http://127.0.0.1:9")
    ended = well("doctor")
    assert ended.status == 1 and "✗ Connection · Dead: connection refused by 127.0.0.1:9" in ended.out
    assert well("doctor", "--offline").status == 0


def test_a_user_and_a_message(well: CommandLine) -> None:
    well.ok("user", "add", "Ann")
    ended = well("doctor", "--user", "Ann", "--json")
    assert ended.status == 1
    assert any(one["found"] == "has no telephone number" and one["about"] == "Ann" for one in ended.json)
    message = well.ok("send", "--handler", "One", "--to", "Joe", "--json", "hello").one["id"]
    found = well.ok("doctor", "--message", message).out
    assert f"State · message {message}: waiting, not tried yet" in found and "Mobile · Joe" in found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--message", "99"], "there is no message 99"),
        (["--handler", "Onee"], 'did you mean "One"?'),
        (["--user", "Nobody"], "no user is named"),
    ],
)
def test_what_is_not_there(well: CommandLine, words: list[str], said: str) -> None:
    ended = well("doctor", *words)
    assert ended.status == 1 and said in ended.err and ended.err.count("\n") == 1


def test_two_things_at_once_are_wrong_usage(well: CommandLine) -> None:
    assert well("doctor", "--handler", "One", "--user", "Joe").status == 2


@pytest.mark.parametrize("content", [b"", b"\xa5" * 8192], ids=["empty", "garbage"])
def test_a_database_that_does_not_open_is_a_finding(cli: CommandLine, content: bytes) -> None:
    cli.folder.mkdir()
    (cli.folder / "commsdesk.sqlite3").write_bytes(content)
    ended = cli("doctor", "--json")
    assert ended.status == 1
    checks = {one["check"]: one for one in ended.json}
    assert checks["Database"]["status"] == "problem" and "backup" in checks["Database"]["found"]
    assert checks["Disk"]["status"] == "ok" and "SQLite library" in checks


def test_a_damaged_page_is_found_and_the_rest_goes_on(well: CommandLine, database: Database) -> None:
    database.close()
    with database.path.open("r+b") as file:
        file.seek(0, 2)
        pages = file.tell() // 4096
        for page in range(pages // 2, pages):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)
    ended = well("doctor", "--offline", "--json")
    assert ended.status == 1
    assert any(one["check"] == "Database" and one["status"] == "problem" for one in ended.json)


def test_outside_text_cannot_steer_the_terminal(well: CommandLine, database: Database) -> None:
    with database.write() as tx:
        tx.connection.exec_driver_sql("UPDATE user SET name = 'Joe \x1b]52;c;x\x07', name_key = 'joe'")
    ended = well("doctor", "--user", "1")
    assert "\x1b" not in ended.out and "\x07" not in ended.out


def test_looking_after_a_site_does_not_load_the_console(tmp_path: Path) -> None:
    import subprocess

    code = (
        "import sys; from tui.cli.main import execute;"
        "status = execute(['--data', sys.argv[1], 'status']);"
        "sys.exit(3 if 'textual' in sys.modules else status)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "none")], capture_output=True, check=False
    )
    assert ended.returncode == 1
