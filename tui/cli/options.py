"""Options that several commands share, spelled once."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="The newest N only")]
To = Annotated[
    list[str],
    typer.Option(
        "--to", metavar="USER|GROUP|+NUMBER|duty:ROSTER", help="Whom it goes to; give it once for each"
    ),
]
HandlerName = Annotated[
    str, typer.Option("--handler", metavar="NAME", help="The sender: a handler's name or id")
]
Zone = Annotated[
    str | None, typer.Option("--zone", metavar="ZONE", help="An IANA time zone, e.g. Europe/London")
]
