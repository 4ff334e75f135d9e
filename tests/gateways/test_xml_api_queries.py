"""The XML API's balance, delivery states, and the question for our own id."""

from decimal import Decimal

import httpx
import pytest

from scheduling.gateways.outcome import Balance, DeliveryVerdict, GatewayError, QueryAnswer, QueryVerdict
from scheduling.gateways.registry import make_sender
from scheduling.gateways.xml_api.sender import XmlApiSender
from storage.vocabulary import OutcomeKind
from tests.gateways.support import (
    XML,
    XML_ERROR,
    StoppedClock,
    click_api,
    document,
    xml_sender,
)

ACCOUNT, BUSY, UNKNOWN = OutcomeKind.ACCOUNT, OutcomeKind.BUSY, OutcomeKind.UNKNOWN


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("<ok>431.600</ok><sequence_no></sequence_no>", Decimal("431.600")),
        ("<ok> -2 </ok>", Decimal(-2)),
        ("<ok>Credit: 12.5</ok>", Decimal("12.5")),
        ("<ok>NaN</ok>", None),
        ("<ok/>", None),
        ("", None),
    ],
)
async def test_balances(reply, expected):
    def gateway(request):
        [call] = document(request)
        assert call.tag == "getBalance"
        return click_api(f"<getBalanceResp>{reply}</getBalanceResp>")

    answer = await xml_sender(gateway).balance()
    if expected is None:
        assert isinstance(answer, GatewayError)
        assert answer.kind is UNKNOWN
    else:
        assert answer == Balance(expected, "credits")


@pytest.mark.parametrize(
    ("response", "kind", "code"),
    [
        (
            click_api("<getBalanceResp><fault>001, Authentication failed</fault></getBalanceResp>"),
            ACCOUNT,
            "001",
        ),
        (click_api("<getBalanceResp><fault>901, Internal</fault></getBalanceResp>"), BUSY, "901"),
        (click_api(XML_ERROR), ACCOUNT, None),
        (httpx.Response(502), UNKNOWN, None),
        (httpx.Response(302, headers={"Location": "http://elsewhere/"}), ACCOUNT, None),
    ],
)
async def test_balance_errors(response, kind, code):
    answer = await xml_sender(lambda request: response).balance()
    assert isinstance(answer, GatewayError)
    assert (answer.kind, answer.code) == (kind, code)
    assert answer.error
    assert answer.advice


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("<apiMsgId>abc</apiMsgId><status>003</status>", QueryAnswer(QueryVerdict.ACCEPTED, "abc", "003")),
        ("<apiMsgId>abc</apiMsgId>", QueryAnswer(QueryVerdict.ACCEPTED, "abc")),
        ("<status>8</status>", QueryAnswer(QueryVerdict.ACCEPTED, None, "008")),
        ("<fault>104, Unknown client message ID</fault>", QueryAnswer(QueryVerdict.NOT_KNOWN)),
        ("<apiMsgId>abc</apiMsgId><status>001</status>", QueryAnswer(QueryVerdict.NOT_KNOWN, None, "001")),
        (
            "<fault>001, Authentication failed</fault>",
            QueryAnswer(QueryVerdict.NO_ANSWER, error="001 Authentication failed"),
        ),
        ("<fault>901, x</fault>", QueryAnswer(QueryVerdict.NO_ANSWER, error="901 x")),
    ],
)
async def test_asking_for_our_id(reply, expected):
    def gateway(request):
        [call] = document(request)
        assert (call.tag, call.findtext("cliMsgId")) == ("queryMsg", "a" * 32)
        return click_api(f"<queryMsgResp>{reply}</queryMsgResp>")

    assert await xml_sender(gateway).query("a" * 32) == expected


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(502),
        httpx.Response(200),
        click_api(),
        click_api(XML_ERROR),
        click_api("<queryMsgResp/>"),
    ],
)
async def test_an_unreadable_answer_is_no_answer(response):
    answer = await xml_sender(lambda request: response).query("a" * 32)
    assert answer.verdict is QueryVerdict.NO_ANSWER
    assert answer.error


async def test_a_query_that_reaches_nobody_is_no_answer():
    sender = make_sender(XML, StoppedClock())
    assert isinstance(sender, XmlApiSender)
    answer = await sender.query("a" * 32)
    status = await sender.delivery_status("abc")
    balance = await sender.balance()
    await sender.close()
    assert answer == QueryAnswer(QueryVerdict.NO_ANSWER, error="connection refused by 127.0.0.1:9")
    assert status.verdict is DeliveryVerdict.NO_ANSWER
    assert isinstance(balance, GatewayError)
    assert balance.kind is OutcomeKind.NOT_SENT


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("004", "delivered"),
        *((code, "undelivered") for code in ("005", "006", "007", "009", "010", "012", "014")),
        *((code, "pending") for code in ("001", "002", "003", "008", "011", "013", "099")),
    ],
)
async def test_delivery_states(status, verdict):
    def gateway(request):
        assert document(request)[0].findtext("apiMsgId") == "abc"
        return click_api(
            f"<queryMsgResp><apiMsgId>abc</apiMsgId>\n<status> {status} </status></queryMsgResp>"
        )

    answer = await xml_sender(gateway).delivery_status("abc")
    assert answer.verdict == verdict
    assert answer.text.startswith(status)


@pytest.mark.parametrize(
    ("fault", "verdict"), [("103, Unknown", "pending"), ("001, x", "no_answer"), ("901, x", "no_answer")]
)
async def test_delivery_faults(fault, verdict):
    response = click_api(f"<queryMsgResp><fault>{fault}</fault></queryMsgResp>")
    answer = await xml_sender(lambda request: response).delivery_status("abc")
    assert answer.verdict == verdict
    assert answer.text.startswith(fault[:3])
