"""The One API sender: what it writes, and what it makes of every answer."""

import json
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from scheduling.senders import make_sender
from scheduling.senders.codes import ONE_API
from scheduling.senders.one_api import OneApiSender
from scheduling.senders.outcome import (
    Balance,
    DeliveryVerdict,
    GatewayError,
    OutcomeKind,
    OutgoingMessage,
)
from tests.senders.support import (
    KEY,
    NOW,
    ONE,
    StoppedClock,
    accept_all,
    accepted,
    messages,
    one_sender,
    refused,
    sent_entries,
)

ACCEPTED, REJECTED, BUSY = OutcomeKind.ACCEPTED, OutcomeKind.REJECTED, OutcomeKind.BUSY
ACCOUNT, UNKNOWN = OutcomeKind.ACCOUNT, OutcomeKind.UNKNOWN

# Clickatell's One API errors table: code, HTTP status, level (global, message), what is to follow.
TABLE = [
    (1, 401, "G", ACCOUNT),
    (2, 400, "G", ACCOUNT),
    (3, 400, "G", ACCOUNT),
    (7, 401, "G", ACCOUNT),
    (18, 500, "G", UNKNOWN),
    (18, 500, "M", BUSY),
    (19, 503, "G", BUSY),
    (19, 503, "M", BUSY),
    (20, 402, "M", ACCOUNT),
    (21, 400, "G", REJECTED),
    (22, 400, "G", REJECTED),
    (23, 400, "M", REJECTED),
    (24, 400, "M", REJECTED),
    (25, 400, "M", REJECTED),
    (26, 400, "M", REJECTED),
    (27, 400, "M", REJECTED),
    (28, 400, "M", REJECTED),
    (30, 400, "M", REJECTED),
    (31, 400, "M", REJECTED),
    (32, 400, "M", REJECTED),
    (33, 400, "M", REJECTED),
    (38, 400, "M", ACCOUNT),
    (39, 400, "M", ACCOUNT),
    (40, 400, "M", REJECTED),
    (41, 400, "G", REJECTED),
    (41, 404, "G", REJECTED),
    (42, 400, "G", REJECTED),
    (43, 400, "G", BUSY),
    (43, 400, "M", BUSY),
    (44, 400, "M", ACCOUNT),
    (45, 400, "M", ACCOUNT),
    (46, 400, "M", ACCOUNT),
    (100, 400, "M", REJECTED),
    (101, 400, "M", REJECTED),
    (110, 400, "M", REJECTED),
    (111, 400, "M", REJECTED),
]


def whole(code: object, status: int, **more) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "description": "words"}, **more})


async def one_answer(response: httpx.Response, count: int = 1):
    sender = one_sender(lambda request: response)
    outcomes = await sender.send(messages(count))
    assert len(outcomes) == count
    return outcomes[0] if count == 1 else outcomes


async def test_the_request_is_as_the_reference_says():
    seen: list[httpx.Request] = []

    def gateway(request):
        seen.append(request)
        return accept_all(request)

    sender = one_sender(gateway, channel="WhatsApp", base_url="http://127.0.0.1:9/prefix/")
    text = 'Tank "A" < 10 % – Ωμέγα 🚒\nsecond line'
    [outcome] = await sender.send([OutgoingMessage("a" * 32, "+447700900123", text)])
    [request] = seen
    assert (request.method, str(request.url)) == ("POST", "http://127.0.0.1:9/prefix/v1/message")
    assert request.headers["authorization"] == KEY
    assert request.headers["content-type"] == request.headers["accept"] == "application/json"
    assert json.loads(request.content) == {
        "messages": [
            {"channel": "whatsapp", "to": "447700900123", "content": text, "clientMessageId": "a" * 32}
        ]
    }
    assert (outcome.kind, outcome.gateway_id, outcome.http_status) == (ACCEPTED, f"{0:032x}", 202)


async def test_from_goes_along_where_it_is_set_and_an_empty_channel_is_sms():
    entries = []

    def gateway(request):
        entries.extend(sent_entries(request))
        return accept_all(request)

    await one_sender(gateway, sender_id=" 447700900999 ", channel=" ").send(messages(1))
    assert entries[0]["from"] == "447700900999"
    assert entries[0]["channel"] == "sms"


async def test_half_a_surrogate_pair_does_not_spoil_the_call():
    entries = []

    def gateway(request):
        entries.extend(sent_entries(request))
        return accept_all(request)

    [outcome] = await one_sender(gateway).send(messages(1, "a\ud83d\ude92b\ud800c"))
    assert outcome.kind is ACCEPTED
    assert entries[0]["content"] == "a🚒b\ufffdc"


def test_the_table_under_test_is_complete():
    assert {str(code) for code, *_ in TABLE} == set(ONE_API)


@pytest.mark.parametrize(("code", "status", "level", "kind"), TABLE)
@pytest.mark.parametrize("spelling", [int, str])
async def test_every_code(code, status, level, kind, spelling):
    if level == "G":
        response = whole(spelling(code), status)
    else:
        entry = refused("447700900000", spelling(code), "words")
        response = httpx.Response(status, json={"messages": [entry], "error": None})
    outcome = await one_answer(response)
    assert (outcome.kind, outcome.code, outcome.http_status) == (kind, str(code), status)
    assert outcome.error == f"{code} words"
    assert outcome.advice
    assert bool(outcome.warning) == (code in (28, 110, 111))
    assert outcome.gateway_id is None


@pytest.mark.parametrize("absent", [{}, {"messages": None}, {"messages": []}, {"messages": "x"}])
async def test_a_refusal_of_the_whole_may_come_with_any_form_of_no_messages(absent):
    outcomes = await one_answer(whole(1, 401, **absent), 3)
    assert {(o.kind, o.code) for o in outcomes} == {(ACCOUNT, "1")}


async def test_codes_without_a_text_get_clickatells_own():
    outcome = await one_answer(httpx.Response(401, json={"error": {"code": 1}}))
    assert outcome.error == "1 Invalid or missing integration API Key"
    assert outcome.advice == (
        "Check the API Key under One API Details in the Clickatell portal, "
        "and that the integration is in Production"
    )


@pytest.mark.parametrize(
    ("status", "level", "kind"),
    [
        (400, "G", REJECTED),
        (500, "G", UNKNOWN),
        (202, "G", UNKNOWN),
        (429, "G", BUSY),
        (400, "M", REJECTED),
        (207, "M", REJECTED),
        (202, "M", REJECTED),
        (500, "M", BUSY),
    ],
)
async def test_an_unknown_code_goes_by_the_http_status(status, level, kind):
    entry = refused("447700900000", 7777, "words")
    response = whole(7777, status) if level == "G" else httpx.Response(status, json={"messages": [entry]})
    outcome = await one_answer(response)
    assert (outcome.kind, outcome.code, outcome.error) == (kind, "7777", "7777 words")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, UNKNOWN),
        (202, UNKNOWN),
        (204, UNKNOWN),
        (207, UNKNOWN),
        (301, ACCOUNT),
        (307, ACCOUNT),
        (400, REJECTED),
        (401, ACCOUNT),
        (402, ACCOUNT),
        (403, ACCOUNT),
        (404, ACCOUNT),
        (405, ACCOUNT),
        (407, ACCOUNT),
        (408, UNKNOWN),
        (410, ACCOUNT),
        (413, REJECTED),
        (422, REJECTED),
        (429, BUSY),
        (500, UNKNOWN),
        (502, UNKNOWN),
        (503, UNKNOWN),
        (504, UNKNOWN),
        (599, UNKNOWN),
    ],
)
@pytest.mark.parametrize("body", ["", "<html><h1>Gateway</h1></html>", "{", "[]", "null", "{}", "\xff\xfe"])
async def test_answers_without_a_code_go_by_the_http_status(status, kind, body):
    outcome = await one_answer(httpx.Response(status, content=body.encode("latin-1")))
    assert (outcome.kind, outcome.code, outcome.http_status) == (kind, None, status)
    assert outcome.error.startswith(f"HTTP {status}: ")
    assert outcome.advice


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("7", 7),
        (" 120 ", 120),
        ("0", 0),
        ("1.5", 1.5),
        ("Mon, 23 Nov 2026 02:03:00 GMT", 180),
        ("Mon, 23 Nov 2026 04:03:00 +0200", 180),
        ("Mon, 23 Nov 2026 01:00:00 GMT", 0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("1e99", None),
        ("nan", None),
        ("Mon, 23 Nov 9999 23:59:59 -2359", None),
        ("Fri, 99 Xyz 2026", None),
    ],
)
@pytest.mark.parametrize("response", [(429, ""), (400, 43), (503, 19), (503, "")])
async def test_retry_after_is_honoured(value, wait, response):
    status, code = response
    body = {"json": {"error": {"code": code}}} if code else {"text": "busy"}
    outcome = await one_answer(httpx.Response(status, headers={"Retry-After": value}, **body))
    assert outcome.retry_at == (None if wait is None else NOW + timedelta(seconds=wait))


async def test_a_mixed_answer_is_judged_message_by_message():
    def gateway(request):
        entries = sent_entries(request)
        results = [
            accepted(entries[0], 1),
            refused(entries[1]["to"], 25),
            refused(entries[2]["to"], 20),
            refused(entries[3]["to"], 18),
        ]
        return httpx.Response(207, json={"messages": results, "error": None})

    outcomes = await one_sender(gateway).send(messages(4))
    assert [o.kind for o in outcomes] == [ACCEPTED, REJECTED, ACCOUNT, BUSY]


@pytest.mark.parametrize("status", [200, 202, 207, 400, 401, 500, 503])
async def test_messages_decide_whatever_the_status(status):
    entry = {"apiMessageId": "f" * 32, "accepted": True, "to": "447700900000", "error": None}
    outcome = await one_answer(httpx.Response(status, json={"messages": [entry], "error": None}))
    assert (outcome.kind, outcome.gateway_id) == (ACCEPTED, "f" * 32)


@pytest.mark.parametrize(
    ("changes", "kind", "gateway_id"),
    [
        ({"apiMessageId": None}, ACCEPTED, None),
        ({"apiMessageId": "a b\x1b[2J"}, ACCEPTED, None),
        ({"apiMessageId": 17}, ACCEPTED, None),
        ({"error": {"code": 25}}, ACCEPTED, "f" * 32),
        ({"accepted": None}, ACCEPTED, "f" * 32),
        ({"accepted": None, "apiMessageId": None}, UNKNOWN, None),
        ({"accepted": None, "error": {"code": 25}}, REJECTED, None),
        ({"accepted": None, "error": {"code": 18}}, UNKNOWN, None),
        ({"accepted": False}, REJECTED, None),
        ({"accepted": False, "error": "a word", "errorCode": "25"}, REJECTED, None),
        ({"accepted": False, "error": {"description": "no code"}}, REJECTED, None),
        ({"accepted": False, "error": {"code": "43"}}, BUSY, None),
        ({"to": "447700900999"}, UNKNOWN, None),
        ({"to": None}, ACCEPTED, "f" * 32),
        ({"to": 447700900000}, ACCEPTED, "f" * 32),
        ({"to": "+447700900000"}, ACCEPTED, "f" * 32),
        ({"extra": {"deep": [1, 2]}}, ACCEPTED, "f" * 32),
    ],
)
async def test_odd_entries(changes, kind, gateway_id):
    entry = {"apiMessageId": "f" * 32, "accepted": True, "to": "447700900000", "error": None, **changes}
    outcome = await one_answer(httpx.Response(202, json={"messages": [entry], "error": None}))
    assert (outcome.kind, outcome.gateway_id) == (kind, gateway_id)


async def test_an_acceptance_with_an_error_beside_it_is_told():
    entry = accepted({"to": "447700900000"}) | {"error": {"code": 25, "description": "words"}}
    outcome = await one_answer(httpx.Response(202, json={"messages": [entry]}))
    assert outcome.warning == "accepted, with an error beside it: 25 words"


def _ids(outcomes) -> list[str | None]:
    return [o.gateway_id[-1] if o.gateway_id else None for o in outcomes]


async def _paired(batch, order, drop=(), to=None):
    """The outcomes where the results come in `order` (indexes of messages), `drop` left out."""

    def gateway(request):
        entries = sent_entries(request)
        results = [accepted(entries[n], n) for n in order if n not in drop]
        for result in results:
            result["to"] = result["to"] if to is None else to
        return httpx.Response(202, json={"messages": results, "error": None})

    return await one_sender(gateway).send(batch)


async def test_results_in_another_order_are_paired_by_number():
    assert _ids(await _paired(messages(4), [2, 0, 3, 1])) == ["0", "1", "2", "3"]


async def test_a_result_that_is_missing_leaves_only_its_message_unknown():
    outcomes = await _paired(messages(4), [0, 1, 2, 3], drop=[1])
    assert _ids(outcomes) == ["0", None, "2", "3"]
    assert outcomes[1].kind is UNKNOWN


async def test_two_messages_to_one_number_are_paired_in_place():
    batch = [*messages(2), OutgoingMessage("c" * 32, messages(1)[0].to, "again")]
    assert _ids(await _paired(batch, [0, 1, 2])) == ["0", "1", "2"]


async def test_two_messages_to_one_number_in_another_order_are_unknown():
    batch = [*messages(2), OutgoingMessage("c" * 32, messages(1)[0].to, "again")]
    outcomes = await _paired(batch, [1, 0, 2])
    assert [o.kind for o in outcomes] == [UNKNOWN, ACCEPTED, UNKNOWN]
    assert _ids(outcomes) == [None, "1", None]


async def test_two_results_for_one_message_are_unknown():
    outcomes = await _paired(messages(2), [0, 1, 1])
    assert [o.kind for o in outcomes] == [ACCEPTED, UNKNOWN]


async def test_results_for_other_numbers_are_nobodys():
    assert {o.kind for o in await _paired(messages(3), [0, 1, 2], to="15550100")} == {UNKNOWN}


class Counting:
    """A gateway that takes at most so many messages a call and remembers the sizes."""

    def __init__(self, most: int = 1000, poison: str = "") -> None:
        self.most, self.poison = most, poison
        self.sizes: list[int] = []
        self.accepted: list[str] = []

    def __call__(self, request):
        entries = sent_entries(request)
        self.sizes.append(len(entries))
        if len(entries) > self.most:
            return whole(22, 400)
        if self.poison and any(self.poison in entry["content"] for entry in entries):
            return whole(21, 400)
        self.accepted += [entry["clientMessageId"] for entry in entries]
        return accept_all(request)


@pytest.mark.parametrize(
    ("count", "size", "sizes"),
    [(0, 100, []), (250, 100, [100, 100, 50]), (150, 500, [100, 50]), (5, 2, [2, 2, 1]), (2, 0, [1, 1])],
)
async def test_long_lists_go_in_several_calls(count, size, sizes):
    gateway = Counting()
    outcomes = await one_sender(gateway, batch_size=size).send(messages(count))
    assert gateway.sizes == sizes
    assert len(outcomes) == count
    assert gateway.accepted == [m.client_message_id for m in messages(count)]


async def test_a_call_with_too_many_messages_is_made_again_in_parts():
    gateway = Counting(most=30)
    outcomes = await one_sender(gateway).send(messages(100))
    assert {o.kind for o in outcomes} == {ACCEPTED}
    assert gateway.sizes == [100, 50, 25, 25, 50, 25, 25]
    assert gateway.accepted == [m.client_message_id for m in messages(100)]


async def test_one_message_that_spoils_a_call_is_found():
    gateway = Counting(poison="POISON")
    batch = messages(20)
    batch[13] = OutgoingMessage("f" * 32, "+447700999999", "POISON")
    outcomes = await one_sender(gateway).send(batch)
    assert [n for n, o in enumerate(outcomes) if o.kind is REJECTED] == [13]
    assert sorted(gateway.accepted) == sorted(m.client_message_id for m in batch if m.text != "POISON")


@pytest.mark.parametrize(
    ("response", "calls"),
    [
        (whole(1, 401), 1),
        (httpx.Response(429), 1),
        (whole(43, 400), 1),
        (whole(19, 503), 3),
        (whole(41, 404), 3),
        (httpx.Response(502), 3),
    ],
)
async def test_what_stops_the_next_call(response, calls):
    made = []

    def gateway(request):
        made.append(request)
        return response

    outcomes = await one_sender(gateway, batch_size=2).send(messages(6))
    assert len(made) == calls
    assert len(outcomes) == 6
    assert len({o.kind for o in outcomes}) == 1


async def test_a_network_that_is_down_is_tried_once():
    sender = make_sender(ONE, StoppedClock())
    outcomes = await sender.send(messages(250))
    await sender.close()
    assert {(o.kind, o.error) for o in outcomes} == {
        (OutcomeKind.NOT_SENT, "connection refused by 127.0.0.1:9")
    }
    assert outcomes[0].advice


@pytest.mark.parametrize(
    "key", ["", "  ", "abc\r\nX-Evil: 1", "abc\ndef", "ключ", "k\x00", "k\x85y", "a\ud800", "clé🔑"]
)
async def test_keys_that_cannot_be_sent_never_reach_http(key):
    def gateway(request):
        raise AssertionError("a request was made")

    sender = one_sender(gateway, secret=key)
    [outcome] = await sender.send(messages(1))
    balance = await sender.balance()
    status = await sender.delivery_status("f" * 32)
    assert (outcome.kind, balance.kind, status.verdict) == (ACCOUNT, ACCOUNT, DeliveryVerdict.NO_ANSWER)
    assert outcome.error == balance.error == status.text
    assert outcome.error.startswith("the API Key ")
    assert key.strip() == "" or key.strip() not in outcome.error


async def test_white_space_around_a_key_is_dropped():
    seen = []

    def gateway(request):
        seen.append(request.headers["authorization"])
        return accept_all(request)

    await one_sender(gateway, secret=f"  {KEY}\r\n").send(messages(1))
    assert seen == [KEY]


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


def test_make_sender_knows_both_and_no_third():
    assert isinstance(make_sender(ONE, StoppedClock()), OneApiSender)
    with pytest.raises(ValueError, match="smoke"):
        make_sender(ONE.__class__(1, "x", "smoke", ""), StoppedClock())
