"""The console in a browser: a guarded server on loopback, and a console process for each tab."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.console.app import ConsoleApp

HINT = "A name without a path. What is written is offered by the browser as a download."


def attach(app: "ConsoleApp") -> None:
    """Let the console be shown by the server that has started this process, before it is run."""
    from tui.operations import local_files
    from tui.operations.own_files import WEB_FOLDER
    from tui.web.driver import PipeDriver

    app.driver_class = PipeDriver
    folder = app.settings.folder / WEB_FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def offer(file: Path) -> None:
        # From a thread: the app delivers it on its own loop.
        app.call_later(app.deliver_binary, file)

    setattr(app, local_files.HOOK, local_files.OwnFolder(folder, HINT, offer))
