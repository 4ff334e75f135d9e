"""The engine sends through every gateway alike: the plan, the pause of an account, and the way back."""

from pathlib import Path
from typing import Any

import pytest

from demo_data.clickatell import ThreadedClickatell
from scheduling.gateways import registry
from storage import handlers
from storage.database import Database
from storage.vocabulary import HandlerState, MessageState, Pause
from tests.engine.support import (
    MINUTE,
    add_handler,
    make_site,
    message,
    queue,
    review_of,
    running,
    states,
    use_real_senders,
)
from tests.gateways.accounts import APIS, SECRETS, settings_at
from tests.virtual_time import VirtualClock, run_virtually

pytestmark = [pytest.mark.usefixtures("third_gateway"), pytest.mark.parametrize("api", APIS)]
NOBODY = "http://127.0.0.1:9"


def handler_at(database: Database, clock: VirtualClock, api: str, url: str, **values: Any) -> int:
    settings = settings_at(url)[api]
    made = add_handler(database, clock, api_type=api, settings=settings, batch_size=1, **values)
    with database.write() as tx:
        handlers.keep_secret(database, tx, made, SECRETS[api])
    return made


def status(database: Database, handler: int) -> handlers.HandlerStatus:
    with database.read() as connection:
        return handlers.status_of(connection, handler)


def test_nobody_listening_gets_exactly_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    use_real_senders(monkeypatch)

    async def main(clock: VirtualClock) -> None:
        database = make_site(tmp_path, clock)
        (sent,) = queue(database, clock, handler_at(database, clock, api, NOBODY))
        async with running(database, clock):
            await clock.sleep(330)
        found = message(database, sent)
        assert (found.state, found.attempts) == (MessageState.FAILED, 5)
        assert "connection refused by 127.0.0.1:9" in (found.error or "")

    run_virtually(main)


def test_what_is_queued_arrives_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str) -> None:
    use_real_senders(monkeypatch)

    async def main(clock: VirtualClock) -> None:
        database = make_site(tmp_path, clock)
        ids = queue(database, clock, handler_at(database, clock, api, clickatell.base_url), 3)
        async with running(database, clock):
            await clock.sleep(20)
        there = {each.client_message_id: each for each in clickatell.clickatell.inbox}
        assert len(there) == len(clickatell.clickatell.inbox) == 3
        for found in (message(database, each) for each in ids):
            assert found.state in (MessageState.ACCEPTED, MessageState.DELIVERED)
            assert found.gateway_id == there[found.client_message_id].gateway_id
            # A gateway that cannot be asked is not asked.
            assert registry.of(api).tells_delivery or (found.reports_asked, found.report_due_at) == (0, None)

    with ThreadedClickatell() as clickatell:
        run_virtually(main)


def test_a_refused_account_pauses_and_goes_on_when_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    use_real_senders(monkeypatch)

    async def main(clock: VirtualClock) -> None:
        database = make_site(tmp_path, clock)
        handler = handler_at(database, clock, api, clickatell.base_url, stop_retrying_after=60 * MINUTE)
        clickatell.clickatell.settings.keys_refused = True
        queue(database, clock, handler, 2)
        async with running(database, clock):
            await clock.sleep(30)
            found = status(database, handler)
            assert (found.status, found.pause) == (HandlerState.ERROR, Pause.ACCOUNT)
            assert found.advice
            clickatell.clickatell.settings.keys_refused = False
            await clock.sleep(180)
        assert status(database, handler).pause is None
        assert (
            sum(states(database).get(each, 0) for each in (MessageState.ACCEPTED, MessageState.DELIVERED))
            == 2
        )
        assert any("sending goes on" in entry.text for entry in review_of(database))

    with ThreadedClickatell() as clickatell:
        run_virtually(main)
