"""Who may log in at a site, and who could after a restore that may not now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from storage import sqlite

RANK = {"viewer": 0, "operator": 1, "administrator": 2}


class Why(StrEnum):
    """What keeps an operator of the backup from doing today what the backup would allow."""

    NOT_HERE = "not here"  # removed since, or never made at this site
    DISABLED = "disabled"
    OTHER_KEY = "other key"  # a public key that is not theirs at this site
    LESSER_ROLE = "lesser role"
    CANNOT_TELL = "cannot tell"  # the site's own list cannot be read


@dataclass(frozen=True, slots=True)
class Login:
    """An operator as a database has it. `keys` are the blobs of the public keys."""

    name: str
    role: str
    enabled: bool
    keys: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Someone whom a restore would let in, or let do more; `role` is the one in the backup."""

    name: str
    role: str
    why: Why


Logins = Mapping[str, Login]


def logins(connection: Any) -> dict[str, Login]:
    """The operators of an open database by name key, disabled ones too, removed ones not.

    `connection` is a plain one, as `database_file.open_as_it_is` gives. Raises `sqlite.Error`.
    """
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'operator'").fetchone():
        return {}
    keys: dict[int, set[str]] = {}
    for operator_id, data in connection.execute("SELECT operator_id, data FROM operator_key").fetchall():
        keys.setdefault(operator_id, set()).add(data)
    rows = connection.execute(
        "SELECT id, name, name_key, role, enabled FROM operator WHERE removed_at IS NULL"
    ).fetchall()
    return {
        name_key: Login(name, role, bool(enabled), frozenset(keys.get(number, ())))
        for number, name, name_key, role, enabled in rows
    }


def newcomers(before: Logins | None, after: Logins) -> list[Newcomer]:
    """Who may do more by `after` than by `before`; `before` is None where it cannot be read."""
    found = []
    for key, login in sorted(after.items()):
        if not login.enabled:
            continue
        why = Why.CANNOT_TELL if before is None else _why(before.get(key), login)
        if why is not None:
            found.append(Newcomer(login.name, login.role, why))
    return found


def _why(here: Login | None, then: Login) -> Why | None:
    if here is None:
        return Why.NOT_HERE
    if not here.enabled:
        return Why.DISABLED
    if not then.keys <= here.keys:
        return Why.OTHER_KEY
    return Why.LESSER_ROLE if RANK[here.role] < RANK[then.role] else None


def read(connect: Any) -> dict[str, Login] | None:
    """`logins` of what `connect()` opens; None when it cannot be read."""
    try:
        connection = connect()
    except sqlite.Error:
        return None
    try:
        return logins(connection)
    except sqlite.Error:
        return None
    finally:
        connection.close()
