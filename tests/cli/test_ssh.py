"""`commsdesk ssh`: the keys that sshd is told, the programs it is given, and what a session may do."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.cli.conftest import CommandLine, Ended
from tui.cli import context
from tui.operations.local_files import OwnFolder
from tui.ssh import checks


@pytest.fixture(autouse=True)
def _unpinned() -> Iterator[None]:
    """A session pins its settings to the process; the next test is another."""
    yield
    context._pinned.set(None)


def public() -> str:
    return (
        Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        .decode()
    )


@pytest.fixture
def ana(cli: CommandLine) -> str:
    """The public key of ana, an administrator with the number 1."""
    key = public()
    assert cli("operator", "add", "ana", "--role", "administrator", "--key-file", "-", stdin=key).status == 0
    return key


@pytest.fixture
def session(cli: CommandLine, ana: str, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """`session("status")` is what ana gets for `ssh desk@host status`."""

    def ask(original: str, *, stdin: str = "", operator: int = 1) -> Ended:
        context._pinned.set(None)
        monkeypatch.setenv("SSH_ORIGINAL_COMMAND", original)
        return cli("ssh", "session", operator, stdin=stdin)

    return ask


def test_sshd_is_told_the_keys_of_enabled_operators(cli: CommandLine, ana: str) -> None:
    kind, data = ana.split()
    line = f'restrict,pty,command="exec /usr/local/lib/commsdesk/ssh-session 1" {kind} {data}\n'
    assert cli("ssh", "keys").out == line
    assert cli("ssh", "keys", "--session", "/x/y", kind, data).out == line.replace(
        "/usr/local/lib/commsdesk/ssh-session", "/x/y"
    )
    assert cli("ssh", "keys", *public().split()).out == ""
    cli("operator", "disable", "ana")
    assert cli("ssh", "keys").out == ""
    assert cli("ssh", "keys", kind).status == 2


def test_no_site_no_keys(cli: CommandLine) -> None:
    refused = cli("ssh", "keys")
    assert refused.status == 1 and refused.out == "" and not cli.folder.exists()


def test_a_command_works_as_that_operator(cli: CommandLine, session) -> None:  # type: ignore[no-untyped-def]
    assert session('group add "Night  shift"').out == "added group 1: Night shift\n"
    assert cli("review", "--json").json[-1]["operator"] == "ana"
    assert session("group list --json").one["name"] == "Night shift"


def test_the_client_chooses_neither_site_nor_person(session, cli: CommandLine, monkeypatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("COMMSDESK_DATA", str(tmp_path / "elsewhere"))
    assert session("group add Ops").status == 0
    assert not (tmp_path / "elsewhere").exists()
    for original in ("--operator ben group list", f"--data {tmp_path} group list", "group list --data /tmp"):
        assert session(original).status in (1, 2)
    assert session("run").err.startswith("commsdesk: 'run' cannot be used over SSH: there are send, alert,")


def test_an_unknown_or_disabled_number_gets_nothing(session, cli: CommandLine) -> None:  # type: ignore[no-untyped-def]
    assert session("group list", operator=99).err == (
        "commsdesk: this key belongs to nobody any more: ask an administrator\n"
    )
    context._pinned.set(None)
    cli("operator", "disable", "ana")
    assert session("group list").err == "commsdesk: ana is disabled: ask an administrator\n"


def test_files_are_names_in_ones_own_folder(session, cli: CommandLine, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert session("user export people.csv").status == 0
    own = cli.folder / "files" / "1"
    assert "Name" in (own / "people.csv").read_text().splitlines()[0]
    assert own.stat().st_mode & 0o777 == 0o700 and (own / "people.csv").stat().st_mode & 0o777 == 0o600
    (own / "link.csv").symlink_to("/etc/passwd")
    (tmp_path / "outside").write_text("x")
    for name in (
        "/etc/passwd",
        "../people.csv",
        "~/x",
        f"{tmp_path}/outside",
        "link.csv",
        ".hidden",
        "a/b",
        "..",
    ):
        for command in (f"user export {name}", f"user import {name}"):
            refused = session(command)
            assert (refused.status == 1 and "File" in refused.err) or "link" in refused.err, (
                command,
                refused,
            )
        assert session(f"operator add x --role viewer --key-file {name}").status == 1
        assert session(f"review verify --against {name}").status == 1
        key = session(f"handler add H --api one --api-key-file {name}")
        assert key.status == 1 and "root:" not in key.err
    assert (tmp_path / "outside").read_text() == "x"
    assert sorted(path.name for path in own.iterdir()) == ["link.csv", "people.csv"]


def test_a_viewer_writes_no_files_and_gets_exports_from_standard_output(session, cli: CommandLine) -> None:  # type: ignore[no-untyped-def]
    context._pinned.set(None)
    cli("operator", "add", "vic", "--role", "viewer", "--key-file", "-", stdin=public())
    refused = session("user export people.csv", operator=2)
    assert refused.status == 1
    assert refused.err == (
        "commsdesk: vic is a viewer: writing a file (standard output takes an export: user export -)"
        " needs an operator\n"
    )
    assert list((cli.folder / "files" / "2").iterdir()) == []
    assert session("user export -", operator=2).out.startswith("Id,Name")


def test_files_are_limited_listed_and_removed_over_ssh(  # type: ignore[no-untyped-def]
    session, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def few() -> OwnFolder:
        return OwnFolder(context.global_options().own_folder, viewers_write=False, most_files=3)  # type: ignore[arg-type]

    monkeypatch.setattr(context, "files", few)
    for n in range(3):
        assert session(f"user export {n}.csv").status == 0
    full = session("user export 3.csv")
    assert full.status == 1 and "there are 3 files in your folder: remove some first" in full.err
    assert session("user export 2.csv").status == 0, "one that is there may be written again"
    listed = session("file list --json").json
    assert [(each["name"], each["owner"]) for each in listed] == [(f"{n}.csv", "ana") for n in range(3)]
    assert "0.csv" in session("file list").out
    removed = session("file remove 0.csv")
    assert removed.out.startswith("removed 0.csv of ana, ")
    assert session("user export 3.csv").status == 0
    assert session("file remove ../1/1.csv").status == 1
    context._pinned.set(None)
    assert [each["name"] for each in cli("file", "list", "--json").json] == ["1.csv", "2.csv", "3.csv"]
    assert cli("file", "remove", "1.csv", "--of", "ANA").status == 0


def test_the_folders_of_files_are_for_their_owner_only(session, cli: CommandLine) -> None:  # type: ignore[no-untyped-def]
    os.umask(0o022)
    session("user export people.csv")
    for path in (cli.folder / "files", cli.folder / "files" / "1"):
        assert path.stat().st_mode & 0o777 == 0o700


def test_the_console_needs_a_terminal(session) -> None:  # type: ignore[no-untyped-def]
    ended = session("")
    assert ended.status == 1 and "needs a terminal: use ssh -t" in ended.err


def test_setup_installs_for_root_and_prints_for_sshd(cli: CommandLine, ana: str, tmp_path: Path) -> None:
    into = tmp_path / "lib"
    made = cli("ssh", "setup", "--account", "root", "--into", into)
    assert made.status == 0 and f"AuthorizedKeysCommand {into}/ssh-keys %t %k" in made.out
    if os.geteuid() == 0:
        assert {path.stat().st_mode & 0o777 for path in (into, into / "ssh-keys")} == {0o755}
        assert str(cli.folder) in (into / "ssh-session").read_text()
    else:
        assert "nothing installed" in made.err


def test_setup_into_no_folder_is_refused(cli: CommandLine, ana: str, tmp_path: Path) -> None:
    """As an empty variable in a script would have it: the programs would land wherever it is run."""
    refused = cli("ssh", "setup", "--account", "root", "--into", "")
    assert refused.status == 1 and "--into: names no folder" in refused.err


def test_a_path_that_others_can_write_to_is_found(tmp_path: Path) -> None:
    program = tmp_path / "ssh-keys"
    assert "not there" in checks.path_check(program).found
    program.write_text("#!/bin/sh\n")
    program.chmod(0o775)
    found = checks.path_check(program, os.geteuid())
    assert not found.well and found.found == f"{program} can be written to by others"
    assert found.advice == f"chmod go-w {program}"
    other = checks.path_check(program, os.geteuid() + 1)
    assert not other.well and "belongs to" in other.found


def test_what_a_link_leads_to_is_looked_at(tmp_path: Path) -> None:
    """As sshd does: the folder with the link may be root's, and the one behind it anybody's."""
    real = tmp_path / "real"
    real.mkdir()
    (real / "ssh-keys").write_text("#!/bin/sh\n")
    (real / "ssh-keys").chmod(0o755)
    real.chmod(0o775)
    (tmp_path / "lib").symlink_to(real)
    found = checks.path_check(tmp_path / "lib" / "ssh-keys", os.geteuid())
    assert not found.well and found.found == f"{real} can be written to by others"
