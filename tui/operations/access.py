"""Who a process works as: the account that owns the site, or one of its operators."""

import contextlib
import os
import pwd
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from storage import operators
from storage.database import Database
from storage.errors import StorageError
from storage.folder import DataFolder
from storage.operators import Operator
from storage.site import open_site
from storage.vocabulary import Role
from tui.operations.desk import Desk
from tui.operations.errors import NotAllowed
from tui.operations.operators import named

SEEN_WITHIN = 0.5  # seconds; noting that somebody came must not keep them waiting


@dataclass(frozen=True, slots=True)
class Identity:
    """Who says to be there: an operator by name (`--operator`) or by id (an SSH key), or neither.

    `local` is the account of this process, as the review names it.
    """

    local: str
    name: str | None = None
    operator_id: int | None = None


def _utc_now() -> datetime:
    return datetime.now(UTC)


def check_account(folder: Path) -> None:
    """Only the account that owns the data folder works on it directly.

    Raises `NotAllowed`; a folder that is not there yet will belong to whoever makes it.
    """
    owner = DataFolder(folder).owner()
    if owner is None or owner == os.geteuid():
        return
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = f"with the number {owner}"
    raise NotAllowed(
        f"{folder} belongs to the account {name}: come in over SSH as an operator, or run this as {name}"
    )


def open_desk(folder: Path, identity: Identity, *, create: bool = True) -> Desk:
    """Open the site in a folder and take a desk at it.

    Raises `StorageError` when it cannot be used, `Refused` when this person may not work there.
    """
    check_account(folder)
    database = open_site(folder, create=create)
    try:
        return take_desk(database, identity)
    except BaseException:
        database.close()
        raise


def take_desk(database: Database, identity: Identity, now: Callable[[], datetime] = _utc_now) -> Desk:
    """The desk of someone at an open site. Raises `Refused` when they may not work there."""
    with database.read() as connection:
        if identity.operator_id is not None:
            found = operators.get(connection, identity.operator_id)
            if found is None or found.removed_at is not None:
                raise NotAllowed("this key belongs to nobody any more: ask an administrator")
        elif identity.name is None:
            return Desk(database, identity.local, Role.ADMINISTRATOR, now)
        elif not operators.any_exist(connection):
            # Until somebody is made an operator the name is only written down.
            return Desk(database, identity.name, Role.ADMINISTRATOR, now)
        else:
            found = named(connection, identity.name)
        desk = _desk_of(database, found, now)
        desk = replace(desk, role=desk.standing(connection))
    _note_seen(desk)
    return desk


def _desk_of(database: Database, found: Operator, now: Callable[[], datetime]) -> Desk:
    return Desk(database, found.name, found.role, now, found.id)


def _note_seen(desk: Desk) -> None:
    assert desk.operator_id is not None
    # A site that cannot be written to now can still be looked at.
    with contextlib.suppress(StorageError), desk.database.write(wait=SEEN_WITHIN) as tx:
        operators.seen(tx, desk.operator_id, desk.now())
