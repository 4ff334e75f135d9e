"""The alerts that the program raises itself: once for a cause, over when it is gone, and never in the way."""

from decimal import Decimal
from pathlib import Path

import pytest

from scheduling import alerting, system_alerts
from scheduling.gateways.outcome import Balance, GatewayError
from scheduling.system_alerts import BALANCE_LOW, HANDLER_IN_ERROR, MESSAGE_FAILED
from storage import occurrences
from storage.database import Database
from storage.vocabulary import MessageState, OutcomeKind, Stage
from tests.engine import alerts as at
from tests.engine.support import (
    ACCEPTED,
    MINUTE,
    ScriptedSender,
    add_handler,
    make_site,
    message,
    outcome,
    queue,
    review_of,
    running,
    states,
)
from tests.virtual_time import VirtualClock, run_virtually

REFUSED = GatewayError(OutcomeKind.ACCOUNT, "Invalid API Key", "Check the key", "1")
WRONG_KEY = outcome(OutcomeKind.ACCOUNT, code="1", error="Invalid API Key")
BAD_NUMBER = outcome(OutcomeKind.REJECTED, code="105", error="Invalid number")
ENOUGH = Balance(Decimal("87.41"), "EUR")


class Site:
    """Two handlers with a sender each: Main is the one that fails, Spare the one that tells."""

    def __init__(self, folder: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.database: Database = make_site(folder, clock)
        self.main_sender, self.spare_sender = ScriptedSender(clock), ScriptedSender(clock)
        at.use_senders(monkeypatch, {"Main": self.main_sender, "Spare": self.spare_sender})
        self.main = add_handler(self.database, clock, "Main")
        self.spare = add_handler(self.database, clock, "Spare")

    @property
    def told(self) -> list[str]:
        return [item.text for _, item in self.spare_sender.sent]


def finalise(database: Database, clock: VirtualClock, occurrence_id: int) -> None:
    with database.write() as tx:
        found = occurrences.get(tx, occurrence_id)
        assert found is not None
        alerting.enter(tx, at.get(database, found.alert_id), found, Stage.FINALISED, clock.now())


def test_a_handler_in_error_is_told_once_and_restored_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        alert = at.switch_on(
            site.database, clock, HANDLER_IN_ERROR, site.spare, "{Stage} {Handler}: {Error}. {Advice}"
        )
        site.main_sender.balance_answer = REFUSED
        async with running(site.database, clock):
            await clock.sleep(200)
            assert site.told == ["Created Main: 1 Invalid API Key. Check the key"]
            site.main_sender.balance_answer = ENOUGH
            await clock.sleep(70)
            (first,) = at.occurrences_of(site.database, alert)
            assert (first.key, first.stage, first.count) == ("Main", "Restored", 1)
            assert len(site.told) == 2 and site.told[1].startswith("Restored Main:")
            site.main_sender.balance_answer = REFUSED
            await clock.sleep(70)
            assert [found.stage for found in at.occurrences_of(site.database, alert)] == [
                "Restored", "Created"
            ]  # fmt: skip

    run_virtually(main)


def test_a_refused_send_raises_it_too_with_one_occurrence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        alert = at.switch_on(site.database, clock, HANDLER_IN_ERROR, site.spare)
        well = False
        site.main_sender.answer = lambda item, n: ACCEPTED if well else WRONG_KEY
        async with running(site.database, clock):
            await clock.sleep(2)
            queue(site.database, clock, site.main, 30)
            await clock.sleep(1)
            (raised,) = at.occurrences_of(site.database, alert)
            assert (raised.key, raised.stage) == ("Main", "Created")
            well = True
            await clock.sleep(70)
            assert [found.stage for found in at.occurrences_of(site.database, alert)] == ["Restored"]
        assert site.told == ["Created Handler in error Main", "Restored Handler in error Main"]

    run_virtually(main)


def test_one_finalised_while_it_lasts_stays_closed_until_the_cause_was_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        alert = at.switch_on(site.database, clock, HANDLER_IN_ERROR, site.spare)
        site.main_sender.balance_answer = REFUSED
        async with running(site.database, clock):
            await clock.sleep(5)
            (raised,) = at.occurrences_of(site.database, alert)
            finalise(site.database, clock, raised.id)
            await clock.sleep(130)
            assert len(at.occurrences_of(site.database, alert)) == 1
            site.main_sender.balance_answer = ENOUGH
            await clock.sleep(130)
            assert at.events(site.database, raised.id) == ["Created", "Finalised", "Cause gone"]
            site.main_sender.balance_answer = REFUSED
            await clock.sleep(70)
            assert len(at.occurrences_of(site.database, alert)) == 2

    run_virtually(main)


def test_one_switched_on_during_the_error_is_raised_and_one_switched_off_is_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        site.main_sender.balance_answer = REFUSED
        async with running(site.database, clock):
            await clock.sleep(5)
            alert = at.switch_on(site.database, clock, HANDLER_IN_ERROR, site.spare)
            await clock.sleep(70)
            assert len(at.occurrences_of(site.database, alert)) == 1
            with site.database.write() as tx:
                from storage import alerts

                alerts.change(tx, alert, {"enabled": False}, clock.now())
            site.main_sender.balance_answer = ENOUGH
            await clock.sleep(70)
        assert [found.stage for found in at.occurrences_of(site.database, alert)] == ["Restored"]
        assert len(site.told) == 2

    run_virtually(main)


def test_switched_off_nothing_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        site.main_sender.balance_answer = REFUSED
        site.spare_sender.answer = lambda item, n: BAD_NUMBER
        at.change_handler(site.database, clock, site.spare, low_balance=Decimal(100))
        queue(site.database, clock, site.spare, 3)
        async with running(site.database, clock):
            await clock.sleep(70)
        with site.database.read() as connection:
            assert occurrences.count(connection) == 0

    run_virtually(main)


def test_a_low_balance_is_told_once_and_restored_when_it_is_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        alert = at.switch_on(site.database, clock, BALANCE_LOW, site.spare, "{Stage} {Handler} {Balance}")
        at.change_handler(site.database, clock, site.main, low_balance=Decimal("5.50"))
        site.main_sender.balance_answer = Balance(Decimal("5.50"), "EUR")
        async with running(site.database, clock):
            await clock.sleep(70)
            assert at.occurrences_of(site.database, alert) == [], "at the mark is not below it"
            site.main_sender.balance_answer = Balance(Decimal("5.49"), "EUR")
            await clock.sleep(200)
            assert site.told == ["Created Main EUR 5.49"]
            site.main_sender.balance_answer = REFUSED
            await clock.sleep(70)
            assert len(site.told) == 1, "what is not known is not above the mark"
            site.main_sender.balance_answer = Balance(Decimal(50), "EUR")
            await clock.sleep(70)
        assert [found.stage for found in at.occurrences_of(site.database, alert)] == ["Restored"]

    run_virtually(main)


def test_moving_the_mark_counts_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        alert = at.switch_on(site.database, clock, BALANCE_LOW, site.spare)
        async with running(site.database, clock):
            await clock.sleep(5)
            at.change_handler(site.database, clock, site.main, low_balance=Decimal(100))
            await clock.sleep(5)
            assert [found.stage for found in at.occurrences_of(site.database, alert)] == ["Created"]
            at.change_handler(site.database, clock, site.main, low_balance=None)
            await clock.sleep(5)
            assert [found.stage for found in at.occurrences_of(site.database, alert)] == ["Restored"]

    run_virtually(main)


def test_five_hundred_failures_are_one_occurrence_that_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        alert = at.switch_on(site.database, clock, MESSAGE_FAILED, site.spare, "{Key}: {Recipient}: {Error}")
        site.main_sender.answer = lambda item, n: BAD_NUMBER
        queue(site.database, clock, site.main, 500)
        async with running(site.database, clock):
            await clock.sleep(10)
        (raised,) = at.occurrences_of(site.database, alert)
        assert (raised.key, raised.count, raised.stage) == ("Main", 500, "Created")
        (told,) = site.told
        assert told.startswith("Main: Person 0 +44770") and "and 99 others: 105 Invalid number" in told
        assert len(at.events(site.database, raised.id)) == 5, "one a batch"
        said = [e.text for e in review_of(site.database) if e.alert_id == alert and e.category == "Alert"]
        assert len(said) == 5

    run_virtually(main)


@pytest.mark.parametrize("ending", ["failed", "expired", "unknown"])
def test_every_bad_ending_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        alert = at.switch_on(site.database, clock, MESSAGE_FAILED, site.spare, "{Error}")
        kind = OutcomeKind.UNKNOWN if ending == "unknown" else OutcomeKind.BUSY
        site.main_sender.answer = lambda item, n: outcome(kind)
        life = 60 * MINUTE
        if ending == "expired":
            at.change_handler(site.database, clock, site.main, enabled=False)
            life = MINUTE
        (failing,) = queue(site.database, clock, site.main, life=life)
        async with running(site.database, clock):
            await clock.sleep(330)
        assert message(site.database, failing).state == ending
        (raised,) = at.occurrences_of(site.database, alert)
        assert raised.count == 1 and len(site.told) == 1

    run_virtually(main)


def test_good_endings_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        alert = at.switch_on(site.database, clock, MESSAGE_FAILED, site.spare)
        site.main_sender.answer = lambda item, n: outcome(OutcomeKind.BUSY) if n == 1 else ACCEPTED
        queue(site.database, clock, site.main, 3)
        async with running(site.database, clock):
            await clock.sleep(120)
        assert states(site.database) == {MessageState.ACCEPTED: 3}
        assert at.occurrences_of(site.database, alert) == []

    run_virtually(main)


def test_undelivered_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        alert = at.switch_on(site.database, clock, MESSAGE_FAILED, site.spare)
        (there,) = queue(site.database, clock, site.main)
        with site.database.write() as tx:
            system_alerts.messages_ended(tx, {there: MessageState.UNDELIVERED}, clock.now())
            system_alerts.messages_ended(tx, {there: MessageState.DELIVERED}, clock.now())
        assert [found.count for found in at.occurrences_of(site.database, alert)] == [1]

    run_virtually(main)


def test_what_system_alerts_send_never_raises_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        failed = at.switch_on(site.database, clock, MESSAGE_FAILED, site.spare)
        in_error = at.switch_on(site.database, clock, HANDLER_IN_ERROR, site.spare)
        site.main_sender.balance_answer = REFUSED
        site.spare_sender.answer = lambda item, n: BAD_NUMBER
        async with running(site.database, clock):
            await clock.sleep(5)
            assert len(at.occurrences_of(site.database, in_error)) == 1
            assert at.occurrences_of(site.database, failed) == []
            ordinary = at.add_alert(site.database, clock, site.spare)
            at.raise_now(site.database, clock, ordinary)
            await clock.sleep(5)
        (raised,) = at.occurrences_of(site.database, failed)
        assert (raised.key, raised.count) == ("Spare", 1)
        assert [m.state for m in at.sent(site.database, raised.id)] == [MessageState.FAILED]

    run_virtually(main)


def test_an_alert_that_cannot_be_raised_never_stops_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*args: object, **more: object) -> None:
        raise ValueError("broken alert")

    async def main(clock: VirtualClock) -> None:
        site = Site(tmp_path, clock, monkeypatch)
        at.switch_on(site.database, clock, MESSAGE_FAILED, site.spare)
        alert = at.switch_on(site.database, clock, HANDLER_IN_ERROR, site.spare)
        monkeypatch.setattr("scheduling.telling.carry_out", breaks)
        site.main_sender.answer = lambda item, n: BAD_NUMBER
        site.spare_sender.balance_answer = REFUSED
        ids = queue(site.database, clock, site.main, 3)
        async with running(site.database, clock):
            await clock.sleep(5)
        assert [message(site.database, found).state for found in ids] == [MessageState.FAILED] * 3
        assert at.occurrences_of(site.database, alert) == [], "nothing half done is left"
        assert any("105 Invalid number" in entry.text for entry in review_of(site.database))

    run_virtually(main)
