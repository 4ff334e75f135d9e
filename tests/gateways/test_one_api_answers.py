"""What the One API sender makes of every code, status and form of answer."""

from datetime import timedelta

import httpx
import pytest

from scheduling.gateways.one_api.codes import CODES as ONE_API
from scheduling.gateways.wording import said
from storage.vocabulary import OutcomeKind
from tests.gateways.support import (
    NOW,
    accepted,
    messages,
    one_sender,
    refused,
    sent_entries,
    whole,
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


async def one_answer(response: httpx.Response, count: int = 1):
    sender = one_sender(lambda request: response)
    outcomes = await sender.send(messages(count))
    assert len(outcomes) == count
    return outcomes[0] if count == 1 else outcomes


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
    assert (outcome.error, said(outcome.code, outcome.error)) == ("words", f"{code} words")
    assert outcome.advice
    assert bool(outcome.warning) == (code in (28, 110, 111))
    assert outcome.gateway_id is None


@pytest.mark.parametrize("absent", [{}, {"messages": None}, {"messages": []}, {"messages": "x"}])
async def test_a_refusal_of_the_whole_may_come_with_any_form_of_no_messages(absent):
    outcomes = await one_answer(whole(1, 401, **absent), 3)
    assert {(o.kind, o.code) for o in outcomes} == {(ACCOUNT, "1")}


async def test_codes_without_a_text_get_clickatells_own():
    outcome = await one_answer(httpx.Response(401, json={"error": {"code": 1}}))
    assert outcome.error == "Invalid or missing integration API Key"
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
    assert (outcome.kind, outcome.code, outcome.error) == (kind, "7777", "words")


@pytest.mark.parametrize("code", ["withdrawn", "Withdrawn", "WITHDRAWN"])
async def test_no_answer_can_call_a_message_withdrawn(code):
    """The mark of what the program withdrew stands in the same column."""
    entry = refused("447700900000", code, "words")
    outcome = await one_answer(httpx.Response(400, json={"messages": [entry]}))
    assert (outcome.kind, outcome.code, outcome.error) == (REJECTED, None, f"{code}: words")


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
        ({"to": "447700900999"}, ACCEPTED, "f" * 32),  # one was asked for, and this is what is answered
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


@pytest.mark.parametrize(("status", "kind"), [(207, REJECTED), (400, REJECTED), (500, BUSY), (503, BUSY)])
async def test_a_refusal_without_a_reason_goes_by_the_http_status(status, kind):
    entry = {"accepted": False, "to": "447700900000"}
    outcome = await one_answer(httpx.Response(status, json={"messages": [entry]}))
    assert (outcome.kind, outcome.error) == (kind, "refused without a reason")


async def test_an_acceptance_with_an_error_beside_it_is_told():
    entry = accepted({"to": "447700900000"}) | {"error": {"code": 25, "description": "words"}}
    outcome = await one_answer(httpx.Response(202, json={"messages": [entry]}))
    assert outcome.warning == "accepted, with an error beside it: 25 words"
