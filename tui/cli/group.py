"""`commsdesk group`: groups of users."""

from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli import context
from tui.cli.context import desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json, Yes
from tui.cli.output import confirmed, emit, emit_all, note, say, show_facts, show_table

if TYPE_CHECKING:
    from storage.records import Group

app = plain_app()

Name = Annotated[str, typer.Argument(metavar="GROUP", help="The group's name or id")]
People = Annotated[list[str], typer.Argument(metavar="USER...", help="Names or ids of users")]
Notes = Annotated[str | None, typer.Option("--notes", metavar="T", help="Anything worth knowing")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it")],
    notes: Notes = None,
    json: Json = False,
) -> None:
    """Add a group."""
    context.begin_site()
    from tui.operations import groups

    made = groups.add(desk(), name, notes=notes or "")
    _show_saved(made, f"added group {made.id}: {made.name}", json)


@app.command()
def join(name: Name, users: People) -> None:
    """Make users members of a group."""
    from tui.operations import groups

    group, people = _named(name), _people(users)
    joined = groups.join(desk(), group.id, people)
    already = f", {len(people) - joined} belonged already" if joined < len(people) else ""
    say(f"{joined} joined {group.name}{already}")


@app.command()
def leave(name: Name, users: People) -> None:
    """End users' membership of a group."""
    from tui.operations import groups

    group, people = _named(name), _people(users)
    left = groups.leave(desk(), group.id, people)
    strangers = f", {len(people) - left} did not belong" if left < len(people) else ""
    say(f"{left} left {group.name}{strangers}")


@app.command("list")
def list_groups(json: Json = False) -> None:
    """All groups and how many users belong to each."""
    from tui.operations import groups

    found = groups.listing(desk())
    if json:
        emit_all(groups.as_json(group) for group in found)
    elif not found:
        say("No group yet. Add one: commsdesk group add NAME")
    else:
        rows = [(group.id, group.name, group.members, group.notes) for group in found]
        show_table(("Id", "Name", "Members", "Notes"), rows, right={0, 2})


@app.command()
def show(name: Name, json: Json = False) -> None:
    """One group and who belongs to it."""
    from tui.operations import groups

    found = groups.get(desk(), _named(name).id)
    if json:
        emit(groups.as_json(found.group, found.people))
        return
    show_facts(
        [
            ("Name", f"{found.group.name} (id {found.group.id})"),
            ("Notes", found.group.notes),
            ("Members", found.group.members),
        ]
    )
    if found.people:
        show_table(("Id", "Name"), found.people, right={0})


@app.command()
def rename(
    name: Name,
    new_name: Annotated[str, typer.Argument(metavar="NEW-NAME", help="What to call it from now on")],
    json: Json = False,
) -> None:
    """Give a group another name; tasks and alerts that send to it go on doing so."""
    from tui.operations import groups

    saved = groups.edit(desk(), _named(name).id, name=new_name)
    _show_saved(saved, f"saved group {saved.id}: {saved.name}", json)


@app.command()
def edit(
    name: Name,
    new_name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Call it this from now on")
    ] = None,
    notes: Notes = None,
    json: Json = False,
) -> None:
    """Change what is given, keep the rest."""
    from tui.operations import groups

    saved = groups.edit(desk(), _named(name).id, name=new_name, notes=notes)
    _show_saved(saved, f"saved group {saved.id}: {saved.name}", json)


@app.command()
def remove(name: Name, yes: Yes = False) -> None:
    """Remove a group, not its users. Refused without --yes while tasks or alerts send to it."""
    from tui.operations import groups

    found = _named(name)
    held = "; ".join(groups.hanging(desk(), found.id))
    sure = yes or (bool(held) and confirmed(f"{held}. Remove it?", yes=False, without_terminal=False))
    groups.remove(desk(), found.id, confirmed=sure)
    say(f"removed group {found.name}")
    if held:
        note(f"{held}: nobody is reached through it any more")


def _named(name: str) -> "Group":
    from tui.operations import names

    return desk().read(names.group, name)


def _people(given: list[str]) -> list[int]:
    from tui.operations import names

    with desk().database.read() as connection:
        return list(dict.fromkeys(names.user(connection, text).id for text in given))


def _show_saved(group: "Group", sentence: str, json: bool) -> None:
    from tui.operations import groups

    if json:
        emit(groups.as_json(group))
    else:
        say(sentence)
