"""Whether a database has exactly the schema of its version: no table missing, no trigger or view added.

A restored file comes from outside. A trigger in it would run with every write of ours (one can make
an administrator), so everything in its `sqlite_master` must be what our own migrations make.
"""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from storage import database_file, sqlite
from storage.upgrade import run_upgrade

# SQLite keeps these for itself, as they are needed: ids used so far, and what ANALYZE found.
OF_SQLITE = ("sqlite_sequence", "sqlite_stat1", "sqlite_stat4")

Master = frozenset[tuple[str, str, str, str]]


def differences(connection: Any, version: int) -> list[str]:
    """What the schema of an open database has that a fresh one of `version` has not, or lacks; else nothing.

    Each is a name with its kind ("trigger op is no part of commsdesk"). Raises `sqlite.Error` for a file
    that cannot be read.
    """
    found, wanted = _master(connection), fresh(version)
    kept = {(kind, name) for kind, name, _, _ in wanted}
    told = [
        f"{kind} {name} is not as commsdesk makes it"
        if (kind, name) in kept
        else f"{kind} {name} is no part of commsdesk"
        for kind, name, _, _ in sorted(found - wanted)
    ]
    there = {(kind, name) for kind, name, _, _ in found}
    told += [f"{kind} {name} is missing" for kind, name, _, _ in sorted(wanted) if (kind, name) not in there]
    if not told:
        step = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        if [tuple(row) for row in step] != [(f"{version:04d}",)]:
            told.append("its schema version is told in two ways")
    return told


@cache
def fresh(version: int) -> Master:
    """The schema that our migrations make, as SQLite keeps it."""
    with tempfile.TemporaryDirectory(prefix="commsdesk-schema-") as folder:
        path = Path(folder) / "fresh.sqlite3"
        sqlite.connect(path, create=True).close()
        run_upgrade(path, version, lambda connection: None)
        connection = database_file.open_as_it_is(path)
        try:
            return _master(connection)
        finally:
            connection.close()


def _master(connection: Any) -> Master:
    rows = connection.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master").fetchall()
    return frozenset((str(a), str(b), str(c), str(d)) for a, b, c, d in rows if b not in OF_SQLITE)
