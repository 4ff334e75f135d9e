"""Checking the review: the first entry that was altered, removed or inserted, and a cut tail.

Nothing is locked meanwhile: entries are read a page at a time, and those written after the
start are left to the next check.
"""

import contextlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from storage import database_file, sqlite
from storage.database import Database, Transaction
from storage.errors import NotASite, StorageError
from storage.review_chain import GENESIS, LAST, digest_of, link, reviews
from storage.review_head import CHECKPOINT_PURPOSE, Mark, kept, lost_end, parse, sign, site_keys
from storage.tables import site_values

PAGE = 2000
CHECKPOINT = "review_checkpoint"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. `bad_id` is the first entry at fault and `problem` says in words what is wrong.

    `unsigned` are the ranges of entries whose key is not here: their texts fit their digests,
    and no more can be said. `erased` counts entries whose text was erased on purpose. `head` is
    the end that was kept apart, None when none was.
    """

    first: int
    last: int
    checked: int
    bad_id: int | None = None
    problem: str | None = None
    unsigned: tuple[tuple[int, int], ...] = ()
    erased: int = 0
    head: Mark | None = None
    notes: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Nothing at fault, and nothing that could not be checked."""
        return self.problem is None and not self.unsigned


@dataclass(slots=True)
class _Walk:
    """Follows the chain entry by entry until something is at fault."""

    keys: dict[int, bytes | None]
    expected: int
    previous: bytes
    checked: int = 0
    erased: int = 0
    version: int | None = None
    unsigned: list[tuple[int, int]] = field(default_factory=list)

    def problem_with(self, row: sa.RowMapping) -> str | None:
        number = row["id"]
        if number < self.expected:
            return f"entry {number} was inserted"
        if number > self.expected:
            return _gone(self.expected, number - 1)
        if row["body"] is None:
            self.erased += 1
        elif not hmac.compare_digest(digest_of({**row}), row["digest"]):
            return f"entry {number} was altered"
        if self.version is not None and row["digest_version"] is None:
            return (
                f"entry {number} has no kind, though entries before it have one: it was altered or inserted"
            )
        self.version = row["digest_version"]
        key = self.keys.get(row["key_id"])
        if key is None:
            self._note_unsigned(number)
        elif not hmac.compare_digest(link(key, self.previous, row["digest"]), row["chain"]):
            return (
                f"entry {number} does not follow from the one before it: it was altered or inserted,"
                " or one before it was taken out"
            )
        self.previous = row["chain"]
        self.expected += 1
        self.checked += 1
        return None

    def _note_unsigned(self, number: int) -> None:
        if self.unsigned and self.unsigned[-1][1] == number - 1:
            self.unsigned[-1] = (self.unsigned[-1][0], number)
        else:
            self.unsigned.append((number, number))


def verify(
    database: Database, start: int | None = None, progress: Callable[[int, int], None] = lambda done, of: None
) -> Verdict:
    """Check every entry, or those from `start` on (the one before it is then taken on trust)."""
    notes = []
    try:
        head = kept(database)
    except StorageError as error:
        head = None
        notes.append(str(error))
    with database.read() as connection:
        keys = site_keys(connection, database.box)
        last = _last_id(connection)
        walk, first, trouble = _begin(connection, keys, start)
    problem, bad_id = (trouble, first) if trouble else (None, None)
    if problem is None:
        for row in _rows(database, first, last):
            problem = walk.problem_with(row)
            if problem:
                bad_id = min(walk.expected, row["id"])
                break
            if walk.checked % PAGE == 0:
                progress(walk.checked, last - first + 1)
    if problem is None:
        problem, bad_id = _end_problem(database, keys, head, last)
    return Verdict(
        first, last, walk.checked, bad_id, problem, tuple(walk.unsigned), walk.erased, head, tuple(notes)
    )


def _begin(
    connection: sa.Connection, keys: dict[int, bytes | None], start: int | None
) -> tuple[_Walk, int, str | None]:
    """Where the walk begins and what it follows from, and what is wrong with that."""
    if start is not None and start > 1:
        before = connection.execute(sa.select(reviews.c.chain).where(reviews.c.id == start - 1)).scalar()
        if before is not None:
            return _Walk(keys, start, before), start, None
    point = checkpoint_of(connection)
    if point is None:
        return _Walk(keys, 1, GENESIS), 1, None
    first = point.id + 1
    trouble = None
    if point.is_genuine(keys, CHECKPOINT_PURPOSE) is False:
        trouble = (
            f"the checkpoint at entry {point.id} was not signed by this site: older entries were taken out"
        )
    return _Walk(keys, first, point.chain), first, trouble


def _end_problem(
    database: Database, keys: dict[int, bytes | None], head: Mark | None, last: int
) -> tuple[str | None, int | None]:
    with database.read() as connection:
        used = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'review'").scalar()
        if head is not None and head.is_genuine(keys) is False:
            return "the head kept apart was not signed by this site: it was altered", head.id
        if head is not None and (problem := lost_end(connection, head)):
            return problem, min(head.id, last + 1)
        newest = _last_id(connection)
    if used is not None and int(used) > newest:
        return f"the end was cut: {_gone(newest + 1, int(used))}", newest + 1
    return None, None


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
        point = checkpoint_of(here)
        if found == row[1] or (point is not None and row[0] <= point.id):
            return None
    return f"entry {row[0]}, the newest in {backup}, is not in this review as it is there"


def checkpoint_of(connection: sa.Connection) -> Mark | None:
    """The entry up to which the review was pruned on purpose, if it was."""
    query = sa.select(site_values.c.value).where(site_values.c.name == CHECKPOINT)
    kept_here = connection.execute(query).scalar()
    try:
        return None if kept_here is None else parse(kept_here)
    except ValueError:
        return None


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
