"""The review's chain: each row carries HMAC(site key, previous hash, digest of its content).

Whoever changes, removes or inserts a row without the site key breaks the chain from there
on. No part of the program takes an entry's text out: a row without its text was altered.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.records import ReviewEntry
from storage.tables.base import table_of
from storage.tables.review import ReviewRow
from storage.texts import storable
from storage.types import to_micros

GENESIS = bytes(32)

reviews = table_of(ReviewRow)

LAST = sa.select(reviews.c.id, reviews.c.chain).order_by(reviews.c.id.desc()).limit(1)
_LAST = "SELECT id, chain FROM review ORDER BY id DESC LIMIT 1"

CONTENT = (
    "category",
    "level",
    "body",
    "operator",
    "handler_id",
    "handler",
    "user_id",
    "user",
    "message_id",
    "alert_id",
    "alert",
    "occurrence_id",
    "task_id",
    "task",
)


DIGEST_VERSION = 2

_ENCODE = json.JSONEncoder(ensure_ascii=False).encode

_WRITTEN = ("id", "at", *CONTENT, "kind", "digest_version", "digest", "chain", "key_id")
INSERT = f"INSERT INTO review ({', '.join(_WRITTEN)}) VALUES ({', '.join('?' * len(_WRITTEN))})"


def digest_of(row: Mapping[str, Any]) -> bytes:
    """SHA-256 over the time (microseconds) and the content of an entry, in a fixed order.

    The version is kept with the row. Without one it is the first, which covers no kind; one that
    this program does not know gives no digest (b"").
    """
    version = row["digest_version"]
    content = [to_micros(row["at"]), *(row[name] for name in CONTENT)]
    if version == DIGEST_VERSION:
        content = [version, *content, row["kind"]]
    elif version is not None:
        return b""
    return hashlib.sha256(_ENCODE(content).encode("utf-8", "surrogatepass")).digest()


def link(key: bytes, previous: bytes, digest: bytes) -> bytes:
    return hmac.digest(key, previous + digest, "sha256")


@dataclass(frozen=True, slots=True)
class Signer:
    """Appends to the review with one site key."""

    key_id: int
    key: bytes

    def __repr__(self) -> str:
        return f"Signer({self.key_id})"

    def append(self, connection: sa.Connection, at: datetime, entries: Sequence[ReviewEntry]) -> list[int]:
        """Write the entries after the last one. The caller holds the write lock."""
        if not entries:
            return []
        driver: Any = connection.connection.driver_connection
        number, chain = driver.execute(_LAST).fetchone() or (_highest_used(connection), GENESIS)
        rows = []
        moment = to_micros(at)
        for place, entry in enumerate(entries, number + 1):
            row = content_of(entry, at)
            row["digest"] = digest_of(row)
            chain = row["chain"] = link(self.key, chain, row["digest"])
            row["key_id"], row["id"], row["at"] = self.key_id, place, moment
            rows.append(tuple(map(row.__getitem__, _WRITTEN)))
        driver.executemany(INSERT, rows)
        return [row[0] for row in rows]


def content_of(entry: ReviewEntry, at: datetime) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(entry, name) for name in CONTENT if name != "body"}
    row["category"], row["level"] = str(entry.category), str(entry.level)
    row["kind"], row["digest_version"] = str(entry.kind), DIGEST_VERSION
    row["body"], row["at"] = storable(entry.text), at
    for name in ("handler", "user", "alert", "task", "operator"):
        row[name] = None if row[name] is None else storable(row[name])
    return row


def _highest_used(connection: sa.Connection) -> int:
    found = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'review'").scalar()
    return int(found or 0)
