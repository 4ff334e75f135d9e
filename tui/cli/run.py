"""`commsdesk run`: the engine without a screen, until SIGTERM or SIGINT."""

import faulthandler
import os
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from storage.vocabulary import InstanceKind
from tui.cli import context
from tui.cli.output import note


def run(
    metrics_file: Annotated[
        Path | None,
        typer.Option(
            "--metrics-file",
            metavar="FILE.prom",
            help="Keep figures in it for Prometheus, as node-exporter's textfile collector reads them",
        ),
    ] = None,
) -> None:
    """Fire tasks and send messages without a screen, until SIGTERM or SIGINT.

    Several may run on one site: one fires, the others stand by and take over when it ends.
    SIGHUP stops it when it has a terminal. When it has none it is a reload: time zones, secrets
    and certificates are read anew, connections made anew, and every handler checked at once.
    """
    from scheduling.engine import Engine
    from scheduling.headless import run_headless
    from tui.cli.logs import log_for_service
    from tui.operations.site_care import look_at_start

    log_for_service()
    faulthandler.enable()  # a watchdog ends us with SIGABRT: the log then says where each thread was
    desk = context.desk()
    for warning in look_at_start(desk.database):
        note(f"commsdesk: {warning}")
    note(f"commsdesk run: process {os.getpid()} on {desk.database.folder.path}")

    def make() -> Engine:
        return Engine(
            desk.database,
            kind=InstanceKind.RUN,
            operator=desk.operator,
            version=version("commsdesk"),
            metrics_file=metrics_file,
        )

    def tell(trouble: str | None) -> None:
        note(f"commsdesk: {trouble}" if trouble else "commsdesk: working again")

    raise typer.Exit(run_headless(make, on_trouble=tell))
