"""The site for commands that look after one: never made by them, unlike by commands that begin work."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tui.cli import context

if TYPE_CHECKING:
    from tui.operations.desk import Desk


@contextmanager
def existing_desk() -> Iterator["Desk"]:
    """The operator at the site that is there. Raises `StorageError` when there is none."""
    from tui.operations.access import open_desk

    desk = open_desk(context.global_options().folder, context.identity(), create=False)
    try:
        yield desk
    finally:
        desk.database.close()
