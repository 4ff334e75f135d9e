"""`commsdesk run`: the engine without a screen, until SIGTERM or SIGINT."""

import os
from importlib.metadata import version

import typer

from tui.cli import context
from tui.cli.output import note


def run() -> None:
    """Fire tasks and send messages without a screen, until SIGTERM or SIGINT.

    Several may run on one site: one fires, the others stand by and take over when it ends.
    SIGHUP stops it when it has a terminal, and makes it look at everything anew when it has none.
    """
    from scheduling.engine import Engine
    from scheduling.headless import run_headless
    from tui.cli.logs import log_to_stderr
    from tui.operations.site_care import look_at_start

    log_to_stderr()
    desk = context.desk()
    for warning in look_at_start(desk.database):
        note(f"commsdesk: {warning}")
    note(f"commsdesk run: process {os.getpid()} on {desk.database.folder.path}")

    def make() -> Engine:
        return Engine(desk.database, kind="run", operator=desk.operator, version=version("commsdesk"))

    def tell(trouble: str | None) -> None:
        note(f"commsdesk: {trouble}" if trouble else "commsdesk: working again")

    raise typer.Exit(run_headless(make, on_trouble=tell))
