"""`commsdesk review`: everything that happened, as it happens."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from storage.vocabulary import Category, EntryKind, Level
from tui.cli.context import desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json, Limit
from tui.cli.output import emit, local_time, say
from tui.cli.review_verify import verify

if TYPE_CHECKING:
    from storage.records import Review


app = plain_app()
app.command("verify")(verify)


KIND_HELP = f"Only of this kind: {', '.join(kind.value for kind in EntryKind)}"
SIGNS = {Level.INFO: "·", Level.WARNING: "!", Level.ERROR: "▲"}


@app.callback(invoke_without_command=True, no_args_is_help=False)
def review(
    ctx: typer.Context,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on as things happen, until Ctrl-C")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="T", help="A time (2026-03-02 14:00), 10m, 2h, 3d or today"),
    ] = None,
    category: Annotated[
        Category | None, typer.Option("--category", case_sensitive=False, help="Only this category")
    ] = None,
    level: Annotated[
        Level | None, typer.Option("--level", case_sensitive=False, help="Only entries of this level")
    ] = None,
    kind: Annotated[
        EntryKind | None,
        typer.Option("--kind", case_sensitive=False, metavar="KIND", help=KIND_HELP),
    ] = None,
    search: Annotated[
        str, typer.Option("--search", metavar="WORDS", help="Entries with all of these words")
    ] = "",
    handler: Annotated[
        str | None, typer.Option("--handler", metavar="NAME", help="Only of this handler")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="Only of this user")] = None,
    task: Annotated[str | None, typer.Option("--task", metavar="NAME", help="Only of this task")] = None,
    message: Annotated[
        int | None, typer.Option("--message", metavar="ID", min=1, help="Only of this message")
    ] = None,
    limit: Limit = None,
    json: Json = False,
) -> None:
    """The review, the newest last; all of it unless --limit or --since is given."""
    if ctx.invoked_subcommand is not None:
        return
    from dataclasses import replace

    from storage.review import ReviewFilter
    from tui.operations import names
    from tui.operations import review as operations
    from tui.operations.moments import moment

    with desk().database.read() as connection:
        wanted = ReviewFilter(
            category=category,
            level=level,
            since=moment(since, "--since", desk().now(), ago=True) if since is not None else None,
            kind=kind,
            words=search,
            handler_id=names.handler(connection, handler).id if handler is not None else None,
            user_id=names.user(connection, user).id if user is not None else None,
            task_id=names.task(connection, task).id if task is not None else None,
            message_id=message,
        )
    # Taken before the listing, so that nothing falls between the listing and what follows it.
    newest = operations.last_id(desk())
    _print((entry for entry in operations.listing(desk(), wanted, limit) if entry.id <= newest), json)
    if follow:
        _print(operations.follow(desk(), newest, replace(wanted, since=None)), json)


def _print(entries: "Iterable[Review]", json: bool) -> None:
    from tui.operations.views import review_json

    for entry in entries:
        if json:
            emit(review_json(entry))
        else:
            say(_line(entry))
        sys.stdout.flush()


def _line(entry: "Review") -> str:
    who = f"  [{entry.operator}]" if entry.operator else ""
    return f"{local_time(entry.at)} {SIGNS[entry.level]} {entry.category:<8} {entry.text}{who}"
