"""A folder that is gone when this process is gone, however it ends; an error's log in it stays."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Reads until our end of the pipe is closed, which the kernel does for a killed process too.
_REMOVE_AFTERWARDS = (
    "trap '' HUP INT TERM; cat >/dev/null; "
    'if [ -s "$1/$2" ]; then find "$1" -mindepth 1 -maxdepth 1 ! -name "${2%%/*}" -exec rm -rf -- {} +; '
    'else rm -rf -- "$1"; fi'
)
ERRORS = "logs/errors.log"
"""Where it is written, the folder that holds it is kept: someone was told to read it."""


@contextmanager
def throwaway_folder(prefix: str = "commsdesk-demo-") -> Iterator[Path]:
    """A new, private folder in the system's place for temporary files, removed on leaving.

    A small shell waits beside this process and removes it where leaving is not possible (a
    signal that kills at once, SIGKILL, a hard exit).
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", _REMOVE_AFTERWARDS, "sh", str(folder), ERRORS],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in the terminal is not for it
        cwd="/",
    )
    try:
        yield folder
    finally:
        _remove(folder)
        assert keeper.stdin is not None
        keeper.stdin.close()
        keeper.wait()


def _remove(folder: Path) -> None:
    kept = folder / Path(ERRORS).parts[0] if (folder / ERRORS).exists() else None
    for each in [child for child in folder.iterdir() if child != kept] if kept else [folder]:
        if each.is_dir():
            shutil.rmtree(each, ignore_errors=True)
        else:
            each.unlink(missing_ok=True)
