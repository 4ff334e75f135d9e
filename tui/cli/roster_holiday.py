"""`commsdesk roster holiday`: dates that are no ordinary weekdays."""

from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.context import desk
from tui.cli.files import read_bytes
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json
from tui.cli.output import emit, emit_all, note, say, show_table

if TYPE_CHECKING:
    from tui.operations.holidays import Changed

app = plain_app()

Day = Annotated[str, typer.Argument(metavar="DATE", help="A date, as 2026-12-25")]


@app.command()
def add(
    day: Day,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What is celebrated")],
    json: Json = False,
) -> None:
    """Make a date a holiday of the site, or give it another name."""
    from tui.operations import holidays

    done = holidays.add(desk(), day, name)
    _warn(done)
    if json:
        emit({"date": day.strip(), "name": name.strip()})
    else:
        say(f"{day.strip()} is a holiday: {name.strip()}")


@app.command("import")
def import_holidays(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A CSV file; - reads standard input")],
    json: Json = False,
) -> None:
    """Add holidays from a CSV file with the columns Date and Name: all of it, or nothing."""
    from tui.operations import holidays
    from tui.operations.csv_table import LARGEST_FILE

    name = "standard input" if file == "-" else file
    done = holidays.load(desk(), read_bytes(file, LARGEST_FILE), name)
    _warn(done)
    if json:
        emit({"holidays": done.days})
    else:
        say(f"{done.days} holiday{'' if done.days == 1 else 's'} loaded from {name}")


@app.command("list")
def list_holidays(json: Json = False) -> None:
    """All holidays, in the order of the calendar."""
    from tui.operations import holidays

    found = holidays.listing(desk())
    if json:
        emit_all({"date": day.isoformat(), "name": name} for day, name in found.items())
    elif not found:
        say("No holiday yet. Add one: commsdesk roster holiday add 2026-12-25 NAME")
    else:
        show_table(("Date", "Day", "Name"), [(day, f"{day:%a}", name) for day, name in found.items()])


@app.command()
def remove(day: Day) -> None:
    """Make a date an ordinary weekday again."""
    from tui.operations import holidays

    done = holidays.remove(desk(), day)
    _warn(done)
    say(f"{day.strip()} is no holiday any more")


def _warn(done: "Changed") -> None:
    for warning in done.warnings:
        note(f"note: {warning}")
