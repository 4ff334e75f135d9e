"""How every command begins and ends: global options, exit statuses, one line for what goes wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storage.database import Database
from storage.records import ReviewEntry
from storage.vocabulary import Category, EntryKind
from tests.cli.conftest import CommandLine
from tests.processes import warm
from tui.cli import context, lazy_group, output, secret_input, table
from tui.cli.main import execute
from tui.operations.errors import Refused

PROGRAM = (sys.executable, "-m", "tui.cli.main")
# A job in the background inherits that SIGINT is ignored; at a terminal it is not.
TAKES_SIGINT = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
INTERRUPTIBLE = (sys.executable, "-c", f"{TAKES_SIGINT}; from tui.cli.main import run; run()")


def run(
    *words: str, before: tuple[str, ...] = PROGRAM, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*before, *words], check=False, capture_output=True, text=True, timeout=60, env=env)


LOADED = """
import sys
from tui.cli.main import execute
status = execute(sys.argv[1:])
heavy = {"textual", "sqlmodel", "sqlalchemy", "httpx", "rich"}
print("LOADED", *sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


def loaded_by(*words: str) -> set[str]:
    ended = run(*words, before=(sys.executable, "-c", LOADED))
    return set(ended.stderr.rpartition("LOADED")[2].split())


def test_help_and_version_load_nothing_heavy() -> None:
    assert loaded_by("--help") == set()
    assert loaded_by("--version") == set()


def test_sending_raising_and_status_load_no_console_and_no_http(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("key-000000001f3a\n")
    site = ("--data", str(tmp_path / "site"))
    assert run(*site, "handler", "add", "C", "--api", "one", "--api-key-file", str(key)).returncode == 0
    sends = ("--handler", "C", "--to", "+61400000000", "--message", "smoke")
    assert run(*site, "alert", "add", "Smoke").returncode == 0
    assert run(*site, "alert", "action", "add", "Smoke", "Created", *sends).returncode == 0
    stored = {"sqlmodel", "sqlalchemy"}
    assert loaded_by(*site, "send", "--handler", "C", "--to", "+61400000000", "x") <= stored
    assert loaded_by(*site, "alert", "raise", "Smoke", "--yes") <= stored
    assert loaded_by(*site, "status") <= stored


def test_help_names_every_command(cli: CommandLine) -> None:
    shown = cli.ok("--help").out
    for name in ("handler", "send", "message", "task", "review"):
        assert f"  {name} " in shown and lazy_group.COMMANDS[name] in shown


def test_every_command_has_help_of_its_own(cli: CommandLine) -> None:
    for words in (
        ("handler", "add"),
        ("handler", "test"),
        ("send",),
        ("message", "list"),
        ("task", "next"),
        ("review",),
    ):
        assert "Usage: commsdesk " + " ".join(words) in cli.ok(*words, "--help").out


def test_wrong_usage_is_2(cli: CommandLine) -> None:
    for words in (
        ("nonsense",),
        ("handler", "add"),
        ("message", "show", "x"),
        ("send", "--bad"),
        ("handler",),
    ):
        ended = cli(*words)
        assert ended.status == 2, words
        assert "Usage: commsdesk" in ended.err


def test_a_refusal_is_1_and_one_line(cli: CommandLine) -> None:
    ended = cli("handler", "show", "Nobody")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("commsdesk: ") and ended.err.count("\n") == 1


def test_the_data_folder_comes_from_option_then_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COMMSDESK_DATA", str(tmp_path / "by-environment"))
    assert execute(["group", "add", "Ops"]) == 0
    assert execute(["--data", str(tmp_path / "by-option"), "group", "add", "Ops"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["by-environment", "by-option"]
    monkeypatch.delenv("COMMSDESK_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    assert context.default_folder() == tmp_path / "home" / "commsdesk"


def test_a_folder_that_cannot_be_used_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert execute(["--data", str(tmp_path / "file"), "group", "add", "Ops"]) == 1
    assert "is a file" in capsys.readouterr().err


def test_the_operator_is_in_the_review(cli: CommandLine, database: Database) -> None:
    cli.ok(
        "handler", "add", "C", "--api", "one", "--api-key-file", "-", stdin="key", operator="  ana  maria "
    )
    assert cli.ok("review", "--json").one["operator"] == "ana maria"
    assert cli("handler", "list", operator=" ").status == 1


def test_an_unforeseen_error_is_one_line_and_a_log_without_secrets(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the key was super-secret-000001")

    monkeypatch.setattr("tui.operations.handlers.add", fail)
    ended = cli("handler", "add", "C", "--api", "one", "--api-key-file", "-", stdin="super-secret-000001\n")
    log = cli.folder / "logs" / "errors.log"
    assert ended.status == 1 and ended.err.count("\n") == 1
    assert "RuntimeError" in ended.err and str(log) in ended.err
    assert "Traceback" in log.read_text() and log.stat().st_mode & 0o777 == 0o600
    assert "super-secret" not in ended.err + log.read_text()


def test_a_reader_that_goes_away_ends_it_quietly(
    tmp_path: Path, cli: CommandLine, database: Database
) -> None:
    with database.write() as tx:
        from datetime import UTC, datetime

        tx.review(
            datetime.now(UTC),
            *(ReviewEntry(Category.SYSTEM, "x" * 200, kind=EntryKind.NOTE) for _ in range(2000)),
        )
    words = ["--data", str(cli.folder), "review"]
    with warm.start(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        assert (process.wait(60), errors) == (1, "")


def test_following_ends_on_an_interrupt(cli: CommandLine, database: Database) -> None:
    from datetime import UTC, datetime

    def write(text: str) -> None:
        with database.write() as tx:
            tx.review(datetime.now(UTC), ReviewEntry(Category.SYSTEM, text, kind=EntryKind.NOTE))

    write("before")
    words = [*INTERRUPTIBLE, "--data", str(cli.folder), "review", "--follow", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        assert json.loads(process.stdout.readline())["text"] == "before"
        write("meanwhile")
        assert json.loads(process.stdout.readline())["text"] == "meanwhile"
        process.send_signal(signal.SIGINT)
        assert (process.wait(60), process.stderr.read()) == (130, "")


def test_new_entries_are_followed_within_half_a_second(cli: CommandLine, database: Database) -> None:
    from datetime import UTC, datetime

    words = ["--data", str(cli.folder), "review", "--follow"]
    with warm.start(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for text in ("warm", "timed"):
            with database.write() as tx:
                tx.review(datetime.now(UTC), ReviewEntry(Category.SYSTEM, text, kind=EntryKind.NOTE))
            written = time.monotonic()
            assert text in process.stdout.readline()
        # Generous for a busy machine; what is promised is half a second.
        assert time.monotonic() - written < 5
        process.kill()


def test_text_from_outside_cannot_steer_the_terminal(cli: CommandLine, database: Database) -> None:
    from datetime import UTC, datetime

    nasty = "a\x1b[31mred\x9b2J\u202egnp"
    with database.write() as tx:
        tx.review(datetime.now(UTC), ReviewEntry(Category.SYSTEM, nasty, kind=EntryKind.NOTE))
    for words in (("review",), ("review", "--json")):
        out = cli.ok(*words).out
        assert not any(char in out for char in "\x1b\x9b\u202e")
    assert cli.ok("review", "--json").one["text"] == nasty


def test_json_lines_are_readable_and_whole() -> None:
    value = {"text": "Zoë 🎉 \U000e0041\ud800\x85"}
    line = output.json_line(value)
    assert json.loads(line) == value
    assert "\U000e0041" not in line and "\x85" not in line


def test_columns_line_up_with_wide_characters() -> None:
    found = table.lines(("Name", "N"), [("日本", "7"), ("e\u0301a", "12")], right={1})
    assert found == ["Name   N", "日本   7", "e\u0301a    12"]
    assert table.facts([("A", "1"), ("Long", ""), ("Longer", "2")]) == ["A       1", "Longer  2"]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b" \n", "empty"), (b"a\nb\n", "one line"), (b"\xff\xfe", "not a text")],
)
def test_a_secret_file_holds_one_line(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(Refused, match=words):
        secret_input.read_secret(str(tmp_path / "key"), "API Key", "--api-key-file")
    with pytest.raises(Refused, match="cannot be read"):
        secret_input.read_secret(str(tmp_path / "none"), "API Key", "--api-key-file")


def test_a_secret_file_may_come_from_windows(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xef\xbb\xbfkey-1\r\n")
    assert secret_input.read_secret(str(tmp_path / "key"), "API Key", "--api-key-file") == "key-1"


def test_completion_offers_commands(cli: CommandLine) -> None:
    environment = {
        **os.environ,
        "_COMMSDESK_COMPLETE": "complete_bash",
        "COMP_WORDS": "commsdesk mess",
        "COMP_CWORD": "1",
    }
    ended = run(before=(sys.executable, "-c", "from tui.cli.main import run; run()"), env=environment)
    assert ended.stdout.split() == ["message"]
