"""`commsdesk demo`: the console on a sample site with local Clickatells; or the same without a screen."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from storage.vocabulary import InstanceKind
from tui.cli import context
from tui.cli.output import local_time, note, say
from tui.operations.errors import Refused

if TYPE_CHECKING:
    from demo_data.sample_story import Pace
    from storage.database import Database
    from storage.records import Review
    from tui.operations.desk import Desk

NO_TERMINAL = (
    "the demo shows the console, which needs a terminal: run commsdesk demo --headless --seconds 60,"
    " which prints what happens"
)


def demo(
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="DIR", help="Keep the sample site in DIR; the next time it goes on"),
    ] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="Without a screen: print the review as it happens")
    ] = False,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", min=0.1, metavar="N", help="With --headless: end after N seconds"),
    ] = None,
) -> None:
    """The console on a sample site: thirty people, three handlers, and a local Clickatell to send to.

    Nothing leaves this machine, and nothing is kept unless --keep says where.
    """
    if seconds is not None and not headless:
        raise typer.BadParameter("--seconds goes with --headless")
    if not headless and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused(NO_TERMINAL)
    with _ending_on_signals(), _sample_site(keep) as folder:
        context.configure(folder, context.global_options().operator)
        status = (
            run_headless_demo(folder, keep is not None, seconds) if headless else _on_screen(folder, keep)
        )
        context.close()
    if keep is not None:
        note(f"commsdesk: the sample site is kept; commsdesk demo --keep {keep} goes on with it")
    raise typer.Exit(status)


@contextmanager
def _sample_site(keep: Path | None, pace: "Pace | None" = None) -> Iterator[Path]:
    """The folder of a sample site whose local Clickatells are listening."""
    from demo_data.sample_clickatell import sample_clickatells
    from demo_data.sample_site import build, reopen
    from demo_data.throwaway import ERRORS, throwaway_folder
    from storage.folder import DataFolder

    with sample_clickatells() as clickatells:
        now = datetime.now(UTC)
        if keep is None:
            with throwaway_folder() as folder:
                build(folder, clickatells.addresses, now, pace=pace)
                yield folder
            if (folder / ERRORS).exists():
                note(f"commsdesk: the log of the error is kept: {folder / ERRORS}")
            return
        folder = keep.expanduser().absolute()
        if DataFolder(folder).database.exists():
            reopen(folder, clickatells.addresses, now)
        else:
            build(folder, clickatells.addresses, now, pace=pace)
        yield folder


def _on_screen(folder: Path, keep: Path | None) -> int:
    from demo_data.sample_site import NAME
    from tui.cli.console import open_console

    fate = f"kept in {folder}" if keep is not None else "thrown away when you leave"
    look = context.look()
    return open_console(
        engine=look.engine,
        mouse=look.mouse,
        theme=look.theme,
        link=look.link,
        folder=folder,
        banner=f"demo site, nothing is really sent: {fate}",
        kind=InstanceKind.DEMO,
        place=NAME,
    )


def run_headless_demo(folder: Path, kept: bool, seconds: float | None) -> int:
    """Run the engine on the site and print its review; the exit status."""
    from importlib.metadata import version

    from demo_data.sample_site import NAME
    from demo_data.tally import tally
    from scheduling.engine import Engine
    from scheduling.headless import run_headless
    from tui.cli.logs import log_to_file

    log_to_file(folder / "logs")
    desk = context.desk()
    fate = "kept" if kept else "thrown away at the end"
    say(f"demo site {NAME} in {folder}, {fate}; nothing leaves this machine")
    sys.stdout.flush()
    began = desk.now()

    def make() -> Engine:
        return Engine(
            desk.database, kind=InstanceKind.DEMO, operator=desk.operator, version=version("commsdesk")
        )

    def tell(trouble: str | None) -> None:
        note(f"commsdesk: {trouble}" if trouble else "commsdesk: working again")

    with _printing(desk):
        # A hang-up ends it, terminal or none: there is nothing to reload.
        status = run_headless(make, on_trouble=tell, seconds=seconds, has_terminal=True)
    with desk.database.read() as connection:
        say(f"{tally(connection, began)}")
    return status


@contextmanager
def _printing(desk: "Desk") -> Iterator[None]:
    """Print what is added to the review meanwhile, to the last entry."""
    from tui.operations import review

    printer = _Printer(desk.database, review.last_id(desk))
    thread = threading.Thread(target=printer.run, name="review")
    thread.start()
    try:
        yield
    finally:
        printer.stop.set()
        thread.join()


class _Printer:
    """Follows the review on a thread of its own, until told to stop and everything is printed."""

    LOOK_EVERY = 0.1  # seconds; a look is one PRAGMA

    def __init__(self, database: "Database", last_id: int) -> None:
        self.stop = threading.Event()
        self._database = database
        self._last = last_id

    def run(self) -> None:
        watch = self._database.watch()
        try:
            while not self.stop.wait(self.LOOK_EVERY):
                if watch.changed():
                    self._print_new()
            self._print_new()
        except BrokenPipeError:
            # Nobody reads any more: end as on a signal.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            watch.close()

    def _print_new(self) -> None:
        from storage import review as stored

        with self._database.read() as connection:
            found = stored.after(connection, self._last, 10_000)
        for entry in found:
            say(_line(entry))
            self._last = entry.id
        sys.stdout.flush()


def _line(entry: "Review") -> str:
    from tui.cli.review import SIGNS

    return f"{local_time(entry.at)} {SIGNS[entry.level]} {entry.category:<8} {entry.text}"


@contextmanager
def _ending_on_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the command as Ctrl-C does, so that everything is put away."""

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
