"""The commands by name, each loaded when it is used: `--help` reads the names and one-line helps only."""

import importlib
from collections.abc import Collection, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

LARGEST = 2**63 - 1

COMMANDS: Mapping[str, str] = {
    "demo": "The console on a sample site with a local Clickatell",
    "run": "The engine without a screen, until SIGTERM or SIGINT",
    "handler": "Communication handlers: accounts at Clickatell and how they send",
    "field": "Custom fields that users have",
    "user": "The people who can be sent to",
    "group": "User groups",
    "send": "Send a message by hand",
    "message": "What was sent, what waits, and what became of it",
    "alert": "Alerts: raise, claim, restore, finalise, and what each stage sends",
    "claim": "Say that you look after an alert; without an id the only one open",
    "task": "Scheduled tasks",
    "roster": "Rosters: who is on duty, whose turn comes, covers and holidays",
    "quiet": "Quiet hours: what is not urgent waits for the morning",
    "silence": "Silences: an alert of which nobody is told for a while",
    "limit": "The limit on messages to one number",
    "held": "What is held: send it now, or give it up",
    "template": "Message texts kept for sending by hand",
    "ssh": "Operators over OpenSSH: who may log in, and how sshd is set up",
    "file": "The files that operators keep at the site",
    "operator": "Who may work at the site, as what, and with which SSH keys",
    "review": "Everything that happened, as it happens",
    "service": "commsdesk run as a systemd service",
    "status": "How the site is: engine, queue, handlers; exit status 1 when not healthy",
    "doctor": "Every check of the troubleshooting table, live",
    "backup": "A copy of the site in one file",
    "restore": "Put a backup back",
    "adopt": "Say that this copy is the live site",
    "secrets": "The key that encrypts API keys and passwords",
    "simulator": "The local Clickatell alone",
    "web": "The console in a browser",
}


class LazyGroup(TyperGroup):
    """Commands live in `tui.cli.NAME`: an `app` for a noun with verbs, else a function of that name."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name in COMMANDS if _is_there(name)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS or not _is_there(cmd_name):
            return None
        module = importlib.import_module(f"tui.cli.{cmd_name}")
        app = getattr(module, "app", None)
        if app is None:
            app = plain_app()
            app.command(cmd_name, help=COMMANDS[cmd_name])(getattr(module, cmd_name))
        elif not app.info.help:
            app.info.help = COMMANDS[cmd_name]
        command = get_command(app)
        command.name = cmd_name
        _bound_numbers(command)
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        items = TyperCommand.shell_complete(self, ctx, incomplete)
        item = type(items[0]) if items else _completion_item()
        found = [
            item(name, help=COMMANDS[name]) for name in self.list_commands(ctx) if name.startswith(incomplete)
        ]
        return found + items


def _is_there(name: str) -> bool:
    return find_spec(f"tui.cli.{name}") is not None


def _bound_numbers(command: Any) -> None:
    """No whole number is larger than the database can hold: said by name, as a value out of range."""
    for each in getattr(command, "commands", {}).values():
        _bound_numbers(each)
    for param in command.params:
        info = param.type_descriptor.parameter_info
        if param.type_descriptor.annotation is int and info is not None and info.max is None:
            info.max = LARGEST  # there and not on the parameter: the help need not speak of it


def _completion_item() -> Any:
    return importlib.import_module("typer._click.shell_completion").CompletionItem


class WordsAfter(TyperCommand):
    """A command of which the options in `SEVERAL` take all the words up to the next option."""

    SEVERAL = ("--people",)

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        return super().parse_args(ctx, _spread(args, self.SEVERAL))


def _spread(args: Sequence[str], several: Collection[str]) -> list[str]:
    """`--people A B --turn 1w` as `--people A --people B --turn 1w`."""
    found: list[str] = []
    option, taken = "", 0
    for word in args:
        if word.startswith("-"):
            option, taken = (word, 0) if word in several else ("", 0)
        elif option and taken:
            found.append(option)
        taken += 1
        found.append(word)
        if word == option:
            taken = 0
    return found


def plain_app(**options: Any) -> typer.Typer:
    """A Typer as every command here is: plain help, no traceback of Typer's own, no completion options."""
    return typer.Typer(
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        no_args_is_help=True,
        **options,
    )
