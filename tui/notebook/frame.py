"""`console()`: the live console in a cell, from a server of this kernel's own."""

import atexit
import contextlib
import shlex
import subprocess
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from os import PathLike
from typing import Any
from urllib.parse import urlsplit

from tui.notebook import jupyter
from tui.notebook.process import refusal, words

ENDS_WITHIN = 40.0  # seconds: calls under way may take 30

_shown: dict[tuple[str, ...], "ShownConsole"] = {}


class ShownConsole:
    """A console in a cell. `stop` ends it; so do the kernel's end and another `console()` of the site."""

    def __init__(self, process: "subprocess.Popen[str]", port: int, address: str) -> None:
        self._process = process
        self.port = port
        self._address = address

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """End the server and its consoles; messages under way get their answers first."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def show(self, height: int) -> None:
        """In a frame below the cell. Its token counts once: a saved notebook gives nobody the console."""
        notebook = sys.modules.get("IPython")
        if notebook is None or notebook.get_ipython() is None:
            return
        # By name: checked also where there is no notebook.
        display = import_module("IPython.display")
        extras = ['style="border:0"', 'allow="clipboard-write"']
        display.display(display.IFrame(self._address, "100%", height, extras=extras))

    def __repr__(self) -> str:
        return f"console on port {self.port}: {'running; .stop() ends it' if self.running else 'ended'}"


def console(
    height: int = 600, data: str | PathLike[str] | None = None, operator: str | None = None
) -> ShownConsole | None:
    """Show the live console below the cell; `data` is the site's folder, `operator` who is at work.

    Through jupyter-server-proxy where it is there, else straight from this machine's loopback,
    for a browser on the same machine. Without commsdesk's extra `web` it says what to type in a
    terminal, and gives None. Raises `Refused` when the console cannot be served.
    """
    command = words("tui.cli.main", data, operator)
    if find_spec("textual_serve") is None:
        print("The console needs a terminal here. Open one and type:")
        print(shlex.join(["commsdesk", *command[4:]]))
        print("To have it in a cell: pip install 'commsdesk[web]'")
        return None
    key = tuple(command)
    if before := _shown.pop(key, None):
        before.stop()
    shown = _shown[key] = _serve(command)
    shown.show(height)
    return shown


def _serve(command: list[str]) -> ShownConsole:
    framed = [f"--framed-by={origin}" for origin in jupyter.origins()]
    proxied = jupyter.proxy_path(0) is not None
    options = ["--any-host"] if proxied else framed
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [*command, "web", "--port=0", "--once", "--with-input", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,  # a file: nobody empties a pipe later on
            text=True,
            start_new_session=True,  # the kernel's interrupt key is for the cell
        )
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            status = process.wait()
            said.seek(0)
            raise refusal(said.read(), status)
    parts = urlsplit(url)
    assert parts.port is not None
    path = jupyter.proxy_path(parts.port)
    base = path if path is not None else f"{parts.scheme}://{_host()}:{parts.port}"
    return ShownConsole(process, parts.port, f"{base}{parts.path}?{parts.query}")


def _host() -> str:
    """The name that this machine's Jupyter goes by: another would be another site, without our cookie."""
    return next((urlsplit(origin).hostname or "" for origin in jupyter.origins()), "127.0.0.1")


@atexit.register
def _stop_all() -> Any:
    for shown in list(_shown.values()):
        shown.stop()
