"""Putting a backup in the place of the site's database, checked before anything is replaced.

At every moment there is one whole database under the site's name: the old one or the new one.
"""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from storage import adoption, database_file, integrity, review_head, secrets, site, sqlite
from storage.database import SCHEMA_VERSION, Database
from storage.errors import Damaged, NewerSchema, NotASite, StorageError
from storage.folder import DataFolder
from storage.instances import is_alive
from storage.process import PROC
from storage.records import Instance
from storage.tables import instances
from storage.types import from_micros


@dataclass(frozen=True, slots=True)
class Restored:
    """The site, open and held. `replaced` is where the database that was there now lies."""

    database: Database
    replaced: Path | None
    backed_up_at: datetime | None


def restore(
    folder: DataFolder, file: Path, now: Callable[[], datetime], *, key_file: Path | None = None
) -> Restored:
    """Replace the site's database by the backup in `file`; the site is then held until it is adopted.

    `key_file` adds the keys in it to the site's own, so that the secrets in the backup can be
    read. Raises `StorageError`, and nothing is changed, when the backup is not sound or a
    process has the site open.
    """
    file = file.expanduser().absolute()
    folder.prepare()
    os.umask(0o077)
    _may_read(folder, file)
    keys = _keys_in(key_file) if key_file is not None else []
    try:
        backed_up_at = _check(file)
        nobody_has_it_open(folder, now())
        temporary = folder.path / f".restore-{os.getpid()}.sqlite3"
        try:
            _prepare(file, temporary)
            if keys:
                _add_keys(folder.secret_key, keys)
            replaced = _put_in_place(folder, temporary, now())
        finally:
            with contextlib.suppress(OSError):
                database_file.discard(temporary)
    except (sqlite.Error, sa.exc.DBAPIError) as error:
        raise sqlite.translate(error, folder.database) or StorageError(str(error)) from error
    except OSError as error:
        raise StorageError(f"{folder.path} cannot be written: {error.strerror or error}") from None
    database = site.open_site(folder.path, create=False, now=now)
    review_head.keep(database, now(), force=True)
    return Restored(database, replaced, backed_up_at)


def _may_read(folder: DataFolder, file: Path) -> None:
    if not file.is_file():
        raise StorageError(f"there is no file {file}: name a backup")
    if folder.database.exists() and file.samefile(folder.database):
        raise StorageError(f"{file} is this site's own database: name a backup of it")
    if file.stat().st_size == 0:
        raise NotASite(f"{file} is empty: it is no backup")


def _check(file: Path) -> datetime | None:
    """Whether the file may become the site; when it was backed up, as far as it says."""
    try:
        connection = database_file.open_as_it_is(file)
    except sqlite.Error as error:
        raise NotASite(f"{file} is not a backup of a commsdesk site ({error})") from None
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if application != sqlite.APPLICATION_ID or version < 1:
            raise NotASite(f"{file} is not a backup of a commsdesk site")
        if version > SCHEMA_VERSION:
            raise NewerSchema(
                f"{file} was written by a newer commsdesk (schema {version}, this program knows"
                f" {SCHEMA_VERSION}): restore it with that one"
            )
        found = integrity.thoroughly(connection)
        if found:
            raise Damaged(f"{file} is damaged ({found[0]}): use an older backup")
        row = connection.execute("SELECT value FROM site_value WHERE name = 'backed_up_at'").fetchone()
        return datetime.fromisoformat(row[0]) if row else None
    except (sqlite.Error, ValueError) as error:
        raise Damaged(f"{file} is damaged ({error}): use an older backup") from None
    finally:
        connection.close()


def nobody_has_it_open(folder: DataFolder, now: datetime) -> None:
    """Raises `StorageError` naming the processes that have the site open."""
    if not folder.database.exists():
        return
    others = _openers(folder.database)
    if others:
        raise StorageError(_in_use(", ".join(f"process {pid}" for pid in others)))
    try:
        connection = sqlite.connect(folder.database)
    except sqlite.Error as error:
        if sqlite.is_busy(error):
            raise StorageError(_in_use("a process")) from None
        return  # damaged: that is what a restore is for
    try:
        recent = _written_down(connection, now)
        if recent:
            raise StorageError(_in_use(recent))
        # Granted only when no other connection is there; it also writes the -wal file back into the database.
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite.Error as error:
        if sqlite.is_busy(error):
            raise StorageError(_in_use("a process")) from None
    finally:
        connection.close()


def _in_use(who: str) -> str:
    return f"{who} has this site open: end it first (a console, commsdesk run, or another command)"


def _openers(path: Path) -> list[int]:
    """The other processes that have the file open, as far as the kernel lets us see."""
    found = []
    for folder in PROC.glob("[0-9]*/fd"):
        pid = int(folder.parent.name)
        if pid == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if any(_leads_to(link, path) for link in folder.iterdir()):
                found.append(pid)
    return sorted(found)


def _leads_to(link: Path, path: Path) -> bool:
    try:
        return str(link.readlink()) == str(path.resolve())
    except OSError:
        return False


def _written_down(connection: Any, now: datetime) -> str | None:
    """A process of another machine or container that says that it is there."""
    names = [column.name for column in instances.c]
    for row in connection.execute(f"SELECT {', '.join(names)} FROM instance").fetchall():
        values = dict(zip(names, row, strict=True))
        values["started_at"], values["seen_at"] = (
            from_micros(values["started_at"]),
            from_micros(values["seen_at"]),
        )
        other = Instance(**values)
        if other.pid != os.getpid() and is_alive(other, now):
            return f"commsdesk {other.kind} (process {other.pid} on {other.host})"
    return None


def _prepare(file: Path, temporary: Path) -> None:
    """The backup as it will be: in the data folder, marked, checked once more, and on the disk."""
    database_file.make_empty(temporary)
    source = database_file.open_as_it_is(file)
    try:
        source.execute("VACUUM INTO ?", (str(temporary),))
    finally:
        source.close()
    copy = database_file.open_as_it_is(temporary, write=True)
    try:
        copy.execute(
            "INSERT OR REPLACE INTO site_value (name, value) VALUES (?, ?)",
            (adoption.INODE, adoption.FROM_BACKUP),
        )
    finally:
        copy.close()
    found = integrity.check_copy(temporary)
    if found:
        raise Damaged(f"the copy of {file} is not sound ({found[0]}): check the disk, and try again")
    database_file.flush(temporary)


def _put_in_place(folder: DataFolder, temporary: Path, now: datetime) -> Path | None:
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    head = folder.path / review_head.NAME
    replaced = None
    if folder.database.exists():
        replaced = _free_name(folder.path / f"{folder.database.stem}-replaced-{stamp}.sqlite3")
        os.link(folder.database, replaced)
        for suffix in database_file.SIDE_FILES:  # only beside a damaged one: else they are written back
            beside = Path(f"{folder.database}{suffix}")
            if beside.exists():
                beside.replace(f"{replaced}{suffix}")
    if head.exists():
        head.replace(_free_name(head.with_name(f"{head.name}-replaced-{stamp}")))
    temporary.replace(folder.database)
    database_file.flush(folder.database)
    return replaced


def _free_name(path: Path) -> Path:
    found, n = path, 2
    while found.exists():
        found = path.with_name(f"{path.stem}-{n}{path.suffix}")
        n += 1
    return found


def _keys_in(file: Path) -> list[str]:
    try:
        keys = file.expanduser().read_text().split()
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{file} cannot be read as a secret key ({error})") from None
    if not keys:
        raise StorageError(f"{file} is empty: it is no secret key")
    secrets.SecretBox(keys)  # refuses what is no key
    return keys


def _add_keys(path: Path, keys: list[str]) -> None:
    """The backup's keys first; the site's own stay, so that nothing becomes unreadable."""
    own = path.read_text().split() if path.exists() else []
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    database_file.make_empty(temporary)
    temporary.write_text("\n".join(dict.fromkeys([*keys, *own])) + "\n")
    temporary.replace(path)
    database_file.flush(path)
