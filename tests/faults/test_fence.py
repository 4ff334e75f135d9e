"""A late holder, one that still believes in its lease, claims and fires nothing."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scheduling import claims
from scheduling.answerer import Answerer
from scheduling.auditor import Auditor
from scheduling.leadership import Leadership
from scheduling.planner import Planner
from scheduling.sender_pool import SenderPool
from storage import leases, occurrences, tasks
from storage.alerts import PlanStep, plan_column
from storage.database import Database
from storage.vocabulary import MessageState, StepKind
from tests.engine import alerts as alarms
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


def test_a_late_holder_takes_no_step_of_a_plan(tmp_path: Path) -> None:
    database = support.make_site(tmp_path)
    handler = support.add_handler(database, CLOCK)
    plan = plan_column([PlanStep(timedelta(minutes=5), StepKind.REPEAT)])
    alert = alarms.add_alert(database, CLOCK, handler, plan=plan)  # type: ignore[arg-type]
    number = alarms.raise_now(database, CLOCK, alert)  # type: ignore[arg-type]
    with database.write() as tx:
        occurrences.change(tx, number, answer_due_at=CLOCK.now() - timedelta(minutes=1))
    late_epoch = late_epoch_of(database)
    with pytest.raises(leases.LeaseLost):
        Answerer(database, CLOCK).tick(late_epoch)
    assert alarms.events(database, number) == ["Created"]
    assert support.states(database) == {MessageState.QUEUED: 1}
    database.close()
