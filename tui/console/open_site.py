"""The site as it is open, and the engine beside it: both outlive a screen that fails."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.console.session_limits import SessionTime
from tui.operations.local_account import local_name

if TYPE_CHECKING:
    from scheduling.engine_thread import EngineThread
    from tui.console.settings import ConsoleSettings
    from tui.operations.desk import Desk


class OpenSite:
    """Opened once, by the first screen that asks for it; the next screen finds it as it is.

    `session_time` counts how long the person has been here, however many screens there were.
    """

    def __init__(self, settings: "ConsoleSettings", open_desk: "Callable[[], Desk] | None" = None) -> None:
        self.settings = settings
        self.session_time = SessionTime(settings.limits)
        self.desk: Desk | None = None
        self.engine: EngineThread | None = None
        self._open_desk = open_desk or self._open_folder
        self._opening = threading.Lock()

    def open(self) -> "Desk":
        """The desk; the engine runs from here on where the settings want one. Imports and opening take
        longer than a frame, so this is called in a thread. Raises what opening a site raises."""
        with self._opening:
            if self.desk is None:
                self.desk = self._open_desk()
            if self.settings.engine and self.engine is None:
                engine = self._make_engine(self.desk)
                engine.start()
                self.engine = engine
            return self.desk

    def _open_folder(self) -> "Desk":
        from tui.operations.access import Identity, open_desk

        settings = self.settings
        return open_desk(settings.folder, Identity(local_name(), settings.operator, settings.operator_id))

    def _make_engine(self, desk: "Desk") -> "EngineThread":
        from importlib.metadata import version

        from scheduling.engine import Engine
        from scheduling.engine_thread import EngineThread

        def make() -> Engine:
            return Engine(
                desk.database,
                kind=self.settings.kind,
                operator=desk.operator,
                version=version("commsdesk"),
            )

        return EngineThread(make)
