"""Messages to one number keep their order: docs/alerts.md, "In which order messages go"."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduling.call_result import Result
from scheduling.gateways.outcome import Outcome, OutgoingMessage
from scheduling.recorder import Recorder
from storage import actions as stored_actions
from storage import handlers, outbox
from storage.database import Database
from storage.records import Action, Message, MessageDraft, Recipient
from storage.vocabulary import MessageState, Origin, OutcomeKind, Stage
from tests.engine import alerts as at
from tests.engine.support import (
    ACCEPTED,
    ScriptedSender,
    add_handler,
    make_site,
    message,
    outcome,
    review_of,
    running,
)
from tests.engine.test_withdrawal import AMY, BUSY, JOE, LOST, REFUSED, Site, scripted, texts
from tests.virtual_time import VirtualClock, run_virtually

MINUTE = timedelta(minutes=1)


def by_hand(database: Database, clock: VirtualClock, handler: int, *said: str, to: str = JOE) -> list[int]:
    """Messages to one number, each an act of its own, in this order."""
    made = []
    for text in said:
        draft = MessageDraft(handler, to, text, 1, None, None, clock.now() + 60 * MINUTE)
        with database.write() as tx:
            made += outbox.enqueue(tx, outbox.Submission(Origin.MANUAL), [draft], clock.now())
    return made


def busy_first(text: str, times: int = 1, kind: Outcome = BUSY) -> Callable[[OutgoingMessage, int], Outcome]:
    """A text is met by a busy gateway so many times; everything else is accepted."""
    return lambda item, n: kind if item.text == text and n <= times else ACCEPTED


def hand_site(folder: Path, clock: VirtualClock, **values: Any) -> tuple[Database, int]:
    database = make_site(folder, clock)
    return database, add_handler(database, clock, **values)


@pytest.mark.parametrize("kind", [BUSY, REFUSED, LOST])
@pytest.mark.parametrize("batch", [1, 100])
def test_case_7_by_hand_two_texts_arrive_in_the_order_of_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Outcome, batch: int
) -> None:
    """Case 7 of docs/alerts.md, by hand: the first is met by a busy gateway."""

    async def main(clock: VirtualClock) -> None:
        sender = scripted(clock, monkeypatch, busy_first("ALL CLEAR", kind=kind))
        database, handler = hand_site(tmp_path, clock, batch_size=batch)
        async with running(database, clock):
            (first,) = by_hand(database, clock, handler, "ALL CLEAR")
            await clock.sleep(3)
            assert message(database, first).state is MessageState.QUEUED
            (second,) = by_hand(database, clock, handler, "EVACUATE")
            await clock.sleep(10)
        assert texts(sender) == ["ALL CLEAR", "ALL CLEAR", "EVACUATE"]
        assert {message(database, key).state for key in (first, second)} == {MessageState.ACCEPTED}

    run_virtually(main)


@pytest.mark.parametrize("kind", [BUSY, REFUSED])
@pytest.mark.parametrize("newer", [True, False])
def test_a_late_no_to_one_of_unknown_outcome_never_comes_after_the_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Outcome, newer: bool
) -> None:
    """Held for an operator, it holds nobody up; then the answer comes after all: it was not taken."""

    async def main(clock: VirtualClock) -> None:
        sender = scripted(clock, monkeypatch, busy_first("ALL CLEAR", kind=LOST))
        database, handler = hand_site(tmp_path, clock, on_unknown="hold")
        async with running(database, clock):
            (first,) = by_hand(database, clock, handler, "ALL CLEAR")
            await clock.sleep(3)
            taken = message(database, first)
            assert taken.state is MessageState.UNKNOWN
            if newer:
                by_hand(database, clock, handler, "EVACUATE")
                await clock.sleep(3)
            with database.read() as connection:
                (kept,) = handlers.listing(connection)
            Recorder(database).record_calls([(kept, [Result(taken, kind)])], clock.now())
            await clock.sleep(300)
        assert texts(sender) == ["ALL CLEAR", "EVACUATE" if newer else "ALL CLEAR"]
        found = message(database, first)
        assert found.state is (MessageState.FAILED if newer else MessageState.ACCEPTED)
        said = [entry.text for entry in review_of(database) if entry.message_id == first]
        assert any("a newer message went before it" in text for text in said) is newer

    run_virtually(main)


def test_case_7_over_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 7 of docs/alerts.md: the order is on disk."""

    async def main(clock: VirtualClock) -> None:
        sender = scripted(clock, monkeypatch, busy_first("one", times=2))
        database, handler = hand_site(tmp_path, clock)
        async with running(database, clock):
            by_hand(database, clock, handler, "one", "two")
            await clock.sleep(3)
        assert texts(sender)[-1] == "one"
        async with running(database, clock):
            by_hand(database, clock, handler, "three")
            await clock.sleep(300)
        assert texts(sender) == ["one", "one", "one", "two", "three"]

    run_virtually(main)


def test_two_that_are_bound_are_never_in_one_call_nor_in_two_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = scripted(clock, monkeypatch, lambda item, n: ACCEPTED, takes=5.0)
        database, handler = hand_site(tmp_path, clock)
        by_hand(database, clock, handler, "one", "two", "three")
        by_hand(database, clock, handler, "other", to=AMY)
        begun = clock.boottime()
        async with running(database, clock):
            await clock.sleep(30)
        assert sender.calls == [2, 1, 1]
        assert texts(sender) == ["one", "other", "two", "three"]
        # The newer one goes in the round of the answer, not at the next look.
        gaps = [round(b - a, 1) for a, b in zip(sender.times[1:], sender.times[2:], strict=False)]
        assert gaps == [5.0, 5.0] and sender.times[0] - begun < 3

    run_virtually(main)


def test_the_newer_makes_the_older_due_at_once_and_the_plan_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra attempt uses up no planned one: 0, the extra, then 60, 120, 180, 240."""

    async def main(clock: VirtualClock) -> None:
        sender = scripted(clock, monkeypatch, busy_first("one", times=99))
        database, handler = hand_site(tmp_path, clock)
        async with running(database, clock):
            begun = clock.boottime()
            (first,) = by_hand(database, clock, handler, "one")
            await clock.sleep(20)
            (second,) = by_hand(database, clock, handler, "two")
            await clock.sleep(400)
        tried = [round(at_ - begun) for at_, item in sender.sent if item.text == "one"]
        assert tried == [0, 20, 60, 120, 180, 240]
        assert message(database, first).state is MessageState.FAILED
        assert message(database, first).plan_attempts == 5
        # The newer one goes when the older has come to an end, its own life not having run.
        assert [round(at_ - begun) for at_, item in sender.sent if item.text == "two"] == [240]
        assert message(database, second).state is MessageState.ACCEPTED

    run_virtually(main)


def test_the_useful_life_of_what_waits_behind_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = scripted(clock, monkeypatch, busy_first("one", times=12))
        database, handler = hand_site(tmp_path, clock, stop_retrying_after=30 * MINUTE)
        async with running(database, clock):
            by_hand(database, clock, handler, "one")
            await clock.sleep(2)
            draft = MessageDraft(handler, JOE, "two", 1, None, None, clock.now() + 5 * MINUTE)
            with database.write() as tx:
                (second,) = outbox.enqueue(tx, outbox.Submission(Origin.MANUAL), [draft], clock.now())
            await clock.sleep(15 * 60)
        assert texts(sender)[-1] == "two"
        assert message(database, second).state is MessageState.ACCEPTED

    run_virtually(main)


def test_behind_one_that_is_never_tried_life_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disabled handler: all that waits expires at its own time, not one after another."""

    async def main(clock: VirtualClock) -> None:
        sender = scripted(clock, monkeypatch, lambda item, n: ACCEPTED)
        database, handler = hand_site(tmp_path, clock, enabled=False)
        async with running(database, clock):
            made = by_hand(database, clock, handler, "one", "two", "three")
            await clock.sleep(61 * 60)
            assert [message(database, key).state for key in made] == [MessageState.EXPIRED] * 3
        assert sender.sent == []

    run_virtually(main)


@pytest.mark.parametrize("ending", ["cancelled", "expired"])
def test_whatever_ends_the_older_lets_the_newer_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    from storage.vocabulary import Role
    from tests.operations.arrange import set_message
    from tui.operations import messages
    from tui.operations.desk import Desk

    async def main(clock: VirtualClock) -> None:
        sender = scripted(clock, monkeypatch, busy_first("one", times=99))
        database, handler = hand_site(tmp_path, clock)
        async with running(database, clock):
            first, second = by_hand(database, clock, handler, "one", "two")
            await clock.sleep(3)
            if ending == "cancelled":
                messages.cancel(Desk(database, "ana", Role.OPERATOR, clock.now), first)
            else:
                set_message(database, first, window_closes_at=clock.now())
            await clock.sleep(10)
        assert texts(sender)[-1] == "two"
        assert message(database, second).state is MessageState.ACCEPTED

    run_virtually(main)


def test_state_unknown_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = scripted(clock, monkeypatch, busy_first("one", kind=LOST))
        database, handler = hand_site(tmp_path, clock, on_unknown="hold")
        async with running(database, clock):
            first, second = by_hand(database, clock, handler, "one", "two")
            await clock.sleep(10)
        assert texts(sender) == ["one", "two"]
        assert message(database, first).state is MessageState.UNKNOWN
        assert message(database, second).state is MessageState.ACCEPTED

    run_virtually(main)


def test_a_persons_resend_goes_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order does not bind it; what comes after it waits for it."""
    from storage.vocabulary import Role
    from tui.operations import messages
    from tui.operations.desk import Desk

    async def main(clock: VirtualClock) -> None:
        bad = outcome(OutcomeKind.REJECTED, code="25", error="invalid number")
        answers = {"one": [bad, ACCEPTED], "two": [BUSY] * 99}
        sender = scripted(clock, monkeypatch, lambda item, n: answers.get(item.text, [ACCEPTED] * 99)[n - 1])
        database, handler = hand_site(tmp_path, clock)
        desk = Desk(database, "ana", Role.OPERATOR, clock.now)
        async with running(database, clock):
            (zero,) = by_hand(database, clock, handler, "one")
            await clock.sleep(2)
            (older,) = by_hand(database, clock, handler, "two")
            await clock.sleep(2)
            assert message(database, older).state is MessageState.QUEUED
            messages.resend(desk, zero)
            await clock.sleep(2)
        assert message(database, zero).state is MessageState.ACCEPTED
        assert texts(sender)[:3] == ["one", "two", "one"]

    run_virtually(main)


def test_alerts_of_one_occurrence_keep_their_order_and_others_are_not_held_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        first_busy = True
        sender = scripted(
            clock,
            monkeypatch,
            lambda item, n: BUSY if item.text == "Created Fire door" and n == 1 and first_busy else ACCEPTED,
        )
        site = Site(tmp_path, clock, batch_size=1)
        async with running(site.database, clock):
            one = site.raise_("a")
            await clock.sleep(2)
            site.step(one, Stage.CLAIMED)
            await clock.sleep(2)
        assert texts(sender) == ["Created Fire door", "Created Fire door", "Claimed Fire door"]

        monkeypatch.undo()

    run_virtually(main)


def test_other_occurrences_are_never_held_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, batch_size=1)
        sender = scripted(clock, monkeypatch, lambda item, n: BUSY if len(sender.sent) == 1 else ACCEPTED)
        async with running(site.database, clock):
            first = site.raise_("a")
            await clock.sleep(2)
            assert site.sent(first)[0].state is MessageState.QUEUED
            second = site.raise_("b")
            await clock.sleep(2)
            assert site.sent(second)[0].state is MessageState.ACCEPTED
            assert site.sent(first)[0].attempts == 1

    run_virtually(main)


class TwoHandlers:
    """An alert that sends Created through one handler and Claimed through another, to one person."""

    def __init__(
        self,
        folder: Path,
        clock: VirtualClock,
        monkeypatch: pytest.MonkeyPatch,
        day: ScriptedSender,
        night: ScriptedSender,
    ) -> None:
        at.use_senders(monkeypatch, {"Clickatell": day, "Night desk": night})
        self.site = Site(folder, clock)
        other = add_handler(self.site.database, clock, "Night desk")
        joe = (Recipient(number=JOE),)
        with self.site.database.write() as tx:
            actions = [
                Action(0, self.site.handler, "", "ALARM", joe, stage="Created"),
                Action(0, other, "", "CLAIMED", joe, stage="Claimed"),
            ]
            stored_actions.set_of_alert(tx, self.site.alert, actions)

    def sent(self, occurrence: int) -> list[Message]:
        return self.site.sent(occurrence)


def test_one_through_another_handler_is_held_up_only_while_the_older_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        day = ScriptedSender(clock, lambda item, n: ACCEPTED, takes=5.0)
        night = ScriptedSender(clock, lambda item, n: ACCEPTED)
        two = TwoHandlers(tmp_path, clock, monkeypatch, day, night)
        async with running(two.site.database, clock):
            occurrence = two.site.raise_()
            await clock.sleep(2)
            two.site.step(occurrence, Stage.CLAIMED)
            await clock.sleep(2)
            assert night.sent == []
            await clock.sleep(10)
        assert [str(found.state) for found in two.sent(occurrence)] == ["accepted", "accepted"]
        assert round(night.times[0] - day.times[0], 1) == 5.0

    run_virtually(main)


@pytest.mark.parametrize(("kind", "state"), [(BUSY, "cancelled"), (LOST, "unknown")])
def test_an_older_one_that_waits_elsewhere_is_withdrawn_when_the_newer_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Outcome, state: str
) -> None:
    async def main(clock: VirtualClock) -> None:
        day = ScriptedSender(clock, lambda item, n: kind)
        night = ScriptedSender(clock, lambda item, n: ACCEPTED)
        two = TwoHandlers(tmp_path, clock, monkeypatch, day, night)
        async with running(two.site.database, clock):
            occurrence = two.site.raise_()
            await clock.sleep(2)
            two.site.step(occurrence, Stage.CLAIMED)
            await clock.sleep(400)
        alarm, claimed = two.sent(occurrence)
        assert claimed.state is MessageState.ACCEPTED
        assert (str(alarm.state), alarm.error_code) == (state, "withdrawn")
        assert alarm.error is not None and "told through Night desk" in alarm.error
        assert len(day.sent) == 1 and two.site.undecided() == 0

    run_virtually(main)


def test_an_older_one_never_tried_elsewhere_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        day, night = ScriptedSender(clock), ScriptedSender(clock)
        two = TwoHandlers(tmp_path, clock, monkeypatch, day, night)
        at.change_handler(two.site.database, clock, two.site.handler, enabled=False)
        async with running(two.site.database, clock):
            occurrence = two.site.raise_()
            two.site.step(occurrence, Stage.CLAIMED)
            await clock.sleep(5)
        alarm, claimed = two.sent(occurrence)
        assert claimed.state is MessageState.ACCEPTED and alarm.withdrawn

    run_virtually(main)


def test_claims_go_by_when_messages_were_made_never_by_when_a_retry_is_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Overtaken at one instant: a retry that is due now and a newer one: the older goes first."""

    async def main(clock: VirtualClock) -> None:
        database, handler = hand_site(tmp_path, clock, batch_size=1, max_connections=1)
        first = by_hand(database, clock, handler, "one", to=JOE)
        sender = scripted(clock, monkeypatch, busy_first("one"))
        async with running(database, clock):
            await clock.sleep(59)
        by_hand(database, clock, handler, "two", to=AMY)
        await clock.sleep(5)
        async with running(database, clock):
            await clock.sleep(5)
        assert texts(sender) == ["one", "one", "two"]
        assert message(database, first[0]).state is MessageState.ACCEPTED

    run_virtually(main)
