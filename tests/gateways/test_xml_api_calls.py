"""What the XML API sender writes, and in how many documents."""

import httpx
import pytest

from scheduling.gateways.outcome import DeliveryVerdict, OutgoingMessage, QueryVerdict
from storage.vocabulary import OutcomeKind
from tests.gateways.support import (
    PASSWORD,
    XML_ERROR,
    click_api,
    document,
    fault_reply,
    messages,
    sent_reply,
    xml_sender,
)

ACCEPTED, REJECTED, ACCOUNT = OutcomeKind.ACCEPTED, OutcomeKind.REJECTED, OutcomeKind.ACCOUNT


def accept_all(request: httpx.Request) -> httpx.Response:
    calls = document(request).findall("sendMsg")
    return click_api(*(sent_reply(c.findtext("sequence_no"), f"{n:032x}") for n, c in enumerate(calls)))


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
    # A vertical tab breaks a line, as the return does.
    assert value == text.replace("\r\n", "\n").replace("\x0b", "\n").replace("\ud800", "\ufffd")


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
