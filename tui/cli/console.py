"""Opening the console in this terminal, and ending it cleanly."""

import contextlib
import sys
from pathlib import Path

from storage.vocabulary import InstanceKind
from tui.cli import context
from tui.cli.logs import log_to_file
from tui.cli.output import note
from tui.console.session_limits import Limits
from tui.operations.errors import Refused


def open_console(
    *,
    engine: bool = True,
    folder: Path | None = None,
    banner: str = "",
    place: str = "",
    kind: InstanceKind = InstanceKind.CONSOLE,
    mouse: bool | None = None,
    theme: str | None = None,
    link: str | None = None,
    limits: Limits | None = None,
) -> int:
    """Show the console until it is left; the exit status. Raises `Refused` without a terminal.

    What is None is as `settings.toml` says. Without `mouse` the terminal keeps it, to select and
    copy with; `theme` and `link` are values of `tui.console.preferences`. `limits` say when it
    closes by itself.

    A `kind` of "web" has none: a browser shows it, by way of the server that has started this process.
    """
    if kind != InstanceKind.WEB and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused("the console needs a terminal: see `commsdesk --help` for commands that do not")
    from tui.cli.screens import Screens
    from tui.console.app import ConsoleApp
    from tui.console.open_site import OpenSite
    from tui.console.preferences import NAME, read_preferences
    from tui.console.settings import ConsoleSettings
    from tui.terminal.leaving import Leaving

    chosen = context.global_options()
    site = (folder or chosen.folder).expanduser().absolute()
    log_to_file(site / "logs")
    shown = place or ("" if site == context.default_folder().expanduser().absolute() else str(site))
    preferences = read_preferences(site / NAME, theme=theme, mouse=mouse, link=link)
    settings = ConsoleSettings(
        site,
        chosen.operator,
        engine,
        place=shown,
        banner=banner,
        kind=kind,
        preferences=preferences,
        operator_id=chosen.operator_id,
        files=context.files(),
        limits=limits or Limits(),
    )
    open_site = OpenSite(settings)

    def make(notice: str) -> ConsoleApp:
        app = ConsoleApp(settings, site=open_site, notice=notice)
        if kind == InstanceKind.WEB:
            from tui.web import attach

            attach(app)
        return app

    screens = Screens(open_site, make, mouse=lambda app: app.appearance.choices.mouse)
    leaving = Leaving(lambda: open_site.engine, screens.end, open_site.session_time.overdue)
    leaving.start()
    screens.show()
    _stop_engine(open_site.engine)
    leaving.finished()
    return leaving.status or screens.status


def _stop_engine(engine: object) -> None:
    from scheduling.engine_thread import EngineThread
    from tui.terminal.leaving import ANSWERS_WITHIN

    if not isinstance(engine, EngineThread):
        return
    engine.stop()
    if not engine.join(1.0):
        with contextlib.suppress(OSError):  # a terminal or a server that has gone
            note("commsdesk: waiting for the answers of what is being sent (at most 30 s)…")
        engine.join(ANSWERS_WITHIN)
