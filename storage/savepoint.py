"""A part of a write transaction that may fail by itself, leaving the rest as it is."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from storage import sqlite
from storage.database import Transaction
from storage.errors import StorageError

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
