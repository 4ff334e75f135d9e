"""`commsdesk template`: message texts kept for sending by hand."""

from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli import context
from tui.cli.context import desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json
from tui.cli.output import emit, emit_all, note, say, show_facts, show_table

if TYPE_CHECKING:
    from storage.message_templates import MessageTemplate
    from tui.operations.message_templates import Saved

app = plain_app()

Name = Annotated[str, typer.Argument(metavar="NAME", help="A template's name or id")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The text, {Field}s as they are; - reads it")],
    json: Json = False,
) -> None:
    """Keep a text under a name."""
    context.begin_site()
    from tui.cli.send import read_text
    from tui.operations import message_templates

    _show_saved(message_templates.add(desk(), name, read_text(text)), "added", json)


@app.command("list")
def list_templates(json: Json = False) -> None:
    """All kept texts."""
    from tui.operations import message_templates

    found = message_templates.listing(desk())
    if json:
        emit_all(message_templates.as_json(template) for template in found)
    elif not found:
        say("No message template yet. Add one: commsdesk template add NAME TEXT")
    else:
        rows = [(template.id, template.name, template.text) for template in found]
        show_table(("Id", "Name", "Text"), rows, right={0})


@app.command()
def show(name: Name, json: Json = False) -> None:
    """One kept text in full."""
    from tui.operations import message_templates
    from tui.operations.form_values import counted

    found = _named(name)
    value = message_templates.as_json(found)
    if json:
        emit(value)
        return
    size = f"{counted(value['characters'], 'character')}, {counted(value['segments'], 'part')}"
    show_facts([("Name", f"{found.name} (id {found.id})"), ("Size", size)])
    for line in found.text.split("\n"):
        say(line)


@app.command()
def edit(
    name: Name,
    new_name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Call it this from now on")
    ] = None,
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="Another text; - reads it")
    ] = None,
    json: Json = False,
) -> None:
    """Change what is given, keep the rest."""
    from tui.cli.send import read_text
    from tui.operations import message_templates

    body = read_text(text) if text is not None else None
    saved = message_templates.edit(desk(), _named(name).id, name=new_name, text=body)
    _show_saved(saved, "saved", json)


@app.command()
def remove(name: Name) -> None:
    """Remove it."""
    from tui.operations import message_templates

    say(f"removed message template {message_templates.remove(desk(), _named(name).id).name}")


def _named(name: str) -> "MessageTemplate":
    from tui.operations import message_templates

    return desk().read(message_templates.named, name)


def _show_saved(saved: "Saved", word: str, json: bool) -> None:
    from tui.operations import message_templates

    for warning in saved.warnings:
        note(f"warning: {warning}")
    if json:
        emit(message_templates.as_json(saved.template))
    else:
        say(f"{word} message template {saved.template.id}: {saved.template.name}")
