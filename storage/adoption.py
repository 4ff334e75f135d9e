"""Whether this database is the live site, or a copy of one that must not send what the original sent.

The database remembers its own inode (and its file system, where that has a lasting name).
Where they differ, and after a restore, what waited is held as `unknown`, and nothing is fired
or sent until someone says that this is the live site.
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from storage import message_rows
from storage.database import Database, Transaction, rows_of
from storage.folder import file_system_of
from storage.records import ReviewEntry
from storage.tables import attempts, instances, leases, messages, site_values
from storage.vocabulary import UNDER_WAY, Category, EntryKind, Level, MessageState, OutcomeKind

INODE, FILE_SYSTEM, HELD = "inode", "file_system", "held"

# Kept in place of an inode, so that the next opening holds the site whatever inode the file has.
FROM_BACKUP = "restored from a backup"
COPIED = "a copy, or moved here from another disk"

# Their identifier comes from the file system itself; that of others changes with the next mount.
LASTING = ("ext2", "ext3", "ext4", "btrfs")
# They make inodes up anew with each mount: a copy cannot be told there.
WITHOUT_INODES = ("vfat", "msdos", "exfat")

MOST_NAMED = 500  # held messages that get a review entry each; of more, only how many there are
HOLD_WAITS = 30.0  # seconds for the write lock


@dataclass(frozen=True, slots=True)
class Hold:
    """Since when the site is held, and why, to be read as "this database is REASON"."""

    since: datetime
    reason: str


def identity_of(path: Path) -> dict[str, str]:
    """What the database at that path should remember of itself."""
    kind = file_system_of(path)
    found = {INODE: "none" if kind in WITHOUT_INODES else str(path.stat().st_ino)}
    if kind in LASTING:
        found[FILE_SYSTEM] = f"{kind} {os.statvfs(path).f_fsid:x}"
    return found


_HELD = sa.select(site_values.c.value).where(site_values.c.name == HELD)


def is_held(connection: sa.Connection | Transaction) -> bool:
    """Whether nothing may be fired or sent. One look at a small table."""
    return bool(rows_of(connection, "SELECT 1 FROM site_value WHERE name = ?", (HELD,)))


def hold_of(connection: sa.Connection | Transaction) -> Hold | None:
    """The hold that is on the site, if one is."""
    kept = connection.execute(_HELD).scalar()
    if kept is None:
        return None
    found = json.loads(kept)
    return Hold(datetime.fromisoformat(found["since"]), found["reason"])


def why_not_live(connection: sa.Connection | Transaction, path: Path) -> str | None:
    """Why the file is not the one that the database was last said to live in; None when it is."""
    wanted = site_values.c.name.in_((INODE, FILE_SYSTEM))
    query = sa.select(site_values.c.name, site_values.c.value).where(wanted)
    kept = {row.name: row.value for row in connection.execute(query)}
    if kept.get(INODE) == FROM_BACKUP:
        return FROM_BACKUP
    here = identity_of(path)
    moved = FILE_SYSTEM in kept and FILE_SYSTEM in here and kept[FILE_SYSTEM] != here[FILE_SYSTEM]
    return COPIED if kept.get(INODE) != here[INODE] or moved else None


def hold_if_copied(database: Database, now: datetime) -> Hold | None:
    """Hold the site when its file is not the live one. For when it is opened, before anything else."""
    with database.read() as connection:
        if why_not_live(connection, database.path) is None or is_held(connection):
            return hold_of(connection)
    with database.write(wait=HOLD_WAITS) as tx:
        reason = why_not_live(tx, database.path)
        if reason is not None and not is_held(tx):
            hold(tx, reason, now)
        return hold_of(tx)


def hold(tx: Transaction, reason: str, now: datetime) -> int:
    """Hold the site: what waited or was being sent becomes `unknown`. How many messages that were."""
    waited = messages.c.state.in_(UNDER_WAY)
    count = int(tx.execute(sa.select(sa.func.count()).select_from(messages).where(waited)).scalar_one())
    entries = _named(tx, reason, count)
    error = f"held: this database is {reason}, and the original may have sent it"
    mine = sa.select(messages.c.attempt_id).where(messages.c.state == MessageState.SENDING)
    tx.execute(
        sa.update(attempts)
        .where(attempts.c.id.in_(mine), attempts.c.outcome.is_(None))
        .values(outcome=OutcomeKind.UNKNOWN, finished_at=now, error=error)
    )
    tx.execute(
        sa.update(messages)
        .where(waited)
        .values(
            state=MessageState.UNKNOWN,
            error=error,
            error_code=None,
            next_attempt_at=None,
            finished_at=None,
            behind_since=None,
            next_planned_at=None,
        )
    )
    # The processes and the lease written down here are the original's.
    tx.execute(sa.delete(instances))
    holder = {c.name: None for c in leases.c if c.name.startswith("holder")}
    tx.execute(sa.update(leases).values(epoch=leases.c.epoch + 1, beat=leases.c.beat + 1, **holder))
    _keep(tx, {HELD: json.dumps({"since": now.astimezone(UTC).isoformat(), "reason": reason})})
    tx.review(now, *entries)
    return count


def adopt(tx: Transaction, path: Path) -> None:
    """This file is the live site from now on. The messages held as `unknown` stay for a person to decide."""
    tx.execute(sa.delete(site_values).where(site_values.c.name.in_((HELD, FILE_SYSTEM))))
    _keep(tx, identity_of(path))


def _keep(tx: Transaction, values: dict[str, str]) -> None:
    tx.execute(sa.delete(site_values).where(site_values.c.name.in_(values)))
    tx.execute(sa.insert(site_values), [{"name": name, "value": value} for name, value in values.items()])


def _named(tx: Transaction, reason: str, count: int) -> list[ReviewEntry]:
    query = message_rows.SELECT.where(messages.c.state.in_(UNDER_WAY)).order_by(messages.c.id)
    found = [message_rows.record_of(row) for row in tx.execute(query.limit(MOST_NAMED)).mappings()]
    entries = [
        ReviewEntry(
            Category.MESSAGE,
            f"{message.recipient}: held as unknown: this database is {reason},"
            " and the original may have sent it",
            Level.WARNING,
            handler_id=message.handler_id,
            handler=message.handler,
            user_id=message.user_id,
            user=message.user,
            message_id=message.id,
            task_id=message.task_id,
            alert_id=message.alert_id,
            occurrence_id=message.occurrence_id,
            kind=EntryKind.UNKNOWN,
        )
        for message in found
    ]
    if count > len(found):
        entries.append(
            ReviewEntry(
                Category.MESSAGE,
                f"and {count - len(found):,} more messages held as unknown",
                Level.WARNING,
                kind=EntryKind.UNKNOWN,
            )
        )
    waited = f"{count:,} waiting {'message' if count == 1 else 'messages'} held as unknown; " if count else ""
    said = f"this database is {reason}: {waited}nothing is sent until someone says that this is the live site"
    return [ReviewEntry(Category.SYSTEM, said, Level.ERROR, kind=EntryKind.SITE), *entries]
