"""JupyterLab on loopback, with a home of its own and jupyter-server-proxy."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jupyterlab

from tests.processes.support import environment, until, within

# Where the installed packages keep what is no Python: also when another environment shares them.
PREFIX = Path(jupyterlab.__file__).parents[4]
STARTS_WITHIN = 60.0  # seconds


def surroundings(home: Path, data: Path) -> dict[str, str]:
    """What Jupyter and its kernels are started with; the kernels find the site in `data`."""
    kept = {name: value for name, value in environment().items() if not name.startswith("JUPYTER")}
    return kept | {
        "HOME": str(home),
        "COMMSDESK_DATA": str(data),
        "JUPYTERLAB_DIR": str(PREFIX / "share" / "jupyter" / "lab"),
        "JUPYTER_PATH": str(PREFIX / "share" / "jupyter"),
        "JUPYTER_CONFIG_PATH": str(PREFIX / "etc" / "jupyter"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


class Lab:
    """A running JupyterLab. `url` is its address, `token` opens it."""

    def __init__(self, home: Path, data: Path) -> None:
        self.home = home
        self.token = secrets.token_urlsafe(24)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = (home / "jupyter.log").open("w+")
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        options = [
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={home}",
            "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
            "--LabApp.news_url=",
            "--LabApp.extension_manager=readonly",
        ]
        self.process = subprocess.Popen(
            [*command, *options],
            cwd=home,
            env=surroundings(home, data) | {"JUPYTER_TOKEN": self.token},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        until(self._answers, f"JupyterLab answers: {self.log}", STARTS_WITHIN)

    @property
    def log(self) -> str:
        return (self.home / "jupyter.log").read_text()

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def close(self) -> None:
        """With its kernels and terminals."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(within(20))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._log.close()


@contextmanager
def jupyter_lab(home: Path, data: Path) -> Iterator[Lab]:
    lab = Lab(home, data)
    try:
        yield lab
    finally:
        lab.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
