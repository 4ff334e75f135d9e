"""Steps of answer plans under kills and races: none twice, none skipped, none after a claim."""

import signal
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from scheduling import answering
from storage import occurrences
from storage.alerts import PlanStep, plan_column
from storage.database import Database
from storage.site import open_site
from storage.vocabulary import MessageState, Stage, StepKind
from tests.engine import alerts as alarms
from tests.engine import support
from tests.faults.nursery import Child, Nursery
from tests.operations.arrange import set_message
from tests.processes.support import CLOCK, until
from tui.operations import occurrences as operations
from tui.operations.desk import Desk

MINUTE = timedelta(minutes=1)


def site_with_plan(folder: Path, *steps: StepKind) -> tuple[Database, int, int]:
    """A site, an alert with these steps, and an occurrence of it of which somebody was told."""
    database = support.make_site(folder)
    handler = support.add_handler(database, CLOCK, enabled=False)
    plan = plan_column([PlanStep(MINUTE, step) for step in steps])
    stages = ("Created", "Escalated")
    alert = alarms.add_alert(database, CLOCK, handler, plan=plan, stages=stages)  # type: ignore[arg-type]
    number = alarms.raise_now(database, CLOCK, alert, "k")  # type: ignore[arg-type]
    told_all(database)
    return database, alert, number


def told_all(database: Database) -> None:
    for message in range(1, 1 + sum(support.states(database).values())):
        set_message(database, message, state=MessageState.ACCEPTED, next_attempt_at=None)


def now_due(database: Database, number: int) -> None:
    with database.write() as tx:
        occurrences.change(tx, number, answer_due_at=CLOCK.now())


@pytest.mark.parametrize("point", ["before-answer-commit", "after-answer-commit"])
def test_a_step_that_is_killed_is_made_once(tmp_path: Path, nursery: Nursery, point: str) -> None:
    folder = tmp_path / "site"
    database, _, number = site_with_plan(folder, *[StepKind.REPEAT] * 4)
    for step in (1, 2, 3):
        now_due(database, number)
        killed = nursery.start("run", tmp_path / f"{step}.log", folder=str(folder), point=f"{point}:1")
        until(lambda: not killed.alive, "it kills itself", 20)  # noqa: B023
        made = alarms.events(database, number).count("Told again")
        assert made == (step - 1 if point.startswith("before") else step)
        after = nursery.start("run", tmp_path / f"{step}-after.log", folder=str(folder))
        until(lambda: alarms.events(database, number).count("Told again") == step, "it is made", 20)  # noqa: B023
        end(after)
        told_all(database)
        assert len(alarms.sent(database, number)) == 1 + step
    with database.read() as connection:
        found = occurrences.get(connection, number)
    assert found is not None and found.step == 3
    database.close()


def end(child: Child) -> None:
    child.signal(signal.SIGTERM)
    assert child.ends(20)


@pytest.mark.parametrize("rounds", [40, pytest.param(500, marks=pytest.mark.long)])
def test_a_claim_against_a_step_that_is_due(tmp_path: Path, rounds: int) -> None:
    """Whoever commits first counts: no repeat is committed after a claim."""
    database, alert, _ = site_with_plan(tmp_path / "site", StepKind.REPEAT, StepKind.ESCALATE)
    other = open_site(tmp_path / "site")
    desk = Desk(other, "ana", now=CLOCK.now)
    seen = set()
    for n in range(rounds):
        number = alarms.raise_now(database, CLOCK, alert, f"race {n}")  # type: ignore[arg-type]
        now_due(database, number)
        ready = threading.Barrier(2)

        def step(number: int = number, ready: threading.Barrier = ready) -> None:
            ready.wait()
            with database.write() as tx:
                answering.take_step(tx, number, CLOCK.now(), None)

        racing = threading.Thread(target=step)
        racing.start()
        ready.wait()
        operations.step(desk, number, Stage.CLAIMED)
        racing.join()
        what = alarms.events(database, number)
        assert what in (["Created", "Claimed"], ["Created", "Told again", "Claimed"])
        seen.add(len(what))
        waits = [each for each in alarms.sent(database, number) if each.state is MessageState.QUEUED]
        assert not waits, "a claim withdraws what the step queued before it"
    assert seen
    other.close()
    database.close()
