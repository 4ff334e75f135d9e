"""Database files as files: opened as they are, flushed, moved aside. For copies, never for the live one.

The live database is only ever opened through `storage.sqlite`: opening and closing its file in
any other way would drop this process's locks on it (POSIX).
"""

import contextlib
import os
from pathlib import Path
from typing import Any

from storage import sqlite

SIDE_FILES = ("-wal", "-shm", "-journal")


def open_as_it_is(path: Path, *, write: bool = False) -> Any:
    """A plain connection that does not switch the file to WAL; read-only unless `write`.

    A file in a folder that cannot be written to is read as it lies there.
    """
    if write:
        return _connect(path, "mode=rw")
    connection = _connect(path, "mode=ro")
    try:
        connection.execute("PRAGMA schema_version").fetchone()
        return connection
    except sqlite.Error as error:
        connection.close()
        unreadable = "unable to open" in str(error) or "readonly" in str(error)
        if not unreadable or not os.access(path, os.R_OK):
            raise
    # A WAL database needs its -shm file made, which a read-only folder refuses.
    return _connect(path, "immutable=1")


def _connect(path: Path, options: str) -> Any:
    uri = f"{path.absolute().as_uri()}?{options}"
    connection = sqlite.driver.connect(uri, uri=True, timeout=5)  # type: ignore[attr-defined]
    connection.isolation_level = None
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


def make_empty(path: Path) -> None:
    """An empty file for its owner only, so that what is written into it is never readable by others."""
    discard(path)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def discard(path: Path) -> None:
    """Take a file and what SQLite keeps beside it away, as far as they are there."""
    for suffix in ("", *SIDE_FILES):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Wait until a closed file, and its name in the folder, are on the disk."""
    _sync(path)
    with contextlib.suppress(OSError):  # some file systems do not let a folder be flushed
        _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
