"""`commsdesk silence`: alerts of which nobody is told for a while."""

from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.context import desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json
from tui.cli.output import emit, emit_all, local_time, say, show_table

if TYPE_CHECKING:
    pass

app = plain_app()


@app.command()
def add(
    alert: Annotated[
        str | None, typer.Argument(metavar="[ALERT]", help="An alert's name or id; or --all")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All alerts")] = False,
    key: Annotated[
        str | None, typer.Option("--key", metavar="K", help="Only what is raised with this key")
    ] = None,
    lasts: Annotated[str | None, typer.Option("--for", metavar="2h", help="How long: 30m, 2h, 3d")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="T", help="Until when: 16:00")] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="R", help="Why, for whoever sees it")
    ] = None,
    json: Json = False,
) -> None:
    """Silence an alert: it can be raised and seen, and nobody is told before the end."""
    from scheduling.holds import silence_said
    from tui.operations import holds
    from tui.operations.errors import Refused
    from tui.operations.hold_words import about_words, silence_json

    if every == (alert is not None):
        raise Refused("name one alert, or say --all", "Alert")
    made = holds.silence_add(desk(), alert, key=key, lasts=lasts, until=until, reason=reason)
    if json:
        emit(silence_json(made.silence, made.held))
    else:
        say(f"silence {made.silence.id}: {about_words(made.silence)} {silence_said(made.silence)}")


@app.command("list")
def list_silences(
    every: Annotated[bool, typer.Option("--all", help="Also those that are over")] = False,
    json: Json = False,
) -> None:
    """The silences that hold now."""
    from tui.operations import holds
    from tui.operations.hold_words import about_words, silence_json

    found = holds.silence_list(desk(), all_of=every)
    if json:
        emit_all(silence_json(view.silence, view.held) for view in found)
    elif not found:
        say("No silence.")
    else:
        rows = [
            (
                view.silence.id,
                about_words(view.silence),
                local_time(view.silence.from_at, seconds=False),
                local_time(view.silence.ends_at, seconds=False),
                view.silence.by,
                view.silence.reason,
                view.held,
            )
            for view in found
        ]
        show_table(("Id", "Alert", "From", "Until", "By", "Reason", "Held"), rows, right={0, 6})


@app.command()
def end(
    silence_id: Annotated[int, typer.Argument(metavar="ID", help="A silence's id")], json: Json = False
) -> None:
    """End a silence now. What is still open is told of."""
    from tui.operations import holds
    from tui.operations.hold_words import about_words, silence_json

    ended = holds.silence_end(desk(), silence_id)
    if json:
        emit(silence_json(ended.silence, ended.held))
    else:
        say(f"ended silence {silence_id}: {about_words(ended.silence)}")
