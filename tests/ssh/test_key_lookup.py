"""What sshd is answered before anybody has logged in: the right line, cheaply, and nothing written."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import key_lookup, operators, sqlite
from storage.operators import OperatorKey
from storage.site import open_site

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SESSION = "/usr/local/lib/commsdesk/ssh-session"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site with ana (7 letters of key), ben (disabled) and cy (removed)."""
    place = tmp_path / "a site #1?"
    site = open_site(place)
    with site.write() as tx:
        for name, data in (("ana", "AAAA"), ("ben", "BBBB"), ("cy", "CCCC")):
            made = operators.add(tx, name, "viewer", NOW)
            operators.add_keys(tx, made, [OperatorKey("ssh-ed25519", data, 'x" command="sh')], NOW)
        operators.change(tx, 2, {"enabled": False}, NOW)
        operators.remove(tx, 3, NOW)
    site.close()
    return place


def asked(*words: object, code: str | None = None) -> subprocess.CompletedProcess[str]:
    """The program as sshd's own runs it."""
    program = [sys.executable, "-I", "-S", *(["-c", code] if code else [key_lookup.__file__])]
    return subprocess.run(
        [*program, *map(str, words)], capture_output=True, text=True, check=False, env={"LANG": "C.UTF-8"}
    )


def test_only_enabled_operators_have_a_line_and_nothing_typed_is_in_it(folder: Path) -> None:
    line = f'restrict,pty,command="exec {SESSION} 1" ssh-ed25519 AAAA\n'
    assert asked(folder, SESSION, "ssh-ed25519", "AAAA").stdout == line
    assert asked(folder, SESSION).stdout == line
    for kind, data in (("ssh-rsa", "AAAA"), ("ssh-ed25519", "AAA"), ("ssh-ed25519", "BBBB"), ("x", "CCCC")):
        ended = asked(folder, SESSION, kind, data)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_it_reads_while_a_site_is_at_work_and_writes_nothing(folder: Path) -> None:
    site = open_site(folder)
    with site.write() as tx:
        operators.change(tx, 2, {"enabled": True}, NOW)
    before = site.path.stat().st_mtime_ns, site.path.with_name(f"{site.path.name}-wal").stat().st_size
    assert asked(folder, SESSION, "ssh-ed25519", "BBBB").stdout
    with site.write():  # nor does the reader hold the lock, or wait for it
        assert asked(folder, SESSION, "ssh-ed25519", "BBBB").stdout
    assert before == (
        site.path.stat().st_mtime_ns,
        site.path.with_name(f"{site.path.name}-wal").stat().st_size,
    )
    site.close()


def test_it_imports_nothing_but_what_it_needs(folder: Path) -> None:
    """Starting costs little more than an empty Python: no package of ours or of anybody else."""
    shown = (
        "import runpy, sys\n"
        "try: runpy.run_path(sys.argv[1], run_name='__main__')\n"
        "except SystemExit: print(*sorted(sys.modules), sep='\\n')\n"
    )
    words = ["", key_lookup.__file__, folder, SESSION]
    code = shown.replace("sys.argv[1]", "sys.argv.pop(1)")
    ended = asked(*words[1:], code=code)
    loaded = set(ended.stdout.splitlines())
    assert "sqlite3" in loaded, ended.stderr
    heavy = {
        "storage",
        "tui",
        "sqlalchemy",
        "sqlmodel",
        "typer",
        "textual",
        "pathlib",
        "json",
        "asyncio",
        "site",
    }
    assert not loaded & heavy


def test_what_is_no_site_is_said_and_nobody_gets_in(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    songs = tmp_path / "songs"
    songs.mkdir()
    sqlite.driver.connect(songs / key_lookup.DATABASE).execute("CREATE TABLE song (title)").connection.close()
    for place in (tmp_path / "nowhere", tmp_path / "empty", songs):
        ended = asked(place, SESSION, "ssh-ed25519", "AAAA")
        assert ended.returncode == 1 and ended.stdout == ""
        assert ended.stderr.startswith("commsdesk: the operators' keys cannot be read: ")
    assert not (tmp_path / "empty" / key_lookup.DATABASE).exists()
    assert asked(folder).returncode == 2 and asked(folder, SESSION, "x").returncode == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_account_s_site_is_not_read(folder: Path) -> None:
    os.chown(folder, 65534, 65534)
    ended = asked(folder, SESSION)
    assert ended.returncode == 1 and "belongs to another account" in ended.stderr


def test_a_site_from_before_there_were_operators_lets_nobody_in(tmp_path: Path) -> None:
    from storage.upgrade import run_upgrade

    sqlite.connect(tmp_path / key_lookup.DATABASE, create=True).close()
    run_upgrade(tmp_path / key_lookup.DATABASE, 2, lambda connection: None)
    ended = asked(tmp_path, SESSION)
    assert (ended.returncode, ended.stdout) == (0, "")


def test_it_knows_the_database_as_the_program_does() -> None:
    assert key_lookup.APPLICATION_ID == sqlite.APPLICATION_ID
