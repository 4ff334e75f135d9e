"""The review's end, kept apart from the database and signed, so that a cut tail shows.

The chain alone cannot show that its newest entries were taken away: what is left is still a
chain. The head names the newest entry; without the site key no older one can be made up.
"""

import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from storage.database import Database
from storage.errors import SecretMissing, StorageError
from storage.review_chain import LAST, Signer, review_keys, reviews
from storage.secrets import SecretBox

NAME = "review.head"
PURPOSE = b"commsdesk review head"
CHECKPOINT_PURPOSE = b"commsdesk review checkpoint"


@dataclass(frozen=True, slots=True)
class Mark:
    """An entry of the review that was seen at some time, signed with one of the site's keys."""

    id: int
    chain: bytes
    at: datetime
    key_id: int
    mac: bytes

    def to_json(self) -> str:
        values = {
            "id": self.id,
            "chain": self.chain.hex(),
            "at": self.at.astimezone(UTC).isoformat(),
            "key": self.key_id,
            "mac": self.mac.hex(),
        }
        return json.dumps(values)

    def is_genuine(self, keys: dict[int, bytes | None], purpose: bytes = PURPOSE) -> bool | None:
        """Whether this site signed it; None when its key is not here."""
        key = keys.get(self.key_id)
        if key is None:
            return None
        return hmac.compare_digest(self.mac, _mac(key, purpose, self.id, self.chain, self.at))


def sign(signer: Signer, purpose: bytes, entry_id: int, chain: bytes, at: datetime) -> Mark:
    return Mark(entry_id, chain, at, signer.key_id, _mac(signer.key, purpose, entry_id, chain, at))


def parse(text: str) -> Mark:
    """Raises `ValueError` for what is no mark."""
    try:
        found = json.loads(text)
        return Mark(
            int(found["id"]),
            bytes.fromhex(found["chain"]),
            datetime.fromisoformat(found["at"]),
            int(found["key"]),
            bytes.fromhex(found["mac"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a mark of the review: {error}") from None


def _mac(key: bytes, purpose: bytes, entry_id: int, chain: bytes, at: datetime) -> bytes:
    moment = at.astimezone(UTC).isoformat().encode()
    content = hashlib.sha256(b"\x00".join((purpose, str(entry_id).encode(), chain.hex().encode(), moment)))
    return hmac.digest(key, content.digest(), "sha256")


def site_keys(connection: sa.Connection, box: SecretBox) -> dict[int, bytes | None]:
    """The keys that the review was signed with; None for one that this site's secret key does not open."""
    found: dict[int, bytes | None] = {}
    for row in connection.execute(sa.select(review_keys)):
        try:
            found[row.id] = bytes.fromhex(box.decrypt(row.key))
        except SecretMissing:
            found[row.id] = None
    return found


def path_of(database: Database) -> Path:
    return database.folder.path / NAME


def kept(database: Database) -> Mark | None:
    """The head as it was last kept; None when there is none. Raises `StorageError` for an unreadable one."""
    path = path_of(database)
    try:
        return parse(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StorageError(
            f"{path} cannot be read ({error}): it tells nothing about the review's end"
        ) from None


def lost_end(connection: sa.Connection, head: Mark) -> str | None:
    """What is wrong when the review no longer holds the entry that the head names, else None."""
    at = f"{head.at.astimezone():%Y-%m-%d %H:%M:%S}"
    chain = connection.execute(sa.select(reviews.c.chain).where(reviews.c.id == head.id)).scalar()
    if chain == head.chain:
        return None
    last = connection.execute(LAST).first()
    if chain is None and (last is None or last.id < head.id):
        first = (last.id if last else 0) + 1
        gone = f"entry {head.id} is" if first == head.id else f"entries {first} to {head.id} are"
        return f"the end was cut: {gone} gone, which were there at {at}"
    if chain is None:
        return None  # pruned: the checkpoint speaks for what lies before it
    return f"entry {head.id} is not the one that was there at {at}: the end was cut and written anew"


def keep(database: Database, now: datetime, *, force: bool = False) -> str | None:
    """Keep the present end. What is wrong, and nothing is kept, when the review has lost the end kept before.

    `force` keeps it all the same: after a restore, or when a copy is adopted.
    """
    before = None
    if not force:
        try:
            before = kept(database)
        except StorageError as error:
            return str(error)
    with database.read() as connection:
        last = connection.execute(LAST).first()
        if before is not None and (problem := lost_end(connection, before)):
            return problem
    if last is None or (before is not None and before.id == last.id):
        return None
    _write(path_of(database), sign(database.signer, PURPOSE, last.id, last.chain, now).to_json() + "\n")
    return None


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.unlink(missing_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(handle, text.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        temporary.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from None
