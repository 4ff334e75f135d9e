"""`commsdesk held`: what is held is sent now, or given up. It is listed by `message held`."""

from typing import Annotated

import typer

from tui.cli.context import desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json
from tui.cli.output import emit, say

app = plain_app()

HeldId = Annotated[int, typer.Argument(metavar="ID", help="A held message's id, as message held shows it")]


@app.command()
def release(held_id: HeldId, json: Json = False) -> None:
    """Send a held message now."""
    from tui.cli.sent import note_no_engine
    from tui.operations import held
    from tui.operations.hold_words import held_json

    row, message_id = held.release(desk(), held_id)
    note_no_engine()
    if json:
        emit(held_json(row))
    else:
        say(f"released held message {held_id} as message {message_id}: {row.recipient}")


@app.command()
def drop(held_id: HeldId, json: Json = False) -> None:
    """Give a held message up."""
    from tui.operations import held
    from tui.operations.hold_words import held_json

    row = held.drop(desk(), held_id)
    if json:
        emit(held_json(row))
    else:
        say(f"dropped held message {held_id}: {row.recipient}")
