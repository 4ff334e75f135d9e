"""What Diagnose looks at: the site or the one thing that is named, with its facts read once."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from storage import custom_fields, leases, message_history, users
from storage import handlers as stored_handlers
from storage.errors import StorageError
from storage.leases import Lease
from storage.records import CustomField, Message, User
from storage.vocabulary import FieldType
from tui.operations import handler_status
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.handler_status import HandlerView


class Subject(StrEnum):
    SITE = "site"
    HANDLER = "handler"
    USER = "user"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Scope:
    """What is diagnosed: the site, or the one thing that is named."""

    handler_id: int | None = None
    user_id: int | None = None
    message_id: int | None = None

    @property
    def subject(self) -> Subject:
        if self.message_id is not None:
            return Subject.MESSAGE
        if self.user_id is not None:
            return Subject.USER
        return Subject.SITE if self.handler_id is None else Subject.HANDLER


@dataclass
class Bench:
    """What the checks of one diagnosis look at, read once."""

    desk: Desk
    scope: Scope
    version: str = ""

    @cached_property
    def message(self) -> Message | None:
        if self.scope.message_id is None:
            return None
        with self.desk.database.read() as connection:
            found = message_history.get(connection, self.scope.message_id)
        if found is None:
            raise Refused(f"there is no message {self.scope.message_id}")
        return found

    @cached_property
    def user(self) -> User | None:
        wanted = self.message.user_id if self.message else self.scope.user_id
        if wanted is None:
            return None
        with self.desk.database.read() as connection:
            return users.get(connection, wanted)

    @cached_property
    def views(self) -> list[HandlerView]:
        """The handlers that are looked at: the one named, or all."""
        wanted = self.message.handler_id if self.message else self.scope.handler_id
        if wanted is None:
            return handler_status.listing(self.desk)
        found = handler_status.view(self.desk, wanted)
        if found is None:
            raise Refused("the handler was removed: choose another")
        return [found]

    @cached_property
    def unreadable(self) -> set[int]:
        """The handlers without a secret that can be read."""
        missing = set()
        with self.desk.database.read() as connection:
            for view in self.views:
                try:
                    stored_handlers.secret_of(self.desk.database, connection, view.handler.id)
                except StorageError:
                    missing.add(view.handler.id)
        return missing

    @cached_property
    def telephone_fields(self) -> list[CustomField]:
        with self.desk.database.read() as connection:
            known = custom_fields.listing(connection)
        return [one for one in known if one.type is FieldType.TELEPHONE_NUMBER]

    @cached_property
    def lease(self) -> Lease:
        with self.desk.database.read() as connection:
            return leases.current(connection)

    @property
    def engine_running(self) -> bool:
        return leases.engine_is_running(self.lease, self.desk.now())
