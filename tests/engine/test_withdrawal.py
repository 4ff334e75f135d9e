"""What is not sent any more because its occurrence went on: docs/alerts.md, "What is withdrawn"."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from scheduling import alerting
from scheduling.gateways.outcome import Outcome, OutgoingMessage, QueryAnswer, QueryVerdict
from storage import actions as stored_actions
from storage import alerts, message_history, occurrences
from storage.database import Database
from storage.records import TOLD, Action, Message, Recipient
from storage.vocabulary import MessageState, OutcomeKind, Stage
from tests.engine import alerts as at
from tests.engine.support import (
    ACCEPTED,
    ScriptedSender,
    add_handler,
    make_site,
    outcome,
    review_of,
    running,
    use_sender,
)
from tests.virtual_time import VirtualClock, run_virtually

JOE, AMY = "+447700900001", "+447700900002"
BUSY = outcome(OutcomeKind.BUSY, code="19", error="please retry", retry_at=None)
REFUSED = outcome(OutcomeKind.NOT_SENT, error="connection refused")
LOST = outcome(OutcomeKind.UNKNOWN, error="no answer within 20 s")


class Site:
    """A site with one alert that sends at each stage, and a sender that a test scripts."""

    def __init__(self, folder: Path, clock: VirtualClock, **handler: Any) -> None:
        self.clock = clock
        self.database: Database = make_site(folder, clock)
        self.handler = add_handler(self.database, clock, **handler)
        self.alert = at.add_alert(self.database, clock, self.handler, "{Stage} {Alert}", name="Fire door")
        self.to(JOE)

    def to(self, *numbers: str, stages: Sequence[str] = at.STAGES, end_to_told: bool = False) -> None:
        people = tuple(Recipient(number=number) for number in numbers)
        with self.database.write() as tx:
            actions = [
                Action(0, self.handler, "", "{Stage} {Alert}", people, stage=stage) for stage in stages
            ]
            if end_to_told:
                actions.append(Action(0, self.handler, "", "{Stage} {Alert}", (TOLD,), stage=Stage.RESTORED))
            stored_actions.set_of_alert(tx, self.alert, actions)

    def raise_(self, key: str | None = "d3") -> int:
        return at.raise_now(self.database, self.clock, self.alert, key)

    def step(self, occurrence: int, stage: Stage) -> None:
        with self.database.write() as tx:
            found = occurrences.get(tx, occurrence)
            alert = alerts.get(tx, self.alert)
            assert found is not None and alert is not None
            alerting.enter(tx, alert, found, stage, self.clock.now(), operator="ana")

    def sent(self, occurrence: int) -> list[Message]:
        return at.sent(self.database, occurrence)

    def said(self) -> list[str]:
        """What the review says of what was withdrawn."""
        words = (" withdrawn (", "not sent again")
        return [entry.text for entry in review_of(self.database) if any(w in entry.text for w in words)]

    def undecided(self) -> int:
        with self.database.read() as connection:
            return message_history.count_undecided(connection)


def scripted(
    clock: VirtualClock,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[OutgoingMessage, int], Outcome],
    **values: Any,
) -> ScriptedSender:
    sender = ScriptedSender(clock, answer, **values)
    use_sender(monkeypatch, sender)
    return sender


def texts(sender: ScriptedSender) -> list[str]:
    return [item.text for _, item in sender.sent]


def withdrawn(message: Message) -> bool:
    return message.state is MessageState.CANCELLED and message.error_code == "withdrawn"


def test_case_1_raised_and_restored_while_nothing_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 1 of docs/alerts.md (to a fixed person): OPEN never goes out; the withdrawal is said once."""

    async def main(clock: VirtualClock) -> None:
        up = clock.boottime() + 30
        sender = scripted(clock, monkeypatch, lambda item, n: ACCEPTED if clock.boottime() >= up else REFUSED)
        site = Site(tmp_path, clock)
        site.to(JOE, stages=("Created",))
        async with running(site.database, clock):
            occurrence = site.raise_()
            await clock.sleep(3)
            site.step(occurrence, Stage.RESTORED)
            await clock.sleep(400)
        (opened,) = site.sent(occurrence)
        assert withdrawn(opened)
        restored = occurrences_ended(site.database, occurrence)
        assert opened.error == f"restored at {restored}, before it was sent"
        assert opened.finished_at is not None and opened.next_attempt_at is None
        assert all(at_time < up for at_time in sender.times)
        (said,) = site.said()
        assert said == "Fire door (d3) restored: 1 waiting message withdrawn (+44 7700 900001)"

    run_virtually(main)


def occurrences_ended(database: Database, occurrence: int) -> str:
    with database.read() as connection:
        found = occurrences.get(connection, occurrence)
    assert found is not None and found.ended_at is not None
    return f"{found.ended_at.astimezone():%H:%M}"


def test_case_2_who_waits_is_withdrawn_and_who_was_told_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 2 of docs/alerts.md: Joe was accepted, Amy waits: hers is withdrawn, he hears of the end."""

    async def main(clock: VirtualClock) -> None:
        scripted(clock, monkeypatch, lambda item, n: BUSY if item.to == AMY and n < 2 else ACCEPTED)
        site = Site(tmp_path, clock, batch_size=1)
        site.to(JOE, AMY, stages=("Created",), end_to_told=True)
        async with running(site.database, clock):
            occurrence = site.raise_()
            await clock.sleep(30)
            site.step(occurrence, Stage.RESTORED)
            await clock.sleep(400)
        joe, amy, over = site.sent(occurrence)
        assert joe.state is MessageState.ACCEPTED
        assert (over.to, over.text, over.state) == (JOE, "Restored Fire door", MessageState.ACCEPTED)
        assert withdrawn(amy) and amy.attempts == 1

    run_virtually(main)


@pytest.mark.parametrize("stage", [Stage.CLAIMED, Stage.ACTIONED, Stage.ESCALATED])
def test_case_3_without_a_plan_a_claim_stops_nobody_from_being_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: Stage
) -> None:
    """Case 3 of docs/alerts.md, first half."""

    async def main(clock: VirtualClock) -> None:
        up = clock.boottime() + 30
        scripted(clock, monkeypatch, lambda item, n: ACCEPTED if clock.boottime() >= up else REFUSED)
        site = Site(tmp_path, clock)
        site.to(JOE, AMY, "+447700900003", stages=("Created",))
        async with running(site.database, clock):
            occurrence = site.raise_()
            await clock.sleep(3)
            site.step(occurrence, stage)
            await clock.sleep(400)
        assert [message.state for message in site.sent(occurrence)] == [MessageState.ACCEPTED] * 3

    run_virtually(main)


def test_case_4_the_answer_to_one_under_way_plans_no_retry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 4 of docs/alerts.md: sending while the alert is restored, then busy: no second attempt."""

    async def main(clock: VirtualClock) -> None:
        sender = scripted(clock, monkeypatch, lambda item, n: BUSY, takes=5.0)
        site = Site(tmp_path, clock)
        site.to(JOE, stages=("Created",))
        async with running(site.database, clock):
            occurrence = site.raise_()
            await clock.sleep(2)
            assert site.sent(occurrence)[0].state is MessageState.SENDING
            site.step(occurrence, Stage.RESTORED)
            assert site.sent(occurrence)[0].state is MessageState.SENDING
            await clock.sleep(400)
        (opened,) = site.sent(occurrence)
        assert withdrawn(opened) and opened.attempts == 1 == len(sender.sent)
        (said,) = site.said()
        assert "attempt 1 of 5 failed" in said and "not sent again: restored at" in said

    run_virtually(main)


def test_an_accepted_answer_to_one_under_way_stays_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        scripted(clock, monkeypatch, lambda item, n: ACCEPTED, takes=5.0)
        site = Site(tmp_path, clock)
        site.to(JOE, stages=("Created",))
        async with running(site.database, clock):
            occurrence = site.raise_()
            await clock.sleep(2)
            site.step(occurrence, Stage.FINALISED)
            await clock.sleep(10)
        assert site.sent(occurrence)[0].state is MessageState.ACCEPTED
        assert site.said() == []

    run_virtually(main)


def test_case_6_the_same_key_again_is_a_new_occurrence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 6 of docs/alerts.md: what was withdrawn stays so, the new Created goes out."""

    async def main(clock: VirtualClock) -> None:
        up = clock.boottime() + 30
        scripted(clock, monkeypatch, lambda item, n: ACCEPTED if clock.boottime() >= up else REFUSED)
        site = Site(tmp_path, clock)
        site.to(JOE, stages=("Created",))
        async with running(site.database, clock):
            first = site.raise_()
            await clock.sleep(3)
            site.step(first, Stage.RESTORED)
            await clock.sleep(3)
            second = site.raise_()
            await clock.sleep(400)
        assert first != second
        assert withdrawn(site.sent(first)[0])
        assert site.sent(second)[0].state is MessageState.ACCEPTED

    run_virtually(main)


def test_case_7_busy_when_raised_and_well_when_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 7 of docs/alerts.md: the phone gets OVER alone; ALARM is withdrawn and that is said."""

    async def main(clock: VirtualClock) -> None:
        well = clock.boottime() + 5
        sender = scripted(clock, monkeypatch, lambda item, n: ACCEPTED if clock.boottime() >= well else BUSY)
        site = Site(tmp_path, clock)
        site.to(JOE, stages=("Created", "Restored"))
        async with running(site.database, clock):
            occurrence = site.raise_()
            await clock.sleep(10)
            site.step(occurrence, Stage.RESTORED)
            await clock.sleep(400)
        alarm, over = site.sent(occurrence)
        assert withdrawn(alarm) and over.state is MessageState.ACCEPTED
        assert texts(sender) == ["Created Fire door", "Restored Fire door"]
        assert len(site.said()) == 1

    run_virtually(main)


@pytest.mark.parametrize("last", [Stage.RESTORED, Stage.FINALISED])
def test_every_tab_but_the_last_is_withdrawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: Stage
) -> None:
    """Rule 1: Restored, and Finalised straight from an active stage."""

    async def main(clock: VirtualClock) -> None:
        scripted(clock, monkeypatch, lambda item, n: REFUSED)
        site = Site(tmp_path, clock)
        occurrence = site.raise_()
        for stage in (Stage.CLAIMED, Stage.ACTIONED, Stage.ESCALATED, last):
            site.step(occurrence, stage)
        found = site.sent(occurrence)
        assert [withdrawn(message) for message in found] == [True] * 4 + [False]
        assert found[-1].state is MessageState.QUEUED
        (said,) = site.said()
        assert "4 waiting messages withdrawn" in said

    run_virtually(main)


def test_what_is_sent_of_restored_is_never_withdrawn_by_a_later_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        up = clock.boottime() + 30
        scripted(clock, monkeypatch, lambda item, n: ACCEPTED if clock.boottime() >= up else REFUSED)
        site = Site(tmp_path, clock)
        site.to(JOE, stages=("Restored",))
        async with running(site.database, clock):
            occurrence = site.raise_()
            site.step(occurrence, Stage.RESTORED)
            await clock.sleep(3)
            site.step(occurrence, Stage.FINALISED)
            await clock.sleep(400)
        assert site.sent(occurrence)[0].state is MessageState.ACCEPTED

    run_virtually(main)


def test_what_may_have_arrived_becomes_unknown_and_asks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 2: not sent again, not counted among those that a person decides about."""

    async def main(clock: VirtualClock) -> None:
        sender = scripted(clock, monkeypatch, lambda item, n: LOST)
        site = Site(tmp_path, clock)
        site.to(JOE, stages=("Created",))
        async with running(site.database, clock):
            occurrence = site.raise_()
            await clock.sleep(3)
            assert site.sent(occurrence)[0].state is MessageState.QUEUED
            site.step(occurrence, Stage.RESTORED)
            found = site.sent(occurrence)[0]
            await clock.sleep(400)
        assert (found.state, found.error_code) == (MessageState.UNKNOWN, "withdrawn")
        assert found.error is not None and found.error.startswith("not sent again: restored at ")
        assert site.sent(occurrence)[0] == found and len(sender.sent) == 1
        assert site.undecided() == 0
        (said,) = site.said()
        assert said.endswith(
            "1 waiting message not sent again, though an attempt may have arrived (+44 7700 900001)"
        )

    run_virtually(main)


def test_an_unknown_outcome_after_the_end_is_not_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 3, unknown with *Send again*."""

    async def main(clock: VirtualClock) -> None:
        sender = scripted(clock, monkeypatch, lambda item, n: LOST, takes=5.0)
        site = Site(tmp_path, clock)
        site.to(JOE, stages=("Created",))
        async with running(site.database, clock):
            occurrence = site.raise_()
            await clock.sleep(2)
            site.step(occurrence, Stage.RESTORED)
            await clock.sleep(400)
        (found,) = site.sent(occurrence)
        assert (found.state, found.error_code) == (MessageState.UNKNOWN, "withdrawn")
        assert len(sender.sent) == 1 and site.undecided() == 0

    run_virtually(main)


def test_clickatell_is_still_asked_about_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 2: the result of a query is still taken (XML)."""

    async def main(clock: VirtualClock) -> None:
        sender = scripted(clock, monkeypatch, lambda item, n: LOST, takes=5.0, is_xml=True)

        async def query(client_message_id: str) -> QueryAnswer:
            return QueryAnswer(QueryVerdict.ACCEPTED, "f" * 32)

        sender.query = query  # type: ignore[method-assign,assignment]
        site = Site(tmp_path, clock, api_type="xml", batch_size=1)
        site.to(JOE, stages=("Created",))
        async with running(site.database, clock):
            occurrence = site.raise_()
            await clock.sleep(2)
            site.step(occurrence, Stage.RESTORED)
            await clock.sleep(60)
        (found,) = site.sent(occurrence)
        assert (found.state, found.gateway_id) == (MessageState.ACCEPTED, "f" * 32)

    run_virtually(main)


def test_refused_for_good_after_the_end_is_failed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        bad = outcome(OutcomeKind.REJECTED, code="25", error="invalid number")
        scripted(clock, monkeypatch, lambda item, n: bad, takes=5.0)
        site = Site(tmp_path, clock)
        site.to(JOE, stages=("Created",))
        async with running(site.database, clock):
            occurrence = site.raise_()
            await clock.sleep(2)
            site.step(occurrence, Stage.RESTORED)
            await clock.sleep(60)
        assert site.sent(occurrence)[0].state is MessageState.FAILED

    run_virtually(main)
