"""Keys and passwords show nowhere: not in errors, not in reprs, not in logs, not in addresses."""

import base64
import logging
import traceback
from dataclasses import replace
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import httpx
import pytest

from scheduling.clock import SystemClock
from scheduling.senders import make_sender
from scheduling.senders.http import Connection
from scheduling.senders.wording import outside_text, spellings
from tests.senders.raw_server import Visit, raw_server, unused_port
from tests.senders.support import (
    KEY,
    ONE,
    PASSWORD,
    XML,
    click_api,
    fault_reply,
    messages,
    one_sender,
    xml_sender,
)


def written_forms(secret: str) -> list[str]:
    return [
        secret,
        quote(secret),
        quote_plus(secret),
        escape(secret),
        base64.b64encode(secret.encode()).decode(),
    ]


@pytest.mark.parametrize("echo", written_forms(KEY))
async def test_a_key_that_the_gateway_echoes_is_masked(echo):
    error = {"code": 1, "description": f"Key {echo} is wrong: {echo}"}
    sender = one_sender(lambda request: httpx.Response(401, json={"error": error}))
    [outcome] = await sender.send(messages(1))
    balance = await sender.balance()
    assert outcome.error == balance.error == "1 Key •••• is wrong: ••••"


@pytest.mark.parametrize("echo", written_forms(PASSWORD))
async def test_a_password_that_the_gateway_echoes_is_masked(echo):
    answer = click_api(fault_reply(1, f"001, user plant7 with {escape(echo)}"))
    [outcome] = await xml_sender(lambda request: answer).send(messages(1))
    assert outcome.error == "001 user plant7 with ••••"


def test_a_secret_put_together_by_joining_lines_is_masked():
    assert outside_text("the pass\n  word", ["the pass word"]) == "••••"
    assert outside_text("se\u200bcret", ["secret"]) == "••••"


def test_no_half_of_a_secret_is_left_by_cutting():
    assert KEY[:4] not in outside_text(KEY * 1000, [KEY])
    assert "hush" not in outside_text("x" * 280 + "hush" * 100, ["hush" * 25])


@pytest.mark.parametrize("code", [KEY, f"E {KEY}"])
async def test_a_key_in_the_place_of_a_code_or_an_id_is_masked(code):
    entry = {"apiMessageId": KEY, "accepted": True, "to": "447700900000"}
    for body in ({"error": {"code": code, "description": "x"}}, {"messages": [entry]}):
        sender = one_sender(lambda request, body=body: httpx.Response(400, json=body))
        [outcome] = await sender.send(messages(1))
        assert KEY[:8] not in repr(outcome)


def test_empty_secrets_mask_nothing():
    assert spellings(["", " "]) >= {" "}
    assert outside_text("as it is", [""]) == "as it is"


def test_outside_text_is_one_short_line_that_can_be_stored():
    assert outside_text("a\x1b[2J\r\nb\u202e\ud800\tc") == "a [2J b c"
    assert outside_text("x" * 1000) == "x" * 299 + "…"


async def _every_kind_of_failure(cfg) -> list[object]:
    """What a sender shows of itself after an acceptance, a refusal, a cut answer and a dead port."""

    async def act(visit: Visit) -> None:
        body = await visit.request()
        if visit.number == 0:
            await visit.answer(b'{"error":{"code":1}}', "401 No")
        elif visit.number == 1:
            await visit.answer(body, "200 OK")
        elif visit.number == 2:
            await visit.answer(b"x", length=10)

    shown: list[object] = []
    async with raw_server(act) as server:
        for url in (
            server.url,
            server.url,
            server.url,
            server.url,
            f"http://127.0.0.1:{unused_port()}",
            "http://[",
            "http://127.0.0.1:99999",
        ):
            sender = make_sender(replace(cfg, base_url=url, api_uri=url, read_timeout=0.3), SystemClock())
            shown += [*await sender.send(messages(1)), await sender.balance(), sender]
            await sender.close()
    return shown


@pytest.mark.parametrize("cfg", [ONE, XML], ids=["one", "xml"])
async def test_nothing_shown_or_logged_holds_the_secret(cfg, caplog):
    caplog.set_level(logging.DEBUG)
    shown = await _every_kind_of_failure(cfg)
    texts = [repr(item) for item in shown]
    texts += [record.getMessage() for record in caplog.records]
    texts += [repr(cfg), str(cfg)]
    for form in written_forms(cfg.secret):
        assert not any(form in text for text in texts)


async def test_the_http_librarys_own_logs_are_off(caplog):
    caplog.set_level(logging.DEBUG)
    await _every_kind_of_failure(ONE)
    assert not [r for r in caplog.records if r.name.startswith(("httpx", "httpcore")) and r.levelno < 30]


async def test_a_traceback_through_a_sender_holds_no_secret():
    class Broken(SystemClock):
        async def wait_for(self, awaitable, seconds):
            awaitable.close()
            raise RuntimeError("the clock is broken")

    sender = make_sender(ONE, Broken())
    with pytest.raises(RuntimeError) as caught:
        await sender.send(messages(1))
    assert KEY not in "".join(traceback.format_exception(caught.value))


async def test_an_address_with_credentials_is_not_shown():
    connection = Connection(ONE, SystemClock())
    failure = await connection.request(
        "GET", f"http://me:hidden-word@127.0.0.1:{unused_port()}/?k=v", headers={}
    )
    await connection.aclose()
    assert "hidden-word" not in repr(failure)
    assert "k=v" not in repr(failure)


async def test_secrets_go_in_the_header_or_the_form_and_never_in_the_address():
    seen = []

    def gateway(request):
        seen.append(request)
        return httpx.Response(500)

    for sender in (one_sender(gateway), xml_sender(gateway)):
        await sender.send(messages(1))
        await sender.balance()
        await sender.query("a" * 32)
        await sender.delivery_status("f" * 32)
    assert len(seen) == 7
    for request in seen:
        for secret in (KEY, PASSWORD):
            assert not any(form in str(request.url) for form in written_forms(secret))
