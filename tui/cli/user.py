"""`commsdesk user`: the people who can be sent to. Files are in `user_files`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli import context
from tui.cli.context import desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json, Limit, Yes
from tui.cli.output import confirmed, emit, emit_all, note, say, show_facts, show_table
from tui.cli.user_files import export_users, import_users, user_filter

if TYPE_CHECKING:
    from storage.records import User
    from tui.operations.users import Saved

app = plain_app()
app.command("import")(import_users)
app.command("export")(export_users)

Name = Annotated[str, typer.Argument(metavar="USER", help="The user's name or id")]
Names = Annotated[list[str], typer.Argument(metavar="USER...", help="Names or ids of users")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help='A custom field, e.g. "Mobile=+61 400 000 000"'),
]
Join = Annotated[list[str] | None, typer.Option("--group", metavar="G", help="A group to join")]
Notes = Annotated[str | None, typer.Option("--notes", metavar="T", help="Anything worth knowing")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The person's name")],
    set: Set = None,
    group: Join = None,
    notes: Notes = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Send nothing to them for now")] = False,
    json: Json = False,
) -> None:
    """Add a user."""
    context.begin_site()
    from tui.operations import users

    saved = users.add(
        desk(), name, values=_values(set), groups=group or (), notes=notes or "", enabled=not disabled
    )
    _show_saved(saved, f"added user {saved.user.id}: {saved.user.name}", json)


@app.command()
def edit(
    name: Name,
    new_name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Call them this from now on")
    ] = None,
    set: Set = None,
    unset: Annotated[
        list[str] | None, typer.Option("--unset", metavar="FIELD", help="Take a custom field's value away")
    ] = None,
    group: Join = None,
    leave: Annotated[list[str] | None, typer.Option("--leave", metavar="G", help="A group to leave")] = None,
    notes: Notes = None,
    json: Json = False,
) -> None:
    """Change what is given, keep the rest."""
    from tui.operations import users

    saved = users.edit(
        desk(),
        _named(name).id,
        name=new_name,
        values=_values([*(set or ()), *(f"{field}=" for field in unset or ())]),
        join=group or (),
        leave=leave or (),
        notes=notes,
    )
    _show_saved(saved, f"saved user {saved.user.id}: {saved.user.name}", json)


@app.command()
def enable(names: Names) -> None:
    """Let users be sent to again."""
    _set_enabled(names, True)


@app.command()
def disable(names: Names) -> None:
    """Send nothing new to users for now."""
    _set_enabled(names, False)


@app.command("list")
def list_users(
    group: Annotated[str | None, typer.Option("--group", metavar="G", help="Members of a group only")] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="WORDS", help="Those with all of these words")
    ] = None,
    limit: Limit = None,
    json: Json = False,
) -> None:
    """Users with their telephone numbers and groups."""
    from storage.vocabulary import FieldType
    from tui.operations import fields, users
    from tui.operations.field_values import shown

    found, known = _matching(group, search, limit), fields.listing(desk())
    if json:
        emit_all(users.as_json(user, known) for user in found)
        return
    if not found:
        everybody = group is None and search is None
        say("No user yet. Add one: commsdesk user add NAME" if everybody else "No user fits.")
        return
    numbers = [field for field in known if field.type is FieldType.TELEPHONE_NUMBER]
    rows = [
        (
            user.id,
            user.name,
            *(shown(field, user.values[field.id]) if field.id in user.values else None for field in numbers),
            ", ".join(user.groups),
            "" if user.enabled else "disabled",
        )
        for user in found
    ]
    show_table(("Id", "Name", *(field.name for field in numbers), "Groups", "State"), rows, right={0})


@app.command()
def show(name: Name, json: Json = False) -> None:
    """One user in full."""
    from tui.operations import fields, users
    from tui.operations.field_values import shown

    found, known = _named(name), fields.listing(desk())
    if json:
        emit(users.as_json(found, known))
        return
    values = [
        (field.name, shown(field, found.values[field.id])) for field in known if field.id in found.values
    ]
    show_facts(
        [
            ("Name", f"{found.name} (id {found.id})"),
            ("State", "enabled" if found.enabled else "disabled"),
            *values,
            ("Groups", ", ".join(found.groups)),
            ("Notes", found.notes),
        ]
    )


@app.command()
def remove(names: Names, yes: Yes = False) -> None:
    """Remove users; the history still names them. Refused without --yes while something hangs on them."""
    from tui.operations import users

    people = [_named(name) for name in names]
    ids = [person.id for person in people]
    held = "; ".join(users.hanging(desk(), ids))
    sure = yes or (bool(held) and confirmed(f"{held}. Remove?", yes=False, without_terminal=False))
    users.remove(desk(), ids, confirmed=sure)
    for person in {person.id: person for person in people}.values():
        say(f"removed user {person.name}")
    if held:
        note(held)


def _matching(group: str | None, search: str | None, limit: int | None) -> "list[User]":
    from storage import users
    from storage.users import SortBy, UserOrder

    with desk().database.read() as connection:
        wanted = user_filter(group, search)
        if limit is None:
            return list(users.everyone(connection, wanted))
        newest = users.page(connection, wanted, UserOrder(SortBy.ID, descending=True), limit=limit)
        return newest[::-1]


def _values(given: list[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given or ():
        field, equals, value = text.partition("=")
        if not equals or not field.strip():
            raise typer.BadParameter(f"{text!r} is not FIELD=VALUE", param_hint="--set")
        if field.strip() in found:
            raise typer.BadParameter(f"{field.strip()} is given twice", param_hint="--set")
        found[field.strip()] = value
    return found


def _set_enabled(given: list[str], enabled: bool) -> None:
    from tui.operations import users

    people = [_named(name) for name in given]
    users.set_enabled(desk(), [person.id for person in people], enabled)
    for person in people:
        say(f"{'enabled' if enabled else 'disabled'} {person.name}")


def _named(name: str) -> "User":
    from tui.operations import names

    return desk().read(names.user, name)


def _show_saved(saved: "Saved", sentence: str, json: bool) -> None:
    from tui.operations import fields, users

    for warning in saved.warnings:
        note(f"warning: {warning}")
    if json:
        emit(users.as_json(saved.user, fields.listing(desk())))
    else:
        say(sentence)
