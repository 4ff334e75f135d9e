"""A folder that is gone when this process is gone, however it ends."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Reads until our end of the pipe is closed, which the kernel does for a killed process too.
_REMOVE_AFTERWARDS = "trap '' HUP INT TERM; cat >/dev/null; rm -rf -- \"$1\""


@contextmanager
def throwaway_folder(prefix: str = "commsdesk-demo-") -> Iterator[Path]:
    """A new, private folder in the system's place for temporary files, removed on leaving.

    A small shell waits beside this process and removes it where leaving is not possible (a
    signal that kills at once, SIGKILL, a hard exit).
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", _REMOVE_AFTERWARDS, "sh", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in the terminal is not for it
        cwd="/",
    )
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        assert keeper.stdin is not None
        keeper.stdin.close()
        keeper.wait()
