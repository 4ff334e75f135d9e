"""`commsdesk field`: the custom fields that users have."""

from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli import context
from tui.cli.context import desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json, Yes
from tui.cli.output import confirmed, emit, emit_all, note, say, show_facts, show_table

if TYPE_CHECKING:
    from storage.records import CustomField

app = plain_app()

Name = Annotated[str, typer.Argument(metavar="NAME", help="The field's name or id")]
HelpText = Annotated[str | None, typer.Option("--help-text", metavar="T", help="What to enter in it")]
Choices = Annotated[
    list[str] | None,
    typer.Option("--choice", metavar="C", help="One of the values of a Choice; give it once for each"),
]


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it; {NAME} in messages")],
    type: Annotated[
        str,
        typer.Option(
            "--type",
            metavar="TYPE",
            help='Text, "Telephone Number", Number, Date, Yes/No, Email or Choice',
        ),
    ],
    required: Annotated[bool, typer.Option("--required", help="Every new user must have a value")] = False,
    help_text: HelpText = None,
    choice: Choices = None,
    json: Json = False,
) -> None:
    """Add a custom field."""
    context.begin_site()
    from tui.operations import fields

    made = fields.add(desk(), name, type, required=required, help=help_text or "", choices=choice or ())
    _show_saved(made, f"added field {made.id}: {made.name} ({made.type})", json)


@app.command()
def edit(
    name: Name,
    new_name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Call it this from now on")
    ] = None,
    order: Annotated[int | None, typer.Option("--order", metavar="N", help="Its place, 1 the first")] = None,
    required: Annotated[
        bool | None, typer.Option("--required/--optional", help="Whether every new user must have a value")
    ] = None,
    help_text: HelpText = None,
    choice: Choices = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Change what is given, keep the rest. --choice replaces all choices; the type stays."""
    from tui.operations import fields

    found = _named(name)
    saved = fields.edit(
        desk(),
        found.id,
        name=new_name,
        order=order,
        required=required,
        help=help_text,
        choices=choice,
        confirmed=yes,
    )
    _show_saved(saved, f"saved field {saved.id}: {saved.name}", json)


@app.command("list")
def list_fields(json: Json = False) -> None:
    """All custom fields in their order, and how many users have a value."""
    from tui.operations import fields

    found, users = fields.listing(desk()), fields.value_counts(desk())
    if json:
        emit_all(fields.as_json(field, users.get(field.id, 0)) for field in found)
        return
    if not found:
        say('No custom field yet. Add one: commsdesk field add Mobile --type "Telephone Number"')
        return
    rows = [
        (
            field.id,
            field.name,
            field.type,
            "required" if field.required else "",
            users.get(field.id, 0),
            ", ".join(field.choices) or field.help,
        )
        for field in found
    ]
    show_table(("Id", "Name", "Type", "Required", "Users", "Choices or help"), rows, right={0, 4})


@app.command()
def show(name: Name, json: Json = False) -> None:
    """One custom field in full, and what hangs on it."""
    from tui.operations import fields

    found = _named(name)
    held = fields.hanging(desk(), found.id)
    if json:
        uses = {"handlers": list(held.handlers), "mentioned_by": list(held.texts)}
        emit(fields.as_json(found, held.users) | uses)
        return
    show_facts(
        [
            ("Name", f"{found.name} (id {found.id})"),
            ("Type", found.type),
            ("Order", found.position),
            ("Required", "yes" if found.required else "no"),
            ("Help", found.help),
            ("Choices", ", ".join(found.choices)),
            ("In use", str(held) or "no"),
        ]
    )


@app.command()
def remove(name: Name, yes: Yes = False) -> None:
    """Remove a field and its values. Refused without --yes while something hangs on it."""
    from tui.operations import fields

    found = _named(name)
    held = fields.hanging(desk(), found.id)
    sure = yes or (
        bool(held) and confirmed(f"{found.name}: {held}. Remove it?", yes=False, without_terminal=False)
    )
    fields.remove(desk(), found.id, confirmed=sure)
    say(f"removed field {found.name}")
    if held:
        note(f"{found.name}: {held}")


def _named(name: str) -> "CustomField":
    from tui.operations import names

    return desk().read(names.field, name)


def _show_saved(field: "CustomField", sentence: str, json: bool) -> None:
    from tui.operations import fields

    if json:
        emit(fields.as_json(field))
    else:
        say(sentence)
