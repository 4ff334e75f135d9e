"""What may be asked for over SSH, and what a session may know of its client. Values in, values out."""

import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.console import session_limits
from tui.console.session_limits import Limits
from tui.operations.errors import Refused
from tui.ssh.guard import GONE, TOO_LONG, Guard
from tui.ssh.installation import Installation
from tui.ssh.request import ALLOWED, words_of

INSTALLATION = Installation("desk", Path("/var/lib/commsdesk"), Path("/opt/commsdesk/bin/python"))


@pytest.mark.parametrize(
    ("original", "words"),
    [
        ("", ()),
        ("  \n ", ()),
        ("status", ("status",)),
        ('alert raise "Fire door" --key door7', ("alert", "raise", "Fire door", "--key", "door7")),
        ("send --to '+44 77' $HOME `id` *", ("send", "--to", "+44 77", "$HOME", "`id`", "*")),
        ("send ~ ; rm", ("send", "~", ";", "rm")),
        ("review | sh", ("review", "|", "sh")),
        ("review\nsh", ("review", "sh")),
    ],
)  # fmt: skip
def test_a_command_is_split_and_nothing_in_it_expanded(original: str, words: tuple[str, ...]) -> None:
    assert words_of(original) == words


@pytest.mark.parametrize(
    "original",
    [
        "--data /tmp status", "--operator ben status", "-h", "--", "sh", "/bin/sh", "bash -c id", "Status",
        "status;sh", "run", "demo", "web", "simulator", "service print", "ssh session 1", "ssh keys",
        "backup x", "restore x", "adopt", "secrets rotate", "scp -t .", "/usr/lib/sftp-server", "sftp",
        "rsync --server .", "'", '"status', "sta\\", "\x00", "x" * 200_000, "COMMSDESK_DATA=/tmp status",
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_refused(original: str) -> None:
    with pytest.raises(Refused):
        words_of(original)


@given(st.text())
def test_whatever_is_asked_for_is_allowed_or_refused(original: str) -> None:
    try:
        words = words_of(original)
    except Refused:
        return
    assert words == () or words[0] in ALLOWED


# The two programs


def test_a_session_is_given_only_what_it_may_know(tmp_path: Path) -> None:
    """The program as it is, with a Python that shows its environment and its words."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "words: $*"\nexec /usr/bin/env\n')
    python.chmod(0o755)
    made = Installation("desk", Path("/site"), python, tmp_path, 30, 8)
    made.check()
    program = made.session
    program.write_text(made.programs()[program])
    hostile = {
        "HOME": "/home/desk", "TERM": "xterm", "NO_COLOR": "1",
        "SSH_ORIGINAL_COMMAND": 'send "a  b" $(id)\n*',
        "COMMSDESK_DATA": "/tmp", "_COMMSDESK_COMPLETE": "x", "PYTHONPATH": "/tmp", "LD_PRELOAD": "/tmp/x.so",
        "PYTHONSTARTUP": "/tmp/x", "EDITOR": "vi", "LC_EVIL": "x", "TEXTUAL_DRIVER": "x", "PATH": "/tmp",
    }  # fmt: skip
    ended = subprocess.run(
        ["/bin/sh", str(program), "7"], env=hostile, capture_output=True, text=True, check=True
    )
    first, _, rest = ended.stdout.partition("\n")
    assert first == "words: -I -m tui.cli.main --data /site ssh session --idle 30 --longest 8 -- 7"
    kept = dict(re.findall(r"^([A-Z_]+)=(.*)$", rest, re.M))
    assert {name for name in kept if name not in ("PWD", "OLDPWD", "SHLVL", "_")} == {
        "PATH", "HOME", "TERM", "NO_COLOR", "SSH_ORIGINAL_COMMAND",
    }  # fmt: skip
    assert kept["PATH"] == "/usr/bin:/bin" and kept["SSH_ORIGINAL_COMMAND"] == 'send "a  b" $(id)'


@pytest.mark.parametrize(
    "broken",
    [
        Installation("desk", Path("/var/lib/comms desk"), Path("/python")),
        Installation("desk", Path("/site"), Path("/opt/$x/python")),
        Installation("desk", Path("/site"), Path("/python"), Path('/lib"')),
        Installation("desk", Path("/site"), Path("/python"), Path("/lib\nForceCommand sh")),
        Installation("de sk", Path("/site"), Path("/python")),
        Installation("*", Path("/site"), Path("/python")),
    ],
)
def test_a_path_that_would_need_quoting_is_refused(broken: Installation) -> None:
    with pytest.raises(Refused):
        broken.check()


def test_the_configuration_allows_keys_of_operators_only() -> None:
    text = INSTALLATION.sshd_config()
    for line in (
        "Match User desk",
        "AuthorizedKeysFile none",
        "AuthorizedKeysCommand /usr/local/lib/commsdesk/ssh-keys %t %k",
        "AuthorizedKeysCommandUser desk",
        "DisableForwarding yes",
        "PermitUserRC no",
        "PasswordAuthentication no",
        "MaxAuthTries 4",
        "ClientAliveInterval 15",
    ):
        assert f"    {line}\n" in text or f"\n{line}\n" in text, line


@pytest.mark.parametrize(
    ("openssh", "active"), [(None, False), ((9, 2), False), ((9, 8), True), ((10, 0), True)]
)
def test_penalties_are_set_where_sshd_knows_them(openssh: tuple[int, int] | None, active: bool) -> None:
    lines = INSTALLATION.sshd_config(openssh).splitlines()
    (penalties,) = [line for line in lines if "PerSourcePenalties" in line and "authfail" in line]
    assert penalties.startswith("PerSource" if active else "#PerSource")
    assert lines.index(penalties) < lines.index("Match User desk")  # it holds for a whole server only


# How long a session may last

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("limits", "open_for", "idle_for", "time", "reason"),
    [
        (Limits(60 * MINUTE, None), 90, 10, 50, "1 h without a key"),
        (Limits(None, 12 * 60 * MINUTE), 700, 700, 20, "12 h since the login"),
        (Limits(60 * MINUTE, 12 * 60 * MINUTE), 719, 5, 1, "12 h since the login"),
        (Limits(90 * MINUTE, 12 * 60 * MINUTE), 100, 100, -10, "90 min without a key"),
    ],
)
def test_the_nearer_limit_counts(
    limits: Limits, open_for: int, idle_for: int, time: int, reason: str
) -> None:
    found = session_limits.left(limits, open_for=open_for * MINUTE, idle_for=idle_for * MINUTE)
    assert found is not None and (found.time, found.reason) == (time * MINUTE, reason)


def test_without_limits_nothing_closes() -> None:
    assert session_limits.left(Limits(), open_for=timedelta(days=9), idle_for=timedelta(days=9)) is None


def test_a_command_ends_with_its_client_and_after_its_time() -> None:
    ended: list[int] = []
    said: list[str] = []
    parent, now = 77, 0.0
    guard = Guard(timedelta(hours=12), said.append, parent=lambda: parent, end=ended.append, now=lambda: now)
    guard.look()
    now = 12 * 3600 - 1.0
    guard.look()
    assert ended == []
    now += 1
    guard.look()
    assert ended == [TOO_LONG] and "12:00:00" in said[0]
    parent = 1
    guard.look()
    assert ended == [TOO_LONG, GONE]
