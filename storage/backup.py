"""A consistent copy of a live site in one file, checked before it takes its name."""

import contextlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from storage import database_file, integrity, sqlite
from storage.adoption import FROM_BACKUP, INODE
from storage.database import Database
from storage.errors import Damaged, StorageError
from storage.secrets import VARIABLE


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written. `head_id` is the newest review entry in it; `size` is in bytes.

    `key_file` is None when the secret key was left out.
    """

    file: Path
    size: int
    head_id: int
    key_file: Path | None = None


def backup(
    database: Database, file: Path, now: datetime, *, key_file: Path | None = None, force: bool = False
) -> Backup:
    """Copy the site's database, which may be in use, to `file`; its secret key, if at all, to `key_file`.

    The copy is marked: opened as a site it is held until it is adopted. Raises `StorageError`
    when a file is there already (unless `force`), cannot be written, or the copy is not sound.
    """
    file = file.expanduser().absolute()
    key_file = key_file.expanduser().absolute() if key_file is not None else None
    _may_write(database, file, force)
    if key_file is not None:
        _may_write(database, key_file, force)
        if key_file == file:
            raise StorageError("the secret key needs a file of its own: --with-key names another one")
        _keys(database)  # before the long work, not after it
    temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        head_id = _copy(database, temporary, now)
        temporary.replace(file)
        database_file.flush(file)
        if key_file is not None:
            _write_key(key_file, _keys(database))
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(OSError):
            database_file.discard(temporary)
    return Backup(file, file.stat().st_size, head_id, key_file)


def _copy(database: Database, temporary: Path, now: datetime) -> int:
    """Write and check the copy; the id of its newest review entry."""
    database_file.make_empty(temporary)
    try:
        live = sqlite.connect(database.path)
        try:
            live.execute("VACUUM INTO ?", (str(temporary),))
        finally:
            live.close()
        head_id = _mark(temporary, now)
    except sqlite.Error as error:
        if "full" in str(error):
            raise StorageError(f"the disk that holds {temporary.parent} is full: free some space") from None
        raise sqlite.translate(error, database.path) or error from error
    found = integrity.check_copy(temporary)
    if found:
        said = f"the copy is not sound ({found[0]}): the database is damaged; {integrity.WHAT_TO_DO}"
        raise Damaged(said, hint=integrity.HINT)
    database_file.flush(temporary)
    return head_id


def _mark(copy: Path, now: datetime) -> int:
    """Make the copy know that it is one, whatever inode it will have, and forget who was at work."""
    connection = database_file.open_as_it_is(copy, write=True)
    try:
        connection.execute("BEGIN IMMEDIATE")
        values = {INODE: FROM_BACKUP, "backed_up_at": now.astimezone(UTC).isoformat()}
        for name, value in values.items():
            connection.execute("INSERT OR REPLACE INTO site_value (name, value) VALUES (?, ?)", (name, value))
        connection.execute("DELETE FROM instance")
        connection.execute("UPDATE lease SET holder = NULL, holder_kind = NULL, holder_pid = NULL")
        head = connection.execute("SELECT max(id) FROM review").fetchone()[0]
        connection.execute("COMMIT")
    finally:
        connection.close()
    return int(head or 0)


def _may_write(database: Database, file: Path, force: bool) -> None:
    if not file.parent.is_dir():
        raise StorageError(f"there is no folder {file.parent}: make it, or name another file")
    own = {database.path, database.folder.secret_key}
    if file.exists():
        if file.is_dir():
            raise StorageError(f"{file} is a folder: name a file in it")
        if any(mine.exists() and file.samefile(mine) for mine in own) or file in own:
            raise StorageError(f"{file} is this site's own: name another file")
        if not force:
            raise StorageError(f"{file} is there already: name another file, or overwrite it (--force)")
    if str(file).removesuffix("-wal").removesuffix("-shm") == str(database.path):
        raise StorageError(f"{file} is this site's own: name another file")


def _keys(database: Database) -> str:
    if os.environ.get(VARIABLE, "").strip():
        raise StorageError(
            f"the secret key comes from {VARIABLE}: keep a copy of that in a safe place instead"
        )
    try:
        return database.folder.secret_key.read_text()
    except OSError as error:
        raise StorageError(f"{database.folder.secret_key} cannot be read: {error.strerror}") from None


def _write_key(file: Path, keys: str) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
    database_file.make_empty(temporary)
    temporary.write_text(keys)
    temporary.replace(file)
    database_file.flush(file)
