"""Those told, on the engine: what waits for an answer, and alarms of which nobody was told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scheduling import alerting, told
from scheduling.gateways.outcome import GatewayError, Outcome, OutgoingMessage
from storage import actions as stored_actions
from storage import alerts, hearing, occurrences
from storage.database import Database
from storage.records import TOLD, Action, Recipient
from storage.vocabulary import MessageState, OutcomeKind, Stage
from tests.engine import alerts as at
from tests.engine.support import ACCEPTED, ScriptedSender, add_handler, make_site, outcome, review_of, running
from tests.virtual_time import VirtualClock, run_virtually

JOE = (Recipient(number="+447700900999"),)
Answer = Callable[[OutgoingMessage, int], Outcome]


def alarm(database: Database, clock: VirtualClock, through: int, *, over_through: int | None = None) -> int:
    """ALARM to Joe on Created, TAKEN and OVER on Claimed and Restored to those told."""
    row = {"name": "Gas", "priority": 1, "description": "", "enabled": True}
    over = over_through or through
    with database.write() as tx:
        made = alerts.add(tx, row, clock.now())
        tabs = [
            Action(0, through, "", "ALARM {Count}", JOE, stage="Created"),
            Action(0, over, "", "TAKEN", (TOLD,), stage="Claimed"),
            Action(0, over, "", "OVER", (TOLD,), stage="Restored"),
        ]
        stored_actions.set_of_alert(tx, made, tabs)
    return made


def step(database: Database, clock: VirtualClock, occurrence_id: int, stage: Stage) -> None:
    with database.write() as tx:
        found = occurrences.get(tx, occurrence_id)
        assert found is not None
        alert = alerts.get(tx, found.alert_id)
        assert alert is not None
        alerting.enter(tx, alert, found, stage, clock.now(), operator="ana")


def states(database: Database, occurrence_id: int) -> list[tuple[str, str]]:
    return [(message.text, str(message.state)) for message in at.sent(database, occurrence_id)]


@pytest.mark.parametrize("stage", [Stage.CLAIMED, Stage.RESTORED])
@pytest.mark.parametrize("other_handler", [False, True])
@pytest.mark.parametrize(
    ("answer", "expected", "sent"),
    [
        (ACCEPTED, "accepted", 1),
        (outcome(OutcomeKind.UNKNOWN), "accepted", 1),
        (outcome(OutcomeKind.REJECTED, code="25"), "cancelled", 0),
    ],
)
def test_what_goes_to_one_who_is_being_sent_to_waits_for_the_answer(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: Outcome,
    expected: str,
    sent: int,
    other_handler: bool,
    stage: Stage,
) -> None:
    async def main(clock: VirtualClock) -> None:
        slow = ScriptedSender(clock, lambda message, n: answer if "ALARM" in message.text else ACCEPTED)
        slow.takes = 5
        quick = ScriptedSender(clock)
        at.use_senders(monkeypatch, {"Clickatell": slow, "Night desk": quick})
        database = make_site(tmp_path, clock)
        first = add_handler(database, clock, on_unknown="hold")
        other = add_handler(database, clock, "Night desk") if other_handler else first
        alert = alarm(database, clock, first, over_through=other)
        async with running(database, clock):
            number = at.raise_now(database, clock, alert, "k")
            await clock.sleep(2)
            step(database, clock, number, stage)
            await clock.sleep(2)
            later = at.sent(database, number)[-1]
            assert (later.state, later.attempts) == (MessageState.QUEUED, 0)
            assert later.told_by == at.sent(database, number)[0].id
            await clock.sleep(15)
        heard = [item.text for _, item in (*slow.sent, *quick.sent) if "ALARM" not in item.text]
        assert len(heard) == sent
        later = at.sent(database, number)[-1]
        assert (str(later.state), later.told_by) == (expected, None)
        if expected == "cancelled":
            assert (later.error_code, later.error) == ("withdrawn", "its recipient had not been told")
            (entry,) = [entry for entry in review_of(database) if entry.message_id == later.id]
            assert entry.text.endswith("withdrawn: its recipient had not been told")

    run_virtually(main)


def test_it_waits_on_where_the_gateway_was_busy_and_goes_after_the_retry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through another handler, where no order to the number holds it: nobody may read TAKEN before ALARM."""

    async def main(clock: VirtualClock) -> None:
        busy = outcome(OutcomeKind.BUSY)
        slow = ScriptedSender(clock, lambda message, n: busy if n == 1 else ACCEPTED)
        slow.takes = 5
        quick = ScriptedSender(clock)
        at.use_senders(monkeypatch, {"Clickatell": slow, "Night desk": quick})
        database = make_site(tmp_path, clock)
        first = add_handler(database, clock)
        alert = alarm(database, clock, first, over_through=add_handler(database, clock, "Night desk"))
        async with running(database, clock):
            number = at.raise_now(database, clock, alert, "k")
            await clock.sleep(2)
            step(database, clock, number, Stage.CLAIMED)
            await clock.sleep(30)
            alarmed, taken = at.sent(database, number)
            assert (alarmed.attempts, str(alarmed.state)) == (1, "queued")
            assert (taken.attempts, taken.told_by) == (0, alarmed.id)
            await clock.sleep(60)
        assert states(database, number) == [("ALARM 1", "accepted"), ("TAKEN", "accepted")]
        assert quick.sent[0][0] >= slow.sent[-1][0]

    run_virtually(main)


def test_a_storm_on_an_alarm_that_is_refused_for_good_sends_seldom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent again after 1, 2, 4 … min at most, however often it is raised."""

    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock, lambda message, n: outcome(OutcomeKind.REJECTED, code="25"))
        at.use_senders(monkeypatch, {"Clickatell": sender})
        database = make_site(tmp_path, clock)
        alert = alarm(database, clock, add_handler(database, clock))
        async with running(database, clock):
            begun = clock.boottime()
            for _ in range(60 * 8):
                at.raise_now(database, clock, alert, "k")
                await clock.sleep(2)
        assert [round((at_ - begun) / 60) for at_ in sender.times] == [0, 0, 1, 3, 7, 15]
        said = [entry for entry in review_of(database) if "nobody had been told" in entry.text]
        assert len(said) == 5

    run_virtually(main)


def test_an_alarm_that_outlived_its_gateways_absence_is_sent_with_the_next_raise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 5 of docs/alerts.md: the gateway was away for longer than the retry window."""

    async def main(clock: VirtualClock) -> None:
        away = True

        def answer(message: OutgoingMessage, n: int) -> Outcome:
            return outcome(OutcomeKind.NOT_SENT) if away else ACCEPTED

        sender = ScriptedSender(clock, answer)
        at.use_senders(monkeypatch, {"Clickatell": sender})
        database = make_site(tmp_path, clock)
        alert = alarm(database, clock, add_handler(database, clock))
        async with running(database, clock):
            number = at.raise_now(database, clock, alert, "k")
            await clock.sleep(6 * 60)
            assert states(database, number) == [("ALARM 1", "failed")]
            away = False
            assert at.raise_now(database, clock, alert, "k") == number
            await clock.sleep(2)
            at.raise_now(database, clock, alert, "k")
            await clock.sleep(2)
        assert states(database, number) == [("ALARM 1", "failed"), ("ALARM 2", "accepted")]
        assert at.events(database, number) == ["Created", "Raised again", "Raised again"]

    run_virtually(main)


def test_a_system_alert_is_sent_again_while_its_cause_lasts_and_nobody_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        away = True
        broken = ScriptedSender(clock)
        broken.balance_answer = GatewayError(OutcomeKind.ACCOUNT, "Authentication failed", "check it")
        night = ScriptedSender(clock, lambda message, n: outcome(OutcomeKind.NOT_SENT) if away else ACCEPTED)
        at.use_senders(monkeypatch, {"Clickatell": broken, "Night desk": night})
        database = make_site(tmp_path, clock)
        add_handler(database, clock)
        through = add_handler(database, clock, "Night desk")
        alert = at.switch_on(database, clock, "handler in error", through)
        async with running(database, clock):
            await clock.sleep(7 * 60)
            (found,) = at.occurrences_of(database, alert)
            assert str(at.sent(database, found.id)[0].state) == "failed"
            away = False
            await clock.sleep(5 * 60)
        assert str(at.sent(database, found.id)[-1].state) == "accepted"
        assert len(at.occurrences_of(database, alert)) == 1 and found.count == 1

    run_virtually(main)


def test_case_4_a_busy_answer_after_the_end_withdraws_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 4: no second attempt, Joe is not told, and the OVER that waited is withdrawn too."""

    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock, lambda message, n: outcome(OutcomeKind.BUSY, code="19"))
        sender.takes = 5
        at.use_senders(monkeypatch, {"Clickatell": sender})
        database = make_site(tmp_path, clock)
        alert = alarm(database, clock, add_handler(database, clock))
        async with running(database, clock):
            number = at.raise_now(database, clock, alert, "k")
            await clock.sleep(2)
            step(database, clock, number, Stage.RESTORED)
            await clock.sleep(10 * 60)
        assert [item.text for _, item in sender.sent] == ["ALARM 1"]
        assert states(database, number) == [("ALARM 1", "cancelled"), ("OVER", "cancelled")]
        assert [message.error_code for message in at.sent(database, number)] == ["withdrawn", "withdrawn"]
        with database.read() as connection:
            facts = hearing.of_occurrence(connection, number)
        assert not told.heard(facts)

    run_virtually(main)


def test_cases_1_and_6_the_end_before_anybody_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases 1 and 6 of docs/alerts.md: the inbox stays empty, and the next raise with the key sends."""

    async def main(clock: VirtualClock) -> None:
        away = True

        def answer(message: OutgoingMessage, n: int) -> Outcome:
            return outcome(OutcomeKind.NOT_SENT) if away else ACCEPTED

        sender = ScriptedSender(clock, answer)
        at.use_senders(monkeypatch, {"Clickatell": sender})
        database = make_site(tmp_path, clock)
        alert = alarm(database, clock, add_handler(database, clock))
        async with running(database, clock):
            number = at.raise_now(database, clock, alert, "k")
            await clock.sleep(3)
            step(database, clock, number, Stage.RESTORED)
            await clock.sleep(27)
            away = False
            await clock.sleep(10 * 60)
            assert states(database, number) == [("ALARM 1", "cancelled")]
            with database.read() as connection:
                event = occurrences.events_of(connection, number)[-1]
            assert (event.what, event.queued, event.note) == ("Restored", 0, "nobody had been told")
            again = at.raise_now(database, clock, alert, "k")
            await clock.sleep(2)
        assert again != number and states(database, again) == [("ALARM 1", "accepted")]
        assert states(database, number) == [("ALARM 1", "cancelled")]

    run_virtually(main)
