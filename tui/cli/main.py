"""`commsdesk`: the global options, the commands, and how every one of them ends.

Exit status: 0 done, 1 refused or failed (one line on standard error says why), 2 wrong usage.
"""

import errno
import importlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from storage.errors import StorageError
from tui.cli import context
from tui.cli.lazy_group import LazyGroup
from tui.cli.output import note, note_block, say, steady
from tui.console.preferences import Link
from tui.operations.errors import Refused, on_command_line

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(
    cls=LazyGroup,
    name="commsdesk",
    invoke_without_command=True,
    no_args_is_help=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        say(f"commsdesk {version('commsdesk')}")
        raise typer.Exit


@app.callback()
def commsdesk(
    ctx: typer.Context,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            envvar=context.DATA_VARIABLE,
            help="The site's data folder; preset: the user data folder of this system",
        ),
    ] = None,
    operator: Annotated[
        str | None,
        typer.Option("--operator", metavar="NAME", help="Who is at work, for the review; preset: this login"),
    ] = None,
    no_engine: Annotated[
        bool, typer.Option("--no-engine", help="Open a console that never sends by itself")
    ] = False,
    mouse: Annotated[
        bool | None,
        typer.Option("--mouse/--no-mouse", help="Without it the terminal keeps it, to select text with"),
    ] = None,
    theme: Annotated[
        str | None,
        typer.Option("--theme", metavar="NAME", help="The console's colours: auto, dark, light or terminal"),
    ] = None,
    link: Annotated[
        Link | None,
        typer.Option("--link", help="How much the console sends to the terminal; auto is slow under SSH"),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version")
    ] = False,
) -> None:
    """Text messages to people through Clickatell: by hand, from alerts and on schedule.

    Without a command it opens the console.
    """
    context.configure(data, operator)
    look = context.Look(not no_engine, mouse, theme, link)
    if ctx.invoked_subcommand is None:
        from tui.cli.console import open_console

        raise typer.Exit(open_console(engine=look.engine, mouse=mouse, theme=theme, link=link))
    if ctx.invoked_subcommand == "demo":
        if data is not None and str(getattr(ctx.get_parameter_source("data"), "name", "")) == "COMMANDLINE":
            raise typer.BadParameter("--data does not go with demo: --keep DIR says where its site is kept")
        context.set_look(look)
    elif ctx.invoked_subcommand == "web":
        if look.mouse is not None or look.link is not None:
            raise typer.BadParameter("--mouse and --link are for a terminal: leave them out before web")
        context.set_look(look)
    elif look != context.Look():
        raise typer.BadParameter(
            f"--no-engine, --mouse, --theme and --link are for a console: leave them out before"
            f" {ctx.invoked_subcommand}"
        )


def execute(arguments: Sequence[str]) -> int:
    """Run one command and give its exit status. What goes wrong is one line on standard error."""
    steady()
    try:
        if any(_is_no_text(word) and not _is_given(arguments, at) for at, word in enumerate(arguments)):
            note("commsdesk: an argument is not text in UTF-8: check the encoding of the terminal or script")
            return WRONG_USAGE
        status = _run(get_command(app), arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        _forget_output()
        return FAILED
    except SystemExit as ended:  # how typer leaves when nobody reads the output any more
        return ended.code if isinstance(ended.code, int) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return _unforeseen(error)
    finally:
        context.close()


def _is_no_text(word: str) -> bool:
    """Whether bytes that are not UTF-8 came in, which Python hands on as lone surrogates."""
    return any("\ud800" <= char <= "\udfff" for char in word)


def _is_given(arguments: Sequence[str], at: int) -> bool:
    """Whether a word is what another system gives with an alert: that is kept without what is no text."""
    if not {"alert", "raise"} <= set(arguments[:at]) and not {"alert", "restore"} <= set(arguments[:at]):
        return False
    return arguments[at].startswith(("--set=", "--key=")) or arguments[at - 1] in ("--set", "--key")


def _run(command: Any, arguments: Sequence[str]) -> int:
    assert isinstance(command, TyperGroup)
    try:
        status = command.main(list(arguments), prog_name="commsdesk", standalone_mode=False)
    except (Refused, StorageError) as error:
        note(f"commsdesk: {on_command_line(error)}")
        return FAILED
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        note(f"commsdesk: {str(error.filename)[:60]}… is too long for the name of a file: use a shorter one")
        return FAILED
    except typer.Abort:
        note("commsdesk: given up")
        return FAILED
    except typer.TyperException as error:
        _show_usage(error)
        return error.exit_code
    return status if isinstance(status, int) else DONE


def _show_usage(error: Any) -> None:
    """What was wrong with the words, as Typer says it; words that were typed stand in it."""
    if not hasattr(error, "show"):
        note(f"commsdesk: {on_command_line(error)}")
        return
    said = io.StringIO()
    error.show(file=said)
    note_block(said.getvalue())
    unknown = importlib.import_module("typer._click.exceptions").NoSuchOption
    if isinstance(error, unknown) and not str(error.option_name).startswith("--"):
        note("What begins with - is taken for an option: put -- before a text or a name that begins so.")


def _unforeseen(error: Exception) -> int:
    from tui.cli.error_log import record
    from tui.cli.secret_input import redacted

    said = (str(error).splitlines() or [""])[0][:200]
    kept = record(error, context.global_options().folder / "logs")
    where = f"; the details are in {kept}" if kept else ""
    note(redacted(f"commsdesk: failed unexpectedly ({type(error).__name__}: {said}){where}"))
    return FAILED


def _forget_output() -> None:
    """Whoever read our output has gone: let Python's own flush at the end find no broken pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def run() -> NoReturn:
    """The program."""
    sys.exit(execute(sys.argv[1:]))


if __name__ == "__main__":
    run()
