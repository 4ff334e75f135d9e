"""A late holder, one that still believes in its lease, claims and fires nothing."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scheduling import claims
from scheduling.auditor import Auditor
from scheduling.leadership import Leadership
from scheduling.planner import Planner
from scheduling.sender_pool import SenderPool
from storage import leases, tasks
from storage.database import Database
from storage.vocabulary import MessageState
from tests.engine import support
from tests.faults.test_due_once import add_due_once
from tests.processes.support import CLOCK

BELIEVES: Any = SimpleNamespace(holds=True)


def late_epoch_of(database: Database) -> int:
    """The epoch of a holder after whom the lease has gone to another."""
    late = Leadership(database, CLOCK, "late", "run")
    assert late.step()
    epoch = late.epoch
    assert epoch is not None
    late.release()
    assert Leadership(database, CLOCK, "next", "run").step()
    return epoch


def test_a_late_holder_claims_nothing(tmp_path: Path) -> None:
    database = support.make_site(tmp_path)
    handler = support.add_handler(database, CLOCK)
    support.queue(database, CLOCK, handler, 3)
    late_epoch = late_epoch_of(database)

    ready = claims.look(database, CLOCK.now()).ready[0]
    pool = SenderPool(database, CLOCK)
    with pytest.raises(leases.LeaseLost):
        wanted = [claims.Wanted(ready, claims.Load(), 10)]
        claims.take(database, BELIEVES, pool, wanted, late_epoch, "late", CLOCK)
    assert support.states(database) == {MessageState.QUEUED: 3}
    database.close()


def test_a_late_holder_fires_nothing(tmp_path: Path) -> None:
    database = support.make_site(tmp_path)
    task = add_due_once(database, support.add_handler(database, CLOCK))
    late_epoch = late_epoch_of(database)
    with pytest.raises(leases.LeaseLost):
        Planner(database, CLOCK).tick(late_epoch)
    with database.read() as connection:
        assert not tasks.runs(connection, task, None, 10)
    assert not support.states(database)
    database.close()


def test_a_late_holder_checks_and_mends_nothing(tmp_path: Path) -> None:
    database = support.make_site(tmp_path)
    late_epoch = late_epoch_of(database)
    with pytest.raises(leases.LeaseLost):
        Auditor(database, CLOCK).look(late_epoch, (), False)
    database.close()
