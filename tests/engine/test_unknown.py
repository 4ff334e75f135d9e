"""Unknown outcomes: sent again or held, asked about first where the API can be asked."""

from pathlib import Path

import pytest

from scheduling.gateways.outcome import QueryAnswer, QueryVerdict
from storage import message_history
from storage.vocabulary import MessageState, OutcomeKind
from tests.engine.support import (
    ACCEPTED,
    ScriptedSender,
    add_handler,
    make_site,
    message,
    outcome,
    queue,
    review_of,
    running,
    scripted_site,
    use_sender,
)
from tests.virtual_time import VirtualClock, run_virtually

LOST = outcome(OutcomeKind.UNKNOWN, error="no answer within 20 s")


def test_send_again_is_marked_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(
            tmp_path, clock, monkeypatch, lambda item, n: LOST if n == 1 else ACCEPTED
        )
        (sent,) = queue(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(30)
            waiting = message(database, sent)
            assert (waiting.state, waiting.may_arrive_twice) == (MessageState.QUEUED, True)
            await clock.sleep(60)
        found = message(database, sent)
        assert found.state is MessageState.ACCEPTED
        assert found.may_arrive_twice
        ids = {item.client_message_id for _, item in sender.sent}
        assert len(ids) == 1
        texts = [entry.text for entry in review_of(database) if entry.message_id == sent]
        assert "may arrive twice" in texts[0]
        assert "may arrive twice" in texts[-1]

    run_virtually(main)


def test_after_the_third_unknown_outcome_a_person_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(tmp_path, clock, monkeypatch, lambda item, n: LOST)
        (sent,) = queue(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(330)
        assert message(database, sent).state is MessageState.UNKNOWN
        assert len(sender.sent) == 3

    run_virtually(main)


def test_hold_waits_for_an_operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(
            tmp_path, clock, monkeypatch, lambda item, n: LOST, on_unknown="hold"
        )
        (sent,) = queue(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(330)
        assert message(database, sent).state is MessageState.UNKNOWN
        assert len(sender.sent) == 1
        assert any("held for an operator" in entry.text for entry in review_of(database))

    run_virtually(main)


def test_failures_after_an_unknown_outcome_never_read_as_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(
            clock, lambda item, n: LOST if n == 1 else outcome(OutcomeKind.NOT_SENT, error="refused")
        )
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        (sent,) = queue(database, clock, add_handler(database, clock))
        async with running(database, clock):
            await clock.sleep(330)
        assert message(database, sent).state is MessageState.UNKNOWN
        assert len(sender.sent) == 5

    run_virtually(main)


def xml(clock: VirtualClock, verdicts: list[QueryVerdict]) -> ScriptedSender:
    """An XML sender whose first attempt is lost, answering queries in this order."""

    class Asked(ScriptedSender):
        async def query(self, client_message_id: str) -> QueryAnswer:
            asked.append(clock.boottime())
            return QueryAnswer(verdicts.pop(0) if verdicts else QueryVerdict.NOT_KNOWN, "f" * 32)

    asked: list[float] = []
    sender = Asked(clock, lambda item, n: LOST if n == 1 else ACCEPTED, is_xml=True)
    sender.asked = asked  # type: ignore[attr-defined]
    return sender


@pytest.mark.parametrize(
    ("verdicts", "sends", "asks"),
    [
        ([QueryVerdict.ACCEPTED], 1, 1),
        ([QueryVerdict.NOT_KNOWN, QueryVerdict.ACCEPTED], 1, 2),
        ([QueryVerdict.NOT_KNOWN, QueryVerdict.NOT_KNOWN], 2, 2),
        ([QueryVerdict.NO_ANSWER, QueryVerdict.NO_ANSWER, QueryVerdict.NOT_KNOWN], 2, 3),
    ],
)
def test_xml_asks_at_once_and_again_just_before_it_sends_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verdicts: list[QueryVerdict], sends: int, asks: int
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = xml(clock, list(verdicts))
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock, api_type="xml", batch_size=1)
        (sent,) = queue(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(330)
        assert message(database, sent).state is MessageState.ACCEPTED
        assert len(sender.sent) == sends
        assert len(sender.asked) == asks  # type: ignore[attr-defined]

    run_virtually(main)


@pytest.mark.parametrize(
    ("verdicts", "sends"),
    [
        ([QueryVerdict.ACCEPTED], 1),
        ([QueryVerdict.NOT_KNOWN, QueryVerdict.ACCEPTED], 1),
        ([QueryVerdict.NO_ANSWER, QueryVerdict.NO_ANSWER, QueryVerdict.ACCEPTED], 1),
        ([QueryVerdict.NOT_KNOWN, QueryVerdict.NOT_KNOWN, QueryVerdict.NOT_KNOWN, QueryVerdict.ACCEPTED], 2),
    ],
)
def test_a_request_that_is_found_is_no_second_attempt_and_does_not_arrive_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verdicts: list[QueryVerdict], sends: int
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = xml(clock, list(verdicts))
        sender.answer = lambda item, n: LOST if n <= sends else ACCEPTED
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock, api_type="xml", batch_size=1)
        (sent,) = queue(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(330)
        found = message(database, sent)
        assert (found.state, found.gateway_id) == (MessageState.ACCEPTED, "f" * 32)
        assert len(sender.sent) == sends
        with database.read() as connection:
            log = message_history.attempts_of(connection, sent)
        requests = [attempt for attempt in log if attempt.outcome != "not_sent"]
        assert len(requests) == sends, "an attempt row for each request that left"
        assert requests[-1].outcome == "accepted"
        assert requests[-1].gateway_id == "f" * 32
        assert found.attempts == len(log)
        assert found.attempt_id == requests[-1].id
        assert found.may_arrive_twice is (sends > 1)
        (last,) = [e.text for e in review_of(database) if e.message_id == sent and "accepted" in e.text]
        assert ("may arrive twice" in last) is (sends > 1)
        assert "nothing was sent again" in last
        if len(log) == 1:
            assert "attempt 1 of 5" in last

    run_virtually(main)
