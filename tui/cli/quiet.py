"""`commsdesk quiet`: hours in which people are left in peace."""

from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.context import desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json, Zone
from tui.cli.output import emit, emit_all, say, show_table

if TYPE_CHECKING:
    from storage.holds import Quiet

app = plain_app()

Whom = Annotated[
    str, typer.Argument(metavar="USER|group:G|everyone", help="A user's name or id, a group, or everyone")
]


@app.command("set")
def set_hours(
    whom: Whom,
    window: Annotated[
        list[str] | None,
        typer.Option("--window", metavar="W", help='Days and hours: "Mon-Fri 22:00-07:00"; repeatable'),
    ] = None,
    zone: Zone = None,
    through: Annotated[
        str | None,
        typer.Option("--through", metavar="P", help="Alerts of this priority and higher pass; preset 2"),
    ] = None,
    tell_all: Annotated[
        bool, typer.Option("--tell-all", help="Say at the end how many are over, also when all are")
    ] = False,
    json: Json = False,
) -> None:
    """Set quiet hours: what is not urgent waits, and goes out as one message at their end."""
    from tui.operations import holds
    from tui.operations.hold_words import quiet_json

    made = holds.quiet_set(desk(), whom, window or [], zone=zone, through=through, tell_all=tell_all)
    if json:
        emit(quiet_json(made))
    else:
        say(f"quiet hours of {made.about}: {_in_words(made)}")


@app.command("list")
def list_hours(json: Json = False) -> None:
    """All quiet hours."""
    from tui.operations import holds
    from tui.operations.hold_words import quiet_json

    found = holds.quiet_list(desk())
    if json:
        emit_all(quiet_json(quiet) for quiet in found)
    elif not found:
        say("No quiet hours. Set some: commsdesk quiet set --help")
    else:
        rows = [
            (each.id, each.about, ", ".join(each.windows), each.zone or "the person's", each.through)
            for each in found
        ]
        show_table(("Id", "About", "Windows", "Zone", "Through"), rows, right={0, 4})


@app.command()
def remove(whom: Whom) -> None:
    """Remove quiet hours. What they hold is sent."""
    from tui.operations import holds

    say(f"removed the quiet hours of {holds.quiet_remove(desk(), whom).name}")


def _in_words(quiet: "Quiet") -> str:
    zone = f" {quiet.zone}" if quiet.zone else ""
    return f"{', '.join(quiet.windows)}{zone}; priority {quiet.through} and higher passes"
