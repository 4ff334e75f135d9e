"""Checking the review: the first entry that was altered, removed or inserted, and a cut tail.

Nothing is locked meanwhile: entries are read a page at a time, and those written after the
start are left to the next check.
"""

import contextlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from storage import database_file, review_keys, sqlite
from storage.database import Database, Transaction
from storage.errors import NotASite, StorageError
from storage.review_chain import GENESIS, LAST, digest_of, link, reviews
from storage.review_head import (
    CHECKPOINT_PURPOSE,
    GONE,
    Judgement,
    Mark,
    kept,
    lost_end,
    parse,
    sign,
    trouble_with,
)
from storage.review_keys import Keys
from storage.secrets import SecretBox
from storage.tables import site_values

PAGE = 2000
CHECKPOINT = "review_checkpoint"


_Fault = tuple[str, int | None]


class Standing(StrEnum):
    """What the check came to."""

    WHOLE = "whole"
    ALTERED = "altered"
    NOT_JUDGED = "cannot be judged"


@dataclass(frozen=True, slots=True)
class Missing:
    """Entries that cannot be judged, as the key that signed them is not here. The site itself names it."""

    key_id: int
    first: int
    last: int

    def __str__(self) -> str:
        if not self.last:
            return f"key {self.key_id} missing"
        which = f"entry {self.first}" if self.first == self.last else f"entries {self.first} to {self.last}"
        return f"key {self.key_id} missing, {which}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. `bad_id` is the first entry at fault and `problem` says in words what is wrong.

    `missing` are the ranges of entries whose key is not here: their texts fit their digests, and
    no more can be said. `head` is the end that was kept apart, None when none was.
    """

    first: int
    last: int
    checked: int
    bad_id: int | None = None
    problem: str | None = None
    missing: tuple[Missing, ...] = ()
    head: Mark | None = None

    @property
    def standing(self) -> Standing:
        if self.problem is not None:
            return Standing.ALTERED
        return Standing.NOT_JUDGED if self.missing else Standing.WHOLE

    @property
    def intact(self) -> bool:
        """Nothing at fault, and nothing that could not be checked."""
        return self.standing is Standing.WHOLE


@dataclass(slots=True)
class _Walk:
    """Follows the chain entry by entry until something is at fault."""

    keys: Keys
    expected: int
    previous: bytes
    checked: int = 0
    version: int | None = None
    missing: list[Missing] = field(default_factory=list)

    def problem_with(self, row: sa.RowMapping) -> str | None:
        number = row["id"]
        if number < self.expected:
            return f"entry {number} was inserted"
        if number > self.expected:
            return _gone(self.expected, number - 1)
        problem = self._altered(row)
        if problem is not None:
            return problem
        self.version = row["digest_version"]
        self.previous = row["chain"]
        self.expected += 1
        self.checked += 1
        return None

    def _altered(self, row: sa.RowMapping) -> str | None:
        number, key_id = row["id"], row["key_id"]
        if row["body"] is None:
            return f"entry {number} was altered: its text was taken out"
        if not hmac.compare_digest(digest_of({**row}), row["digest"]):
            return f"entry {number} was altered"
        if self.version is not None and row["digest_version"] is None:
            return f"entry {number} has no kind, which those before it have: it was altered or inserted"
        key = self.keys.get(key_id)
        if key is not None:
            if hmac.compare_digest(link(key, self.previous, row["digest"]), row["chain"]):
                return None
            return (
                f"entry {number} does not follow from the one before it: it was altered or inserted,"
                " or one before it was taken out"
            )
        if not self.keys.names(key_id, number, number):
            return f"entry {number} {_unknown(key_id)}"
        self._note(key_id, number)
        return None

    def _note(self, key_id: int, number: int) -> None:
        last = self.missing[-1] if self.missing else None
        if last is not None and last.key_id == key_id and last.last == number - 1:
            self.missing[-1] = Missing(key_id, last.first, number)
        else:
            self.missing.append(Missing(key_id, number, number))


def verify(
    database: Database,
    start: int | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
    *,
    older_keys: Sequence[SecretBox] = (),
) -> Verdict:
    """Check every entry, or those from `start` on (the one before it is then taken on trust).

    `older_keys` open review keys that the site's own secret key does not.
    """
    head: Mark | None = None
    problem: str | None = None
    bad_id: int | None = None
    try:
        head = kept(database)
    except StorageError as error:
        problem = str(error)
    with database.read() as connection:
        keys = review_keys.read(connection, database.box, *older_keys)
        last = _last_id(connection)
        walk, first, trouble = _begin(connection, keys, start)
    fault = (trouble, first) if trouble else _first_fault(database, walk, first, last, progress)
    if fault is None and problem is None:
        fault = _end_problem(database, keys, head, last)
    if fault is not None:
        problem, bad_id = fault
    missing = list(walk.missing)
    if start is None:  # what a missing key signed may have been taken out with it
        told = {gap.key_id for gap in missing}
        missing += [Missing(key_id, 0, 0) for key_id in sorted(keys.closed - told)]
    if head is not None and head.judge(keys) is Judgement.KEY_MISSING:
        missing.append(Missing(head.key_id, head.id, head.id))
    return Verdict(first, last, walk.checked, bad_id, problem, tuple(missing), head)


def _first_fault(
    database: Database, walk: _Walk, first: int, last: int, progress: Callable[[int, int], None]
) -> "_Fault | None":
    for row in _rows(database, first, last):
        if problem := walk.problem_with(row):
            return problem, min(walk.expected, row["id"])
        if walk.checked % PAGE == 0:
            progress(walk.checked, last - first + 1)
    return None


def _begin(connection: sa.Connection, keys: Keys, start: int | None) -> tuple[_Walk, int, str | None]:
    """Where the walk begins and what it follows from, and what is wrong with that."""
    if start is not None and start > 1:
        before = connection.execute(sa.select(reviews.c.chain).where(reviews.c.id == start - 1)).scalar()
        if before is not None:
            return _Walk(keys, start, before), start, None
    try:
        point = checkpoint_of(connection)
    except ValueError:
        return _Walk(keys, 1, GENESIS), 1, "the checkpoint cannot be read: it was altered or put there"
    if point is None:
        return _Walk(keys, 1, GENESIS), 1, None
    walk, first = _Walk(keys, point.id + 1, point.chain), point.id + 1
    judgement = point.judge(keys, CHECKPOINT_PURPOSE)
    trouble = None
    if judgement is Judgement.FORGED:
        trouble = (
            f"the checkpoint at entry {point.id} was not signed by this site: older entries were taken out"
        )
    elif judgement is Judgement.KEY_MISSING:
        walk.missing.append(Missing(point.key_id, 1, point.id))
    left = sa.select(sa.func.max(reviews.c.id)).where(reviews.c.id <= point.id)
    inserted = connection.execute(left).scalar()
    if trouble is None and inserted is not None:
        trouble = f"entry {inserted} was inserted: the review was pruned up to entry {point.id}"
    return walk, first, trouble


def _end_problem(database: Database, keys: Keys, head: Mark | None, last: int) -> "_Fault | None":
    with database.read() as connection:
        used = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'review'").scalar()
        if trouble := trouble_with(head, keys):
            return trouble, head.id if head else None
        if head is None and (newer := _of_this_schema(connection)):
            return GONE, newer
        if head is not None and (problem := lost_end(connection, head)):
            return problem, min(head.id, last + 1)
        newest = _last_id(connection)
    if used is not None and int(used) > newest:
        return f"the end was cut: {_gone(newest + 1, int(used))}", newest + 1
    return None


def _of_this_schema(connection: sa.Connection) -> int | None:
    """An entry that was written by a program which keeps the end apart from the beginning on."""
    query = sa.select(reviews.c.id).where(reviews.c.digest_version.is_not(None)).limit(1)
    return connection.execute(query).scalar()


def against(database: Database, backup: Path) -> str | None:
    """What is wrong when the review does not hold the newest entry of a backup of this site, else None."""
    try:
        with contextlib.closing(database_file.open_as_it_is(backup)) as connection:
            row = connection.execute("SELECT id, chain FROM review ORDER BY id DESC LIMIT 1").fetchone()
    except sqlite.Error as error:
        raise NotASite(f"{backup} is not a backup of a commsdesk site ({error})") from None
    if row is None:
        return None
    with database.read() as here:
        found = here.execute(sa.select(reviews.c.chain).where(reviews.c.id == row[0])).scalar()
        if found == row[1]:
            return None
        with contextlib.suppress(ValueError):  # the check of the review itself says what is wrong with it
            point = checkpoint_of(here)
            if point is not None and row[0] <= point.id:
                return None
    return f"entry {row[0]}, the newest in {backup}, is not in this review as it is there"


def checkpoint_of(connection: sa.Connection) -> Mark | None:
    """The entry up to which the review was pruned on purpose, if it was. Raises `ValueError` for no mark."""
    query = sa.select(site_values.c.value).where(site_values.c.name == CHECKPOINT)
    kept_here = connection.execute(query).scalar()
    return None if kept_here is None else parse(kept_here)


def set_checkpoint(tx: Transaction, entry_id: int, now: Any) -> None:
    """Sign that entries up to this one may be taken out: in the transaction that takes them out.

    The newest entry has to stay, as the next one follows from it.
    """
    chain = tx.execute(sa.select(reviews.c.chain).where(reviews.c.id == entry_id)).scalar_one()
    mark = sign(tx.signer, CHECKPOINT_PURPOSE, entry_id, chain, now)
    tx.execute(sa.delete(site_values).where(site_values.c.name == CHECKPOINT))
    tx.execute(sa.insert(site_values).values(name=CHECKPOINT, value=mark.to_json()))


def _rows(database: Database, first: int, last: int) -> Iterator[sa.RowMapping]:
    seen = first - 1
    while True:
        query = sa.select(reviews).where(reviews.c.id <= last).order_by(reviews.c.id).limit(PAGE)
        # Before the very first id nothing may lie: an entry put there has to show.
        query = query.where(reviews.c.id > seen) if seen else query
        with database.read() as connection:
            page = connection.execute(query).mappings().all()
        yield from page
        if len(page) < PAGE:
            return
        seen = page[-1]["id"]


def _last_id(connection: sa.Connection) -> int:
    row = connection.execute(LAST).first()
    return int(row.id) if row else 0


def _gone(first: int, last: int) -> str:
    return f"entry {first} was removed" if first == last else f"entries {first} to {last} were removed"


def _unknown(key_id: int) -> str:
    return (
        f"is signed with key {key_id}, which nothing of this site names: it was altered or put there"
        " (or secret.key was changed by hand: add the key of then to it as a further line)"
    )
