"""The options of rosters, spelled once, and how their records are shown."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.context import desk
from tui.cli.output import note

if TYPE_CHECKING:
    from storage.roster_records import Roster
    from tui.operations.rosters import Saved

MOST_LINES = 12

RosterName = Annotated[str, typer.Argument(metavar="ROSTER", help="A roster's name or id")]
RulePlace = Annotated[
    int, typer.Argument(metavar="RULE", min=1, help="A rule's place, as roster show counts them")
]
People = Annotated[
    list[str] | None,
    typer.Option(
        "--people",
        metavar="USER...",
        help="Who is in turn, in this order; several together as Joe+Amy",
    ),
]
Turn = Annotated[
    str | None, typer.Option("--turn", metavar="N", help="How long a turn is: 1w, 2d; preset 1w")
]
HandOver = Annotated[
    str | None,
    typer.Option(
        "--hand-over", metavar="WHEN", help='"Mon 08:00" for weeks, "08:00" for days; preset when it begins'
    ),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="DATE", help="A date whose turn is the first one's; preset today"),
]
Days = Annotated[str | None, typer.Option("--days", metavar="DAYS", help="Mon-Fri,Holiday; preset every day")]
Start = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="From this time of day; preset 00:00")
]
End = Annotated[
    str | None,
    typer.Option("--to", metavar="TIME", help="To this time, the next day's if not later; preset 00:00"),
]


def named(name: str) -> "Roster":
    from tui.operations import names

    return desk().read(names.roster, name)


def tell_differences(saved: "Saved") -> None:
    """Who is on instead of whom in the next four weeks, on standard error."""
    from tui.operations.duty import difference_words

    lines = [difference_words(saved.roster, each) for each in saved.differences]
    for line in _first(lines):
        note(f"from now: {line}")


def _first(lines: list[str]) -> Iterable[str]:
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield f"and {len(lines) - MOST_LINES} more in the next four weeks"
