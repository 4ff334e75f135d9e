"""Which site a command works on, and that only what a site begins with makes one."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from storage import sqlite
from storage.errors import DiskFull
from tests.cli.conftest import CommandLine
from tui.cli.main import execute

NO_BEGINNING = [
    *(f"{noun} list" for noun in ("handler", "field", "user", "group", "alert", "task")),
    *(f"{noun} list" for noun in ("template", "message", "operator", "file")),
    *("review", "review verify", "status", "doctor", "alert occurrences", "alert action list A", "task next"),
    *("user export -", "message show 1", "task show T", "alert show A", "handler show H", "adopt"),
    *("send --handler H --to +61400000000 hello", "alert raise A", "alert restore --key k", "alert claim 1"),
    *("task run T", "task enable T", "handler test H", "handler edit H --notes x", "handler enable H"),
    *("user edit J --notes x", "group join G J", "message cancel 1", "message resend 1", "user remove J"),
    *("alert edit A --priority 1", "secrets rotate", "backup there.sqlite3"),
]  # fmt: skip


@pytest.mark.parametrize("command", NO_BEGINNING)
def test_a_mistyped_folder_is_refused_and_nothing_is_made(cli: CommandLine, command: str) -> None:
    ended = cli(*command.split())
    assert ended.status == 1, ended
    assert f"there is no commsdesk site in {cli.folder}" in ended.err
    assert not cli.folder.exists()


@pytest.mark.parametrize(
    ("command", "stdin"),
    [
        ("handler add H --api one --api-key-file -", "c2ltdWxhdG9yLWtleS0wMQ=="),
        ("field add Mobile --type Text", ""),
        ("user add Joe", ""),
        ("user import -", "Name\nJoe\n"),
        ("group add Ops", ""),
        ("alert add Fire", ""),
        ("template add T hello", ""),
        ("operator add ana --role viewer", ""),
    ],
)
def test_what_a_site_begins_with_makes_one(cli: CommandLine, command: str, stdin: str) -> None:
    assert cli(*command.split(), stdin=stdin).status == 0
    assert (cli.folder / "commsdesk.sqlite3").exists()


def test_a_text_that_begins_with_a_dash_is_explained(cli: CommandLine) -> None:
    ended = cli("send", "--handler", "H", "--to", "+61400000000", "-5 degrees")
    assert ended.status == 2
    assert "put -- before a text or a name that begins so" in ended.err
    cli.ok("group", "add", "Ops")
    assert "put --" not in cli("send", "--handler", "H", "--to", "x", "--", "-5 degrees").err


def test_a_key_may_come_through_a_pipe(cli: CommandLine, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("c2ltdWxhdG9yLWtleS0wMQ==\n",))
    writer.start()
    assert cli("handler", "add", "H", "--api", "one", "--api-key-file", pipe).status == 0
    writer.join()


def test_a_key_may_come_from_a_shell_s_own_pipe(cli: CommandLine) -> None:
    """`<(pass clickatell)` is /dev/fd/N, which leads to no name of the file system."""
    reading, writing = os.pipe()
    os.write(writing, b"c2ltdWxhdG9yLWtleS0wMQ==\n")
    os.close(writing)
    try:
        ended = cli("handler", "add", "H", "--api", "one", "--api-key-file", f"/dev/fd/{reading}")
        assert ended.status == 0, ended
    finally:
        os.close(reading)


@pytest.mark.parametrize("option", ["--no-engine", "--theme=dark", "--mouse", "--no-mouse", "--link=slow"])
def test_what_is_for_a_console_is_refused_elsewhere(cli: CommandLine, option: str) -> None:
    assert execute(["--data", str(cli.folder), option, "group", "list"]) == 2


def test_what_is_for_a_console_holds_for_the_demo_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    opened: list[dict[str, Any]] = []
    monkeypatch.setattr("tui.cli.console.open_console", lambda **given: opened.append(given) or 0)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("tui.cli.demo.sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("tui.cli.demo._sample_site", _no_site)
    assert execute(["--no-engine", "--theme", "light", "--no-mouse", "--link", "slow", "demo"]) == 0
    (given,) = opened
    assert (given["engine"], given["theme"], given["mouse"], given["link"]) == (False, "light", False, "slow")
    assert execute(["--data", str(tmp_path), "demo"]) == 2
    assert "--keep DIR" in capsys.readouterr().err


def test_what_is_for_a_console_holds_for_those_in_a_browser(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    served: list[tuple[str, ...]] = []
    monkeypatch.setattr("tui.web.serving.serve", lambda wanted: served.append(wanted.words) or 0)
    assert execute(["--data", str(tmp_path), "--no-engine", "--theme", "light", "web"]) == 0
    (words,) = served
    assert words[-2:] == ("--no-engine", "--theme=light")
    assert execute(["--data", str(tmp_path), "web"]) == 0
    assert not {"--no-engine", "--theme=light"} & set(served[-1])


@pytest.mark.parametrize("option", ["--mouse", "--no-mouse", "--link=slow"])
def test_what_is_for_a_terminal_is_refused_before_web(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, option: str
) -> None:
    monkeypatch.setattr("tui.web.serving.serve", lambda wanted: pytest.fail("it was served"))
    assert execute(["--data", str(tmp_path), option, "web"]) == 2


def _no_site(keep: Path | None) -> Any:
    import contextlib

    return contextlib.nullcontext(Path("/nowhere"))


@pytest.mark.parametrize("said", ["disk I/O error", "unable to open database file"])
def test_a_full_disk_is_called_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str) -> None:
    error = sqlite.driver.OperationalError(said)
    path = tmp_path / "commsdesk.sqlite3"
    assert not isinstance(sqlite.translate(error, path), DiskFull)
    real = os.statvfs(tmp_path)

    class Full:
        f_bavail, f_frsize, f_files, f_favail = 10, real.f_frsize, real.f_files, real.f_favail

    monkeypatch.setattr("storage.sqlite.os.statvfs", lambda folder: Full)
    assert isinstance(sqlite.translate(error, path), DiskFull)


def test_a_range_is_told_in_one_way(cli: CommandLine) -> None:
    cli.ok("handler", "add", "H", "--api", "one", "--api-key-file", "-", stdin="c2ltdWxhdG9yLWtleS0wMQ==")
    for number in (0, 1, 9, 200, 10**9):
        ended = cli("handler", "edit", "H", "--connections", number)
        assert ended.status == 1 and "Connections must be 2 to 8" in ended.err
    for option, value in (("--most-parts", 200), ("--batch-size", 1000), ("--total-timeout", 10**6)):
        assert cli("handler", "edit", "H", option, value).status == 1
