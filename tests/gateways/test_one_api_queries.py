"""The One API's balance and delivery states."""

from decimal import Decimal

import httpx
import pytest

from scheduling.gateways.outcome import Balance, DeliveryVerdict, GatewayError
from storage.vocabulary import OutcomeKind
from tests.gateways.support import (
    NOW,
    accept_all,
    one_sender,
    whole,
)

ACCOUNT, BUSY, UNKNOWN = OutcomeKind.ACCOUNT, OutcomeKind.BUSY, OutcomeKind.UNKNOWN


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"balance": 1234.56780, "currency": "EUR"}', Balance(Decimal("1234.56780"), "EUR")),
        (b'{"balance": "300.50", "currency": "USD"}', Balance(Decimal("300.50"), "USD")),
        (b'{"balance": 0, "currency": "ZAR", "error": null}', Balance(Decimal(0), "ZAR")),
        (b'{"balance": -1.5, "currency": "EUR"}', Balance(Decimal("-1.5"), "EUR")),
        (b'{"balance": 5}', Balance(Decimal(5), "")),
        (b'\xef\xbb\xbf{"balance": 5, "currency": "EUR"}', Balance(Decimal(5), "EUR")),
        (b'{"balance": true}', None),
        (b'{"balance": NaN}', None),
        (b'{"balance": 1e999999}', None),
        (b'{"balance": 1e-999999}', None),
        (b'{"balance": "1e999999999999999999999"}', None),
        (b'{"balance": null}', None),
        (b'{"balance": "lots"}', None),
        (b"[" * 100_000, None),
        (b'{"balance": ' + b"9" * 5000 + b"}", None),
        (b"<html/>", None),
        (b"", None),
    ],
)
async def test_balances(body, expected):
    answer = await one_sender(lambda request: httpx.Response(200, content=body)).balance()
    if expected is None:
        assert isinstance(answer, GatewayError)
        assert (answer.kind, answer.http_status) == (UNKNOWN, 200)
    else:
        assert answer == expected


@pytest.mark.parametrize(
    ("response", "kind", "code"),
    [
        (whole(1, 401), ACCOUNT, "1"),
        (whole(7, 401), ACCOUNT, "7"),
        (whole(19, 503), BUSY, "19"),
        (whole(18, 500), UNKNOWN, "18"),
        (whole(43, 400), BUSY, "43"),
        (whole(21, 400), ACCOUNT, "21"),
        (httpx.Response(403), ACCOUNT, None),
        (httpx.Response(502), UNKNOWN, None),
    ],
)
async def test_balance_errors(response, kind, code):
    answer = await one_sender(lambda request: response).balance()
    assert isinstance(answer, GatewayError)
    assert (answer.kind, answer.code) == (kind, code)
    assert answer.error
    assert answer.advice


@pytest.mark.parametrize("missing", [whole(41, 400), whole(41, 404), httpx.Response(404)])
async def test_the_older_balance_address_is_tried_and_remembered(missing):
    paths = []

    def gateway(request):
        paths.append(request.url.path)
        if request.url.path == "/v1/balance":
            return missing
        return httpx.Response(200, json={"balance": 3, "currency": "EUR"})

    sender = one_sender(gateway)
    for _ in range(2):
        assert await sender.balance() == Balance(Decimal(3), "EUR")
    assert paths == ["/v1/balance", "/public-client/balance", "/public-client/balance"]


async def test_where_neither_balance_address_exists_the_older_is_tried_once():
    paths = []

    def gateway(request):
        paths.append(request.url.path)
        return httpx.Response(404)

    sender = one_sender(gateway)
    answers = [await sender.balance(), await sender.balance()]
    assert {(a.kind, a.http_status) for a in answers} == {(ACCOUNT, 404)}
    assert paths == ["/v1/balance", "/public-client/balance", "/v1/balance"]


@pytest.mark.parametrize(
    ("body", "verdict", "text"),
    [
        ({"sms": {"status": "DEVICE_ACK", "timestamp": 1767225600000}}, "delivered", "DEVICE_ACK"),
        ({"whatsapp": {"status": "READ"}}, "delivered", "READ"),
        ({"rcs": {"status": "DEVICE_ACK"}}, "delivered", "DEVICE_ACK"),
        *(
            ({"sms": {"status": name}}, "undelivered", name)
            for name in (
                "EXPIRED",
                "STOPPED_BY_USER",
                "STOPPED_BY_ADMIN",
                "DELIVERY_FAILURE",
                "EMULATED",
                "INSUFFICIENT_ACCOUNT_BALANCE",
                "VOLUME_LIMIT",
                "VOLUME_LIMIT_DAILY",
                "VOLUME_LIMIT_MONTHLY",
                "RECIPIENT_DOES_NOT_EXIST",
                "ENCRYPTION_ACCESS_DENIED",
                "MEDIA_NOT_FOUND",
                "ROUTING_ERROR",
                "WHATSAPP_ANYTHING",
                "ANONYMOUS_USER_ID_ERROR",
            )
        ),
        *(
            ({"sms": {"status": name}}, "pending", name)
            for name in ("UNKNOWN", "QUEUED", "SCHEDULED", "SENT_TO_SUPPLIER", "SOMETHING_NEW")
        ),
        ({"status": "UNKNOWN", "timestamp": 1}, "pending", "UNKNOWN"),
    ],
)
async def test_delivery_states(body, verdict, text):
    paths = []

    def gateway(request):
        paths.append(request.url.raw_path)
        return httpx.Response(200, json=body)

    status = await one_sender(gateway).delivery_status("ab/../c d")
    assert (status.verdict, status.text) == (verdict, text)
    assert paths == [b"/v1/message/ab%2F..%2Fc%20d"]


async def test_the_time_of_a_delivery_is_told():
    body = {"sms": {"status": "DEVICE_ACK", "timestamp": 1795399200000}}
    status = await one_sender(lambda request: httpx.Response(200, json=body)).delivery_status("f" * 32)
    assert status.at == NOW


@pytest.mark.parametrize(
    "response", [whole(1, 401), httpx.Response(404), httpx.Response(502), httpx.Response(200, text="{}")]
)
async def test_a_delivery_state_that_cannot_be_had(response):
    status = await one_sender(lambda request: response).delivery_status("f" * 32)
    assert status.verdict is DeliveryVerdict.NO_ANSWER
    assert status.text


async def test_the_one_api_cannot_be_asked_for_our_id():
    assert await one_sender(accept_all).query("a" * 32) is None
