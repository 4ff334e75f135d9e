"""One open site: read and write transactions on its database.

Readers begin DEFERRED and never wait. Writers begin IMMEDIATE, wait up to 30 s for their
turn, and find out at the start of each transaction whether the file is still theirs.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from storage import process, sqlite
from storage.errors import DatabaseBusy, NewerSchema, ReadOnly, Replaced
from storage.folder import DataFolder
from storage.records import ReviewEntry
from storage.review_chain import Signer
from storage.secrets import SecretBox, open_box
from storage.types import kept
from storage.written_by import BootClock, MachineBoot, wall_clock

SCHEMA_VERSION = 8
BUSY_SECONDS = 30.0

Values = Sequence[Any] | Mapping[str, Any]


@dataclass(slots=True)
class Transaction:
    """A write in progress. Everything done through it is kept together or not at all."""

    connection: sa.Connection
    signer: Signer
    machine: BootClock = field(default_factory=MachineBoot)

    def written_at(self, now: datetime) -> dict[str, int | None]:
        """What a row with due moments keeps of the clock that gave `now` (read in this transaction)."""
        return wall_clock(self.machine, now).columns

    def execute(
        self, statement: sa.Executable, values: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None = None
    ) -> sa.CursorResult[Any]:
        return self.connection.execute(statement, values)

    def review(self, at: datetime, *entries: ReviewEntry) -> list[int]:
        """Append to the review, in this order. Gives the new ids."""
        return self.signer.append(self.connection, at, entries)

    # Fixed SQL with values as they are kept (`types.kept`), straight through the driver: the way of every
    # message. SQLAlchemy's own work is 20 to 100 µs a statement, SQLite's 2 to 10.

    def rows(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """What a query finds."""
        return self._driver.execute(statement, values).fetchall()  # type: ignore[no-any-return]

    def run(self, statement: str, values: Values = ()) -> int:
        """How many rows it changed."""
        return self._driver.execute(statement, values).rowcount  # type: ignore[no-any-return]

    def run_many(self, statement: str, values: Sequence[Values]) -> None:
        """The same statement for each of these."""
        self._driver.executemany(statement, values)

    def add(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """New rows of a table, all with the same columns, whose names are ours."""
        if rows:
            names = tuple(rows[0])
            places = ", ".join("?" * len(names))
            values = [[kept(row[name]) for name in names] for row in rows]
            self.run_many(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", values)

    @property
    def _driver(self) -> Any:
        return self.connection.connection.driver_connection


def rows_of(
    connection: sa.Connection | Transaction, statement: str, values: Values = ()
) -> Sequence[Sequence[Any]]:
    """What a query in fixed SQL finds, in a transaction or in a view for reading."""
    if isinstance(connection, Transaction):
        return connection.rows(statement, values)
    return connection.exec_driver_sql(statement, values).all()


class Database:
    """A site's database, open. Safe to use from several threads."""

    def __init__(self, folder: DataFolder, box: SecretBox, signer: Signer) -> None:
        self.folder = folder
        self._box = box
        self._box_of: tuple[int, ...] | None = None
        self.signer = signer
        self._engine = sqlite.make_engine(folder.database)
        self._writing = threading.Lock()
        self._inode = _inode(folder.database)
        self.stuck: Callable[[str], None] | None = None
        self.machine: BootClock = MachineBoot()  # whose boot time rows are written by

    @property
    def path(self) -> Path:
        return self.folder.database

    @property
    def box(self) -> SecretBox:
        """What encrypts and decrypts. Ask for it anew each time: another process may change the key."""
        found = _stamp(self.folder.secret_key)
        if found is not None and found != self._box_of:
            self._box = open_box(self.folder.secret_key)[0]
            self._box_of = found
        return self._box

    @box.setter
    def box(self, box: SecretBox) -> None:
        self._box, self._box_of = box, _stamp(self.folder.secret_key)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view for reading; keep it short."""
        try:
            with self._engine.connect() as connection:
                yield connection
        except sa.exc.DBAPIError as error:
            raise sqlite.translate(error, self.path) or error from error

    @contextmanager
    def write(self, wait: float = BUSY_SECONDS) -> Iterator[Transaction]:
        """A write transaction, committed on leaving. No await, no network and no question inside.

        `wait` is in seconds. Raises `DatabaseBusy`, `NewerSchema`, `Replaced`, `DiskFull`, …
        """
        with self._transaction(wait, keep=True) as tx:
            yield tx

    @contextmanager
    def rehearse(self, wait: float = BUSY_SECONDS) -> Iterator[Transaction]:
        """As `write`, and all of it is undone on leaving: no reader ever sees it, no id is used up."""
        with self._transaction(wait, keep=False) as tx:
            yield tx

    @contextmanager
    def _transaction(self, wait: float, *, keep: bool) -> Iterator[Transaction]:
        # One writer a process: SQLite's own waiting does not queue, it starves.
        if not self._writing.acquire(timeout=wait):
            raise DatabaseBusy(self._who_holds_it())
        try:
            with self._engine.connect() as connection:
                self._begin(connection, wait)
                self._still_ours(connection)
                yield Transaction(connection, self.signer, self.machine)
                if keep:
                    connection.commit()
                else:
                    connection.rollback()
        except sqlite.ERRORS as error:
            known = sqlite.translate(error, self.path)
            if isinstance(known, ReadOnly):
                self._open_anew()
            raise known or error from error
        finally:
            self._writing.release()

    def watch(self) -> "ChangeWatch":
        """A cheap way to learn that another connection has written."""
        return ChangeWatch(self.path)

    def close(self) -> None:
        self._engine.dispose()

    def _open_anew(self) -> None:
        """What could only be opened for reading stays so when the rights are back: it is let go."""
        self._engine.dispose()
        for suffix in ("-wal", "-shm"):
            with suppress(OSError):
                Path(f"{self.path}{suffix}").chmod(self.path.stat().st_mode & 0o777)

    def _begin(self, connection: sa.Connection, wait: float) -> None:
        connection.execution_options(begin="IMMEDIATE")
        until = time.monotonic() + wait
        while True:
            try:
                connection.begin()
                return
            except sa.exc.OperationalError as error:
                if not sqlite.is_busy(error):
                    raise
                if time.monotonic() >= until:
                    raise DatabaseBusy(self._who_holds_it()) from None

    def _still_ours(self, connection: sa.Connection) -> None:
        if _inode(self.path) != self._inode:
            raise Replaced(f"{self.path} was replaced while it was open: start commsdesk again")
        driver: Any = connection.connection.driver_connection
        found = driver.execute("PRAGMA user_version").fetchone()[0]
        if found != SCHEMA_VERSION:
            raise NewerSchema(
                f"another commsdesk has upgraded {self.path} (schema {found}, this program knows"
                f" {SCHEMA_VERSION}): start the newer version"
            )

    def _who_holds_it(self) -> str:
        pid = process.writer_of(self.path)
        if pid is None:
            return "the database is locked by another program"
        if pid == os.getpid():
            return "the database is locked by another part of this program"
        state = ", which is stopped" if process.is_stopped(pid) else ""
        return f"the database is locked by process {pid}{state}: let it continue, or end it"


class ChangeWatch:
    """Tells by `PRAGMA data_version` (microseconds) whether others have committed since."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite.connect(path)
        self._seen = self._version()

    def changed(self) -> bool:
        found = self._version()
        if found == self._seen:
            return False
        self._seen = found
        return True

    def close(self) -> None:
        self._connection.close()

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])


def _stamp(path: Path) -> tuple[int, ...] | None:
    """Changes whenever the file is replaced by another; None when there is none."""
    try:
        info = path.stat()
    except OSError:
        return None
    return info.st_dev, info.st_ino, info.st_mtime_ns, info.st_size


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        info = path.stat()
    except OSError:
        return None
    return info.st_dev, info.st_ino
