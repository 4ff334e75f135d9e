"""`commsdesk operator`: who may work at the site, as what, and with which SSH keys."""

from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli import context
from tui.cli.context import desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json
from tui.cli.output import emit, emit_all, local_time, say, show_facts, show_table

if TYPE_CHECKING:
    from storage.operators import Operator, OperatorKey
    from storage.vocabulary import Role

app = plain_app()

Name = Annotated[str, typer.Argument(metavar="OPERATOR", help="An operator's name or id")]
ROLES = "viewer (looks), operator (sends, handles alerts), administrator (everything)"
RoleName = Annotated[str | None, typer.Option("--role", metavar="R", help=ROLES)]
KeyFiles = Annotated[
    list[str] | None,
    typer.Option("--key-file", metavar="F", help="Public SSH keys, e.g. id_ed25519.pub; - reads them"),
]


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The person's name, as the review shows it")],
    role: Annotated[str, typer.Option("--role", metavar="R", help=ROLES)],
    key_file: KeyFiles = None,
    json: Json = False,
) -> None:
    """Let someone work at the site.

    From the first operator on, --operator must name one of them; over SSH the key says who it is.
    """
    context.begin_site()
    from tui.operations import operators

    made = operators.add(desk(), name, operators.role_of(role), _keys(key_file))
    _show_saved(made, "added", json)


@app.command("list")
def list_operators(json: Json = False) -> None:
    """All operators, with their keys' fingerprints."""
    from tui.operations import operators
    from tui.operations.operator_keys import fingerprint

    found = operators.listing(desk())
    if json:
        emit_all(operators.as_json(operator) for operator in found)
    elif not found:
        say("No operator yet: everyone who reaches this account may do everything.")
        say("Add one: commsdesk operator add NAME --role operator --key-file id_ed25519.pub")
    else:
        rows = [
            (
                operator.id,
                operator.name,
                operator.role,
                "" if operator.enabled else "disabled",
                local_time(operator.last_seen_at),
                "  ".join(f"{fingerprint(key)} {key.comment}".rstrip() for key in operator.keys) or None,
            )
            for operator in found
        ]
        show_table(("Id", "Name", "Role", "State", "Last seen", "Keys"), rows, right={0})


@app.command()
def show(name: Name, json: Json = False) -> None:
    """One operator in full."""
    from tui.operations import operators
    from tui.operations.operator_keys import fingerprint

    found = _named(name)
    if json:
        emit(operators.as_json(found))
        return
    keys = [("Key", f"{fingerprint(key)} {key.type} {key.comment}".rstrip()) for key in found.keys]
    show_facts(
        [
            ("Name", f"{found.name} (id {found.id})"),
            ("Role", found.role),
            ("State", "enabled" if found.enabled else "disabled"),
            ("Last seen", local_time(found.last_seen_at) or "never"),
            *keys,
        ]
    )


@app.command()
def edit(
    name: Name,
    new_name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Call them this from now on")
    ] = None,
    role: RoleName = None,
    key_file: KeyFiles = None,
    remove_key: Annotated[
        list[str] | None,
        typer.Option("--remove-key", metavar="K", help="Take a key away, by its fingerprint or comment"),
    ] = None,
    json: Json = False,
) -> None:
    """Change what is given, keep the rest; keys of --key-file are added."""
    from tui.operations import operators

    saved = operators.edit(
        desk(),
        _named(name).id,
        name=new_name,
        role=_role(role),
        add_keys=_keys(key_file),
        remove_keys=remove_key or (),
    )
    _show_saved(saved, "saved", json)


@app.command()
def enable(name: Name) -> None:
    """Let them work again."""
    from tui.operations import operators

    say(f"enabled operator {operators.set_enabled(desk(), _named(name).id, True).name}")


@app.command()
def disable(name: Name) -> None:
    """Refuse their next login, and close what they have open."""
    from tui.operations import operators

    say(f"disabled operator {operators.set_enabled(desk(), _named(name).id, False).name}")


@app.command()
def remove(name: Name) -> None:
    """Take an operator and their keys away; the review still names them."""
    from tui.operations import operators

    say(f"removed operator {operators.remove(desk(), _named(name).id).name}")


def _named(name: str) -> "Operator":
    from tui.operations import operators

    return desk().read(operators.named, name)


def _role(text: str | None) -> "Role | None":
    from tui.operations import operators

    return operators.role_of(text) if text is not None else None


def _keys(files: list[str] | None) -> "list[OperatorKey]":
    from tui.cli.files import read_text
    from tui.operations.operator_keys import LONGEST_FILE, read_keys

    return [key for file in files or () for key in read_keys(read_text(file, "--key-file", LONGEST_FILE))]


def _show_saved(operator: "Operator", word: str, json: bool) -> None:
    from tui.operations import operators

    if json:
        emit(operators.as_json(operator))
    else:
        say(f"{word} operator {operator.id}: {operator.name} ({operator.role})")
