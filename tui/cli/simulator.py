"""`commsdesk simulator`: the local Clickatell alone."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from tui.cli.lazy_group import plain_app
from tui.cli.output import note
from tui.text.plain import plain_str

if TYPE_CHECKING:
    from demo_data.clickatell import Clickatell, Settings
    from demo_data.clickatell.call_log import Call


class SimulatorCommand(TyperCommand):
    """Ends the help with the table of faults, read only when help is asked for."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        super().format_help(ctx, formatter)
        from demo_data.clickatell.fault_kinds import explain_kinds

        rows = explain_kinds()
        width = max(len(written) for written, _ in rows) + 2
        formatter.write(_FAULT_HELP)
        for written, explained in rows:
            text = f"  {written:<{width}}{explained}"
            formatter.write(fill(text, formatter.width, subsequent_indent=" " * (width + 2)) + "\n")


_FAULT_HELP = """
 Faults: KIND:EVERY or KIND:EVERY:COUNT, EVERY being a number of send calls, or a
 share as 10%. After KIND may come, in this order: -before (the call is not
 carried out) or -after (it is, whatever the answer says), =VALUE, and @balance,
 @status or @any for calls other than sends.

"""


app = plain_app()


@app.command("simulator", cls=SimulatorCommand)
def simulator(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes any free one.")
    ] = 8095,
    accept_rate: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of messages accepted; the others are refused for now."),
    ] = 1.0,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND:EVERY", help="A scripted fault, as reset-after:10. May be repeated."),
    ] = None,
    latency: Annotated[int, typer.Option(min=0, help="Milliseconds added to every answer.")] = 0,
    seed: Annotated[int | None, typer.Option(help="Makes ids and random choices repeatable.")] = None,
    balance: Annotated[str | None, typer.Option(help="One API balance at the start, in EUR.")] = None,
    credits: Annotated[str | None, typer.Option(help="XML API credits at the start.")] = None,
    price: Annotated[str | None, typer.Option(help="One API price of a part, in EUR.")] = None,
    max_per_call: Annotated[int, typer.Option(min=1, help="Most messages in one One API call.")] = 100,
    rate_limit: Annotated[
        int | None, typer.Option(min=1, help="Messages a second; above it calls meet code 43.")
    ] = None,
    api_key_file: Annotated[
        Path | None, typer.Option(help="A file with the API key to accept instead of the sample one.")
    ] = None,
    callback: Annotated[
        str | None, typer.Option(metavar="URL", help="Where on this machine to post message statuses.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Do not log calls.")] = False,
) -> None:
    """A local Clickatell: One API and XML API on this machine, to try out, to develop and to test with.

    Nothing leaves the machine and nothing costs money.

    The first line it prints says what to enter in a handler; then each call is a line.

    What the phones received is at /_inbox, the calls at /_calls; POST /_faults sets faults while it runs.

    It ends with Ctrl-C or SIGTERM.
    """
    import asyncio

    from demo_data.clickatell import Clickatell, FaultError

    wanted: dict[str, Any] = {
        "accept_rate": accept_rate,
        "latency": latency / 1000,
        "seed": seed,
        "balance": balance,
        "credits": credits,
        "price": price,
        "max_per_call": max_per_call,
        "messages_per_second": rate_limit,
        "callback_url": callback,
        "api_keys": None if api_key_file is None else {_read_key(api_key_file)},
    }
    settings = _settings({name: value for name, value in wanted.items() if value is not None})
    try:
        clickatell = Clickatell(settings, faults=fault or [])
    except FaultError as error:
        raise typer.BadParameter(str(error)) from None
    try:
        asyncio.run(_serve(clickatell, port, quiet))
    except OSError as error:
        note(f"Cannot listen on 127.0.0.1:{port}: {error.strerror}. Try --port 0.")
        raise typer.Exit(1) from None


def _settings(wanted: dict[str, Any]) -> Settings:
    from demo_data.clickatell import Settings

    settings = Settings()
    try:
        settings.change(wanted)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return settings


def _read_key(path: Path) -> str:
    try:
        key = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"--api-key-file: {path} cannot be read: {error}") from None
    if not key:
        raise typer.BadParameter(f"--api-key-file: {path} is empty.")
    return key


async def _serve(clickatell: Clickatell, port: int, quiet: bool) -> None:
    import asyncio
    import signal

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await clickatell.start(port=port)

    def log(call: Call) -> None:
        _print_at_once(call.line(), stop)

    if not quiet:
        clickatell.on_call(log)
    _print_at_once(_introduction(clickatell), stop)
    await stop.wait()
    await clickatell.stop()


def _introduction(clickatell: Clickatell) -> str:
    settings = clickatell.settings
    return (
        f"Local Clickatell. One API: base URL {clickatell.base_url}, API Key {min(settings.api_keys)}; "
        f"XML API: API URI {clickatell.api_uri}, User Name {settings.xml_user}, "
        f"Password {settings.xml_password}, API ID {settings.xml_api_id}; "
        f"phones: {clickatell.base_url}/_inbox?format=text"
    )


def _print_at_once(line: str, stop: Any) -> None:
    """Print a line at once; where nobody reads any more, end."""
    try:
        print(plain_str(line), flush=True)
    except BrokenPipeError:
        _drop_output()
        stop.set()


def _drop_output() -> None:
    # Else the interpreter complains when it flushes at its end.
    import os
    import sys

    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
