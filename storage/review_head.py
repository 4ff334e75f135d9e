"""The review's end, kept apart from the database and signed, so that a cut tail shows.

The chain alone cannot show that its newest entries were taken away: what is left is still a
chain. The head names the newest entry; without the site key no older one can be made up. It is
there from the site's first moment on, and the site's key says so (`review_keys`): a head that is
missing, or that this site did not sign, is a loss, and is never quietly kept anew.
"""

import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import sqlalchemy as sa

from storage import review_keys
from storage.database import Database
from storage.errors import StorageError
from storage.review_chain import GENESIS, LAST, Signer, reviews
from storage.review_keys import Keys

NAME = "review.head"
PURPOSE = b"commsdesk review head"
CHECKPOINT_PURPOSE = b"commsdesk review checkpoint"


class Judgement(Enum):
    """Whether the site signed a mark: yes, no, or with a key that is known to be missing."""

    GENUINE = 1
    FORGED = 2
    KEY_MISSING = 3


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

    def judge(self, keys: Keys, purpose: bytes = PURPOSE) -> Judgement:
        """Whether this site signed it. A key that is not here is believed only where the site names it."""
        key = keys.get(self.key_id)
        if key is None:
            missing = keys.names(self.key_id, self.id, self.id)
            return Judgement.KEY_MISSING if missing else Judgement.FORGED
        genuine = hmac.compare_digest(self.mac, _mac(key, purpose, self.id, self.chain, self.at))
        return Judgement.GENUINE if genuine else Judgement.FORGED


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
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"not a mark of the review: {error}") from None


def _mac(key: bytes, purpose: bytes, entry_id: int, chain: bytes, at: datetime) -> bytes:
    moment = at.astimezone(UTC).isoformat().encode()
    content = hashlib.sha256(b"\x00".join((purpose, str(entry_id).encode(), chain.hex().encode(), moment)))
    return hmac.digest(key, content.digest(), "sha256")


def path_of(database: Database) -> Path:
    return database.folder.path / NAME


def kept(database: Database) -> Mark | None:
    """The head as it was last kept; None when there is none. Raises `StorageError` for an unreadable one."""
    return _read(path_of(database))


def _read(path: Path) -> Mark | None:
    try:
        return parse(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StorageError(f"the end that was kept apart cannot be read ({path}: {error})") from None


def trouble_with(head: Mark | None, keys: Keys) -> str | None:
    """What is wrong with the head itself, whatever the review holds; None when it may be believed."""
    if head is None:
        return GONE if keys.end_kept else None
    if head.judge(keys) is Judgement.FORGED:
        return "the end that was kept apart was not signed by this site: it was altered"
    return None


GONE = (
    f"the end that was kept apart ({NAME}) is gone: the newest entries may have been cut"
    " (put the file back from a copy of the folder, or compare with a backup: review verify --against FILE)"
)


def lost_end(connection: sa.Connection, head: Mark) -> str | None:
    """What is wrong when the review no longer holds the entry that the head names, else None."""
    at = f"{head.at.astimezone():%Y-%m-%d %H:%M:%S}"
    chain = connection.execute(sa.select(reviews.c.chain).where(reviews.c.id == head.id)).scalar()
    if chain == head.chain or (head.id == 0 and head.chain == GENESIS):
        return None
    last = connection.execute(LAST).first()
    if chain is None and (last is None or last.id < head.id):
        first = (last.id if last else 0) + 1
        gone = f"entry {head.id} is" if first == head.id else f"entries {first} to {head.id} are"
        return f"the end was cut: {gone} gone, which were there at {at}"
    if chain is None:
        return None  # pruned: the checkpoint speaks for what lies before it
    return f"entry {head.id} is not the one that was there at {at}: the end was cut and written anew"


def trouble(database: Database) -> str | None:
    """What is wrong with the review's end: the review has lost it, the file that keeps it apart is gone,
    or this site did not sign that; None when all is well."""
    try:
        head = kept(database)
    except StorageError as error:
        return str(error)
    with database.read() as connection:
        problem = trouble_with(head, review_keys.read(connection, database.box))
        return problem or (lost_end(connection, head) if head is not None else None)


def keep(database: Database, now: datetime, *, force: bool = False) -> str | None:
    """Keep the present end. What is wrong, and nothing is kept, when the end kept before does not hold.

    `force` keeps it all the same: after a restore, or when a copy is adopted.
    """
    if not force and (problem := trouble(database)):
        return problem
    with database.read() as connection:
        last = connection.execute(LAST).first()
    newest, chain = (last.id, last.chain) if last else (0, GENESIS)
    before = None if force else kept(database)
    if before is not None and before.id == newest and before.key_id == database.signer.key_id:
        return None
    write(path_of(database), database.signer, newest, chain, now)
    return None


def write(path: Path, signer: Signer, entry_id: int, chain: bytes, now: datetime) -> None:
    """Write the head, whatever is there."""
    _write(path, sign(signer, PURPOSE, entry_id, chain, now).to_json() + "\n")


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
