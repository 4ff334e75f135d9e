"""What a call came to is kept, however often the file refuses it; a sender that breaks stops no other."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from scheduling import claims, recorder
from scheduling.gateways.outcome import Outcome, OutgoingMessage
from storage import handlers, outbox
from storage.database import Transaction
from storage.errors import DiskFull
from storage.leases import LeaseLost
from storage.vocabulary import MessageState, Origin
from tests.engine.support import (
    ACCEPTED,
    ScriptedSender,
    add_handler,
    make_site,
    message,
    queue,
    running,
    scripted_site,
    states,
    use_sender,
)
from tests.virtual_time import VirtualClock, run_virtually


def test_an_answer_is_kept_until_it_can_be_written_down_and_nothing_new_is_sent_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(tmp_path, clock, monkeypatch)
        keep, full = recorder.record, [DiskFull("the disk is full: free some space")]

        def record(*arguments: Any) -> Any:
            if full:
                raise full[0]
            return keep(*arguments)

        monkeypatch.setattr(recorder, "record", record)
        async with running(database, clock):
            queue(database, clock, handler)
            await clock.sleep(5)
            queue(database, clock, handler)
            await clock.sleep(30)
            assert len(sender.sent) == 1
            full.clear()
            await clock.sleep(10)
        assert len(sender.sent) == 2
        assert states(database) == {MessageState.ACCEPTED: 2}

    run_virtually(main)


def test_a_sender_that_breaks_leaves_its_message_unknown_and_the_others_are_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        def answer(item: OutgoingMessage, tries: int) -> Outcome:
            if item.text.startswith("Pump 1 "):
                raise RuntimeError("no such thing")
            return ACCEPTED

        use_sender(monkeypatch, ScriptedSender(clock, answer))
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock, batch_size=1, on_unknown="hold")
        sent = queue(database, clock, handler, 3)
        async with running(database, clock) as engine:
            await clock.sleep(5)
            assert engine.trouble is None
        found = [message(database, each).state for each in sent]
        assert found == [MessageState.ACCEPTED, MessageState.UNKNOWN, MessageState.ACCEPTED]

    run_virtually(main)


def test_what_cannot_be_written_takes_no_other_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that end together share a commit; one whose result breaks is set apart."""

    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(tmp_path, clock, monkeypatch, batch_size=1, takes=1.0)
        finish, shared = outbox.finish_attempts, []

        def finishes(tx: Transaction, results: Iterable[outbox.AttemptResult]) -> None:
            kept = list(results)
            finish(tx, kept)
            if kept[0].attempt_id == 2:
                raise ValueError("no such result")

        keep = recorder.Recorder.record_calls

        def keeps(self: recorder.Recorder, calls: Sequence[Any], *more: Any) -> Any:
            shared.append(len(calls))
            return keep(self, calls, *more)

        monkeypatch.setattr(outbox, "finish_attempts", finishes)
        monkeypatch.setattr(recorder.Recorder, "record_calls", keeps)
        sent = queue(database, clock, handler, 4, origin=Origin.ALERT)
        async with running(database, clock):
            await clock.sleep(5)
        found = [message(database, each).state for each in sent]
        accepted, sending = MessageState.ACCEPTED, MessageState.SENDING
        assert found == [accepted, sending, accepted, accepted]
        with database.read() as connection:
            outcomes = connection.exec_driver_sql("SELECT outcome FROM attempt ORDER BY id").scalars().all()
        assert outcomes == ["accepted", None, "accepted", "accepted"]
        assert len(sender.sent) == 4
        assert max(shared) > 1

    run_virtually(main)


def test_one_transaction_claims_for_all_free_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(
            tmp_path, clock, monkeypatch, takes=1.0, max_connections=4, batch_size=2
        )
        queue(database, clock, handler, 20)
        queue(database, clock, handler, 3, origin=Origin.ALERT)
        async with running(database, clock):
            await clock.sleep(0.5)
            # Alerts first, in calls of their own; of the rest only what leaves a connection to alerts.
            assert sender.calls == [2, 1, 2, 2]
            with database.read() as connection:
                query = "SELECT count(DISTINCT started_at), count(*) FROM attempt"
                assert connection.exec_driver_sql(query).one() == (1, 7)
            await clock.sleep(10)
        assert states(database) == {MessageState.ACCEPTED: 23}

    run_virtually(main)


def test_the_next_call_is_claimed_in_the_transaction_that_records_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the lease is lost in it: the results are kept all the same, and nothing is claimed."""

    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(
            tmp_path, clock, monkeypatch, batch_size=1, max_connections=1, takes=1.0
        )
        take, claim, taken, claimed = claims.take, claims.claim, [], []

        def takes(*given: Any) -> list[claims.Claim]:
            taken.append(clock.boottime())
            return take(*given)

        def claims_lost_once(*given: Any) -> list[claims.Claim]:
            claimed.append(clock.boottime())
            if len(claimed) == 3:
                raise LeaseLost
            return claim(*given)

        monkeypatch.setattr(claims, "take", takes)
        monkeypatch.setattr(claims, "claim", claims_lost_once)
        queue(database, clock, handler, 6)
        async with running(database, clock):
            await clock.sleep(5.5)
            assert states(database) == {MessageState.ACCEPTED: 5, MessageState.SENDING: 1}
            await clock.sleep(5)
        assert states(database) == {MessageState.ACCEPTED: 6}
        assert len(taken) == 2, "at first, and after the one that was lost"
        assert len(sender.sent) == 6

    run_virtually(main)


def test_a_handler_that_was_disabled_since_the_last_look_sends_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(
            tmp_path, clock, monkeypatch, batch_size=1, max_connections=1, takes=1.0
        )
        claim = claims.claim

        def disabled_meanwhile(tx: Transaction, *given: Any) -> list[claims.Claim]:
            if sender.sent:
                handlers.change(tx, handler, {"enabled": False}, clock.now())
            return claim(tx, *given)

        monkeypatch.setattr(claims, "claim", disabled_meanwhile)
        queue(database, clock, handler, 3)
        async with running(database, clock):
            await clock.sleep(10)
        assert states(database) == {MessageState.ACCEPTED: 1, MessageState.QUEUED: 2}

    run_virtually(main)
