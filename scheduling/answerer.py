"""Takes the steps of answer plans that are due: one transaction a step, fenced by the lease."""

import logging
from datetime import datetime

from scheduling import answering, fault_points
from scheduling.answering import Done
from scheduling.clock import Clock
from scheduling.clock_jump import plans_are_right
from storage import adoption, answers, leases
from storage.database import Database
from storage.errors import StorageError

log = logging.getLogger(__name__)

AT_ONCE = 200
MOST_IN_A_ROW = 100  # steps of one occurrence that follow at once: no plan has as many


class Answerer:
    """Looks at the occurrences of which something is due. Blocks on the database: call it in a thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def tick(self, epoch: int) -> int:
        """Take what is due under this lease; how many messages that queued. Raises `LeaseLost`."""
        with self._database.read() as connection:
            now = self._clock.now()
            claims = answers.claims_over(connection, now, AT_ONCE)
            steps = answers.steps_due(connection, now, AT_ONCE)
            if not (claims or steps) or adoption.is_held(connection):
                return 0
        queued = sum(self._guarded(due.occurrence_id, True, epoch) for due in claims)
        return queued + sum(self._guarded(due.occurrence_id, False, epoch) for due in steps)

    def next_due(self) -> datetime | None:
        with self._database.read() as connection:
            return answers.next_due(connection)

    def _guarded(self, occurrence_id: int, claim: bool, epoch: int) -> int:
        try:
            return self._take(occurrence_id, claim, epoch)
        except (StorageError, leases.LeaseLost):
            raise
        except Exception as error:  # one bad occurrence never stops the rest
            log.exception("occurrence %s: its plan could not go on", occurrence_id)
            with self._database.write() as tx:
                leases.check(tx, epoch)
                problem = f"{type(error).__name__}: {error}"
                answering.set_aside(tx, occurrence_id, problem, self._clock.now())
            return 0

    def _take(self, occurrence_id: int, claim: bool, epoch: int) -> int:
        queued = 0
        for _ in range(MOST_IN_A_ROW):
            done = self._step(occurrence_id, claim, epoch)
            queued += done.queued
            if not done.again:
                break
            claim = False
        return queued

    def _step(self, occurrence_id: int, claim: bool, epoch: int) -> Done:
        with self._database.write() as tx:
            leases.check(tx, epoch)
            if adoption.is_held(tx) or not plans_are_right(self._clock):
                return answering.NOTHING
            now = self._clock.now()
            take = answering.claim_over if claim else answering.take_step
            done = take(tx, occurrence_id, now, epoch)
            fault_points.passing("before-answer-commit")
        fault_points.passing("after-answer-commit")
        return done
