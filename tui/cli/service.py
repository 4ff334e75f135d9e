"""`commsdesk service`: what systemd needs to run the engine of this installation."""

import os
import pwd
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from tui.cli import context
from tui.cli.lazy_group import plain_app
from tui.cli.output import note, say_block
from tui.operations.errors import Refused

ACCOUNT = "commsdesk"
FOLDER = Path("/var/lib/commsdesk")
# What systemd takes in User=: such a word needs no quotation marks.
ACCOUNT_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\$?")

app = plain_app()


@app.callback()
def service() -> None:
    """commsdesk run as a systemd service."""


@app.command("print")
def print_unit(
    user: Annotated[
        str | None,
        typer.Option("--user", metavar="ACCOUNT", help="Who runs it; preset: who owns the data folder"),
    ] = None,
    program: Annotated[
        Path | None,
        typer.Option(
            "--program", metavar="PATH", help="The commsdesk program; preset: the one that runs now"
        ),
    ] = None,
    metrics_file: Annotated[
        Path | None,
        typer.Option("--metrics-file", metavar="FILE.prom", help="As for commsdesk run"),
    ] = None,
) -> None:
    """Print a unit file for `commsdesk run`, to be kept as /etc/systemd/system/commsdesk.service.

    The data folder is the one that --data names, else the site of this login, else /var/lib/commsdesk.
    """
    from tui.cli.service_unit import Installation, unit

    folder = data_folder()
    found = Installation(
        user=user if user is not None else account_for(folder),
        folder=folder,
        program=(str(_absolute(program)),) if program is not None else running_program(),
        metrics_file=_absolute(metrics_file) if metrics_file is not None else None,
        interpreter=Path(sys.executable).resolve() if program is None else None,
    )
    _require_writable_words(found.user, *map(str, found.paths))
    say_block(unit(found))
    for warning in _warnings(found.user, folder, Path(found.program[0])):
        note(f"warning: {warning}")


def data_folder() -> Path:
    """The folder named for this command, else where a site is or will be for a service."""
    chosen = context.global_options().folder
    if context.given(chosen) or (chosen / "commsdesk.sqlite3").exists():
        return chosen
    return FOLDER


def account_for(folder: Path) -> str:
    """Who owns the data folder; where there is none, this login, and never root."""
    try:
        uid = folder.stat().st_uid
    except OSError:
        uid = os.geteuid()
    try:
        return pwd.getpwuid(uid).pw_name if uid != 0 else ACCOUNT
    except KeyError:
        return ACCOUNT


def running_program() -> tuple[str, ...]:
    """How to start this very program again."""
    for path in (Path(sys.argv[0]), Path(sys.executable).with_name("commsdesk")):
        if path.name == "commsdesk" and path.is_file():
            return (str(path.absolute()),)
    return (sys.executable, "-m", "tui.cli.main")


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _require_writable_words(*words: str) -> None:
    if not ACCOUNT_NAME.fullmatch(words[0]):
        raise Refused(
            f"--user: {words[0]!r} is no name of an account: use letters, digits, . _ and -", "--user"
        )
    for word in words:
        if not word.isprintable() or not word:
            raise Refused(f"{word!r} cannot stand in a unit file: use a name without control characters")


def _warnings(user: str, folder: Path, program: Path) -> list[str]:
    found = []
    try:
        uid = pwd.getpwnam(user).pw_uid
    except KeyError:
        found.append(
            f"there is no account {user} here:"
            f" adduser --system --group --home {folder} --no-create-home {user}"
        )
    else:
        if folder.exists() and folder.stat().st_uid != uid:
            found.append(f"{folder} does not belong to {user}: chown -R {user}: {folder}")
    if not os.access(program, os.X_OK):
        found.append(f"there is no program {program} here: name the right one with --program")
    return found
