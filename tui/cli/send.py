"""`commsdesk send`: a message by hand."""

import sys
from typing import Annotated

import typer

from tui.cli import dry_run as dry
from tui.cli.context import desk
from tui.cli.dry_run import At, DryRun
from tui.cli.options import HandlerName, Json, To, Yes

LONGEST_INPUT = 1_000_000  # bytes of standard input; far more than any handler sends


def send(
    handler: HandlerName,
    to: To,
    message: Annotated[
        str | None,
        typer.Argument(metavar="MESSAGE", help="The text; - reads it from standard input (UTF-8)"),
    ] = None,
    template: Annotated[
        str | None, typer.Option("--template", metavar="NAME", help="A kept text instead of MESSAGE")
    ] = None,
    wait: Annotated[
        float | None,
        typer.Option(
            "--wait", min=0, metavar="SECONDS", help="Wait until Clickatell has accepted all of them"
        ),
    ] = None,
    fields: Annotated[
        bool,
        typer.Option("--fields", help="Fill in {Name}, {First Name} and custom fields; else braces are text"),
    ] = False,
    dry_run: DryRun = False,
    at: At = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Send a message by hand to users, groups and numbers.

    It is on disk when the command ends. A user named who cannot be reached stops it as a whole;
    members of a group who cannot are named and left out. Exit status 0 when all were queued
    (with --wait: accepted), else 1.
    """
    from tui.cli.sent import ask_if_large, asks, report
    from tui.operations import names, sending

    if dry_run and wait is not None:
        raise typer.BadParameter("--wait waits for what is sent: leave it out with --dry-run")
    if (message is None) == (template is None):
        raise typer.BadParameter("give either MESSAGE or --template")
    text = read_text(message) if message is not None else _template_text(template or "")
    with desk().database.read() as connection:
        found = names.handler(connection, handler)
        recipients = [names.recipient(connection, name) for name in to]
    request = sending.Request(found.id, recipients, text, fields)
    if rehearsed := dry.rehearsal(dry_run, at):
        dry.report(rehearsed, sending.send(rehearsed, request).warnings, json=json)
    if asks(yes):
        ask_if_large(sending.planned(desk(), request).size, "", through=found.name)
    sent = sending.send(desk(), request)
    raise typer.Exit(report(sent, wait=wait, json=json))


def read_text(message: str) -> str:
    """The text of a message: as given, or standard input without its last line end for `-`."""
    from tui.operations.errors import Refused
    from tui.operations.names import check_text

    if message != "-":
        return check_text(message, "Message")
    raw = sys.stdin.buffer.read(LONGEST_INPUT + 1)
    if len(raw) > LONGEST_INPUT:
        raise Refused("Message is too long: standard input holds more than a million bytes", "Message")
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise Refused("Message on standard input is not UTF-8 text", "Message") from None
    return text.removesuffix("\n").removesuffix("\r")


def _template_text(name: str) -> str:
    from tui.operations import message_templates

    with desk().database.read() as connection:
        return message_templates.named(connection, name).text
