"""Rule 3 where no answer comes by the usual way: a lost process, a late answer, a query before a resend."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduling import claims, recorder, withdrawal
from scheduling.call_result import Result
from storage import handlers, outbox
from storage.records import Message
from storage.vocabulary import MessageState, OutcomeKind, Stage
from tests.engine.support import ACCEPTED, message, outcome
from tests.engine.test_withdrawal import JOE, Site
from tests.virtual_time import VirtualClock, run_virtually


def under_way(site: Site, clock: VirtualClock) -> tuple[int, Message]:
    """An occurrence whose Created message is being sent."""
    site.to(JOE, stages=("Created",))
    occurrence = site.raise_()
    with site.database.write() as tx:
        handler = handlers.get(tx.connection, site.handler)
        assert handler is not None
        (taken,) = outbox.claim(
            tx,
            handler.id,
            outbox.ALERT_LANE,
            10,
            rate=handler.retry_rate,
            stop=handler.stop_retrying_after,
            epoch=1,
            instance_id="gone",
            now=clock.now(),
        )
    return occurrence, taken


def keep(site: Site, clock: VirtualClock, taken: Message, kind: OutcomeKind | None) -> None:
    with site.database.write() as tx:
        handler = handlers.get(tx.connection, site.handler)
        assert handler is not None
        answer = ACCEPTED if kind is None else outcome(kind, code=None)
        recorder.record(tx, handler, [Result(taken, answer)], clock.now())


def test_what_a_lost_holder_was_sending_is_not_sent_again(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock)
        occurrence, taken = under_way(site, clock)
        site.step(occurrence, Stage.RESTORED)
        with site.database.write() as tx:
            claims.sweep(tx, 2, clock.now())
        found = message(site.database, taken.id)
        assert (found.state, found.error_code) == (MessageState.UNKNOWN, "withdrawn")
        assert site.undecided() == 0

    run_virtually(main)


@pytest.mark.parametrize("answer", [None, OutcomeKind.BUSY, OutcomeKind.NOT_SENT, OutcomeKind.REJECTED])
def test_a_late_answer_is_still_taken(tmp_path: Path, answer: OutcomeKind | None) -> None:
    """Swept as unknown, withdrawn, and then the answer of the stopped process comes."""

    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock)
        occurrence, taken = under_way(site, clock)
        with site.database.write() as tx:
            claims.sweep(tx, 2, clock.now())
        assert message(site.database, taken.id).state is MessageState.QUEUED
        site.step(occurrence, Stage.RESTORED)
        assert message(site.database, taken.id).state is MessageState.UNKNOWN
        keep(site, clock, taken, answer)
        found = message(site.database, taken.id)
        assert found.state is {
            None: MessageState.ACCEPTED,
            OutcomeKind.REJECTED: MessageState.FAILED,
        }.get(answer, MessageState.CANCELLED)
        assert (found.error_code == "withdrawn") == (found.state is MessageState.CANCELLED)

    run_virtually(main)


def test_the_rule_is_of_values_alone() -> None:
    """Who may hand a plan to it: claimed with one withdraws Created and Escalated, without one nothing."""
    at = datetime(2026, 3, 1, 14, 3, tzinfo=UTC)
    for stage in Stage:
        found = withdrawal.ruling(stage, at)
        planned = withdrawal.ruling(stage, at, plan=object())
        if stage in (Stage.RESTORED, Stage.FINALISED):
            assert found is not None and found.tabs == withdrawal.BEFORE_THE_END
            assert Stage.RESTORED not in found.tabs and Stage.FINALISED not in found.tabs
            assert planned == found
        elif stage in (Stage.CLAIMED, Stage.ACTIONED):
            assert found is None
            assert planned is not None and planned.tabs == {Stage.CREATED, Stage.ESCALATED}
        else:
            assert found is None and planned is None
