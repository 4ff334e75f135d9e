"""`commsdesk service print`: the unit file of an installation."""

import getpass
import os
import re
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine
from tui.cli import context, service
from tui.cli.service_unit import Installation, command_word, quoted, unit

PROGRAM = ("/opt/commsdesk/bin/commsdesk",)
STANDARD = Installation("commsdesk", Path("/var/lib/commsdesk"), PROGRAM)


def values(text: str, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", text, re.M)


def test_a_folder_below_var_lib_is_made_by_systemd_for_the_account_alone() -> None:
    text = unit(STANDARD)
    assert values(text, "User") == ["commsdesk"]
    assert (values(text, "StateDirectory"), values(text, "StateDirectoryMode")) == (["commsdesk"], ["0700"])
    assert values(text, "ReadWritePaths") == []
    assert values(text, "ExecStart") == ["/opt/commsdesk/bin/commsdesk --data /var/lib/commsdesk run"]
    assert values(text, "UMask") == ["0077"]
    assert (values(text, "ProtectHome"), values(text, "PrivateTmp")) == (["yes"], ["yes"])


def test_readiness_watchdog_restart_and_reload() -> None:
    text = unit(STANDARD)
    assert (values(text, "Type"), values(text, "NotifyAccess")) == (["notify"], ["main"])
    assert (values(text, "Restart"), values(text, "StartLimitIntervalSec")) == (["always"], ["0"])
    assert values(text, "ExecReload") == ["/bin/kill -HUP $MAINPID"]
    # A stop waits for calls of 30 s, and what ends a hung engine leaves no core with keys in it.
    assert int(values(text, "TimeoutStopSec")[0]) > 31
    assert (values(text, "WatchdogSec"), values(text, "LimitCORE")) == (["60"], ["0"])


@pytest.mark.parametrize(
    ("folder", "lines"),
    [
        ("/srv/north gate", ['ReadWritePaths="/srv/north gate"', "ProtectHome=yes"]),
        ("/home/ana/desk", ["ReadWritePaths=/home/ana/desk", "ProtectHome=read-only"]),
        ("/var/lib/sites/north", ["StateDirectory=sites/north", "ProtectHome=yes"]),
        ("/var/library", ["ReadWritePaths=/var/library"]),
        ("/tmp/desk", ["ReadWritePaths=/tmp/desk", "PrivateTmp=no"]),
    ],
)
def test_another_folder_is_the_only_one_that_can_be_written_to(folder: str, lines: list[str]) -> None:
    text = unit(Installation("ana", Path(folder), PROGRAM))
    assert [line for line in lines if line not in text.splitlines()] == []
    assert "ProtectSystem=strict" in text.splitlines()


def test_a_program_or_its_python_in_a_home_can_be_read() -> None:
    folder, home = Path("/var/lib/desk"), "/home/ana/.local/bin/commsdesk"
    assert values(unit(Installation("ana", folder, (home,))), "ProtectHome") == ["read-only"]
    text = unit(Installation("ana", folder, PROGRAM, interpreter=Path("/home/ana/.pyenv/bin/python3")))
    assert values(text, "ProtectHome") == ["read-only"]


def test_the_metrics_file_can_be_written() -> None:
    file = Path("/var/lib/prometheus/node-exporter/commsdesk.prom")
    text = unit(Installation("commsdesk", STANDARD.folder, PROGRAM, file))
    assert values(text, "ExecStart")[0].endswith(f" run --metrics-file {file}")
    assert values(text, "ReadWritePaths") == ["/var/lib/prometheus/node-exporter"]
    inside = Installation("commsdesk", STANDARD.folder, PROGRAM, STANDARD.folder / "x.prom")
    assert values(unit(inside), "ReadWritePaths") == []


def test_words_that_systemd_would_read_as_something_else() -> None:
    assert quoted("/srv/plain") == "/srv/plain"
    assert quoted("/srv/100%n") == "/srv/100%%n"
    assert quoted('/srv/a "b" \\ c') == '"/srv/a \\"b\\" \\\\ c"'
    assert command_word("/srv/$HOME x") == '"/srv/$$HOME x"'
    assert quoted("/srv/$HOME") == "/srv/$HOME"


# The command


def printed(cli: CommandLine, *words: object) -> str:
    return cli.ok("service", "print", *words).out


def test_it_prints_for_the_folder_that_is_named_and_its_owner(cli: CommandLine) -> None:
    cli.folder.mkdir()
    text = printed(cli)
    owner = getpass.getuser() if os.geteuid() else "commsdesk"
    assert values(text, "User") == [owner]
    assert f"--data {cli.folder} run" in values(text, "ExecStart")[0]
    assert not list(cli.folder.iterdir()), "printing made a site"


def test_options_go_before_presets(cli: CommandLine) -> None:
    text = printed(cli, "--user", "desk", "--program", "/opt/x/commsdesk", "--metrics-file", "/run/x/y.prom")
    assert values(text, "User") == ["desk"]
    assert values(text, "ExecStart") == [
        f"/opt/x/commsdesk --data {cli.folder} run --metrics-file /run/x/y.prom"
    ]


def test_it_says_what_is_missing_on_this_machine(cli: CommandLine) -> None:
    ended = cli.ok("service", "print", "--user", "no-such-account", "--program", "/no/such/program")
    first, second = ended.err.splitlines()
    assert first.startswith("warning: there is no account no-such-account here: adduser --system")
    assert second.startswith("warning: there is no program /no/such/program here")


def test_a_control_character_is_refused(cli: CommandLine) -> None:
    ended = cli("service", "print", "--user", "desk\nExecStartPre=/bin/x")
    assert (ended.status, ended.out) == (1, "")
    assert "no name of an account" in ended.err


def test_the_program_is_the_one_that_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "commsdesk"
    program.parent.mkdir()
    program.write_text("")
    monkeypatch.setattr("sys.argv", [str(program)])
    assert service.running_program() == (str(program),)
    # Started as a module: the program beside this Python, else the module again.
    monkeypatch.setattr("sys.argv", ["main.py"])
    monkeypatch.setattr("sys.executable", str(program.with_name("python")))
    assert service.running_program() == (str(program),)
    program.unlink()
    assert service.running_program() == (str(program.with_name("python")), "-m", "tui.cli.main")


def test_without_a_site_of_this_login_it_is_the_standard_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(context.DATA_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    context.configure(None, None)
    assert service.data_folder() == Path("/var/lib/commsdesk")
    (tmp_path / "commsdesk").mkdir()
    (tmp_path / "commsdesk" / "commsdesk.sqlite3").touch()
    assert service.data_folder() == tmp_path / "commsdesk"
    context.configure(tmp_path / "mine", None)
    assert service.data_folder() == tmp_path / "mine"
    context.close()


@pytest.mark.parametrize("user", ["a b", "", "x\nExecStart=/bin/sh", "%n", '"quoted"', "-x"])
def test_what_is_no_account_is_not_written_into_a_unit(cli: CommandLine, user: str) -> None:
    refused = cli("service", "print", f"--user={user}")
    assert (refused.status, refused.out) == (1, "")
    assert "--user" in refused.err and "no name of an account" in refused.err
