"""Who is at work, on which site: what every operation starts from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from storage.database import Database, Transaction
from storage.errors import StorageError
from tui.operations.errors import NotAllowed, Refused
from tui.operations.local_account import local_name

__all__ = ["Desk", "Role", "local_name"]


class Role(IntEnum):
    """Each role may do what the ones before it may."""

    VIEWER = 1
    OPERATOR = 2
    ADMINISTRATOR = 3


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Desk:
    """An operator at an open site. Operations are functions that take one first."""

    database: Database
    operator: str
    role: Role = Role.ADMINISTRATOR
    now: Callable[[], datetime] = _utc_now

    def require(self, role: Role, what: str) -> None:
        """Raises `NotAllowed` when this operator may not do it."""
        if self.role < role:
            raise NotAllowed(f"{self.operator} is {_article(self.role)}: {what} needs {_article(role)}")

    @contextmanager
    def write(self, role: Role, what: str) -> Iterator[Transaction]:
        """A write transaction for someone who may do `what`; trouble with the file becomes `Refused`."""
        self.require(role, what)
        try:
            with self.database.write() as tx:
                yield tx
        except StorageError as error:
            raise Refused(str(error)) from error


def _article(role: Role) -> str:
    return {Role.VIEWER: "a viewer", Role.OPERATOR: "an operator", Role.ADMINISTRATOR: "an administrator"}[
        role
    ]
