"""What an operator may do with a message, in each of its states."""

from datetime import timedelta

import pytest

from storage import leases, outbox
from storage.message_history import MessageFilter
from storage.records import Message
from storage.vocabulary import MessageState
from tests.operations.arrange import ANN, JOE, make_handler, run_engine_here, set_message, to
from tests.operations.conftest import StandingClock
from tui.operations import handlers, messages, review, sending, status, waiting
from tui.operations.desk import Desk
from tui.operations.errors import NotAllowed, Refused
from tui.operations.views import message_json

S = MessageState
EVERY_STATE = list(MessageState)


@pytest.fixture
def message_id(desk: Desk) -> int:
    return sending.send(desk, sending.Request(make_handler(desk), to(JOE), "hello")).ids[0]


def read(desk: Desk, message_id: int) -> Message:
    return messages.view(desk, message_id).message


def put(desk: Desk, message_id: int, state: MessageState, **values: object) -> None:
    set_message(desk.database, message_id, state=str(state), **values)


def test_a_waiting_message_can_be_cancelled(desk: Desk, message_id: int) -> None:
    found = messages.cancel(desk, message_id)
    assert (found.state, found.next_attempt_at, found.finished_at) == (S.CANCELLED, None, desk.now())
    entry = list(review.listing(desk))[-1]
    assert (entry.category, entry.operator, entry.message_id) == ("Operator", "ana", message_id)


@pytest.mark.parametrize("state", [state for state in EVERY_STATE if state is not S.QUEUED])
def test_nothing_else_can_be_cancelled(desk: Desk, message_id: int, state: MessageState) -> None:
    put(desk, message_id, state)
    with pytest.raises(Refused, match=f"message {message_id}"):
        messages.cancel(desk, message_id)
    assert read(desk, message_id).state is state


@pytest.mark.parametrize("state", [S.FAILED, S.EXPIRED, S.CANCELLED, S.UNKNOWN])
def test_resend_starts_a_new_plan_on_the_same_row(
    desk: Desk, clock: StandingClock, message_id: int, state: MessageState
) -> None:
    before = read(desk, message_id)
    put(
        desk,
        message_id,
        state,
        attempts=5,
        plan_attempts=5,
        unknowns=2,
        first_attempt_at=desk.now(),
        last_planned_at=desk.now(),
        window_closes_at=desk.now() + timedelta(minutes=5),
        retry_rate=timedelta(minutes=1),
        stop_retrying_after=timedelta(minutes=5),
        finished_at=desk.now(),
        error="no answer",
        error_code="18",
    )
    clock.move(hours=3)
    found = messages.resend(desk, message_id)
    assert (found.id, found.client_message_id) == (message_id, before.client_message_id)
    assert (found.state, found.next_attempt_at, found.attempts, found.plan_attempts) == (
        S.QUEUED,
        clock.at,
        5,
        0,
    )
    assert found.first_attempt_at is found.window_closes_at is found.finished_at is found.error is None
    assert found.expires_at == clock.at + timedelta(minutes=60)
    assert found.may_arrive_twice == (state is S.UNKNOWN)


def test_a_resent_message_can_be_claimed_and_gets_a_whole_plan(
    desk: Desk, clock: StandingClock, message_id: int
) -> None:
    put(desk, message_id, S.EXPIRED, expires_at=desk.now())
    clock.move(hours=2)
    messages.resend(desk, message_id)
    with desk.database.write() as tx:
        (claimed,) = outbox.claim(
            tx,
            read_handler(desk),
            outbox.ORDINARY_LANE,
            10,
            rate=timedelta(minutes=1),
            stop=timedelta(minutes=5),
            epoch=1,
            instance_id="x",
            now=clock.at,
        )
    assert (claimed.id, claimed.plan_attempts) == (message_id, 1)
    assert claimed.window_closes_at == clock.at + timedelta(minutes=5)


def read_handler(desk: Desk) -> int:
    return next(iter(messages.listing(desk))).handler_id


def test_xml_is_asked_before_an_unknown_one_goes_again(desk: Desk) -> None:
    handler_id = make_handler(desk, "Old", api_type="xml", user_name="u", api_id="1")
    message_id = sending.send(desk, sending.Request(handler_id, to(JOE), "x")).ids[0]
    put(desk, message_id, S.UNKNOWN)
    assert messages.resend(desk, message_id).query_first
    put(desk, message_id, S.FAILED, query_first=False)
    assert not messages.resend(desk, message_id).query_first


@pytest.mark.parametrize("state", [S.QUEUED, S.SENDING, S.ACCEPTED, S.DELIVERED, S.UNDELIVERED])
def test_what_was_sent_or_waits_goes_again_only_as_a_new_message(
    desk: Desk, message_id: int, state: MessageState
) -> None:
    put(desk, message_id, state)
    with pytest.raises(Refused, match="as a new message, say so"):
        messages.resend(desk, message_id)
    copy = messages.resend(desk, message_id, again=True)
    assert copy.id != message_id and copy.resend_of == message_id
    assert (copy.to, copy.text, copy.state) == (JOE, "hello", S.QUEUED)
    assert copy.client_message_id != read(desk, message_id).client_message_id
    assert read(desk, message_id).state is state


def test_resend_needs_a_handler_that_sends(desk: Desk, message_id: int) -> None:
    put(desk, message_id, S.FAILED)
    handlers.set_enabled(desk, read_handler(desk), False)
    with pytest.raises(Refused, match="is disabled"):
        messages.resend(desk, message_id)
    assert read(desk, message_id).state is S.FAILED


def test_an_unknown_one_can_be_settled_either_way(desk: Desk, message_id: int) -> None:
    put(desk, message_id, S.UNKNOWN)
    found = messages.arrived(desk, message_id)
    assert (found.state, found.gateway_id, found.finished_at) == (S.ACCEPTED, None, desk.now())
    put(desk, message_id, S.UNKNOWN)
    assert messages.drop(desk, message_id).state is S.CANCELLED


@pytest.mark.parametrize("settle", [messages.arrived, messages.drop])
@pytest.mark.parametrize("state", [state for state in EVERY_STATE if state is not S.UNKNOWN])
def test_only_an_unknown_one_can_be_settled(desk: Desk, message_id: int, settle, state) -> None:
    put(desk, message_id, state)
    with pytest.raises(Refused, match="unknown outcome can be settled"):
        settle(desk, message_id)


def test_a_message_that_is_not_there(desk: Desk) -> None:
    for do in (messages.view, messages.cancel, messages.resend, messages.arrived, messages.drop):
        with pytest.raises(Refused, match="no message 99"):
            do(desk, 99)


def test_a_viewer_may_only_look(viewer: Desk, desk: Desk, message_id: int) -> None:
    assert messages.view(viewer, message_id).message.id == message_id
    for do in (messages.cancel, messages.resend, messages.arrived, messages.drop):
        with pytest.raises(NotAllowed):
            do(viewer, message_id)


def test_the_listing_is_complete_and_newest_last(desk: Desk) -> None:
    handler_id = make_handler(desk)
    ids = [sending.send(desk, sending.Request(handler_id, to(JOE), f"text {n}")).ids[0] for n in range(5)]
    sending.send(desk, sending.Request(handler_id, to(ANN), "other"))
    assert [message.id for message in messages.listing(desk, MessageFilter(words="text"))] == ids
    assert [message.id for message in messages.listing(desk, MessageFilter(words="text"), 2)] == ids[-2:]


def test_pages_follow_one_another_without_a_gap(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "PAGE", 2)
    handler_id = make_handler(desk)
    ids = [sending.send(desk, sending.Request(handler_id, to(JOE), f"{n}")).ids[0] for n in range(5)]
    assert [message.id for message in messages.listing(desk)] == ids


def test_json_has_the_promised_names(desk: Desk, message_id: int) -> None:
    found = message_json(read(desk, message_id), ())
    promised = (
        "id state handler user to text origin attempts segments queued_at next_attempt_at finished_at"
        " gateway_id error_code error attempt_log"
    )
    assert set(promised.split()) <= set(found)
    assert found["queued_at"] == "2026-03-02T14:00:00.000000Z"


class Waiter:
    """Stands for time passing: each pause does the next thing and moves the clock."""

    def __init__(self, *steps) -> None:
        self.steps = list(steps)
        self.now = 0.0

    def pause(self, seconds: float) -> None:
        self.now += seconds
        if self.steps:
            self.steps.pop(0)()

    def elapsed(self) -> float:
        return self.now


def test_waiting_ends_when_all_are_settled(desk: Desk) -> None:
    handler_id = make_handler(desk)
    one, two = sending.send(desk, sending.Request(handler_id, to(JOE, ANN), "x")).ids
    waiter = Waiter(
        lambda: put(desk, one, S.ACCEPTED),
        lambda: put(desk, two, S.SENDING),
        lambda: put(desk, two, S.FAILED),
    )
    found = waiting.until_settled(desk, (one, two), 60, pause=waiter.pause, elapsed=waiter.elapsed)
    assert [message.state for message in found] == [S.ACCEPTED, S.FAILED]
    assert waiter.now < 1 and not waiting.all_taken(found)


def test_waiting_gives_up_after_its_time(desk: Desk, message_id: int) -> None:
    waiter = Waiter()
    found = waiting.until_settled(desk, (message_id,), 5, pause=waiter.pause, elapsed=waiter.elapsed)
    assert [message.state for message in found] == [S.QUEUED]
    assert waiter.now == pytest.approx(5)


def test_whether_an_engine_runs(desk: Desk) -> None:
    assert not waiting.engine_is_running(desk)
    run_engine_here(desk.database)
    assert waiting.engine_is_running(desk)
    with desk.database.write() as tx:
        leases.release(tx, 1)
    assert not waiting.engine_is_running(desk)


@pytest.mark.parametrize("state", [S.CANCELLED, S.UNKNOWN])
def test_a_withdrawn_one_is_not_sent_again_but_its_text_may_go_as_a_new_one(
    desk: Desk, message_id: int, state: MessageState
) -> None:
    why = "restored at 14:03, before it was sent"
    put(desk, message_id, state, error_code="withdrawn", error=why)
    before = read(desk, message_id)
    with pytest.raises(Refused, match=f"withdrawn: {why}.*as a new message"):
        messages.resend(desk, message_id)
    assert read(desk, message_id) == before
    copy = messages.resend(desk, message_id, again=True)
    assert copy.id != message_id and copy.resend_of == message_id and copy.state is S.QUEUED
    assert read(desk, message_id) == before


def test_a_withdrawn_one_asks_nobody_to_decide(desk: Desk, message_id: int) -> None:
    put(desk, message_id, S.UNKNOWN)
    assert status.status(desk).unknown == 1
    put(desk, message_id, S.UNKNOWN, error_code="withdrawn", error="not sent again: restored at 14:03")
    assert status.status(desk).unknown == 0


@pytest.mark.parametrize("state", [S.CANCELLED, S.UNKNOWN])
def test_the_list_can_show_those_withdrawn(desk: Desk, message_id: int, state: MessageState) -> None:
    wanted = MessageFilter(withdrawn=True)
    put(desk, message_id, state)
    assert list(messages.listing(desk, wanted)) == []
    put(desk, message_id, state, error_code="withdrawn")
    assert [found.id for found in messages.listing(desk, wanted)] == [message_id]


def test_who_sends_again_is_told_of_newer_ones_that_went(desk: Desk) -> None:
    handler_id = make_handler(desk, "Other")
    first, second, elsewhere = (
        sending.send(desk, sending.Request(handler_id, to(number), "x")).ids[0] for number in (JOE, JOE, ANN)
    )
    put(desk, first, S.FAILED)
    put(desk, elsewhere, S.ACCEPTED)
    assert messages.newer_that_went(desk, [read(desk, first)]) == {}
    put(desk, second, S.ACCEPTED)
    assert messages.newer_that_went(desk, [read(desk, first)]) == {first: 1}
    assert messages.resend(desk, first).state is S.QUEUED
