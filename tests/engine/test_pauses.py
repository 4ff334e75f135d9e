"""Which answers pause a handler, what may still try meanwhile, and what ends the pause."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from scheduling import handler_state
from scheduling.gateways.codes import limits_all
from scheduling.gateways.outcome import Balance, GatewayError, Outcome, OutgoingMessage
from scheduling.gateways.registry import GATEWAYS
from storage import handlers
from storage.database import Database
from storage.records import HandlerStatus
from storage.vocabulary import MessageState, Origin, OutcomeKind
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
    use_sender,
)
from tests.virtual_time import VirtualClock, run_virtually

BUSY, ACCOUNT = OutcomeKind.BUSY, OutcomeKind.ACCOUNT
LIMITED = outcome(BUSY, code="43", error="Rate limit", http_status=400)
NO_MONEY = outcome(ACCOUNT, code="20", error="Insufficient account balance", http_status=402)
UNREADABLE = GatewayError(OutcomeKind.UNKNOWN, "HTTP 502: the gateway failed", "See its status page")

Answer = Callable[[OutgoingMessage, int], Outcome]


def status(database: Database, handler: int) -> HandlerStatus:
    with database.read() as connection:
        return handlers.status_of(connection, handler)


def pause_of(database: Database, handler: int, clock: VirtualClock) -> str | None:
    return handler_state.pause_of(status(database, handler), clock.now())


def site(
    tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, answer: Answer, **values: Any
) -> tuple[Database, int, ScriptedSender]:
    row = {
        "batch_size": 1,
        "max_connections": 2,
        "retry_rate": 10 * MINUTE,
        "stop_retrying_after": 60 * MINUTE,
    }
    return scripted_site(tmp_path, clock, monkeypatch, answer, **{**row, **values})


def api_of(given: dict[str, Any]) -> str:
    """The gateway that a code is of; the One API for what is no code."""
    return next((str(api) for api, gateway in GATEWAYS.items() if given.get("code") in gateway.codes), "one")


def times_of(sender: ScriptedSender, database: Database, message_id: int) -> list[float]:
    mine = message(database, message_id).client_message_id
    return [at for at, item in sender.sent if item.client_message_id == mine]


def test_which_busy_codes_limit_the_account_and_which_concern_one_call() -> None:
    tables = [api.codes for api in GATEWAYS.values()]
    busy = {code for table in tables for code, row in table.items() if row.kind is BUSY}
    limiting = {code for table in tables for code in table if limits_all(table, outcome(BUSY, code=code))}
    assert limiting == {"43", "130"}
    assert busy - limiting == {"19", "003", "901"}
    assert limits_all({}, outcome(BUSY, http_status=429))
    assert not limits_all({}, outcome(BUSY, http_status=425))
    assert not limits_all({}, outcome(OutcomeKind.REJECTED, http_status=429))


@pytest.mark.parametrize(
    "retry",
    [
        {"code": "19", "http_status": 503},
        {"code": "18", "http_status": 500},
        {"code": "901", "http_status": 200},
        {"code": "003", "http_status": 200},
        {"code": None, "http_status": 425},
        {"code": "19", "http_status": 503, "retry_at": "later"},
    ],
    ids=str,
)
def test_please_retry_concerns_one_message_and_nobody_waits_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, retry: dict[str, Any]
) -> None:
    async def main(clock: VirtualClock) -> None:
        later = {"retry_at": clock.now() + timedelta(minutes=30)} if "retry_at" in retry else {}
        please = outcome(BUSY, **{**retry, **later})
        database, handler, _sender = site(
            tmp_path,
            clock,
            monkeypatch,
            lambda item, n: please if item.text.startswith("Pump 0") else ACCEPTED,
        )
        first, *others = queue(database, clock, handler, 4)
        (alarm,) = queue(database, clock, handler, 2, origin=Origin.ALERT)[1:]
        async with running(database, clock):
            await clock.sleep(3)
            assert {message(database, each).state for each in [*others, alarm]} == {MessageState.ACCEPTED}
            assert message(database, first).state is MessageState.QUEUED
            assert status(database, handler).pause is None

    run_virtually(main)


@pytest.mark.parametrize("code", [{"code": "43"}, {"code": "130"}, {"http_status": 429}], ids=str)
@pytest.mark.parametrize("named", [None, 95.0])
def test_a_limit_pauses_the_others_until_the_named_time_or_the_next_planned_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: dict[str, Any], named: float | None
) -> None:
    async def main(clock: VirtualClock) -> None:
        until = clock.now() + timedelta(seconds=named) if named else None

        def answer(item: OutgoingMessage, n: int) -> Outcome:
            return outcome(BUSY, **code, retry_at=until) if clock.boottime() - began < 60 else ACCEPTED

        began = clock.boottime()
        database, handler, sender = site(
            tmp_path, clock, monkeypatch, answer, max_connections=1, api_type=api_of(code)
        )
        first, second = queue(database, clock, handler, 2)
        async with running(database, clock):
            await clock.sleep(5)
            assert pause_of(database, handler, clock) == "busy"
            await clock.sleep(600)
        waits = named or 600.0
        assert times_of(sender, database, first) == pytest.approx([began, began + 600], abs=0.1)
        assert times_of(sender, database, second) == pytest.approx([began + waits], abs=0.1)
        assert sum("paused until" in entry.text for entry in review_of(database)) == 1

    run_virtually(main)


def test_during_a_busy_pause_one_alarm_tries_every_few_seconds_and_nothing_else_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        named = clock.now() + timedelta(seconds=300)
        began = clock.boottime()

        def answer(item: OutgoingMessage, n: int) -> Outcome:
            well = clock.boottime() - began >= 20 and item.client_message_id in alarms
            return ACCEPTED if well else outcome(BUSY, code="43", retry_at=named if n == 1 else None)

        alarms: set[str] = set()
        database, handler, sender = site(tmp_path, clock, monkeypatch, answer, max_connections=8)
        (ordinary,) = queue(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(2)
            sent = queue(database, clock, handler, 12, origin=Origin.ALERT)
            alarms |= {message(database, each).client_message_id for each in sent}
            await clock.sleep(60)
            at = [at - began for at, item in sender.sent if item.client_message_id in alarms]
            assert all(later - before >= 4.9 for before, later in pairwise(at))
            assert len(at) >= 11
            assert at[0] < 3
            assert MessageState.ACCEPTED in {message(database, each).state for each in sent}
            assert pause_of(database, handler, clock) == "busy", "the gateway named the time"
            assert len(times_of(sender, database, ordinary)) == 1
        assert handler_state.ALARM_EVERY.total_seconds() <= 10

    run_virtually(main)


def test_an_alarm_that_is_accepted_ends_a_pause_for_which_no_time_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = site(
            tmp_path, clock, monkeypatch, lambda item, n: LIMITED if len(sender.sent) == 1 else ACCEPTED
        )
        first, second = queue(database, clock, handler, 2)
        async with running(database, clock):
            await clock.sleep(2)
            assert pause_of(database, handler, clock) == "busy"
            alarms = queue(database, clock, handler, 3, origin=Origin.ALERT)
            await clock.sleep(2)
            assert pause_of(database, handler, clock) is None
            accepted = {message(database, each).state for each in [second, *alarms]}
            assert accepted == {MessageState.ACCEPTED}
            assert message(database, first).state is MessageState.QUEUED, "its plan stands"
        assert any("sending goes on" in entry.text for entry in review_of(database))

    run_virtually(main)


@pytest.mark.parametrize("refusal", [LIMITED, NO_MONEY], ids=lambda refusal: str(refusal.code))
def test_what_was_under_way_when_the_pause_began_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: Outcome
) -> None:
    async def main(clock: VirtualClock) -> None:
        class Slow(ScriptedSender):
            async def send(self, batch: Any) -> list[Outcome]:
                found = await ScriptedSender.send(self, batch)
                await clock.sleep(0 if found == [refusal] else 3)
                return found

        sender = Slow(clock, lambda item, n: refusal if item.text.startswith("Pump 1") else ACCEPTED)
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock, batch_size=1, max_connections=3, retry_rate=10 * MINUTE)
        sent = queue(database, clock, handler, 6)
        async with running(database, clock):
            await clock.sleep(30)
            assert message(database, sent[0]).state is MessageState.ACCEPTED
            assert pause_of(database, handler, clock) is not None
            assert len(sender.sent) == 2

    run_virtually(main)


@pytest.mark.parametrize("code", [{"code": "20"}, {"code": "301"}, {"http_status": 402}], ids=str)
@pytest.mark.parametrize(
    "balance", [Balance(Decimal("0.02"), "EUR"), UNREADABLE], ids=["known", "unreadable"]
)
def test_no_money_for_a_dear_message_lets_a_cheap_one_show_that_there_is_some(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: dict[str, Any],
    balance: Balance | GatewayError,
) -> None:
    async def main(clock: VirtualClock) -> None:
        dear = outcome(ACCOUNT, **code)
        database, handler, sender = site(
            tmp_path,
            clock,
            monkeypatch,
            lambda item, n: dear if item.text.startswith("Pump 0") else ACCEPTED,
            retry_rate=MINUTE,
            max_connections=1,
            api_type=api_of(code),
        )
        sender.balance_answer = balance
        (first,) = queue(database, clock, handler)
        async with running(database, clock):
            await clock.sleep(10)
            assert pause_of(database, handler, clock) == "account"
            cheap = queue(database, clock, handler, 4, origin=Origin.ALERT)[1:]
            await clock.sleep(30)
            assert len(sender.sent) == 1, "only a probe goes out, one for each Retry Rate"
            await clock.sleep(100)
            assert {message(database, each).state for each in cheap} == {MessageState.ACCEPTED}
            assert len(times_of(sender, database, first)) <= 3
            assert pause_of(database, handler, clock) is None
            await clock.sleep(130)
            assert pause_of(database, handler, clock) == "account", "nothing else shows that there is money"

    run_virtually(main)


def test_a_probe_is_cheap_and_not_the_message_that_was_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were it the oldest, a dear alarm would use up every probe until its window closes."""

    async def main(clock: VirtualClock) -> None:
        database, handler, _sender = site(
            tmp_path,
            clock,
            monkeypatch,
            lambda item, n: NO_MONEY if item.text.startswith("Pump 0") else ACCEPTED,
            retry_rate=MINUTE,
            max_connections=1,
        )
        dear, cheap = queue(database, clock, handler, 2, origin=Origin.ALERT)
        async with running(database, clock):
            await clock.sleep(65)
            assert message(database, dear).state is MessageState.QUEUED
            assert message(database, cheap).state is MessageState.ACCEPTED

    run_virtually(main)


def test_an_accepted_message_asks_for_a_check_at_once_while_status_is_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = site(tmp_path, clock, monkeypatch, lambda item, n: ACCEPTED)
        sender.balance_answer = UNREADABLE
        async with running(database, clock):
            await clock.sleep(4)
            assert status(database, handler).status == "Error"
            sender.balance_answer = Balance(Decimal(5), "EUR")
            queue(database, clock, handler)
            await clock.sleep(3)
            assert status(database, handler).status == "Running"

    run_virtually(main)


def test_a_balance_that_stays_unreadable_is_asked_for_again_in_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        asked: list[float] = []

        class Asked(ScriptedSender):
            async def balance(self) -> Balance | GatewayError:
                asked.append(clock.boottime())
                return UNREADABLE

        use_sender(monkeypatch, Asked(clock))
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        async with running(database, clock):
            for _ in range(60):
                queue(database, clock, handler)
                await clock.sleep(1)
        assert len(asked) <= 15

    run_virtually(main)
