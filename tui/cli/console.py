"""Opening the console in this terminal, and ending it cleanly."""

import sys
from pathlib import Path

from tui.cli import context
from tui.cli.logs import log_to_file
from tui.cli.output import note
from tui.operations.errors import Refused


def open_console(
    *,
    engine: bool = True,
    folder: Path | None = None,
    banner: str = "",
    place: str = "",
    kind: str = "console",
    mouse: bool = True,
    theme: str = "dark",
) -> int:
    """Show the console until it is left; the exit status. Raises `Refused` without a terminal.

    Without `mouse` the terminal keeps it, to select and copy with. `theme` is a name of
    `themes.THEMES`, or of a theme that Textual brings along.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused("the console needs a terminal: see `commsdesk --help` for commands that do not")
    from tui.app import ConsoleApp, Settings
    from tui.leaving import Leaving

    chosen = context.settings()
    site = (folder or chosen.folder).expanduser().absolute()
    log_to_file(site / "logs")
    shown = place or ("" if site == context.default_folder().expanduser().absolute() else str(site))
    settings = Settings(site, chosen.operator, engine, theme, place=shown, banner=banner, kind=kind)
    app = ConsoleApp(settings)

    def ask_loop() -> None:
        loop = app.loop_of_screen
        if loop is not None:
            loop.call_soon_threadsafe(app.leave)

    leaving = Leaving(lambda: app.engine, ask_loop)
    leaving.start()
    app.run(mouse=mouse)
    _stop_engine(app.engine)
    leaving.finished()
    return leaving.status or app.return_code or 0


def _stop_engine(engine: object) -> None:
    from scheduling.engine_thread import EngineThread
    from tui.leaving import ANSWERS_WITHIN

    if not isinstance(engine, EngineThread):
        return
    engine.stop()
    if not engine.join(1.0):
        note("commsdesk: waiting for the answers of what is being sent (at most 30 s)…")
        engine.join(ANSWERS_WITHIN)
