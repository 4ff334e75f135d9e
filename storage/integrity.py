"""Whether the site's file is sound and its disk has room."""

import contextlib
import os
from pathlib import Path
from typing import Any

from storage import database_file, sqlite
from storage.errors import Damaged, DiskFull

MEGABYTE = 1_000_000
SCARCE = 100 * MEGABYTE  # bytes free below which people are told
LEAST = 8 * MEGABYTE  # bytes free below which no message is claimed: its outcome could not be written down
MOST_TOLD = 20


def quick_check(path: Path) -> list[str]:
    """What SQLite's quick check finds wrong with the live database; nothing when it is sound.

    Reads the whole file (a tenth of a second for 100 MB); others go on writing meanwhile.
    """
    return _with_live(path, quickly)


def full_check(path: Path) -> list[str]:
    """The full check: every index is compared with its table, every reference followed. Ten times slower."""
    return _with_live(path, thoroughly)


def quickly(connection: Any) -> list[str]:
    return _told(connection, "quick_check")


def thoroughly(connection: Any) -> list[str]:
    found = _told(connection, "integrity_check")
    if not found:
        broken = connection.execute("PRAGMA foreign_key_check").fetchmany(MOST_TOLD)
        found = [f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there" for row in broken]
    return found


def require_sound(path: Path) -> None:
    """The check at the start. Raises `Damaged` in words that say what to do."""
    found = quick_check(path)
    if found:
        raise Damaged(f"{path} is damaged ({found[0]}): {WHAT_TO_DO}", hint=HINT)


WHAT_TO_DO = "stop every commsdesk on it and restore the newest backup"
HINT = "commsdesk restore FILE"


def free_bytes(folder: Path) -> int:
    """What an ordinary user may still write on the disk that holds the folder."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def space_warning(folder: Path) -> str | None:
    """A sentence when the disk is nearly full, else None."""
    free = free_bytes(folder)
    if free >= SCARCE:
        return None
    stops = "nothing is sent until there is room" if free < LEAST else "sending stops when it is full"
    return f"the disk that holds {folder} has {free / MEGABYTE:.0f} MB left: free some space, {stops}"


def require_room(folder: Path) -> None:
    """Raises `DiskFull` while there is too little room to write down what a message came to."""
    free = free_bytes(folder)
    if free < LEAST:
        raise DiskFull(
            f"the disk that holds {folder} has {free / MEGABYTE:.1f} MB left: free some space;"
            " nothing is sent until then"
        )


def _with_live(path: Path, check: Any) -> list[str]:
    try:
        with contextlib.closing(sqlite.connect(path)) as connection:
            found: list[str] = check(connection)
            return found
    except sqlite.Error as error:
        return [str(error)]


def check_copy(path: Path) -> list[str]:
    """The full check of a database that is not the live one."""
    try:
        with contextlib.closing(database_file.open_as_it_is(path)) as connection:
            return thoroughly(connection)
    except sqlite.Error as error:
        return [str(error)]


def _told(connection: Any, pragma: str) -> list[str]:
    rows = [str(row[0]) for row in connection.execute(f"PRAGMA {pragma}({MOST_TOLD})").fetchall()]
    return [] if rows == ["ok"] else rows
