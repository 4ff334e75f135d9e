"""Opening a site: make it when it is new, upgrade it when it is old, refuse what cannot be used."""

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from storage import adoption, review_head, review_keys, sqlite
from storage.database import SCHEMA_VERSION, Database
from storage.errors import NewerSchema, NotASite, UpgradeRefused
from storage.folder import DataFolder
from storage.process import Life, life_of
from storage.records import ReviewEntry
from storage.review_chain import DIGEST_VERSION, GENESIS, LAST, Signer, reviews
from storage.review_keys import Keys
from storage.secrets import SecretBox, open_box
from storage.tables import instances, leases, site_values
from storage.upgrade import copy_before_upgrade, run_upgrade
from storage.vocabulary import Category, EntryKind, Level


def _utc_now() -> datetime:
    return datetime.now(UTC)


def open_site(path: Path | str, *, create: bool = True, now: Callable[[], datetime] = _utc_now) -> Database:
    """The site in that folder, ready to read and write.

    Raises `StorageError` (or a kind of it) in words that say what to do.
    """
    folder = DataFolder(Path(path).expanduser().absolute())
    if not create and not folder.database.exists():
        raise NotASite(f"there is no commsdesk site in {folder.path}")
    folder.prepare()
    os.umask(0o077)
    try:
        return _open(folder, now)
    except (sa.exc.DBAPIError, sqlite.Error) as error:
        raise sqlite.translate(error, folder.database) or error from error


def _open(folder: DataFolder, now: Callable[[], datetime]) -> Database:
    if not folder.database.exists():
        _make(folder, now)
    version = _identify(folder.database)
    if version > SCHEMA_VERSION:
        raise NewerSchema(
            f"{folder.database} was written by a newer commsdesk (schema {version}, this program knows"
            f" {SCHEMA_VERSION}): use the newer program"
        )
    if version < SCHEMA_VERSION:
        _bring_up_to_date(folder, version, now)
    box, new_key = open_box(folder.secret_key)
    database = Database(folder, box, _signer(folder, box, new_key, now))
    adoption.hold_if_copied(database, now())
    return database


def _signer(folder: DataFolder, box: SecretBox, new_key: bool, now: Callable[[], datetime]) -> Signer:
    engine = sqlite.make_engine(folder.database)
    try:
        # Reading first: a site must open for reading while another program holds the write lock.
        with engine.connect() as connection:
            keys = review_keys.read(connection, box)
        if keys.signer and keys.end_kept:
            return keys.signer
        with engine.connect() as connection:
            connection.execution_options(begin="IMMEDIATE")
            with connection.begin():
                before = review_keys.read(connection, box)
                signer = before.signer or review_keys.make(connection, box, now())
                _keep_end(connection, folder, box, signer, before, now())
                if before.signer is None:
                    signer.append(connection, now(), review_keys.name_missing(connection, box))
                if new_key and connection.execute(sa.text("SELECT 1 FROM handler LIMIT 1")).first():
                    signer.append(connection, now(), [SECRET_KEY_MISSING])
        return signer
    finally:
        engine.dispose()


def _keep_end(
    connection: sa.Connection, folder: DataFolder, box: SecretBox, signer: Signer, before: Keys, now: datetime
) -> None:
    """Keep the review's end apart from the beginning on, or from the upgrade of an older site.

    A head that is missing later is a loss: of an older site it may be missing only as long as
    nothing of schema 4 was written.
    """
    head = folder.path / review_head.NAME
    new = not before.clear and not before.closed
    newer = sa.select(reviews.c.id).where(reviews.c.digest_version == DIGEST_VERSION).limit(1)
    older = connection.execute(newer).first() is None
    if new or (older and not head.exists()):
        last = connection.execute(LAST).first()
        newest, chain = (last.id, last.chain) if last else (0, GENESIS)
        review_head.write(head, signer, newest, chain, now)
    review_keys.note_end_kept(connection, box, signer.key_id)


SECRET_KEY_MISSING = ReviewEntry(
    Category.SYSTEM,
    "secret.key was missing and a new one was made: handlers need their secrets entered again",
    Level.ERROR,
    kind=EntryKind.SITE,
)


def _make(folder: DataFolder, now: Callable[[], datetime]) -> None:
    # Finished under another name first, so that nobody ever sees half a database.
    temporary = folder.path / f".commsdesk-{os.getpid()}-{threading.get_ident()}.sqlite3"
    temporary.unlink(missing_ok=True)
    sqlite.connect(temporary, create=True).close()
    run_upgrade(temporary, SCHEMA_VERSION, lambda connection: None)
    engine = sqlite.make_engine(temporary)
    with engine.begin() as connection:
        connection.execute(sa.insert(leases).values(id=1, epoch=0, beat=0))
        # The name it gets below is a link to this same file.
        facts = {"made_at": now().isoformat(), **adoption.identity_of(temporary)}
        connection.execute(sa.insert(site_values), [{"name": k, "value": v} for k, v in facts.items()])
    engine.dispose()
    try:
        os.link(temporary, folder.database)
    except FileExistsError:
        pass  # another process was first: its database is the one
    finally:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{temporary}{suffix}").unlink(missing_ok=True)


def _identify(path: Path) -> int:
    """The schema version of a commsdesk database; `NotASite` for any other file."""
    if path.stat().st_size == 0:
        raise NotASite(f"{path} is empty: restore a backup, or move the file away to start a new site")
    connection = sqlite.connect(path)
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()
    if application != sqlite.APPLICATION_ID:
        raise NotASite(f"{path} is not a commsdesk database: move it away, or name another folder")
    return version


def _bring_up_to_date(folder: DataFolder, version: int, now: Callable[[], datetime]) -> None:
    def nobody_else(connection: sa.Connection) -> None:
        if adoption.why_not_live(connection, folder.database):
            return  # those written down have the original open
        for other in connection.execute(sa.select(instances)).all():
            life = life_of(other.boot_id, other.pid_namespace, other.pid, other.process_start)
            recent = (now() - other.seen_at).total_seconds() < 30
            if other.pid != os.getpid() and (life is Life.ALIVE or (life is Life.CANNOT_TELL and recent)):
                raise UpgradeRefused(
                    f"commsdesk {other.version} (process {other.pid}, schema {other.schema_version}) still"
                    " has this site open: stop it first, then start this version again"
                )

    copy = copy_before_upgrade(folder.database, version, now())
    try:
        run_upgrade(folder.database, SCHEMA_VERSION, nobody_else)
    except BaseException:
        copy.unlink(missing_ok=True)  # nothing was changed: the copy is of no use, and in the way next time
        raise
