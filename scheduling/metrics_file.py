"""Keeps the metrics file: replaced as a whole now and then by the process that sends.

A standby keeps silent, so that several processes may be given the same file; it writes only
while nobody sends, which is when somebody should hear of it.
"""

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scheduling.clock import Clock
from storage import adoption, figures, handlers, leases, outbox, tasks
from storage.attempt_counts import AttemptCounts
from storage.database import Database
from storage.errors import StorageError

READABLE = 0o644  # node-exporter runs under an account of its own


@dataclass(frozen=True, slots=True)
class Own:
    """What the writing process knows of itself."""

    leads: bool
    in_trouble: bool
    in_flight: int


class MetricsFile:
    """Blocks on the database and the disk: called in a thread of its own."""

    def __init__(
        self, path: Path, database: Database, clock: Clock, version: str, own: Callable[[], Own]
    ) -> None:
        self._path = path.expanduser().absolute()
        self._database = database
        self._clock = clock
        self._version = version
        self._own = own
        self._ended = figures.EndedCounts()
        self._attempts: AttemptCounts | None = None

    def write(self, *, up: bool = True) -> None:
        """Replace the file, unless that is another process's part. Raises `StorageError`."""
        # The library takes a third of a second to load: only who wants the file waits for it.
        from scheduling.metrics import Facts, text_of

        own = self._own()
        began = time.monotonic()
        now = self._clock.now()
        with self._database.read() as connection:
            lease = leases.current(connection)
            sends = own.leads or leases.engine_is_running(lease, now)
            if not own.leads and (sends or not up):
                self._attempts = None  # who takes over begins to count anew, as after a start
                return
            if self._attempts is None:
                self._attempts = AttemptCounts(connection)
            self._attempts.look(connection)
            facts = Facts(
                at=now,
                up=up,
                version=self._version,
                lease=lease,
                lease_held=sends and up,
                held_here=own.leads and up,
                held_copy=adoption.is_held(connection),
                in_trouble=own.in_trouble,
                in_flight=own.in_flight,
                figures=figures.read(connection, self._ended),
                oldest_due_at=outbox.oldest_due(connection, now),
                next_task_at=tasks.next_due(connection),
                handlers=tuple(handlers.listing(connection)),
                statuses=handlers.statuses(connection),
                attempts=dict(self._attempts.ended),
                took=time.monotonic() - began,
            )
        self._replace(text_of(facts))

    def _replace(self, text: bytes) -> None:
        made = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            made.write_bytes(text)
            made.chmod(READABLE)
            made.replace(self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                made.unlink(missing_ok=True)
            raise StorageError(
                f"the metrics file {self._path} cannot be written ({(error.strerror or '').lower()}):"
                " check --metrics-file, and who may write to its folder"
            ) from None
