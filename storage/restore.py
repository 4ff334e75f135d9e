"""Putting a backup in the place of the site's database, checked before anything is replaced.

At every moment there is one whole database under the site's name: the old one or the new one.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from storage import (
    adoption,
    database_file,
    integrity,
    logins,
    review_head,
    schema_check,
    secrets,
    site,
    sqlite,
)
from storage.database import SCHEMA_VERSION, Database
from storage.errors import Damaged, NewerSchema, NotASite, StorageError
from storage.folder import DataFolder
from storage.instances import Instance, is_alive
from storage.logins import Newcomer
from storage.process import PROC
from storage.tables import instances
from storage.types import from_micros


@dataclass(frozen=True, slots=True)
class Restored:
    """The site, open and held. `replaced` is where the database that was there now lies.

    `newcomers` may log in now, or may do more, and could not before.
    """

    database: Database
    replaced: Path | None
    backed_up_at: datetime | None
    newcomers: tuple[Newcomer, ...] = ()


class NotAgreed(StorageError):
    """The restore would let people in who may not come in now, and nobody has agreed to that."""

    def __init__(self, newcomers: Sequence[Newcomer]) -> None:
        super().__init__("not restored: it would let people in who may not come in now")
        self.newcomers = tuple(newcomers)


def restore(
    folder: DataFolder,
    file: Path,
    now: Callable[[], datetime],
    *,
    key_file: Path | None = None,
    agree: Callable[[Sequence[Newcomer]], bool] = lambda newcomers: False,
    finish: Callable[[Database, Path | None], None] = lambda database, replaced: None,
) -> Restored:
    """Replace the site's database by the backup in `file`; the site is then held until it is adopted.

    The backup is copied into a folder of its own, compared with the schema of its version, upgraded,
    opened, and given to `finish` (with the future place of the database it replaces) there; it is put
    in place last, and what was there is put back when that fails. `key_file` adds its keys after the
    site's own, so that secrets in the backup can be read and new ones are kept under the site's key.
    `agree` is asked when operators could log in, or do more, who cannot now at the site that is here.

    Raises `StorageError`, and nothing is changed, when the backup is not sound, a process has the site
    open, or (`NotAgreed`) `agree` says no.
    """
    file = file.expanduser().absolute()
    folder.prepare()
    os.umask(0o077)
    _may_read(folder, file)
    keys = _keys_in(key_file) if key_file is not None else []
    stage = DataFolder(folder.path / f".restore-{os.getpid()}")
    try:
        backed_up_at, version = _check(file)
        nobody_has_it_open(folder, now())
        _clear(stage.path)
        stage.path.mkdir(mode=0o700)
        _copy(file, stage.database, version)
        _bring_keys(folder.secret_key, stage.secret_key, keys)
        found = _newcomers(folder, stage)
        if found and folder.database.exists() and not agree(found):
            raise NotAgreed(found)
        replaced = _place_for_the_old(folder, now()) if folder.database.exists() else None
        _make_ready(stage, now, lambda database: finish(database, replaced))
        nobody_has_it_open(folder, now())
        database = _put_in_place(folder, stage, replaced, now)
    except (sqlite.Error, sa.exc.DBAPIError) as error:
        raise sqlite.translate(error, folder.database) or StorageError(str(error)) from error
    except OSError as error:
        raise StorageError(f"{folder.path} cannot be written: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(OSError):
            _clear(stage.path)
    return Restored(database, replaced, backed_up_at, tuple(found))


def _may_read(folder: DataFolder, file: Path) -> None:
    if not file.is_file():
        raise StorageError(f"there is no file {file}: name a backup")
    if folder.database.exists() and file.samefile(folder.database):
        raise StorageError(f"{file} is this site's own database: name a backup of it")
    if file.stat().st_size == 0:
        raise NotASite(f"{file} is empty: it is no backup")


def _check(file: Path) -> tuple[datetime | None, int]:
    """Whether the file may become the site: when it was backed up, as far as it says, and its schema."""
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
        _require_schema(file, connection, version)
        row = connection.execute("SELECT value FROM site_value WHERE name = 'backed_up_at'").fetchone()
        return (datetime.fromisoformat(row[0]) if row else None), version
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


def _require_schema(file: Path, connection: Any, version: int) -> None:
    found = schema_check.differences(connection, version)
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise NotASite(
            f"{file} is not as commsdesk writes a backup ({found[0]}{more}): restore one that it wrote"
        )


def _copy(file: Path, copy: Path, version: int) -> None:
    """The backup in the staging folder, marked as one and checked once more: the file may have changed."""
    database_file.make_empty(copy)
    source = database_file.open_as_it_is(file)
    try:
        source.execute("VACUUM INTO ?", (str(copy),))
    finally:
        source.close()
    connection = database_file.open_as_it_is(copy, write=True)
    try:
        _require_schema(file, connection, version)
        connection.execute(
            "INSERT OR REPLACE INTO site_value (name, value) VALUES (?, ?)",
            (adoption.INODE, adoption.FROM_BACKUP),
        )
        found = integrity.thoroughly(connection)
    finally:
        connection.close()
    if found:
        raise Damaged(f"the copy of {file} is not sound ({found[0]}): check the disk, and try again")


def _newcomers(folder: DataFolder, stage: DataFolder) -> list[Newcomer]:
    after = logins.read(lambda: database_file.open_as_it_is(stage.database)) or {}
    if not folder.database.exists():
        return logins.newcomers({}, after)
    return logins.newcomers(logins.read(lambda: sqlite.connect(folder.database)), after)


def _make_ready(stage: DataFolder, now: Callable[[], datetime], finish: Callable[[Database], None]) -> None:
    """Open the copy as the site it will be: upgraded, held, its keys tried, its first entries written."""
    database = site.open_site(stage.path, create=False, now=now)
    try:
        finish(database)
        review_head.keep(database, now(), force=True)
    finally:
        database.close()
    connection = sqlite.connect(stage.database)
    try:
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    finally:
        connection.close()
    connection = database_file.open_as_it_is(stage.database)
    try:
        _require_schema(stage.database, connection, SCHEMA_VERSION)
    finally:
        connection.close()
    database_file.flush(stage.database)


def _place_for_the_old(folder: DataFolder, now: datetime) -> Path:
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return _free_name(folder.path / f"{folder.database.stem}-replaced-{stamp}.sqlite3")


def _put_in_place(
    folder: DataFolder, stage: DataFolder, replaced: Path | None, now: Callable[[], datetime]
) -> Database:
    """Move key, head and database in, keep what they replace, and open the site; all or nothing."""
    head = folder.path / review_head.NAME
    with contextlib.ExitStack() as undo:
        if stage.secret_key.exists():
            _swap(stage.secret_key, folder.secret_key, stage.path / "secret.key.before", undo)
        if replaced is not None:
            os.link(folder.database, replaced)
            undo.callback(replaced.unlink, missing_ok=True)
            for suffix in database_file.SIDE_FILES:  # only beside a damaged one: else they are written back
                beside = Path(f"{folder.database}{suffix}")
                if beside.exists():
                    _move(beside, Path(f"{replaced}{suffix}"), undo)
        if head.exists():
            name = f"{head.name}-replaced-{now().astimezone(UTC):%Y%m%dT%H%M%SZ}"
            _move(head, _free_name(head.with_name(name)), undo)
        new_head = stage.path / review_head.NAME
        if new_head.exists():
            undo.callback(head.unlink, missing_ok=True)
            new_head.replace(head)
        _swap(stage.database, folder.database, stage.path / "database.before", undo)
        database_file.flush(folder.database)
        undo.callback(_forget_side_files, folder.database)
        database = site.open_site(folder.path, create=False, now=now)
        undo.pop_all()
    return database


def _move(path: Path, to: Path, undo: contextlib.ExitStack) -> None:
    path.replace(to)
    undo.callback(os.replace, to, path)


def _swap(new: Path, place: Path, before: Path, undo: contextlib.ExitStack) -> None:
    """Put `new` in its place in one step; what was there goes back from `before` when that is undone."""
    if place.exists():
        os.link(place, before)
        new.replace(place)
        undo.callback(os.replace, before, place)
    else:
        new.replace(place)
        undo.callback(place.unlink, missing_ok=True)


def _forget_side_files(database: Path) -> None:
    for suffix in database_file.SIDE_FILES:
        Path(f"{database}{suffix}").unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


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


def _bring_keys(own_file: Path, staged: Path, given: list[str]) -> None:
    """The site's own keys first, then those given with the backup: nothing new is kept under a given one."""
    own = own_file.read_text().split() if own_file.exists() else []
    if not own and not given:
        return  # opening makes one, and the review says so
    if not own:
        own = [secrets.new_key()]
    database_file.make_empty(staged)
    staged.write_text("\n".join(dict.fromkeys([*own, *given])) + "\n")
    database_file.flush(staged)
