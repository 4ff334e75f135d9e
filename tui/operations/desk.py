"""Who is at work, on which site: what every operation starts from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from storage import operators
from storage.database import Database, Transaction
from storage.errors import StorageError
from storage.vocabulary import Role
from tui.operations.errors import NotAllowed, Refused, SignedOut

if TYPE_CHECKING:
    import sqlalchemy as sa

P = ParamSpec("P")
T = TypeVar("T")


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Desk:
    """An operator at an open site. Operations are functions that take one first.

    `role` is the one at the time of opening. With an `operator_id` the role that counts, and
    whether they may still be here, is read from the site at every operation.
    """

    database: Database
    operator: str
    role: Role = Role.ADMINISTRATOR
    now: Callable[[], datetime] = _utc_now
    operator_id: int | None = None

    def standing(self, connection: "sa.Connection") -> Role:
        """The role at this moment. Raises `SignedOut` when the operator may not be here any more."""
        if self.operator_id is None:
            return self.role
        found = operators.get(connection, self.operator_id)
        if found is None or found.removed_at is not None:
            raise SignedOut(f"{self.operator} is no operator of this site any more: ask an administrator")
        if not found.enabled:
            raise SignedOut(f"{self.operator} is disabled: ask an administrator")
        if found.name != self.operator:  # what is done would be written down under the old name
            raise SignedOut(f"{self.operator} is now named {found.name}: log in again")
        return found.role

    def read(
        self, query: Callable[Concatenate["sa.Connection", P], T], *args: P.args, **options: P.kwargs
    ) -> T:
        """What a query of `storage`, or a look-up by name, finds in the site as it is now."""
        with self.database.read() as connection:
            return query(connection, *args, **options)

    def require(self, role: Role, what: str) -> None:
        """Raises `NotAllowed` when this operator may not do it."""
        self.read(self.check, role, what)

    @contextmanager
    def write(self, role: Role, what: str) -> Iterator[Transaction]:
        """A write transaction for someone who may do `what`; trouble with the file becomes `Refused`."""
        # Before waiting for one's turn to write, and once more when nobody can change it meanwhile.
        self.require(role, what)
        try:
            with self.database.write() as tx:
                self.check(tx.connection, role, what)
                if self.operator_id is not None:
                    operators.seen(tx, self.operator_id, self.now())
                yield tx
        except StorageError as error:
            raise Refused.by(error) from error

    def check(self, connection: "sa.Connection", role: Role, what: str) -> None:
        """As `require`, by a connection that is there already."""
        have = self.standing(connection)
        if not have.allows(role):
            raise NotAllowed(refusal(self.operator, have, what, role))


def refusal(operator: str, have: Role, what: str, needed: Role) -> str:
    """Why someone may not do a thing: "vic is a viewer: sending needs an operator"."""
    return f"{operator} is {_article(have)}: {what} needs {_article(needed)}"


def _article(role: Role) -> str:
    return {Role.VIEWER: "a viewer", Role.OPERATOR: "an operator", Role.ADMINISTRATOR: "an administrator"}[
        role
    ]
