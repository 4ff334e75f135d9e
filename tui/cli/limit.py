"""`commsdesk limit`: how many messages a number gets in how many minutes."""

from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.context import desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json
from tui.cli.output import emit, say

if TYPE_CHECKING:
    from storage.holds import Limit

app = plain_app()


@app.command("set")
def set_limit(
    most: Annotated[
        str, typer.Argument(metavar="N", help="Messages to one number; none takes the limit away")
    ],
    per: Annotated[str | None, typer.Option("--per", metavar="M", help="In so many minutes")] = None,
    through: Annotated[
        str | None,
        typer.Option("--through", metavar="P", help="Alerts of this priority and higher pass; preset 1"),
    ] = None,
    json: Json = False,
) -> None:
    """Limit floods: what is too much is held, and goes out as one message when there is room."""
    from tui.operations import holds
    from tui.operations.hold_words import limit_json

    found = holds.limit_set(desk(), most, per, through=through)
    if json:
        emit(limit_json(found))
    else:
        say("no limit from now on" if found is None else _in_words(found))


@app.command()
def show(json: Json = False) -> None:
    """The limit that is set."""
    from tui.operations import holds
    from tui.operations.hold_words import limit_json

    found = holds.limit_get(desk())
    if json:
        emit(limit_json(found))
    else:
        say("No limit. Set one: commsdesk limit set 10 --per 10" if found is None else _in_words(found))


def _in_words(found: "Limit") -> str:
    from scheduling.holds import limit_said

    return f"{limit_said(found)} for each number; priority {found.through} and higher passes"
