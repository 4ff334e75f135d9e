"""Small read calls for cells. Field names are those of the command line's `--json`.

`data` is the site's folder and `operator` who reads; without them the same as for `commsdesk`.
Nothing is written, and no site is made where there is none.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tui.notebook.table import Table
from tui.operations.errors import Refused

if TYPE_CHECKING:
    from tui.operations.desk import Desk

Chosen = TypeVar("Chosen", bound=StrEnum)
Folder = str | PathLike[str] | None
MOST = 200  # of what there may be millions of

EMPTY = "Nothing fits."


def handlers(*, data: Folder = None, operator: str | None = None) -> Table:
    """Communication handlers, with their status and balance."""
    from tui.operations import handler_status
    from tui.operations.views import handler_json

    columns = ("id", "name", "api_type", "status", "balance", "currency", "queued", "error")
    return _table(
        data, operator, columns, lambda desk: [handler_json(view) for view in handler_status.listing(desk)]
    )


def users(search: str = "", *, data: Folder = None, operator: str | None = None) -> Table:
    """Users, or those with all of these words."""
    from storage import users as stored
    from storage.users import UserFilter
    from tui.operations import fields
    from tui.operations.users import as_json

    def rows(desk: "Desk") -> list[dict[str, Any]]:
        known = fields.listing(desk)
        with desk.database.read() as connection:
            return [as_json(user, known) for user in stored.everyone(connection, UserFilter(words=search))]

    return _table(data, operator, ("id", "name", "enabled", "fields", "groups"), rows)


def groups(*, data: Folder = None, operator: str | None = None) -> Table:
    """User groups."""
    from tui.operations import groups as operations

    return _table(
        data,
        operator,
        ("id", "name", "notes"),
        lambda desk: [operations.as_json(group) for group in operations.listing(desk)],
    )


def alerts(*, data: Folder = None, operator: str | None = None) -> Table:
    """Alerts as they are set up."""
    from tui.operations import alerts as operations
    from tui.operations.alert_views import alert_json

    columns = ("id", "name", "priority", "enabled", "active", "problems")
    return _table(
        data, operator, columns, lambda desk: [alert_json(view) for view in operations.listing(desk)]
    )


def occurrences(
    active: bool = False, limit: int | None = MOST, *, data: Folder = None, operator: str | None = None
) -> Table:
    """What was raised, or only what is active now; the newest `limit`."""
    from tui.operations import occurrences as operations
    from tui.operations.alert_views import listed_json

    columns = ("id", "alert", "key", "stage", "count", "raised_at", "owner", "queued")
    return _table(
        data,
        operator,
        columns,
        lambda desk: [
            listed_json(view) for view in operations.listing(desk, active_only=active, limit=limit)
        ],
    )


def tasks(*, data: Folder = None, operator: str | None = None) -> Table:
    """Scheduled tasks."""
    from tui.operations import tasks as operations
    from tui.operations.views import task_json

    columns = ("id", "name", "cron", "words", "zone", "enabled", "next_due_at", "last_run_at")
    return _table(
        data, operator, columns, lambda desk: [task_json(task) for task in operations.listing(desk)]
    )


def messages(
    search: str = "",
    *,
    state: str | None = None,
    handler: str | None = None,
    user: str | None = None,
    limit: int | None = MOST,
    data: Folder = None,
    operator: str | None = None,
) -> Table:
    """Messages that fit, the newest `limit`. `state` is as in `commsdesk message list --state`."""
    from storage.message_history import MessageFilter
    from storage.vocabulary import MessageState
    from tui.operations import messages as operations
    from tui.operations import names
    from tui.operations.views import message_json

    def rows(desk: "Desk") -> list[dict[str, Any]]:
        with desk.database.read() as connection:
            wanted = MessageFilter(
                state=_chosen(MessageState, state, "state"),
                handler_id=None if handler is None else names.handler(connection, handler).id,
                user_id=None if user is None else names.user(connection, user).id,
                words=search,
            )
        return [message_json(message) for message in operations.listing(desk, wanted, limit)]

    columns = ("id", "queued_at", "state", "user", "to", "handler", "attempts", "text", "error")
    return _table(data, operator, columns, rows)


def review(
    search: str = "",
    *,
    category: str | None = None,
    level: str | None = None,
    limit: int | None = MOST,
    data: Folder = None,
    operator: str | None = None,
) -> Table:
    """Review entries that fit, the newest `limit`. `category` is Handler, Message, … and `level` info, …"""
    from storage.review import ReviewFilter
    from storage.vocabulary import Category, Level
    from tui.operations import review as operations
    from tui.operations.views import review_json

    wanted = ReviewFilter(
        category=_chosen(Category, category, "category"),
        level=_chosen(Level, level, "level"),
        words=search,
    )
    return _table(
        data,
        operator,
        ("id", "at", "category", "level", "text", "operator"),
        lambda desk: [review_json(entry) for entry in operations.listing(desk, wanted, limit)],
    )


def status(*, data: Folder = None, operator: str | None = None) -> Table:
    """How the site is, as one row."""
    from tui.operations import status as operations

    def rows(desk: "Desk") -> list[dict[str, Any]]:
        return [operations.as_json(operations.status(desk))]

    columns = ("healthy", "problems", "warnings", "queue", "oldest_due_at", "next_task", "next_task_due_at")
    return _table(data, operator, columns, rows)


def _chosen(kind: type[Chosen], text: str | None, what: str) -> Chosen | None:
    """The value that a word stands for. Raises `Refused`."""
    if text is None:
        return None
    for value in kind:
        if str(value).casefold() == text.casefold():
            return value
    raise Refused(f"there is no {what} {text!r}: choose one of {', '.join(map(str, kind))}", what)


def _table(
    data: Folder,
    operator: str | None,
    columns: tuple[str, ...],
    rows: "Callable[[Desk], list[dict[str, Any]]]",
) -> Table:
    with _desk(data, operator) as desk:
        found = rows(desk)
    return Table(found, columns, EMPTY)


@contextmanager
def _desk(data: Folder, operator: str | None) -> "Iterator[Desk]":
    """Somebody at the site that is there, for as long as a call takes."""
    from tui.cli import context
    from tui.cli.existing_site import existing_desk

    context.configure(None if data is None else Path(data), operator)
    with existing_desk() as desk:
        yield desk
