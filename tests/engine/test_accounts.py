"""Account errors pause a handler; it goes on by itself when the cause is gone."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scheduling.gateways.outcome import Balance, GatewayError, HandlerConfig
from scheduling.sender_pool import SenderPool
from storage import handlers
from storage.database import Database
from storage.errors import DiskFull, StorageError
from storage.records import Handler, HandlerStatus
from storage.vocabulary import Category, MessageState, OutcomeKind
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
    scripted_site,
    states,
    use_sender,
)
from tests.virtual_time import VirtualClock, run_virtually

WRONG_KEY = outcome(OutcomeKind.ACCOUNT, code="1", error="Invalid or missing integration API Key")
NO_MONEY = outcome(OutcomeKind.ACCOUNT, code="20", error="Insufficient account balance")
SUSPENDED = outcome(OutcomeKind.ACCOUNT, code="44", error="FROM number is suspended")
KEY_REFUSED = GatewayError(OutcomeKind.ACCOUNT, "Invalid or missing integration API Key", "Check it", "1")


def status(database: Database, handler: int) -> HandlerStatus:
    with database.read() as connection:
        return handlers.status_of(connection, handler)


def test_a_wrong_key_is_an_error_and_its_messages_go_when_the_balance_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        well = False
        sender = ScriptedSender(clock, lambda item, n: ACCEPTED if well else WRONG_KEY)
        sender.balance_answer = KEY_REFUSED
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        (first,) = queue(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(20)
            later = queue(database, clock, handler, 20)
            await clock.sleep(70)
            assert status(database, handler).status == "Error"
            assert len(sender.sent) == 1, "while paused only the balance is asked"
            well, sender.balance_answer = True, Balance(Decimal(5), "EUR")
            await clock.sleep(70)
        assert message(database, first).state is MessageState.ACCEPTED
        assert all(message(database, sent).state is MessageState.ACCEPTED for sent in later)
        assert status(database, handler).status == "Running"
        errors = [e for e in review_of(database) if e.category is Category.HANDLER and e.level == "error"]
        assert 1 <= len(errors) <= 2
        assert "sending goes on" in " ".join(entry.text for entry in review_of(database))

    run_virtually(main)


def test_no_credit_goes_on_when_the_balance_has_risen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock, lambda item, n: ACCEPTED if sender_has_money() else NO_MONEY)
        sender.balance_answer = Balance(Decimal("0.02"), "EUR")

        def sender_has_money() -> bool:
            assert isinstance(sender.balance_answer, Balance)
            return sender.balance_answer.amount > 1

        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock, stop_retrying_after=30 * MINUTE)
        (sent,) = queue(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(80)
            assert len(sender.sent) == 2, "the first, and one probe a Retry Rate"
            assert status(database, handler).pause == "account"
            sender.balance_answer = Balance(Decimal(50), "EUR")
            await clock.sleep(70)
        assert message(database, sent).state is MessageState.ACCEPTED

    run_virtually(main)


def test_a_set_up_error_lets_one_probe_out_per_retry_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(
            tmp_path,
            clock,
            monkeypatch,
            lambda item, n: ACCEPTED if clock.boottime() > 200 else SUSPENDED,
            batch_size=1,
            max_connections=1,
        )
        queue(database, clock, handler, 10)
        async with running(database, clock):
            await clock.sleep(190)
            assert 3 <= len(sender.sent) <= 4
            await clock.sleep(60)
        assert states(database) == {MessageState.ACCEPTED: 10}

    run_virtually(main)


def test_the_window_closes_on_a_paused_handler_and_the_message_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock, lambda item, n: WRONG_KEY)
        sender.balance_answer = KEY_REFUSED
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        (sent,) = queue(database, clock, add_handler(database, clock))
        async with running(database, clock):
            await clock.sleep(330)
        found = message(database, sent)
        assert found.state is MessageState.FAILED
        assert "API Key" in (found.error or "")

    run_virtually(main)


def test_while_the_secret_key_cannot_be_read_nothing_is_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        use_sender(monkeypatch, ScriptedSender(clock))
        database = make_site(tmp_path, clock)
        (sent,) = queue(database, clock, add_handler(database, clock))

        def unreadable(pool: SenderPool, handler: Handler) -> HandlerConfig:
            raise StorageError("the secret key is not readable")

        with monkeypatch.context() as broken:
            broken.setattr(SenderPool, "config", unreadable)
            async with running(database, clock) as engine:
                await clock.sleep(30)
                assert engine.trouble
            assert message(database, sent).state is MessageState.QUEUED
            assert message(database, sent).attempts == 0
        async with running(database, clock):
            await clock.sleep(5)
        assert message(database, sent).state is MessageState.ACCEPTED

    run_virtually(main)


def test_a_status_that_cannot_be_written_down_is_asked_for_again_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(clock: VirtualClock) -> None:
        use_sender(monkeypatch, ScriptedSender(clock))
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        keep, full = handlers.set_status, [DiskFull("the disk is full: free some space")]

        def set_status(*arguments: Any, **values: Any) -> None:
            if full:
                raise full.pop()
            keep(*arguments, **values)

        monkeypatch.setattr(handlers, "set_status", set_status)
        async with running(database, clock) as engine:
            await clock.sleep(1.5)
            assert engine.trouble == "the disk is full: free some space"
            await clock.sleep(10)
            assert engine.trouble is None
            assert status(database, handler).status == "Running"
        assert not [record for record in caplog.records if record.exc_info], "a full disk is no surprise"

    run_virtually(main)


def test_what_a_check_finds_names_the_handler_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock, lambda item, n: ACCEPTED)
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        add_handler(database, clock, "Gate")
        async with running(database, clock):
            await clock.sleep(5)
        told = [entry.text for entry in review_of(database) if "running" in entry.text]
        assert told == ["Gate: running, balance EUR 87.41"]

    run_virtually(main)
