"""Until somebody answers: docs/alerts.md, with the numbers of the cases that it was specified by."""

from datetime import timedelta
from pathlib import Path

import pytest

from scheduling import answering, unheard
from scheduling.gateways.outcome import Outcome, OutgoingMessage
from scheduling.system_alerts import MESSAGE_FAILED
from storage import alerts, occurrences, outbox
from storage.alerts import plan_column
from storage.vocabulary import MessageState, OutcomeKind, Stage
from tests.engine import alerts as at
from tests.engine.answers import JOE, MANAGER, NIGHT, THREE, Alarm
from tests.engine.support import ACCEPTED, outcome, running
from tests.virtual_time import VirtualClock, run_virtually
from tui.operations import alerts as operations_alerts
from tui.operations import occurrences as operations
from tui.operations import plan_form
from tui.operations.errors import Refused

BAD_NUMBER = outcome(OutcomeKind.REJECTED, code="25", error="Invalid number")
REFUSED_CONNECTION = outcome(OutcomeKind.NOT_SENT, error="connection refused")
BUSY = outcome(OutcomeKind.BUSY, code="19")


def test_case_1_nobody_acts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch)
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it("d3")
            assert site.due(number) == "03:05:00"
            await site.until(60)
        assert site.sent == [
            ("03:00:00", "OPEN 1 1"),
            ("03:05:00", "OPEN 1 2"),
            ("03:10:00", "OPEN 1 3"),
            ("03:15:00", "LEVEL 1"),
            ("03:25:00", "LEVEL 2"),
        ]
        assert [each.why for each in at.sent(site.database, number)[1:]] == [
            "repeat 1 of 2",
            "repeat 2 of 2",
            "level 1, nobody claimed for 15 min",
            "level 2, nobody claimed for 25 min",
        ]
        assert site.events(number) == [
            "Created", "Told again", "Told again", "Escalated", "Escalated, level 2", "Nobody answered",
        ]  # fmt: skip
        assert [said[:5] for said in site.said("nobody answered")] == ["03:35"]
        found = site.occurrence(number)
        assert (found.stage, found.level, found.step, found.round) == (Stage.ESCALATED, 2, 4, 1)
        assert found.answer_due_at is None
        assert found.unanswered

    run_virtually(main, start=THREE - timedelta(minutes=1))


@pytest.mark.parametrize("lasts", [None, 60])
def test_case_2_claimed_between_two_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lasts: int | None
) -> None:
    async def main(clock: VirtualClock) -> None:
        length = lasts and timedelta(minutes=lasts)
        site = Alarm(tmp_path, clock, monkeypatch, claim_lasts=length)
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it("d3")
            await site.until(7.5)
            site.step(number, Stage.CLAIMED)
            assert site.due(number) is None
            await site.until(67)
            assert [text for _, text in site.sent] == ["OPEN 1 1", "OPEN 1 2", "Claimed"]
            await site.until(68)
            found = site.occurrence(number)
        if lasts is None:
            assert len(site.sent) == 3
            assert (found.owner, found.stage) == ("ana", Stage.CLAIMED)
            return
        assert site.sent[3:] == [("04:07:30", "OPEN 1 3")]
        assert (found.owner, found.stage) == (None, Stage.CREATED)
        assert site.due(number) == "04:12:30"
        assert "Claim ran out (ana, 60 min)" in site.events(number)
        assert at.sent(site.database, number)[-1].why == "claim ran out (ana, 60 min)"

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_case_3_a_level_that_reaches_nobody_is_passed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch)
        site.set_level(1, site.disabled_user("Night"))
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(16)
        assert site.sent[3:] == [("03:15:00", "LEVEL 2")]
        assert site.said("leaves out: Night is disabled") == ["03:15 Fire leaves out: Night is disabled"]
        assert site.due(number) == "03:25:00"

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_case_4_refused_for_good_goes_to_the_next_level_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(message: OutgoingMessage, n: int) -> Outcome:
        return BAD_NUMBER if message.to == JOE else ACCEPTED

    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch, answer)
        site.sender.takes = 1
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(1)
            assert site.sent == [("03:00:00", "OPEN 1 1"), ("03:00:01", "LEVEL 1")]
            assert len(site.said("2 repeats passed over")) == 1
            assert (site.due(number) or "")[:7] == "03:10:0"
            await site.until(12)
        assert [text for _, text in site.sent[2:]] == ["LEVEL 2"]
        assert site.sent[2][0].startswith("03:10:0")

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_case_4_where_all_are_refused_it_begins_again_ever_more_slowly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch, lambda message, n: BAD_NUMBER)
        unanswered = at.switch_on(site.database, clock, "unanswered", site.handler, "{Alert} {Key} {Told}")
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it("d3")
            await site.until(1)
            assert len(site.said("nobody could be reached")) == 1
            (other,) = at.occurrences_of(site.database, unanswered)
            assert (other.key, other.active) == (f"Fire/{number}", True)
            await site.until(200)
            begun = [when for when, text in site.sent if text.startswith("OPEN")]
            assert begun == [
                "03:00:00",
                "03:05:00",
                "03:15:00",
                "03:35:00",
                "04:15:00",
                "05:15:00",
                "06:15:00",
            ]
            assert site.occurrence(number).round == 7
            assert len(at.occurrences_of(site.database, unanswered)) == 1
            site.sender.answer = lambda message, n: ACCEPTED
            await site.until(256)
            assert site.sent[-1][0] == "07:15:00"
            assert site.due(number) == "07:20:00"
            site.step(number, Stage.CLAIMED)
            assert not at.occurrences_of(site.database, unanswered)[0].active

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_section_1_rule_7_a_plan_about_to_try_again_is_no_alert_of_which_nobody_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch, lambda message, n: BAD_NUMBER)

        def unheard_of() -> tuple[int, ...]:
            with site.database.read() as connection:
                return unheard.look(connection, clock.now()).nobody_told

        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(2)
            assert unheard_of() == ()
            site.change(plan=None)
            assert unheard_of() == (number,)

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_case_4b_a_gateway_that_is_away_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        def answer(message: OutgoingMessage, n: int) -> Outcome:
            return REFUSED_CONNECTION if clock.now() < THREE + timedelta(minutes=40) else ACCEPTED

        minute = timedelta(minutes=1)
        plan = {"retry_rate": minute, "stop_retrying_after": 5 * minute}
        site = Alarm(tmp_path, clock, monkeypatch, answer, plan=("5m repeat",), levels=(), handler=plan)
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(120)
        accepted = [each for each in at.sent(site.database, number) if each.state is MessageState.ACCEPTED]
        assert accepted
        first = min(each.finished_at for each in accepted if each.finished_at)
        assert THREE + 40 * minute <= first <= THREE + 46 * minute
        # What was accepted once is not sent again but by the plan's own repeat.
        assert len(accepted) <= 2

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_case_5_no_engine_ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch)
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(4)
        await site.until(40)
        async with running(site.database, clock):
            await site.until(41)
            assert [text for _, text in site.sent] == ["OPEN 1 1", "LEVEL 1", "LEVEL 2"]
            assert all(when.startswith("03:40") for when, _ in site.sent[1:])
            assert site.said("were passed over")[0].endswith(
                "Fire: steps due 03:05, 03:10, 03:15, 03:25 were passed over: no engine ran"
            )
            await site.until(60)
        assert [said[:5] for said in site.said("Fire: nobody answered")] == ["03:50"]
        assert number

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_case_5_repeats_alone_are_merged_into_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch, plan=("5m repeat x6",), levels=())
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(4)
        await site.until(17)
        async with running(site.database, clock):
            await site.until(18)
        assert len(site.sent) == 2
        assert site.occurrence(number).step == 3
        assert (site.due(number) or "").startswith("03:22")

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_case_6_the_owner_asks_for_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch, claim_lasts=timedelta(minutes=60))
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(6)
            site.step(number, Stage.CLAIMED)
            assert site.occurrence(number).claim_until == THREE + timedelta(minutes=66)
            await site.until(8)
            site.step(number, Stage.ESCALATED)
            found = site.occurrence(number)
            assert (found.owner, found.stage, found.level, found.claim_until) == (
                "ana", Stage.ESCALATED, 1, None,
            )  # fmt: skip
            assert site.due(number) == "03:18:00"
            await site.until(19)
            assert site.sent[3:] == [("03:08:00", "LEVEL 1"), ("03:18:00", "LEVEL 2")]
            with pytest.raises(Refused, match="no level is left"):
                site.step(number, Stage.ESCALATED)

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_case_7_raised_again_counts_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch)
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it("d3")
            await site.until(2)
            for _ in range(40):
                assert site.raise_it("d3") == number
            assert site.occurrence(number).count == 41
            assert site.due(number) == "03:05:00"
            await site.until(6)
        assert site.sent == [("03:00:00", "OPEN 1 1"), ("03:05:00", "OPEN 41 2")]

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_section_1_case_3_a_claim_withdraws_what_waits_where_there_is_a_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch, lambda message, n: BUSY)
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(0.2)
            stepped = site.step(number, Stage.CLAIMED)
            assert stepped.queued.message_ids == []
            assert stepped.queued.nobody_told
            site.sender.answer = lambda message, n: ACCEPTED
            await site.until(30)
        (only,) = at.sent(site.database, number)
        assert (only.state, only.error_code) == (MessageState.CANCELLED, "withdrawn")
        assert only.error == "claimed at 03:00, before it was sent"
        assert len(site.sent) == 1

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_an_answer_that_comes_after_the_claim_plans_no_retry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch, lambda message, n: BUSY)
        site.sender.takes = 5
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(0.05)
            site.step(number, Stage.CLAIMED)
            await site.until(20)
        assert [each.error_code for each in at.sent(site.database, number)] == ["withdrawn"] * 2
        assert len(site.sent) == 1

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_a_repeat_gives_those_who_wait_no_second_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        hour = timedelta(hours=1)
        retry = {"retry_rate": timedelta(minutes=2), "stop_retrying_after": hour}
        site = Alarm(tmp_path, clock, monkeypatch, lambda message, n: BUSY, handler=retry)
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it("d3")
            await site.until(5.5)
            (waiting,) = at.sent(site.database, number)
            assert waiting.text == "OPEN 1 1"  # it was attempted: the text stays
            assert "still waiting: +44 7700 900101" in site.said("told again")[0]
            at.change_handler(site.database, clock, site.handler, enabled=False)
            second = site.raise_it("d4")
            site.raise_it("d4")
            await site.until(11)
            (fresh,) = at.sent(site.database, second)
            assert fresh.text == "OPEN 2 2"

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_a_plan_that_is_used_up_by_time_begins_again_once_what_waited_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        retry = {"retry_rate": timedelta(minutes=2), "stop_retrying_after": timedelta(minutes=20)}
        site = Alarm(
            tmp_path,
            clock,
            monkeypatch,
            lambda message, n: BUSY,
            plan=("5m repeat",),
            levels=(),
            handler=retry,
        )
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(12)
            assert "Nobody answered" in site.events(number)
            assert site.due(number) is None
            await site.until(24.5)
            assert site.events(number)[-2:] == ["Nobody could be reached", "Told again"]
            assert site.occurrence(number).round == 2

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_again_goes_through_the_levels_once_a_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch, plan=("5m repeat", "5m escalate"), plan_then="again")
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(21)
        assert site.sent == [
            ("03:00:00", "OPEN 1 1"),
            ("03:05:00", "OPEN 1 2"),
            ("03:10:00", "LEVEL 1"),
            ("03:15:00", "OPEN 1 4"),
            ("03:20:00", "LEVEL 1"),
        ]
        assert site.occurrence(number).round == 2
        assert "Nobody answered" not in site.events(number)

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_a_note_by_the_owner_prolongs_the_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch)
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            site.step(number, Stage.CLAIMED, lasts=timedelta(minutes=30))
            await site.until(10)
            operations.add_note(site.desk("bob"), number, "looks bad")
            assert site.occurrence(number).claim_until == THREE + timedelta(minutes=30)
            operations.add_note(site.desk(), number, "on my way")
            assert site.occurrence(number).claim_until == THREE + timedelta(minutes=40)
            await site.until(20)
            site.step(number, Stage.ACTIONED)
            assert site.occurrence(number).claim_until == THREE + timedelta(minutes=50)
            await site.until(51)
        found = site.occurrence(number)
        assert (found.stage, found.owner) == (Stage.CREATED, None)

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_an_edit_while_it_is_open_counts_from_the_present_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch)
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(6)
            assert site.change(plan=plan_column(plan_form.steps_of(["5m repeat", "20m escalate"]))) == 1
            assert site.due(number) == "03:25:00"  # the last was made at 03:05
            assert site.change(plan=plan_column(plan_form.steps_of(["5m repeat", "1m escalate"]))) == 1
            assert site.due(number) == "03:06:10"
            site.change(plan=None)
            assert site.due(number) is None
            await site.until(40)
            assert len(site.sent) == 2
            site.change(plan=plan_column(plan_form.steps_of(["5m repeat x2"])))
            assert site.due(number) == "03:40:10"

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_the_plan_of_a_disabled_alert_rests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch)
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(6)
            operations_alerts.set_enabled(site.desk(), site.alert, False)
            assert site.due(number) is None
            assert site.said("the answer plan of 1 open occurrence rests")
            await site.until(30)
            assert len(site.sent) == 2
            operations_alerts.set_enabled(site.desk(), site.alert, True)
            assert site.due(number) == "03:35:00"
            await site.until(36)
            assert len(site.sent) == 3

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_a_clock_that_is_set_moves_what_is_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch)
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await clock.sleep(60)
            clock.jump(timedelta(hours=3))
            await clock.sleep(60)
            assert len(site.sent) == 1
            assert site.due(number) == "06:05:00"
            await clock.sleep(190)
            assert len(site.sent) == 2

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_an_undelivered_of_an_older_step_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch)

        def undelivered(message_id: int) -> None:
            with site.database.write() as tx:
                outbox.set_report(tx, message_id, MessageState.UNDELIVERED, None, 1)
                answering.messages_ended(tx, {message_id: MessageState.UNDELIVERED}, clock.now())

        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(6)
            first, second = at.sent(site.database, number)
            undelivered(first.id)
            assert site.due(number) == "03:10:00"
            undelivered(second.id)
            await site.until(6.1)
            assert [text for _, text in site.sent[2:]] == ["LEVEL 1"]

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_what_is_due_is_taken_once_whoever_tries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch)
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(4)
        await site.until(5.01)
        for expected in (1, 0):
            with site.database.write() as tx:
                assert answering.take_step(tx, number, clock.now(), None).queued == expected
        # Put back as if it had not been made: the row of the step says that it was.
        with site.database.write() as tx:
            occurrences.change(tx, number, step=0, answer_due_at=clock.now())
            assert answering.take_step(tx, number, clock.now(), None).queued == 0
        assert len(at.sent(site.database, number)) == 2

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_a_step_that_was_due_comes_to_nothing_once_somebody_has_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch)
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            await site.until(4)
        site.step(number, Stage.CLAIMED)
        await site.until(6)
        with site.database.write() as tx:
            occurrences.change(tx, number, answer_due_at=clock.now())
            answering.take_step(tx, number, clock.now(), None)
        assert site.events(number) == ["Created", "Claimed"]

    run_virtually(main, start=THREE - timedelta(minutes=1))


def test_a_system_alert_may_have_a_plan_and_never_raises_message_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch, lambda message, n: BAD_NUMBER, plan=())
        failed = at.switch_on(site.database, clock, MESSAGE_FAILED, site.handler)
        with site.database.write() as tx:
            alerts.change(tx, failed, {"plan": plan_column(plan_form.steps_of(["5m repeat"]))}, clock.now())
        async with running(site.database, clock):
            await site.until(0)
            site.raise_it()
            await site.until(6)
            (other,) = at.occurrences_of(site.database, failed)
            assert other.count == 1
            assert len(at.sent(site.database, other.id)) >= 2

    run_virtually(main, start=THREE - timedelta(minutes=1))


@pytest.mark.parametrize("to", [NIGHT, MANAGER])
def test_levels_are_entered_by_hand_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Alarm(tmp_path, clock, monkeypatch, plan=())
        async with running(site.database, clock):
            await site.until(0)
            number = site.raise_it()
            for _ in range(1 if to == NIGHT else 2):
                site.step(number, Stage.ESCALATED)
            await site.until(1)
        assert site.sender.sent[-1][1].to == to

    run_virtually(main, start=THREE - timedelta(minutes=1))
