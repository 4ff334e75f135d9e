"""`commsdesk operator`, and what each role may do on the command line."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.main import get_command

from storage.vocabulary import Role
from tests.cli.conftest import CommandLine
from tui.cli.main import app

VIEWER, OPERATOR, ADMINISTRATOR = Role
# Everything that writes, with words to call it by; reading is below.
NEEDS: Sequence[tuple[Role, str, str]] = (
    (ADMINISTRATOR, "handler add", "H --api one --api-key-file -"),
    (ADMINISTRATOR, "handler edit", "Clickatell --notes x"),
    (ADMINISTRATOR, "handler enable", "Clickatell"),
    (ADMINISTRATOR, "handler disable", "Clickatell"),
    (ADMINISTRATOR, "handler remove", "Clickatell"),
    (OPERATOR, "handler test", "Clickatell"),
    (OPERATOR, "handler go-on", "Clickatell"),
    (ADMINISTRATOR, "field add", "Pager --type Text"),
    (ADMINISTRATOR, "field edit", "Mobile --help-text x"),
    (ADMINISTRATOR, "field remove", "Mobile"),
    (ADMINISTRATOR, "user add", "Ann"),
    (ADMINISTRATOR, "user edit", "Joe --notes x"),
    (ADMINISTRATOR, "user enable", "Joe"),
    (ADMINISTRATOR, "user disable", "Joe"),
    (ADMINISTRATOR, "user import", "-"),
    (ADMINISTRATOR, "user remove", "Joe"),
    (ADMINISTRATOR, "group add", "Night"),
    (ADMINISTRATOR, "group edit", "Ops --notes x"),
    (ADMINISTRATOR, "group join", "Ops Joe"),
    (ADMINISTRATOR, "group leave", "Ops Joe"),
    (ADMINISTRATOR, "group remove", "Ops"),
    (ADMINISTRATOR, "group rename", "Ops Day"),
    (OPERATOR, "send", "--handler Clickatell --to Joe Hello"),
    (OPERATOR, "message cancel", "1"),
    (OPERATOR, "message resend", "1"),
    (OPERATOR, "message arrived", "1"),
    (OPERATOR, "message drop", "1"),
    (ADMINISTRATOR, "alert add", "Fire"),
    (ADMINISTRATOR, "alert edit", "Door --priority 2"),
    (ADMINISTRATOR, "alert enable", "Door"),
    (ADMINISTRATOR, "alert disable", "Door"),
    (ADMINISTRATOR, "alert remove", "Door"),
    (ADMINISTRATOR, "alert action add", "Door created --handler Clickatell --to Joe --message x"),
    (ADMINISTRATOR, "alert action edit", "1 --message x"),
    (ADMINISTRATOR, "alert action remove", "1"),
    (OPERATOR, "alert raise", "Door"),
    (OPERATOR, "alert claim", "1"),
    (OPERATOR, "alert action-taken", "1"),
    (OPERATOR, "alert escalate", "1"),
    (OPERATOR, "alert restore", "1"),
    (OPERATOR, "alert finalise", "1"),
    (OPERATOR, "alert send-again", "1"),
    (OPERATOR, "alert note", "1 x"),
    (ADMINISTRATOR, "alert action copy", "1 claimed"),
    (ADMINISTRATOR, "alert action move", "1 1"),
    (ADMINISTRATOR, "task add", "T --cron @daily --handler Clickatell --to Joe --message x"),
    (ADMINISTRATOR, "task edit", "Report --notes x"),
    (ADMINISTRATOR, "task enable", "Report"),
    (ADMINISTRATOR, "task disable", "Report"),
    (ADMINISTRATOR, "task remove", "Report"),
    (OPERATOR, "task run", "Report"),
    (ADMINISTRATOR, "task action add", "Report --handler Clickatell --to Joe --message x"),
    (ADMINISTRATOR, "task action remove", "Report 1"),
    (OPERATOR, "template add", "T x"),
    (OPERATOR, "template edit", "Words --text x"),
    (OPERATOR, "template remove", "Words"),
    (ADMINISTRATOR, "operator add", "Ben --role viewer"),
    (ADMINISTRATOR, "operator edit", "vic --role operator"),
    (ADMINISTRATOR, "operator enable", "vic"),
    (ADMINISTRATOR, "operator disable", "vic"),
    (ADMINISTRATOR, "operator remove", "vic"),
    (ADMINISTRATOR, "backup", "FOLDER/b.sqlite3"),
    (ADMINISTRATOR, "restore", "FOLDER/b.sqlite3"),
    (ADMINISTRATOR, "adopt", ""),
    (OPERATOR, "task go-on", ""),
    (ADMINISTRATOR, "alert plan set", "Door '5m repeat'"),
    (ADMINISTRATOR, "alert plan clear", "Door"),
    (OPERATOR, "claim", "1"),
    (ADMINISTRATOR, "roster add", "Day --zone UTC"),
    (ADMINISTRATOR, "roster edit", "Night --name Late"),
    (ADMINISTRATOR, "roster remove", "Night"),
    (OPERATOR, "roster cover", "Night --from +1h --to +2h --by Joe"),
    (OPERATOR, "roster take", "Night --until +2h --user Joe"),
    (OPERATOR, "roster uncover", "1"),
    (
        ADMINISTRATOR,
        "roster rule add",
        "Night --people Joe --turn 1w --hand-over 'Mon 08:00' --since 2026-03-02",
    ),
    (ADMINISTRATOR, "roster rule edit", "Night 1 --turn 2w"),
    (ADMINISTRATOR, "roster rule move", "Night 1 1"),
    (ADMINISTRATOR, "roster rule remove", "Night 1"),
    (ADMINISTRATOR, "roster holiday add", "2026-12-25 Christmas"),
    (ADMINISTRATOR, "roster holiday import", "-"),
    (ADMINISTRATOR, "roster holiday remove", "2026-12-25"),
    (ADMINISTRATOR, "quiet set", "everyone --window 'Mon-Fri 22:00-07:00'"),
    (ADMINISTRATOR, "quiet remove", "everyone"),
    (OPERATOR, "silence add", "Door --for 2h --reason works"),
    (OPERATOR, "silence end", "1"),
    (ADMINISTRATOR, "limit set", "10 --per 10"),
    (OPERATOR, "held release", "1"),
    (OPERATOR, "held drop", "1"),
    (ADMINISTRATOR, "secrets rotate", ""),
)
# Whoever may come in may look; the engine and the program's own parts ask no role.
READS = {
    "handler list", "handler show", "field list", "field show", "user list", "user show", "user export",
    "group list", "group show", "message list", "message show", "alert list", "alert show",
    "alert occurrences", "alert occurrence", "alert action list", "task list", "task show", "task next",
    "template list", "template show", "operator list", "operator show", "review", "review verify", "status",
    "doctor", "file list", "file remove", "alert plan show", "roster list", "roster who", "roster show",
    "roster gaps", "roster holiday list", "quiet list", "silence list", "limit show", "message held",
}  # fmt: skip
OTHER = {"demo", "run", "simulator", "web", "service", "ssh", "metrics"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Made once: what is refused changes nothing."""
    yield tmp_path_factory.mktemp("roles") / "site"


@pytest.fixture
def roles(site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """A site with one of everything, a viewer vic and an operator otto."""
    cli = CommandLine(site, monkeypatch, capsys)
    if not site.exists():
        for line in (
            "field add Mobile --type 'Telephone Number'",
            "user add Joe --set Mobile=+447700900123",
            "group add Ops",
            "alert add Door",
            "alert raise Door",
            "operator add vic --role viewer",
            "operator add otto --role operator",
        ):
            assert cli(*shlex.split(line)).status == 0, line
        key = "handler add Clickatell --api one --api-key-file -"
        assert cli(*shlex.split(key), stdin="a2V5").status == 0
        for line in (
            "task add Report --cron @daily --handler Clickatell --to Joe --message x",
            "alert action add Door created --handler Clickatell --to Joe --message x",
            "template add Words x",
            "send --handler Clickatell --to Joe Hello",
            "roster add Night --zone UTC",
            "roster rule add Night --people Joe --turn 1w --hand-over 'Mon 08:00' --since 2026-03-02",
            "roster cover Night --from +1h --to +2h --by Joe",
            "roster holiday add 2026-12-25 Christmas",
            "quiet set everyone --window 'Mon-Fri 22:00-22:30'",
            "silence add Door --for 2h --reason works",
            f"backup {site.parent}/b.sqlite3",
        ):
            assert cli(*shlex.split(line)).status == 0, line
    return cli


@pytest.mark.parametrize(("needed", "command", "rest"), NEEDS, ids=[row[1] for row in NEEDS])
def test_what_a_role_may_not_do_is_refused(roles: CommandLine, needed: Role, command: str, rest: str) -> None:
    words = shlex.split(f"{command} {rest}".replace("FOLDER", str(roles.folder.parent)))
    article = {OPERATOR: "an operator", ADMINISTRATOR: "an administrator"}[needed]
    stdin = "Name\nAnn\n" if "import" in words else "a2V5"
    for who, role in (("vic", VIEWER), ("otto", OPERATOR)):
        if role < needed:
            ended = roles(*words, operator=who, stdin=stdin)
            assert ended.status == 1, ended
            assert f"{who} is " in ended.err and f" needs {article}" in ended.err, ended.err


def test_every_command_is_in_the_table() -> None:
    """A new command must say what it needs."""
    known = READS | {command for _, command, _ in NEEDS}
    for name in _every(get_command(app)):
        assert name in known or name.split(" ")[0] in OTHER, f"which role does {name!r} need?"
    assert known <= set(_every(get_command(app)))


def _every(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command by its words."""
    if not hasattr(command, "list_commands"):
        yield " ".join(path)
        return
    if command.invoke_without_command and path:
        yield " ".join(path)
    context = typer.Context(command)
    for name in command.list_commands(context):
        yield from _every(command.get_command(context, name), (*path, name))


def test_adding_listing_and_removing(cli: CommandLine, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    file = tmp_path / "id.pub"
    file.write_bytes(key + b" ana@laptop\n")
    made = cli("operator", "add", "ana", "--role", "administrator", "--key-file", file, "--json").one
    assert made["role"] == "administrator" and made["enabled"] and made["last_seen_at"] is None
    (shown,) = made["keys"]
    assert shown["type"] == "ssh-ed25519" and shown["comment"] == "ana@laptop"
    assert shown["fingerprint"].startswith("SHA256:")
    assert cli("operator", "add", "ben", "--role", "viewer", "--key-file", "-", stdin="x").status == 1
    assert [operator["name"] for operator in cli("operator", "list", "--json").json] == ["ana"]
    assert shown["fingerprint"] in cli("operator", "show", "ana").out
    saved = cli("operator", "edit", "ana", "--remove-key", "ana@laptop", "--name", "Ana", "--json").one
    assert (saved["name"], saved["keys"]) == ("Ana", [])
    assert cli("operator", "disable", "ana").out == "disabled operator Ana\n"
    refused = cli("group", "list", operator="ana")
    assert (refused.status, refused.err) == (1, "commsdesk: Ana is disabled: ask an administrator\n")
    assert cli("operator", "remove", "ana").status == 0
    assert cli("operator", "list").out.startswith("No operator yet")


def test_a_change_names_who_made_it(cli: CommandLine) -> None:
    cli("operator", "add", "ana", "--role", "administrator")
    assert cli("group", "add", "Ops", operator="ANA").status == 0
    assert cli("review", "--json").json[-1]["operator"] == "ana"


def test_only_the_owner_of_the_folder_works_on_it_directly(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("group", "add", "Ops").status == 0
    with monkeypatch.context() as patched:
        patched.setattr("os.geteuid", lambda: 12345)
        for words in (("group", "list"), ("status",), ("restore", "x")):
            refused = cli(*words)
            assert refused.status == 1
            assert "belongs to the account" in refused.err and "SSH" in refused.err
