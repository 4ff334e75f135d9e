"""The site keys that sign the review, and what each of them vouches for.

A key is kept encrypted with the site's secret key, and with it, under the same encryption, two
facts that nobody can add without the secret key: that the review's end has been kept apart, so
that a missing `review.head` is no beginning but a loss; and which older keys could not be read
when a person made this key, restored a backup or adopted a copy, with the entries they signed.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from storage.errors import SecretMissing
from storage.records import ReviewEntry
from storage.review_chain import Signer, reviews
from storage.secrets import SecretBox
from storage.tables.base import table_of
from storage.tables.review import ReviewKeyRow
from storage.vocabulary import Category, EntryKind, Level

review_keys = table_of(ReviewKeyRow)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SiteKey:
    """One key in clear. `named` are keys that could not be read, with the spans of entries they signed."""

    key: bytes = field(repr=False)
    end_kept: bool = False
    named: dict[int, tuple[Span, ...]] = field(default_factory=dict)

    def to_text(self) -> str:
        named = {str(key_id): spans for key_id, spans in self.named.items()}
        return json.dumps({"key": self.key.hex(), "end_kept": self.end_kept, "named": named})


def parse(text: str) -> SiteKey:
    """Before schema 4 the text was the key alone."""
    if not text.startswith("{"):
        return SiteKey(bytes.fromhex(text))
    found = json.loads(text)
    named = {
        int(key_id): tuple((int(first), int(last)) for first, last in spans)
        for key_id, spans in found["named"].items()
    }
    return SiteKey(bytes.fromhex(found["key"]), bool(found["end_kept"]), named)


@dataclass(frozen=True, slots=True)
class Keys:
    """The site's keys: those in clear, and the ids of those that its secret key does not open."""

    clear: dict[int, SiteKey]
    closed: frozenset[int] = frozenset()

    def get(self, key_id: int) -> bytes | None:
        found = self.clear.get(key_id)
        return found.key if found else None

    def names(self, key_id: int, first: int, last: int) -> bool:
        """Whether the site itself has written down that this key is missing for these entries."""
        return key_id in self.closed and any(
            a <= first and last <= b for key in self.clear.values() for a, b in key.named.get(key_id, ())
        )

    @property
    def end_kept(self) -> bool:
        return any(key.end_kept for key in self.clear.values())

    @property
    def signer(self) -> Signer | None:
        """The newest key that can be read."""
        newest = max(self.clear, default=None)
        return None if newest is None else Signer(newest, self.clear[newest].key)


def read(connection: sa.Connection, *boxes: SecretBox) -> Keys:
    """The keys that one of the boxes opens, and the others."""
    clear: dict[int, SiteKey] = {}
    closed = set()
    for row in connection.execute(sa.select(review_keys)):
        text = _opened(row.key, boxes)
        if text is None:
            closed.add(row.id)
        else:
            clear[row.id] = parse(text)
    return Keys(clear, frozenset(closed))


def _opened(token: bytes, boxes: Sequence[SecretBox]) -> str | None:
    for box in boxes:
        try:
            return box.decrypt(token)
        except SecretMissing:
            continue
    return None


def make(connection: sa.Connection, box: SecretBox, now: datetime) -> Signer:
    """A new key. The caller holds the write lock, and has `name_missing` name those that it replaces."""
    key = SiteKey(secrets.token_bytes(32))
    made = connection.execute(
        sa.insert(review_keys)
        .values(key=box.encrypt(key.to_text()), created_at=now)
        .returning(review_keys.c.id)
    ).scalar_one()
    return Signer(made, key.key)


def name_missing(connection: sa.Connection, box: SecretBox) -> list[ReviewEntry]:
    """Write down which keys cannot be read now, with their entries; what to say of those not yet named.

    Only where a person has to do with it: a restore, an adopted copy, a new secret key. The
    caller holds the write lock.
    """
    keys = read(connection, box)
    signer = keys.signer
    if signer is None:
        return []
    said = []
    named = dict(keys.clear[signer.key_id].named)
    for key_id in sorted(keys.closed):
        fresh = tuple(span for span in _spans(connection, key_id) if not keys.names(key_id, *span))
        if fresh:
            named[key_id] = (*named.get(key_id, ()), *fresh)
            said += _key_entries(key_id, fresh)
    if named != keys.clear[signer.key_id].named:
        _keep(connection, box, signer.key_id, replace(keys.clear[signer.key_id], named=named))
    return said


def note_end_kept(connection: sa.Connection, box: SecretBox, key_id: int) -> None:
    """From now on a missing `review.head` is a loss. The caller holds the write lock."""
    _keep(connection, box, key_id, replace(read(connection, box).clear[key_id], end_kept=True))


def _keep(connection: sa.Connection, box: SecretBox, key_id: int, key: SiteKey) -> None:
    token = box.encrypt(key.to_text())
    connection.execute(sa.update(review_keys).where(review_keys.c.id == key_id).values(key=token))


def _spans(connection: sa.Connection, key_id: int) -> list[Span]:
    """The entries that a key signed, as runs without a gap; 0 is the beginning, before the first entry.

    Reads all ids: for rare moments.
    """
    run = reviews.c.id - sa.func.row_number().over(order_by=reviews.c.id)
    mine = sa.select(reviews.c.id, run.label("run")).where(reviews.c.key_id == key_id).subquery()
    query = sa.select(sa.func.min(mine.c.id), sa.func.max(mine.c.id)).group_by(mine.c.run)
    found = sorted((int(first), int(last)) for first, last in connection.execute(query)) or [(0, 0)]
    first, last = found[0]
    return [(0 if first == 1 else first, last), *found[1:]]


def _key_entries(key_id: int, spans: Sequence[Span]) -> list[ReviewEntry]:
    text = ", ".join(f"{max(1, first)} to {last}" for first, last in spans if last)
    if not text:
        return []
    said = (
        f"key {key_id} of the review cannot be read: entries {text} can be checked only with the secret"
        " key of then"
    )
    return [ReviewEntry(Category.SYSTEM, said, Level.WARNING, kind=EntryKind.SITE)]
