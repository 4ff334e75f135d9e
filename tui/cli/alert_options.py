"""The options of alerts, their actions and their steps, spelled once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.context import desk

if TYPE_CHECKING:
    from storage.alerts import Alert, AlertField

Name = Annotated[str, typer.Argument(metavar="NAME", help="An alert's name or id")]
StageName = Annotated[
    str,
    typer.Argument(metavar="STAGE", help="Created, Claimed, Actioned, Escalated, Restored or Finalised"),
]
ActionId = Annotated[
    int, typer.Argument(metavar="ID", min=1, help="An action's id, as alert action list shows it")
]
Priority = Annotated[
    str | None, typer.Option("--priority", metavar="P", help="1 (highest) to 9 (lowest); preset 3")
]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field", metavar="NAME[=DEFAULT]", help="A field that is given when it is raised; repeatable"
    ),
]
Description = Annotated[str | None, typer.Option("--description", metavar="T", help="What it is about")]
Life = Annotated[
    str | None,
    typer.Option(
        "--useful-life",
        metavar="M",
        help="Minutes after which its unsent messages expire; preset: the handler's",
    ),
]
MessageText = "The text, with {Name}, {First Name}, custom fields, the alert's own; - reads it"
Key = Annotated[
    str | None,
    typer.Option(
        "--key", metavar="K", help="What it is about: raised again with the key, it only counts while active"
    ),
]
Values = Annotated[
    list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="A value for a field; repeatable")
]
OccurrenceId = Annotated[int, typer.Argument(metavar="ID", min=1, help="An occurrence's id")]
Lasts = Annotated[
    str | None,
    typer.Option("--for", metavar="M", help="So long the claim holds, as 2h; preset: as the alert says"),
]
NoteOption = Annotated[str, typer.Option("--note", metavar="TEXT", help="Kept with the step, and {Note}")]


def named(name: str) -> "Alert":
    """The alert of that name or id."""
    from tui.operations import alerts

    return desk().read(alerts.named, name)


def declared(given: Sequence[str]) -> "list[AlertField]":
    """Fields as `--field` gives them: `Zone` or `Zone=default`."""
    from storage.alerts import AlertField

    parts = [text.partition("=") for text in given]
    return [AlertField(name.strip(), default or None) for name, _, default in parts]


def values_given(given: Sequence[str]) -> dict[str, str]:
    """Values as `--set` gives them, by field name. Of one given twice the last counts."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{text!r} is not FIELD=VALUE", param_hint="--set")
        found[name.strip()] = value
    return found
