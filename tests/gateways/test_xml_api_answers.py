"""What the XML API sender makes of every fault and form of answer."""

from datetime import timedelta

import httpx
import pytest

from scheduling.gateways.xml_api.codes import CODES as XML_API
from storage.vocabulary import OutcomeKind
from tests.gateways.support import (
    NOW,
    XML_ERROR,
    click_api,
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


async def one_answer(response: httpx.Response, count: int = 1):
    outcomes = await xml_sender(lambda request: response).send(messages(count))
    assert len(outcomes) == count
    return outcomes[0] if count == 1 else outcomes


def test_the_table_under_test_is_complete():
    assert set(XML_API) <= {code for code, _ in CODES}


@pytest.mark.parametrize(("code", "kind"), CODES)
async def test_every_code(code, kind):
    outcome = await one_answer(click_api(fault_reply(1, f"{code}, said, by the gateway")))
    assert (outcome.kind, outcome.code, outcome.http_status) == (kind, code, 200)
    assert outcome.error == "said, by the gateway"
    assert outcome.advice
    assert bool(outcome.warning) == (code == "302")


@pytest.mark.parametrize(
    ("fault", "code", "error", "kind"),
    [
        ("001", "001", "Authentication failed", ACCOUNT),
        (" 1 ,\n Authentication\n failed ", "001", "Authentication failed", ACCOUNT),
        ("no number at all", None, "no number at all", REJECTED),
        ("\u200b\u0085", None, "refused without a reason", REJECTED),
        ("105,", "105", "Invalid destination address", REJECTED),
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
    ("named", "retry_at"),
    [
        (NOW + timedelta(days=31), NOW + timedelta(days=31)),
        (NOW + timedelta(days=31, seconds=1), None),
        (NOW - timedelta(days=400), NOW),
        ("99999999999", None),
        ("100000000", NOW),
    ],
)
async def test_the_end_of_a_message_limit_is_believed_as_far_as_a_retry_after(named, retry_at):
    seconds = named if isinstance(named, str) else f"{named.timestamp():.0f}"
    outcome = await one_answer(click_api(fault_reply(1, f"130, Maximum MT limit exceeded until {seconds}")))
    assert (outcome.kind, outcome.retry_at) == (BUSY, retry_at)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("<sendMsgResp><apiMsgId>a</apiMsgId></sendMsgResp>", ACCEPTED),
        ("<sendMsgResp><apiMsgId>a</apiMsgId><sequence_no/></sendMsgResp>", ACCEPTED),
        ("<sendMsgResp><apiMsgId>a</apiMsgId><sequence_no>2</sequence_no></sendMsgResp>", ACCEPTED),
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
    assert (outcome.kind, outcome.error) == (REJECTED, "número")


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
    # As many replies as calls, all of one verdict: that is it, although which id is whose is open.
    accepted = [i is not None or len(numbers) == 3 for i in ids]
    assert [o.kind for o in outcomes] == [ACCEPTED if each else UNKNOWN for each in accepted]


async def test_a_mixed_answer_is_judged_message_by_message():
    replies = [sent_reply(1), fault_reply(2, "105, x"), fault_reply(3, "301, x"), fault_reply(4, "901, x")]
    outcomes = await one_answer(click_api(*replies), 4)
    assert [o.kind for o in outcomes] == [ACCEPTED, REJECTED, ACCOUNT, BUSY]
