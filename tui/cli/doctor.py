"""`commsdesk doctor`: every check of the site, live."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli import context
from tui.cli.existing_site import existing_desk
from tui.cli.options import Json
from tui.cli.output import emit, say
from tui.operations.errors import on_command_line

if TYPE_CHECKING:
    from scheduling.diagnose.finding import Finding
    from tui.operations.desk import Desk
    from tui.operations.diagnose_bench import Scope

SIGNS = {"ok": "✓", "warning": "!", "problem": "✗"}


def doctor(
    handler: Annotated[
        str | None, typer.Option("--handler", metavar="NAME", help="Only what concerns this handler")
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="Only what concerns this user")
    ] = None,
    message: Annotated[
        int | None, typer.Option("--message", metavar="ID", help="Only what concerns this message")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Without calling Clickatell (a call is free and sends nothing)")
    ] = False,
    json: Json = False,
) -> None:
    """Run every check live and say what was tried, what came back and what to do.

    Exit status 1 when one of them found a problem.
    """
    if sum(given is not None for given in (handler, user, message)) > 1:
        raise typer.BadParameter("--handler, --user and --message exclude each other: give one of them")
    found = Counter(_show(finding, json) for finding in _findings(handler, user, message, offline))
    if not json:
        counts = f"{_counted(found['problem'], 'problem')}, {_counted(found['warning'], 'warning')}"
        say(f"{counts}, {found['ok']} fine")
    raise typer.Exit(1 if found["problem"] else 0)


def _findings(
    handler: str | None, user: str | None, message: int | None, offline: bool
) -> Iterator["Finding"]:
    from importlib.metadata import version

    from storage.errors import NotASite, StorageError
    from storage.folder import DataFolder
    from tui.operations import diagnose, site_checks

    try:
        with existing_desk() as desk:
            scope = _scope(desk, handler, user, message)
            yield from diagnose.run(desk, scope, live=not offline, version=version("commsdesk"))
    except StorageError as error:
        folder = DataFolder(context.global_options().folder)
        if isinstance(error, NotASite) and not folder.database.exists():
            raise  # there is nothing here to look at
        yield from site_checks.without_opening(folder, on_command_line(error))


def _scope(desk: "Desk", handler: str | None, user: str | None, message: int | None) -> "Scope":
    from tui.operations import names
    from tui.operations.diagnose_bench import Scope

    with desk.database.read() as connection:
        return Scope(
            handler_id=names.handler(connection, handler).id if handler is not None else None,
            user_id=names.user(connection, user).id if user is not None else None,
            message_id=message,
        )


def _show(finding: "Finding", json: bool) -> str:
    from tui.operations.diagnose import as_json

    if json:
        emit(as_json(finding))
        return str(finding.result)
    about = f" · {finding.about}" if finding.about else ""
    say(f"{SIGNS[finding.result]} {finding.check}{about}: {finding.found}")
    if finding.result != "ok":
        for line in _details(finding):
            say(line)
    return str(finding.result)


def _details(finding: "Finding") -> Iterable[str]:
    yield f"    tried: {finding.tried}"
    if finding.advice:
        yield f"    to do: {finding.advice}"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
