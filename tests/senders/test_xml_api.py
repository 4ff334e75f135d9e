"""The XML API sender: what it writes, and what it makes of every answer."""

from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from scheduling.senders import make_sender
from scheduling.senders.codes import XML_API
from scheduling.senders.outcome import (
    Balance,
    DeliveryVerdict,
    GatewayError,
    OutcomeKind,
    OutgoingMessage,
    QueryAnswer,
    QueryVerdict,
)
from scheduling.senders.xml_api import XmlApiSender
from tests.senders.support import (
    NOW,
    PASSWORD,
    XML,
    StoppedClock,
    click_api,
    document,
    fault_reply,
    messages,
    sent_reply,
    xml_sender,
)

ACCEPTED, REJECTED, BUSY = OutcomeKind.ACCEPTED, OutcomeKind.REJECTED, OutcomeKind.BUSY
ACCOUNT, UNKNOWN = OutcomeKind.ACCOUNT, OutcomeKind.UNKNOWN

# The error codes of Clickatell's legacy APIs, and what is to follow from each.
TABLE = {
    ACCOUNT: "001 002 004 007 106 108 123 301",
    BUSY: "003 130 901",
    REJECTED: "005 100 101 102 103 104 105 107 109 110 111 112 113 114 115 116 120 121 122 128 201 202 302 "
    "605 606 607 999 042",
}
CODES = [(code, kind) for kind, codes in TABLE.items() for code in codes.split()]
XML_ERROR = "<xmlErrorResp>\n<fault>XML error: no element found at line 1</fault>\n</xmlErrorResp>"


def accept_all(request: httpx.Request) -> httpx.Response:
    calls = document(request).findall("sendMsg")
    return click_api(*(sent_reply(c.findtext("sequence_no"), f"{n:032x}") for n, c in enumerate(calls)))


async def one_answer(response: httpx.Response, count: int = 1):
    outcomes = await xml_sender(lambda request: response).send(messages(count))
    assert len(outcomes) == count
    return outcomes[0] if count == 1 else outcomes


def children(call) -> list[tuple[str, str]]:
    return [(child.tag, child.text or "") for child in call]


async def test_the_document_is_as_the_reference_says():
    seen = []

    def gateway(request):
        seen.append(request)
        return accept_all(request)

    batch = [
        OutgoingMessage("a" * 32, "+447700900123", "Tank < 10 % & \"falling\" + 'more' ~ {x}\nline"),
        OutgoingMessage("b" * 32, "+447700900124", "Ωμέγα"),
    ]
    outcomes = await xml_sender(gateway, sender_id="Plant7", most_parts=2).send(batch)
    [request] = seen
    assert (request.method, request.url.path, request.url.query) == ("POST", "/xml/xml", b"")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.content.startswith(b"data=%3CclickAPI%3E%3CsendMsg%3E")
    assert "authorization" not in request.headers
    login = [("api_id", "3000001"), ("user", "plant7"), ("password", PASSWORD)]
    first, second = document(request)
    assert (first.tag, second.tag) == ("sendMsg", "sendMsg")
    assert children(first) == [
        *login,
        ("to", "447700900123"),
        ("from", "Plant7"),
        ("concat", "2"),
        ("cliMsgId", "a" * 32),
        ("text", batch[0].text),
        ("sequence_no", "1"),
    ]
    assert children(second) == [
        *login,
        ("to", "447700900124"),
        ("from", "Plant7"),
        ("concat", "2"),
        ("unicode", "1"),
        ("cliMsgId", "b" * 32),
        ("text", "03A903BC03AD03B303B1"),
        ("sequence_no", "2"),
    ]
    assert [(o.kind, o.gateway_id) for o in outcomes] == [(ACCEPTED, f"{n:032x}") for n in range(2)]


async def test_without_a_sender_id_there_is_no_from():
    seen = []

    def gateway(request):
        seen.extend(document(request))
        return accept_all(request)

    await xml_sender(gateway).send(messages(1))
    assert seen[0].find("from") is None
    assert seen[0].find("unicode") is None


@pytest.mark.parametrize(
    "text", ["\x00\x0b\x1b[2J", "a\ud800b", "]]>", "<!ENTITY x>", "&amp;", "\r\n", "é`", "🚒", "", " edge "]
)
async def test_any_text_makes_a_readable_document(text):
    seen = []

    def gateway(request):
        seen.extend(document(request))
        return accept_all(request)

    [outcome] = await xml_sender(gateway).send(messages(1, text))
    assert outcome.kind is ACCEPTED
    value = seen[0].findtext("text") or ""
    if seen[0].findtext("unicode") == "1":
        value = bytes.fromhex(value).decode("utf-16-be")
    assert value == text.replace("\r\n", "\n").replace("\ud800", "\ufffd")


def test_the_table_under_test_is_complete():
    assert set(XML_API) <= {code for code, _ in CODES}


@pytest.mark.parametrize(("code", "kind"), CODES)
async def test_every_code(code, kind):
    outcome = await one_answer(click_api(fault_reply(1, f"{code}, said, by the gateway")))
    assert (outcome.kind, outcome.code, outcome.http_status) == (kind, code, 200)
    assert outcome.error == f"{code} said, by the gateway"
    assert outcome.advice
    assert bool(outcome.warning) == (code == "302")


@pytest.mark.parametrize(
    ("fault", "code", "error", "kind"),
    [
        ("001", "001", "001 Authentication failed", ACCOUNT),
        (" 1 ,\n Authentication\n failed ", "001", "001 Authentication failed", ACCOUNT),
        ("no number at all", None, "no number at all", REJECTED),
        ("12345, too long", None, "12345, too long", REJECTED),
        ("²³, digits of another kind", None, "²³, digits of another kind", REJECTED),
    ],
)
async def test_odd_faults(fault, code, error, kind):
    outcome = await one_answer(click_api(fault_reply(1, fault)))
    assert (outcome.kind, outcome.code, outcome.error) == (kind, code, error)


async def test_the_message_limit_names_its_end():
    at = NOW + timedelta(hours=3)
    outcome = await one_answer(
        click_api(fault_reply(1, f"130, Maximum MT limit exceeded until {at.timestamp():.0f}"))
    )
    assert (outcome.kind, outcome.retry_at) == (BUSY, at)
    without = await one_answer(click_api(fault_reply(1, "130, Maximum MT limit exceeded until later")))
    assert (without.kind, without.retry_at) == (BUSY, None)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("<sendMsgResp><apiMsgId>a</apiMsgId></sendMsgResp>", ACCEPTED),
        ("<sendMsgResp><apiMsgId>a</apiMsgId><sequence_no/></sendMsgResp>", ACCEPTED),
        ("<sendMsgResp><apiMsgId>a</apiMsgId><sequence_no>2</sequence_no></sendMsgResp>", UNKNOWN),
        ("<sendMsgResp><apiMsgId>a</apiMsgId><fault>105, x</fault></sendMsgResp>", UNKNOWN),
        ("<sendMsgResp><apiMsgId></apiMsgId><sequence_no>1</sequence_no></sendMsgResp>", UNKNOWN),
        ("<sendMsgResp/>", UNKNOWN),
        ("<sendMsgResp><fault><![CDATA[105, a < b]]></fault></sendMsgResp>", REJECTED),
        ("<pingResp><ok/></pingResp>", UNKNOWN),
        ("", UNKNOWN),
        ("<fault>001, Authentication failed</fault>", ACCOUNT),
        (XML_ERROR, REJECTED),
    ],
)
async def test_odd_replies(reply, kind):
    assert (await one_answer(click_api(reply))).kind is kind


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html><body>busy</body></html>",
        "<clickAPI><sendMsgResp><apiMsgId>abc</apiMsgId>",
        "<other><sendMsgResp><apiMsgId>abc</apiMsgId></sendMsgResp></other>",
        '<!DOCTYPE clickAPI [<!ENTITY a "aaaa">]><clickAPI><sendMsgResp><apiMsgId>&a;</apiMsgId>'
        "</sendMsgResp></clickAPI>",
        "<clickAPI>" + "<a>" * 100_000,
        "\x00\x01",
        "OK",
    ],
)
@pytest.mark.parametrize(("status", "kind"), [(200, UNKNOWN), (502, UNKNOWN), (403, ACCOUNT), (429, BUSY)])
async def test_answers_that_are_no_document_go_by_the_http_status(body, status, kind):
    outcome = await one_answer(httpx.Response(status, text=body))
    assert (outcome.kind, outcome.code, outcome.http_status) == (kind, None, status)


async def test_entities_are_refused_in_every_encoding():
    bomb = (
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "b">]>'
        "<clickAPI><sendMsgResp><apiMsgId>&a;</apiMsgId></sendMsgResp></clickAPI>"
    )
    outcome = await one_answer(httpx.Response(200, content=bomb.encode("utf-16")))
    assert outcome.kind is UNKNOWN


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
async def test_answers_in_other_encodings_are_read(encoding):
    body = f"<clickAPI>{fault_reply(1, '105, número')}</clickAPI>".encode(encoding)
    outcome = await one_answer(httpx.Response(200, content=body))
    assert (outcome.kind, outcome.error) == (REJECTED, "105 número")


async def test_the_http_status_does_not_matter_where_there_is_a_document():
    for status in (200, 400, 500):
        response = click_api(sent_reply(1))
        response.status_code = status
        assert (await one_answer(response)).kind is ACCEPTED


def _ids(outcomes) -> list[str | None]:
    return [o.gateway_id for o in outcomes]


@pytest.mark.parametrize(
    ("numbers", "ids"),
    [
        (["1", "2", "3"], ["0", "1", "2"]),
        (["3", "1", "2"], ["1", "2", "0"]),
        (["", "", ""], ["0", "1", "2"]),
        (["1", "", "3"], ["0", "1", "2"]),
        (["2", "", ""], [None, "0", None]),
        (["1", "3"], ["0", None, "1"]),
        (["", ""], [None, None, None]),
        (["1", "1", "3"], [None, None, "2"]),
        (["7", "8", "9"], [None, None, None]),
        (["1", "2", "3", "4"], ["0", "1", "2"]),
    ],
)
async def test_replies_are_paired_by_number_else_by_place(numbers, ids):
    response = click_api(*(sent_reply(number, str(place)) for place, number in enumerate(numbers)))
    outcomes = await one_answer(response, 3)
    assert _ids(outcomes) == ids
    assert [o.kind for o in outcomes] == [ACCEPTED if i is not None else UNKNOWN for i in ids]


async def test_a_mixed_answer_is_judged_message_by_message():
    replies = [sent_reply(1), fault_reply(2, "105, x"), fault_reply(3, "301, x"), fault_reply(4, "901, x")]
    outcomes = await one_answer(click_api(*replies), 4)
    assert [o.kind for o in outcomes] == [ACCEPTED, REJECTED, ACCOUNT, BUSY]


@pytest.mark.parametrize(
    ("count", "size", "sizes"), [(0, 1, []), (3, 1, [1, 1, 1]), (120, 100, [50, 50, 20]), (5, 2, [2, 2, 1])]
)
async def test_long_lists_go_in_several_documents(count, size, sizes):
    seen = []

    def gateway(request):
        seen.append(len(document(request)))
        return accept_all(request)

    outcomes = await xml_sender(gateway, batch_size=size).send(messages(count))
    assert seen == sizes
    assert [o.kind for o in outcomes] == [ACCEPTED] * count


async def test_one_message_that_makes_a_document_unreadable_is_found():
    def gateway(request):
        if any(call.findtext("text") == "POISON" for call in document(request)):
            return click_api(XML_ERROR)
        return accept_all(request)

    batch = [*messages(10), OutgoingMessage("f" * 32, "+447700999999", "POISON")]
    outcomes = await xml_sender(gateway).send(batch)
    assert [o.kind for o in outcomes] == [ACCEPTED] * 10 + [REJECTED]
    assert outcomes[-1].error == "XML error: no element found at line 1"


@pytest.mark.parametrize(
    ("response", "calls"),
    [
        (click_api(fault_reply(1, "001, x")), 1),
        (click_api(fault_reply(1, "130, until 1795410000")), 1),
        (click_api(fault_reply(1, "901, x")), 4),
        (click_api(fault_reply(1, "105, x")), 4),
        (httpx.Response(504), 4),
    ],
)
async def test_what_stops_the_next_document(response, calls):
    made = []

    def gateway(request):
        made.append(request)
        return response

    outcomes = await xml_sender(gateway, batch_size=1).send(messages(4))
    assert (len(made), len(outcomes)) == (calls, 4)


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": ""},
        {"secret": "a\nb"},
        {"secret": "a\ud800"},
        {"secret": "a\uffff"},
        {"user_name": " "},
        {"user_name": "a\x00"},
        {"api_id": ""},
        {"sender_id": "a\x1bb"},
    ],
)
async def test_credentials_that_cannot_be_sent_never_reach_http(changes):
    made = []
    sender = xml_sender(lambda request: made.append(request) or accept_all(request), **changes)
    [outcome] = await sender.send(messages(1))
    balance = await sender.balance()
    query = await sender.query("a" * 32)
    status = await sender.delivery_status("f" * 32)
    assert made == []
    assert (outcome.kind, balance.kind) == (ACCOUNT, ACCOUNT)
    assert (query.verdict, status.verdict) == (QueryVerdict.NO_ANSWER, DeliveryVerdict.NO_ANSWER)
    assert outcome.error == balance.error == query.error == status.text


@pytest.mark.parametrize("password", ["pässwörd ☃", " spaces count ", "<&>'\"%+", "]]>"])
async def test_any_other_password_arrives_as_it_is(password):
    seen = []

    def gateway(request):
        seen.append(document(request)[0].findtext("password"))
        return click_api("<getBalanceResp><ok>1</ok></getBalanceResp>")

    await xml_sender(gateway, secret=password).balance()
    assert seen == [password]


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
