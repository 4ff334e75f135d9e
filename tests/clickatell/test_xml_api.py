"""The legacy API: documents, credentials, sendMsg and its faults, queries, money."""

from decimal import Decimal

import pytest

from demo_data.clickatell.account import Account
from demo_data.clickatell.exchange import Request
from demo_data.clickatell.xml_api import answer
from demo_data.clickatell.xml_document import write_document
from tests.clickatell.helpers import START, account, call, xml_replies, xml_request


def ask(desk: Account, *calls: str, method: str = "POST") -> list[tuple[str, dict[str, str]]]:
    return raw(desk, xml_request(*calls, method=method))


def raw(desk: Account, request: Request) -> list[tuple[str, dict[str, str]]]:
    reply = answer(request, desk)
    assert reply.status == 200 and isinstance(reply.document, list)
    return xml_replies(write_document(reply.document))


def send(desk: Account, **fields: str) -> dict[str, str]:
    ((name, children),) = ask(desk, call("sendMsg", **{"to": "447700900123", "text": "Tank low", **fields}))
    assert name == "sendMsgResp"
    return children


def fault(children: dict[str, str]) -> str:
    assert not {"apiMsgId", "session_id", "ok", "status"} & children.keys()
    return children["fault"][:3]


def test_a_message_is_accepted_by_post_and_get() -> None:
    desk = account()
    for number, method in enumerate(("POST", "GET"), 1):
        one = call(
            "sendMsg", to="447700900123", text="Tank < 10 % & falling", cliMsgId="a1", sequence_no=str(number)
        )
        ((name, children),) = ask(desk, one, method=method)
        assert name == "sendMsgResp" and set(children) == {"apiMsgId", "sequence_no"}
        assert children["sequence_no"] == str(number) and children["apiMsgId"] == desk.inbox[-1].gateway_id
    first, _ = desk.inbox
    assert (first.text, first.client_message_id, first.api, first.at) == (
        "Tank < 10 % & falling",
        "a1",
        "xml",
        START,
    )
    assert desk.credits == Decimal(498) and desk.balance == Decimal(100)


def test_the_reply_is_pretty_printed() -> None:
    reply = answer(xml_request(call("sendMsg", to="0770", text="x", sequence_no="2")), account())
    assert isinstance(reply.document, list)
    assert write_document(reply.document).decode() == (
        '<?xml version="1.0"?>\n<clickAPI>\n  <sendMsgResp>\n'
        "    <fault>105, Invalid destination address</fault>\n    <sequence_no>2</sequence_no>\n"
        "  </sendMsgResp>\n</clickAPI>\n"
    )


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("", "XML error: no element found at line 1"),
        ("<clickAPI>", "XML error: no element found at line 1"),
        ("<clickAPI>\n<sendMsg></clickAPI>", "XML error: mismatched tag at line 2"),
        ("<clickAPI>&</clickAPI>", "XML error: not well-formed (invalid token) at line 1"),
        ("<clickapi><ping/></clickapi>", "XML error: the root element must be clickAPI"),
        ("<clickAPI/>", "XML error: no call in the document"),
        ("<clickAPI><sendmsg/></clickAPI>", "XML error: unknown call sendmsg"),
        (
            "<!DOCTYPE c [<!ENTITY a 'x'>]><clickAPI><ping/></clickAPI>",
            "XML error: document type declarations are not supported at line 1",
        ),
    ],
)
def test_what_cannot_be_read(data: str, text: str) -> None:
    assert raw(account(), xml_request(data=data))[0] == ("xmlErrorResp", {"fault": text})


def test_a_body_that_is_no_form_holds_no_data() -> None:
    request = Request("POST", "/xml/xml", "", {"content-type": "text/xml"}, b"<clickAPI><ping/></clickAPI>")
    assert raw(account(), request)[0][0] == "xmlErrorResp"
    assert answer(xml_request(method="PUT"), account()).status == 405


def test_a_declaration_cdata_and_encoded_ampersands_are_read() -> None:
    desk = account()
    data = (
        '<?xml version="1.0" encoding="utf-8"?><clickAPI><sendMsg><api_id>3000001</api_id>'
        "<user>plant7</user><password>simulator</password><to>447700900123</to>"
        "<text><![CDATA[a %26 b]]></text></sendMsg></clickAPI>"
    )
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    request = Request("POST", "/xml/xml", "", form, b"data=" + data.encode())
    assert "apiMsgId" in raw(desk, request)[0][1]
    assert desk.inbox[0].text == "a & b"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"password": "wrong"}, "001"),
        ({"user": "PLANT7"}, "001"),
        ({"api_id": "1"}, "001"),
        ({"credentials": ""}, "001"),
        ({"credentials": "", "session_id": ""}, "005"),
        ({"credentials": "", "session_id": "0" * 32}, "003"),
    ],
)
def test_wrong_credentials(fields: dict[str, str], code: str) -> None:
    desk = account()
    assert fault(send(desk, **fields)) == code
    assert not desk.messages


def test_credentials_by_switch() -> None:
    desk = account(wrong_credentials_fault="002", allowed_ips={"10.0.0.9"}, account_active=False)
    assert fault(send(desk, password="x")) == "002"
    assert fault(send(desk)) == "004"
    desk.settings.account_active = True
    assert fault(send(desk)) == "007"
    desk.settings.allowed_ips = None
    desk.settings.keys_refused = True
    assert fault(send(desk)) == "002"


def test_a_session_lives_while_it_is_used() -> None:
    desk = account()
    ((name, children),) = ask(desk, call("auth", sequence_no="1"))
    session = children["session_id"]
    assert name == "authResp" and len(session) == 32
    for _ in range(3):
        desk.now.advance(899)  # type: ignore[attr-defined]
        assert ask(desk, call("ping", credentials="", session_id=session))[0][0] == "pingResp"
        assert "apiMsgId" in send(desk, credentials="", session_id=session)
    desk.now.advance(901)  # type: ignore[attr-defined]
    assert fault(send(desk, credentials="", session_id=session)) == "003"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": ""}, "105"),
        ({"to": "+447700900123"}, "105"),
        ({"to": "00447700900123"}, "105"),
        ({"to": "07700900123"}, "105"),
        ({"to": "447700900123,447700900124"}, "105"),
        ({"to": "447700"}, "105"),
        ({"text": ""}, "107"),
        ({"text": "03A", "unicode": "1"}, "116"),
        ({"text": "03A9Ω000", "unicode": "1"}, "116"),
        ({"text": "03A9 3BC", "unicode": "1"}, "116"),
        ({"text": "03A9" * 71, "unicode": "1", "concat": "1"}, "113"),
        ({"text": "x" * 161, "concat": "1"}, "113"),
        ({"text": "x" * 460}, "113"),
        ({"text": "x", "concat": "0"}, "101"),
        ({"sender": "A very long name"}, "106"),
        ({"sender": "12345678901234567"}, "106"),
        ({"sender": "Plant 7"}, "106"),
        ({"to": "447700900001"}, "122"),
        ({"deliv_time": "10081"}, "120"),
        ({"deliv_time": "soon"}, "120"),
        ({"text": "x" * 161, "max_credits": "1"}, "302"),
        ({"max_credits": "many"}, "101"),
    ],
)
def test_a_refused_message(fields: dict[str, str], code: str) -> None:
    desk = account(opted_out={"447700900001"})
    assert fault(send(desk, **fields)) == code
    assert (desk.messages, desk.credits) == ([], Decimal(500))


def test_senders_may_have_to_be_registered() -> None:
    desk = account(xml_senders={"Plant7", "447700900500"}, wrong_sender_fault="123")
    assert "apiMsgId" in send(desk, sender="Plant7")
    assert "apiMsgId" in send(desk, sender="447700900500")
    assert desk.inbox[0].sender == "Plant7"
    assert fault(send(desk, sender="Other")) == "123"


@pytest.mark.parametrize("name", ["cliMsgId", "climsgid"])
def test_both_spellings_of_the_own_id(name: str) -> None:
    desk = account()
    children = send(desk, **{name: "own1"})
    ((_, found),) = ask(desk, call("queryMsg", **{name: "own1"}))
    assert found["apiMsgId"] == children["apiMsgId"]


def test_unicode_is_shown_decoded_and_plain_text_only_in_gsm() -> None:
    desk = account()
    for fields in (
        {"text": "03A903BC03AD03B303B1", "unicode": "1"},
        {"text": "d83dde00", "unicode": "1"},
        {"text": "caf\u00e9 \u20ac \u2013 \u03bc`"},
    ):
        assert "apiMsgId" in send(desk, **fields)
    assert [each.text for each in desk.inbox] == ["Ωμέγα", "😀", "café € ? ??"]


def test_unicode_counts_as_unicode_even_where_gsm_would_do() -> None:
    desk = account()
    send(desk, text="0041" * 71, unicode="1")
    assert desk.inbox[0].parts == 2


def test_credits_run_dry_and_each_call_is_judged_by_itself() -> None:
    desk = account(credits=1)
    one = {"to": "447700900123", "text": "x"}
    replies = ask(
        desk,
        call("getBalance", sequence_no="a"),
        call("sendMsg", sequence_no="b", **one),
        call("sendMsg", sequence_no="c", password="bad", **one),
        call("sendMsg", sequence_no="d", **one),
        "<nonsense/>",
        call("getBalance"),
    )
    assert [name for name, _ in replies] == [
        "getBalanceResp", "sendMsgResp", "sendMsgResp", "sendMsgResp", "xmlErrorResp", "getBalanceResp"
    ]  # fmt: skip
    assert replies[0][1] == {"ok": "1.000", "sequence_no": "a"}
    assert "apiMsgId" in replies[1][1] and replies[1][1]["sequence_no"] == "b"
    assert fault(replies[2][1]) == "001" and fault(replies[3][1]) == "301"
    assert replies[5][1] == {"ok": "0.000", "sequence_no": ""}


def test_sequence_no_may_be_left_out() -> None:
    assert ask(account(empty_sequence_no=False), call("getBalance"))[0][1] == {"ok": "500.000"}


def test_queries() -> None:
    desk = account(sent_after=1, delivered_after=2, reporting_lag=0.5)
    gateway_id = send(desk, cliMsgId="own1")["apiMsgId"]
    seen = []
    for _ in range(6):
        ((name, children),) = ask(desk, call("queryMsg", apiMsgId=gateway_id, sequence_no="9"))
        assert name == "queryMsgResp" and set(children) == {"apiMsgId", "status", "sequence_no"}
        seen.append(children["status"])
        desk.now.advance(0.5)  # type: ignore[attr-defined]
    assert seen == ["001", "008", "003", "003", "004", "004"]
    for fields, code in (({"apiMsgId": "0" * 32}, "103"), ({"cliMsgId": "own2"}, "104"), ({}, "109")):
        assert fault(ask(desk, call("queryMsg", **fields))[0][1]) == code
    ((_, charged),) = ask(desk, call("getMsgCharge", cliMsgId="own1"))
    assert (charged["charge"], charged["status"]) == ("1", "004")


def test_the_same_own_id_twice_is_two_messages_and_the_latest_answers() -> None:
    desk = account()
    first, second = send(desk, cliMsgId="own1"), send(desk, cliMsgId="own1")
    assert first["apiMsgId"] != second["apiMsgId"] and len(desk.inbox) == 2
    assert ask(desk, call("queryMsg", cliMsgId="own1"))[0][1]["apiMsgId"] == second["apiMsgId"]


def test_a_delayed_message_waits() -> None:
    desk = account()
    gateway_id = send(desk, deliv_time="10")["apiMsgId"]
    assert ask(desk, call("queryMsg", apiMsgId=gateway_id))[0][1]["status"] == "011"


def test_coverage_and_rate() -> None:
    desk = account(messages_per_second=1)
    assert ask(desk, call("routeCoverage", msisdn="447700900123"))[0][1]["charge"] == "1"
    assert "apiMsgId" in send(desk)
    until = send(desk)["fault"]
    assert until.startswith("130, Maximum MT limit exceeded until ")
    assert int(until.split()[-1]) > START.timestamp()
