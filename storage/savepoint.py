"""A part of a write transaction that may fail by itself, leaving the rest as it is."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from storage import sqlite
from storage.database import Transaction
from storage.errors import StorageError
from storage.leases import LeaseLost

T = TypeVar("T")
log = logging.getLogger(__name__)


@contextmanager
def on_its_own(tx: Transaction, what: str) -> Iterator[None]:
    """Undo only what was written inside when it fails, and log it under the name `what`.

    Trouble with the file itself (`StorageError`, errors of the driver) is not contained.
    """
    try:
        with tx.connection.begin_nested():
            yield
    except (StorageError, *sqlite.ERRORS):
        raise
    except Exception:
        log.exception("%s failed; the rest of the transaction goes on", what)


def apart(tx: Transaction, work: Callable[[], T]) -> T | Exception:
    """What the work gives, or why it failed: then only what it has written is undone.

    Trouble with the file itself, or with the lease, is raised.
    """
    tx.run("SAVEPOINT apart")
    try:
        found = work()
    except (StorageError, LeaseLost):
        raise
    except Exception as error:
        if isinstance(error, sqlite.ERRORS) and not sqlite.is_of_a_row(error):
            raise
        tx.run("ROLLBACK TO apart")
        tx.run("RELEASE apart")
        return error
    tx.run("RELEASE apart")
    return found
