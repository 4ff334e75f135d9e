"""A new secret key in the place of the old one. It may be cut short at any point and begun again."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.database import Database, Transaction
from storage.errors import SecretMissing, StorageError
from storage.records import ReviewEntry
from storage.secrets import VARIABLE, add_key, keep_newest
from storage.tables import handlers, review_keys


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many secrets and review keys are under the new key, and whose could not be read with any."""

    secrets: int
    review_keys: int
    unreadable: tuple[str, ...] = ()
    from_environment: bool = False


def rotate(database: Database, now: datetime, entry: ReviewEntry) -> Rotated:
    """Make a new key, encrypt everything with it in one transaction, then drop the old keys.

    First the new key is put before the old ones, so that both fit whatever happens between.
    Where the keys come from the environment they stay as they are, and everything is encrypted
    with the first of them. `entry` is written in the same transaction.
    """
    path = database.folder.secret_key
    from_environment = bool(os.environ.get(VARIABLE, "").strip())
    try:
        if not from_environment:
            add_key(path)
        with database.write() as tx:
            unreadable: list[str] = []
            done = sum(_again(database, tx, handlers, "secret", unreadable))
            done += sum(_again(database, tx, handlers, "proxy_secret", unreadable))
            keys = sum(_again(database, tx, review_keys, "key", unreadable))
            tx.review(now, entry)
        if not from_environment:
            keep_newest(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be changed: {error.strerror}; the old key still fits") from None
    return Rotated(done, keys, tuple(unreadable), from_environment)


def _again(
    database: Database, tx: Transaction, table: sa.Table, column: str, unreadable: list[str]
) -> Iterator[int]:
    box = database.box
    name = table.c.name if "name" in table.c else sa.literal("review key ") + table.c.id.cast(sa.Text)
    rows = tx.execute(sa.select(table.c.id, name.label("name"), table.c[column].label("token"))).all()
    for row in rows:
        if row.token is None:
            continue
        try:
            token = box.again(row.token)
        except SecretMissing:
            unreadable.append(row.name)
            continue
        tx.execute(sa.update(table).where(table.c.id == row.id).values({column: token}))
        yield 1
