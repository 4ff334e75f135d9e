"""`commsdesk claim`: say that you look after it."""

from typing import Annotated

import typer

from tui.cli import alert_steps
from tui.cli.alert_options import Lasts, NoteOption
from tui.cli.context import desk
from tui.cli.options import Json, Yes
from tui.cli.output import note


def claim(
    occurrence_id: Annotated[
        int | None, typer.Argument(metavar="[ID]", min=1, help="An occurrence's id; none: the only one open")
    ] = None,
    lasts: Lasts = None,
    text: NoteOption = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    from tui.operations import occurrences

    if occurrence_id is None:
        choice = occurrences.to_claim(desk())
        if choice.chosen is None:
            note(choice.why)
            alert_steps.show_lines(choice.open)
            raise typer.Exit(1)
        occurrence_id = choice.chosen
    alert_steps.claim_one(occurrence_id, lasts, text, None, yes, json)
