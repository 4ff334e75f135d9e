"""`commsdesk ssh`: operators log in to one account over OpenSSH, each with an own key."""

import os
import sqlite3
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli import context
from tui.cli.lazy_group import plain_app
from tui.cli.output import note, say, say_block
from tui.operations.errors import Refused

if TYPE_CHECKING:
    from tui.console.session_limits import Limits
    from tui.ssh.installation import Installation

app = plain_app()

NO_TERMINAL = "the console needs a terminal: use ssh -t, or give a command such as: ssh … 'status'"


@app.command()
def setup(
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="NAME", help="Whom operators log in as; preset: who owns the site"),
    ] = None,
    into: Annotated[
        Path | None, typer.Option("--into", metavar="DIR", help="Where the two programs for sshd go")
    ] = None,
    idle: Annotated[
        int, typer.Option("--idle", min=0, metavar="MIN", help="Close a console after so long; 0: never")
    ] = 60,
    longest: Annotated[
        int, typer.Option("--longest", min=0, metavar="HOURS", help="End a session after so long; 0: never")
    ] = 12,
    check: Annotated[bool, typer.Option("--check", help="Change nothing: see whether all is well")] = False,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="With --check: another sshd_config")
    ] = None,
) -> None:
    """Install the two programs that sshd needs (as root), and print its configuration.

    The programs belong to root, as sshd asks; with --check everything on the way is looked at,
    and exit status 1 says that something is wrong.
    """
    from tui.ssh.checks import openssh_version

    installation = _installation(account, into, idle, longest)
    if check:
        raise typer.Exit(_check(installation, config))
    installed = _install(installation)
    say_block(installation.sshd_config(openssh_version()))
    if installed:
        note(f"commsdesk: installed {installation.keys} and {installation.session}")
    else:
        note(f"commsdesk: nothing installed: only root can write programs to {installation.into} for sshd")
    note("keep what is printed as /etc/ssh/sshd_config.d/commsdesk.conf; sshd -t && systemctl reload ssh")
    note("then see that all is well: commsdesk ssh setup --check (as root)")


@app.command()
def keys(
    kind: Annotated[str | None, typer.Argument(metavar="[TYPE", help="The offered key's type")] = None,
    data: Annotated[str | None, typer.Argument(metavar="BASE64]", help="The offered key")] = None,
    session: Annotated[
        Path | None, typer.Option("--session", metavar="PATH", help="What sshd starts after the login")
    ] = None,
) -> None:
    """What sshd's AuthorizedKeysCommand asks: the keys of all enabled operators."""
    from storage import key_lookup
    from tui.operations.access import check_account
    from tui.ssh.installation import PRESET, SESSION

    if (kind is None) != (data is None):
        raise typer.BadParameter("give the key's type and its base64, or neither")
    folder = context.global_options().folder
    check_account(folder)
    offered = (kind, data) if kind is not None and data is not None else None
    try:
        for line in key_lookup.lines(str(folder), str(session or PRESET / SESSION), offered):
            say(line)
    except (ValueError, OSError, sqlite3.Error) as error:
        raise Refused(f"the operators' keys cannot be read: {error}") from None


@app.command(hidden=True)
def session(
    operator: Annotated[int, typer.Argument(metavar="ID", min=1, help="The operator's number")],
    idle: Annotated[int, typer.Option("--idle", min=0, metavar="MIN")] = 60,
    longest: Annotated[int, typer.Option("--longest", min=0, metavar="HOURS")] = 12,
) -> None:
    """What sshd starts for an operator: the console, or the one command that was asked for."""
    from tui.console.session_limits import Limits
    from tui.ssh.request import words_of

    folder = context.global_options().folder
    # Nothing that a client sends may choose the site, its key, or a switch for tests.
    for name in [name for name in os.environ if name.lstrip("_").startswith("COMMSDESK")]:
        del os.environ[name]
    words = words_of(os.environ.get("SSH_ORIGINAL_COMMAND", ""))
    if not words and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused(NO_TERMINAL)
    context.pin(context.GlobalOptions(folder, operator_id=operator, own_folder=_own_folder(folder, operator)))
    limits = Limits(timedelta(minutes=idle) if idle else None, timedelta(hours=longest) if longest else None)
    raise typer.Exit(_command(words, limits) if words else _console(limits))


def _console(limits: "Limits") -> int:
    from tui.cli.console import open_console

    return open_console(limits=limits)


def _command(words: tuple[str, ...], limits: "Limits") -> int:
    from tui.cli.main import execute
    from tui.ssh.guard import Guard

    with Guard(limits.longest, note):
        return execute(words)


def _own_folder(folder: Path, operator_id: int) -> Path:
    """Where this operator's files are: named by number, since names may change."""
    from tui.operations.access import check_account
    from tui.operations.own_files import folder_of

    check_account(folder)
    own = folder_of(folder, operator_id)
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    own.parent.chmod(0o700)  # made on the way, with the preset of the account
    return own


def _installation(account: str | None, into: Path | None, idle: int, longest: int) -> "Installation":
    from tui.cli.service import account_for, data_folder
    from tui.ssh.installation import PRESET, Installation

    if into == Path():
        raise Refused("--into: names no folder: name one that only root may write to")
    folder = data_folder()
    # Not resolved: a link in a virtual environment is what makes it one.
    python = Path(sys.executable).absolute()
    found = Installation(
        account or account_for(folder), folder, python, (into or PRESET).absolute(), idle, longest
    )
    found.check()
    return found


def _install(installation: "Installation") -> bool:
    """Write the two programs, each moved into its place whole. False for anyone but root."""
    if os.geteuid() != 0:
        return False
    try:
        if not installation.into.exists():
            installation.into.mkdir(parents=True)
            installation.into.chmod(0o755)  # whatever the umask: the account has to read it
        for path, text in installation.programs().items():
            beside = path.with_name(f".{path.name}.{os.getpid()}")
            beside.write_text(text)
            beside.chmod(0o755)
            beside.replace(path)
    except OSError as error:
        reason = f"{installation.into} cannot be written ({error.strerror})"
        raise Refused(f"--into: {reason}: name another folder") from None
    return True


def _check(installation: "Installation", config: Path | None) -> int:
    from tui.ssh import checks

    wrong = 0
    for found in checks.run(installation, config):
        say(f"{'✓' if found.well else '✗'} {found.name}: {found.found}")
        if not found.well:
            say(f"    to do: {found.advice}")
            wrong += 1
    return 1 if wrong else 0
