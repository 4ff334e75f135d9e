"""Many users at once: loaded into staging tables of this connection, compared, then applied as a set.

The staging tables are SQLite's own TEMP tables: they belong to one connection and are no part
of the site, so that a preview can fill them without the write lock. Leaving a transaction
without commit drops them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.database import Transaction
from storage.names import key_of
from storage.types import to_micros

CHUNK = 500

_TABLES = (
    "CREATE TEMP TABLE import_user (line INTEGER PRIMARY KEY, given_id INTEGER, user_id INTEGER, name TEXT,"
    " name_key TEXT, enabled INTEGER, notes TEXT, groups_given INTEGER, added INTEGER DEFAULT 0,"
    " changed INTEGER DEFAULT 0)",
    "CREATE INDEX temp.import_user_name ON import_user (name_key)",
    "CREATE INDEX temp.import_user_user ON import_user (user_id)",
    "CREATE TEMP TABLE import_value (line INTEGER, field_id INTEGER, value TEXT,"
    " PRIMARY KEY (line, field_id))",
    "CREATE TEMP TABLE import_group (line INTEGER, name TEXT, name_key TEXT, PRIMARY KEY (line, name_key))",
)
_LIVE_GROUP = "ug.name_key = g.name_key AND ug.removed_at IS NULL"


@dataclass(frozen=True, slots=True)
class StagedUser:
    """One checked line of a file. What is None (or not in `values`) is not in the file.

    In `values`, by custom field id, None is an empty cell: the value goes.
    """

    line: int
    name: str
    user_id: int | None = None
    enabled: bool | None = None
    notes: str | None = None
    values: Mapping[int, str | None] | None = None
    groups: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Lines that fit no user, or more than one.

    `kind` is "unknown id", "several users" (`ids` are theirs), "same user" or "same name"
    (`lines` are all that meet).
    """

    kind: str
    lines: tuple[int, ...]
    name: str
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between a line and its user.

    `what` is "name", "enabled", "notes", "value" (of `field_id`), "joined" or "left" (a group).
    """

    line: int
    user_id: int
    user: str
    what: str
    old: str | None
    new: str | None
    field_id: int | None = None


def stage(
    connection: sa.Connection,
    people: Sequence[StagedUser],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Make the staging tables and load them, 500 lines at a time."""
    for statement in _TABLES:
        connection.execute(sa.text(statement))
    for start in range(0, len(people), CHUNK):
        _load(connection, people[start : start + CHUNK])
        progress(min(start + CHUNK, len(people)), len(people))


def unstage(connection: sa.Connection) -> None:
    """Drop the staging tables."""
    for name in ("import_user", "import_value", "import_group"):
        connection.execute(sa.text(f"DROP TABLE temp.{name}"))


def _load(connection: sa.Connection, people: Sequence[StagedUser]) -> None:
    _insert(
        connection,
        "import_user (line, given_id, name, name_key, enabled, notes, groups_given)",
        [
            (
                person.line,
                person.user_id,
                person.name,
                key_of(person.name),
                person.enabled if person.enabled is None else int(person.enabled),
                person.notes,
                int(person.groups is not None),
            )
            for person in people
        ],
    )
    values = [(person.line, *pair) for person in people for pair in (person.values or {}).items()]
    _insert(connection, "import_value (line, field_id, value)", values)
    groups = [(person.line, name, key_of(name)) for person in people for name in person.groups or ()]
    _insert(connection, "import_group (line, name, name_key)", groups)


def _insert(connection: sa.Connection, into: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        marks = ", ".join("?" for _ in rows[0])
        connection.exec_driver_sql(f"INSERT INTO temp.{into} VALUES ({marks})", rows)


def match(connection: sa.Connection) -> list[Mismatch]:
    """Find each line's user: by id, else by a name that one user has. Gives the lines that do not fit."""
    for statement in (
        "UPDATE temp.import_user SET user_id = given_id WHERE EXISTS"
        " (SELECT 1 FROM user WHERE user.id = given_id AND user.removed_at IS NULL)",
        "UPDATE temp.import_user SET user_id = found.id FROM"
        " (SELECT name_key, min(id) AS id FROM user WHERE removed_at IS NULL AND name_key IN"
        " (SELECT name_key FROM temp.import_user) GROUP BY name_key HAVING count(*) = 1) found"
        " WHERE import_user.given_id IS NULL AND found.name_key = import_user.name_key",
    ):
        connection.execute(sa.text(statement))
    return sorted(_mismatches(connection), key=lambda found: found.lines)


def _mismatches(connection: sa.Connection) -> Iterator[Mismatch]:
    def rows(query: str) -> Iterator[Any]:
        return iter(connection.execute(sa.text(query)).all())

    for line, name, given in rows(
        "SELECT line, name, given_id FROM temp.import_user WHERE given_id IS NOT NULL AND user_id IS NULL"
    ):
        yield Mismatch("unknown id", (line,), name, (given,))
    for line, name, ids in rows(
        "SELECT i.line, i.name, group_concat(u.id) FROM temp.import_user i JOIN user u"
        " ON u.name_key = i.name_key AND u.removed_at IS NULL"
        " WHERE i.given_id IS NULL AND i.user_id IS NULL GROUP BY i.line"
    ):
        yield Mismatch("several users", (line,), name, _numbers(ids))
    for user_id, name, lines in rows(
        "SELECT user_id, min(name), group_concat(line) FROM temp.import_user"
        " WHERE user_id IS NOT NULL GROUP BY user_id HAVING count(*) > 1"
    ):
        yield Mismatch("same user", _numbers(lines), name, (user_id,))
    for name, lines in rows(
        "SELECT min(name), group_concat(line) FROM temp.import_user i WHERE given_id IS NULL"
        " AND user_id IS NULL AND NOT EXISTS (SELECT 1 FROM user u WHERE u.name_key = i.name_key"
        " AND u.removed_at IS NULL) GROUP BY name_key HAVING count(*) > 1"
    ):
        yield Mismatch("same name", _numbers(lines), name)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(sorted(int(number) for number in text.split(",")))


def new_lines(connection: sa.Connection) -> list[int]:
    """The lines that fit no user and will be added."""
    query = "SELECT line FROM temp.import_user WHERE user_id IS NULL AND given_id IS NULL ORDER BY line"
    return list(connection.execute(sa.text(query)).scalars())


def new_groups(connection: sa.Connection) -> list[str]:
    """The names of the groups that are not there yet, in the order of the file."""
    return [name for name, _ in connection.execute(sa.text(_NEW_GROUPS))]


_NEW_GROUPS = (
    "SELECT name, name_key FROM (SELECT g.name, g.name_key, min(g.line) AS first FROM temp.import_group g"
    f" WHERE NOT EXISTS (SELECT 1 FROM user_group ug WHERE {_LIVE_GROUP}) GROUP BY g.name_key) ORDER BY first"
)
_MATCHED = "FROM temp.import_user i JOIN user u ON u.id = i.user_id"
_CHANGES = (
    f"SELECT i.line, u.id, u.name, 'name', u.name, i.name, NULL {_MATCHED} WHERE u.name <> i.name",
    f"SELECT i.line, u.id, u.name, 'enabled', u.enabled, i.enabled, NULL {_MATCHED}"
    " WHERE u.enabled <> i.enabled",
    f"SELECT i.line, u.id, u.name, 'notes', u.notes, i.notes, NULL {_MATCHED} WHERE u.notes <> i.notes",
    f"SELECT i.line, u.id, u.name, 'value', uv.value, v.value, v.field_id {_MATCHED}"
    " JOIN temp.import_value v ON v.line = i.line"
    " LEFT JOIN user_value uv ON uv.user_id = u.id AND uv.field_id = v.field_id"
    " WHERE uv.value IS NOT v.value",
    f"SELECT i.line, u.id, u.name, 'joined', NULL, g.name, NULL {_MATCHED}"
    " JOIN temp.import_group g ON g.line = i.line WHERE NOT EXISTS"
    " (SELECT 1 FROM group_member m JOIN user_group ug ON ug.id = m.group_id"
    f" WHERE m.user_id = u.id AND {_LIVE_GROUP})",
    f"SELECT i.line, u.id, u.name, 'left', ug.name, NULL, NULL {_MATCHED}"
    " JOIN group_member m ON m.user_id = u.id JOIN user_group ug ON ug.id = m.group_id"
    " WHERE i.groups_given = 1 AND ug.removed_at IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM temp.import_group g WHERE g.line = i.line AND g.name_key = ug.name_key)",
)


def changes(connection: sa.Connection) -> list[Change]:
    """How the matched users will change, in the order of the file."""
    found = [Change(*row) for query in _CHANGES for row in connection.execute(sa.text(query))]
    return sorted(found, key=lambda change: change.line)


def apply(tx: Transaction, changed_lines: Sequence[int], now: datetime) -> None:
    """Carry out what was staged and matched, and drop the staging tables."""
    for start in range(0, len(changed_lines), CHUNK):
        rows = [(line,) for line in changed_lines[start : start + CHUNK]]
        tx.connection.exec_driver_sql("UPDATE temp.import_user SET changed = 1 WHERE line = ?", rows)
    for statement in _APPLY:
        query = sa.text(statement)
        tx.execute(query, {"now": to_micros(now)} if ":now" in statement else None)
    unstage(tx.connection)


_APPLY = (
    "INSERT INTO user_group (name, name_key, notes, revision, created_at)"
    f" SELECT name, name_key, '', 1, :now FROM ({_NEW_GROUPS})",
    "UPDATE temp.import_user SET user_id = made.id, added = 1 FROM"
    " (SELECT line, (SELECT coalesce(max(id), 0) FROM user) + row_number() OVER (ORDER BY line) AS id"
    " FROM temp.import_user WHERE user_id IS NULL) made WHERE made.line = import_user.line",
    "INSERT INTO user (id, name, name_key, enabled, notes, revision, created_at, changed_at)"
    " SELECT user_id, name, name_key, coalesce(enabled, 1), coalesce(notes, ''), 1, :now, :now"
    " FROM temp.import_user WHERE added = 1",
    "UPDATE user SET name = i.name, name_key = i.name_key, enabled = coalesce(i.enabled, user.enabled),"
    " notes = coalesce(i.notes, user.notes), changed_at = :now, revision = revision + 1"
    " FROM temp.import_user i WHERE i.user_id = user.id AND i.changed = 1",
    "DELETE FROM user_value WHERE (user_id, field_id) IN (SELECT i.user_id, v.field_id FROM"
    " temp.import_value v JOIN temp.import_user i ON i.line = v.line WHERE v.value IS NULL)",
    "INSERT INTO user_value (user_id, field_id, value) SELECT i.user_id, v.field_id, v.value FROM"
    " temp.import_value v JOIN temp.import_user i ON i.line = v.line WHERE v.value IS NOT NULL"
    " ON CONFLICT (user_id, field_id) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
    "DELETE FROM group_member WHERE user_id IN (SELECT user_id FROM temp.import_user WHERE groups_given = 1)"
    " AND NOT EXISTS (SELECT 1 FROM temp.import_user i JOIN temp.import_group g ON g.line = i.line"
    f" JOIN user_group ug ON {_LIVE_GROUP}"
    " WHERE i.user_id = group_member.user_id AND ug.id = group_member.group_id)",
    "INSERT OR IGNORE INTO group_member (group_id, user_id) SELECT ug.id, i.user_id FROM"
    " temp.import_user i JOIN temp.import_group g ON g.line = i.line"
    f" JOIN user_group ug ON {_LIVE_GROUP}",
)
