"""Shows the console until it is left, and builds its screen anew where it fails.

The site and its engine are not the screen's: messages go out all the while. Where a screen that was
built anew fails at once, and fails at once again, the process goes on as `commsdesk run` does.
"""

import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui.cli import error_log
from tui.cli.output import note
from tui.console.open_site import OpenSite

if TYPE_CHECKING:
    from scheduling.engine_thread import EngineThread
    from tui.console.app import ConsoleApp

log = logging.getLogger(__name__)

STANDS = 60.0  # seconds: a screen that stood for so long is no failed attempt to build one
ATTEMPTS = 2
LOOK_EVERY = 0.2  # seconds


@dataclass(frozen=True, slots=True)
class Failure:
    """A screen that ended by an error: its kind, and where the log says more."""

    kind: str
    log: Path | None

    @property
    def sentence(self) -> str:
        return f"The screen failed ({self.kind}) and was built anew. {self.where}"

    @property
    def where(self) -> str:
        return f"The log: {self.log}" if self.log else "No log could be written"


class Screens:
    """One screen after another on one site. `make` builds one, with what it is to tell at first."""

    def __init__(
        self, site: OpenSite, make: "Callable[[str], ConsoleApp]", *, mouse: Callable[["ConsoleApp"], bool]
    ) -> None:
        self._site, self._make, self._mouse = site, make, mouse
        self._app: ConsoleApp | None = None
        self.asked_to_end = False
        self.status = 0

    def end(self) -> None:
        """Ask the screen that is there to end, and build no other. From any thread; returns at once."""
        self.asked_to_end = True
        app = self._app
        loop = app.loop_of_screen if app else None
        if app is not None and loop is not None:
            loop.call_soon_threadsafe(app.leave)

    def show(self) -> None:
        """Until the console is left. `status` is then what the process ends with."""
        notice, failed_anew = "", 0
        while not self.asked_to_end:
            began = time.monotonic()
            failure = self._show_one(notice)
            if failure is None or self.asked_to_end:
                return
            failed_anew = failed_anew + 1 if notice and time.monotonic() - began < STANDS else 0
            notice = failure.sentence
            if failed_anew >= ATTEMPTS:
                self._go_on_without(failure)
                return

    def _show_one(self, notice: str) -> Failure | None:
        app = self._app = self._make(notice)
        error: BaseException | None = None
        try:
            app.run(mouse=self._mouse(app))
            error = app.failure
        except Exception as raised:  # what Textual itself could not put away
            error = raised
        finally:
            forget_the_terminal()
        self.status = app.return_code or 0
        if error is None:
            return None
        log.critical("the console's screen failed", exc_info=error)
        kept = error_log.record(error, self._site.settings.folder / "logs")
        return Failure(type(error).__name__, kept)

    def _go_on_without(self, failure: Failure) -> None:
        """As `run` does: the engine goes on, and nothing is shown."""
        self.status = 1
        said = f"commsdesk: the screen failed {ATTEMPTS + 1} times in a row ({failure.kind})."
        engine = self._engine()
        if engine is None:
            note(f"{said} {failure.where}")
            return
        if self._site.settings.kind == "web":
            from tui.web.driver import go_on_without_a_screen

            go_on_without_a_screen(
                f"{said} Messages go on being sent while this tab is open. {failure.where}"
            )
        else:
            note(f"{said} Messages go on being sent without it; ctrl+c ends that. {failure.where}")
        while not (self.asked_to_end or engine.ended.wait(LOOK_EVERY)):
            pass

    def _engine(self) -> "EngineThread | None":
        """The engine, opened now where no screen came so far as to open it."""
        if not self._site.settings.engine:
            return None
        try:
            self._site.open()
        except Exception as error:
            log.exception("the site cannot be opened")
            note(f"commsdesk: {error}")
        return self._site.engine


def forget_the_terminal() -> None:
    """The screen's own handlers stay in force after it, and need a loop that is no more."""
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    signal.signal(signal.SIGWINCH, signal.SIG_IGN)
    signal.signal(signal.SIGCONT, signal.SIG_DFL)
