"""The demo's folder goes with the demo, and an error's log in it stays."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from demo_data.throwaway import ERRORS, throwaway_folder
from tests.processes.support import until


def write(folder: Path, error: bool) -> None:
    (folder / "logs").mkdir()
    (folder / "files").mkdir()
    (folder / "files" / "mine.csv").touch()
    for name in ("commsdesk.sqlite3", "logs/commsdesk.log", *([ERRORS] if error else [])):
        (folder / name).write_text("text")


@pytest.mark.parametrize("error", [True, False])
def test_only_an_errors_log_outlives_it(error: bool) -> None:
    with throwaway_folder() as folder:
        write(folder, error)
    found = sorted(str(each.relative_to(folder)) for each in folder.rglob("*")) if folder.exists() else None
    assert found == (["logs", "logs/commsdesk.log", "logs/errors.log"] if error else None)


@pytest.mark.parametrize("error", [True, False])
def test_also_when_the_process_is_killed(error: bool) -> None:
    code = (
        "import sys, time\nfrom demo_data.throwaway import throwaway_folder\n"
        "with throwaway_folder() as folder:\n    print(folder, flush=True)\n    time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        write(folder, error)
        os.kill(process.pid, signal.SIGKILL)
    until(lambda: not (folder / "commsdesk.sqlite3").exists(), "the folder is removed")
    until(lambda: folder.exists() is error, "all of it, but for an error's log")
    assert (folder / ERRORS).exists() is error
