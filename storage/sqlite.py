"""SQLite as we run it: which library, which settings, and its errors in our words."""

import os
import re
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.util import LRUCache

from storage import errors

try:
    from pysqlite3 import dbapi2 as driver
except ImportError:  # no wheel for this machine: Python's own
    driver = sqlite3

Error = driver.Error
# What SQLite says, by way of SQLAlchemy or straight from the driver.
ERRORS = (sa.exc.DBAPIError, driver.Error)
APPLICATION_ID = 0x434D4453  # "CMDS"
# The WAL-reset bug, which can corrupt a database that several processes write, ended here.
SAFE_VERSION = (3, 51, 3)
BUSY_TIMEOUT_MS = 1000
STATEMENTS_KEPT = 500  # put into SQL, for all engines of this process

PRAGMAS = (
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "trusted_schema=OFF",
    "wal_autocheckpoint=1000",
    "journal_size_limit=67108864",
)


def library_version() -> tuple[int, int, int]:
    major, minor, patch = (int(part) for part in driver.sqlite_version.split("."))
    return major, minor, patch


def library_warning() -> str | None:
    """A sentence for doctor and the start-up when the library is older than is safe."""
    if library_version() >= SAFE_VERSION:
        return None
    return (
        f"SQLite {driver.sqlite_version} can damage a database that several programs write at once"
        " (fixed in 3.51.3): install the pysqlite3 package or a newer Python"
    )


def connect(path: Path, *, create: bool = False) -> Any:
    """A plain driver connection with our settings; BEGIN and COMMIT are ours to say."""
    mode = "rwc" if create else "rw"
    uri = f"file:{str(path).replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode={mode}"
    connection = driver.connect(uri, uri=True, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000)
    connection.isolation_level = None
    connection.text_factory = _text
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


def _text(kept: bytes) -> str:
    """Bytes that are no text (altered by hand) are shown as such, and stop nothing."""
    return kept.decode("utf-8", "replace")


def make_engine(path: Path) -> Engine:
    """An engine whose transactions begin as asked: DEFERRED to read, IMMEDIATE to write."""
    engine = Engine(
        sa.pool.QueuePool(lambda: connect(path), dialect=_dialect()),
        _dialect(),
        sa.make_url("sqlite+pysqlite://"),
        execution_options={"compiled_cache": _statements()},
        hide_parameters=True,  # an error names its statement, never the values: they may be secrets
    )

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql(f"BEGIN {options.get('begin', 'DEFERRED')}")

    return engine


@cache
def _dialect() -> Dialect:
    """What turns statements into SQL: one for all engines, as what it has made is kept for each of it."""
    pattern = sa.create_engine("sqlite+pysqlite://", module=driver)
    pattern.connect().close()  # where it asks the library what it can do
    pattern.dispose()
    return pattern.dialect


@cache
def _statements() -> LRUCache[Any, Any]:
    return LRUCache(STATEMENTS_KEPT)


def is_busy(error: BaseException) -> bool:
    return "database is locked" in str(error) or "database table is locked" in str(error)


_OF_A_ROW = (driver.IntegrityError, driver.DataError, driver.InterfaceError, driver.ProgrammingError)


def is_of_a_row(error: BaseException) -> bool:
    """Whether it is about the values of one statement, and not about the file."""
    return isinstance(getattr(error, "orig", None) or error, _OF_A_ROW)


FULL = 256 * 1024  # bytes free below which SQLite cannot make the files that it needs beside the database


def _is_full(folder: Path) -> bool:
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < FULL or (found.f_files > 0 and found.f_favail == 0)


def translate(error: BaseException, path: Path) -> errors.StorageError | None:
    """One of our errors for what SQLite said, or None when it was not about the file."""
    text = str(getattr(error, "orig", None) or error)
    # Without room for its -shm file SQLite speaks of I/O, or of a file that it cannot open.
    no_room = ("disk I/O error" in text or "unable to open" in text) and _is_full(path.parent)
    if "database or disk is full" in text or no_room:
        return errors.DiskFull(f"the disk that holds {path.parent} is full: free some space")
    if "readonly database" in text or "attempt to write a readonly" in text:
        return errors.ReadOnly(f"{path} cannot be written to: check its owner and rights")
    if "unable to open database file" in text:
        return errors.ReadOnly(f"{path} cannot be opened: check the folder's owner and rights")
    if "malformed" in text or "not a database" in text:
        return errors.Damaged(f"{path} is damaged ({text}): restore the newest backup")
    if "pattern too complex" in text:
        return errors.StorageError("the text to search for is too long: search for fewer words")
    if "disk I/O error" in text:
        return errors.StorageError(f"the disk under {path.parent} does not read or write: {text}")
    if re.search(r"database( table)? is locked", text):
        return errors.DatabaseBusy("the database is locked by another program")
    return None
