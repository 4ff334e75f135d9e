"""Section by section: who may call, what a message must be, statuses, money, life."""

import json
from decimal import Decimal
from typing import Any

import pytest

from demo_data.clickatell.account import Account
from demo_data.clickatell.exchange import Answer, Request
from demo_data.clickatell.one_api import answer
from demo_data.clickatell.settings import SAMPLE_API_KEY
from tests.clickatell.helpers import START, account, get_request, send_request, text_to


def body(reply: Answer) -> dict[str, Any]:
    assert isinstance(reply.document, dict)
    return reply.document


def top_code(reply: Answer) -> int:
    assert "messages" not in body(reply)
    return body(reply)["error"]["code"]


def codes(reply: Answer) -> list[int | None]:
    assert body(reply)["error"] is None
    return [each["error"]["code"] if each["error"] else None for each in body(reply)["messages"]]


@pytest.mark.parametrize(
    "key",
    [
        None,
        "",
        f"Bearer {SAMPLE_API_KEY}",
        f"Basic {SAMPLE_API_KEY}",
        SAMPLE_API_KEY[:-1],
        SAMPLE_API_KEY.lower(),
    ],
)
def test_only_the_bare_key_opens(key: str | None) -> None:
    desk = account()
    reply = answer(send_request(text_to(), key=key), desk)
    assert (reply.status, top_code(reply)) == (401, 1)
    assert body(reply)["error"]["description"] == "Invalid or missing integration API Key"
    assert not desk.messages


def test_the_caller_is_judged_in_order() -> None:
    desk = account(
        keys_refused=True, account_active=False, integration_active=False, allowed_ips={"10.0.0.9"}
    )
    found = []
    for name, good in [
        ("keys_refused", False), ("account_active", True), ("integration_active", True), ("allowed_ips", None)
    ]:  # fmt: skip
        reply = answer(send_request(text_to()), desk)
        found.append((reply.status, top_code(reply)))
        setattr(desk.settings, name, good)
    assert found == [(401, 1), (400, 2), (400, 3), (401, 7)]
    assert answer(send_request(text_to()), desk).status == 202


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"{", b"\xff\xfe", b"[]", b'"x"', b"{}", b'{"messages":null}', b'{"messages":{}}',
        b'{"messages":[]}', b'{"messages":["x"]}', b"[" * 100_000, b'{"messages":[' + b"9" * 5000 + b"]}",
    ],
)  # fmt: skip
def test_a_malformed_payload(payload: bytes) -> None:
    reply = answer(send_request(body=payload), account())
    assert (reply.status, top_code(reply)) == (400, 21)


@pytest.mark.parametrize("limit", [100, 200])
def test_too_many_messages_are_all_refused(limit: int) -> None:
    desk = account(max_per_call=limit)
    reply = answer(send_request(*[text_to()] * (limit + 1)), desk)
    assert (reply.status, top_code(reply)) == (400, 22)
    assert (desk.messages, desk.balance) == ([], Decimal(100))
    assert answer(send_request(*[text_to()] * limit), desk).status == 202


def test_paths_and_methods() -> None:
    desk = account()
    for path in ("/", "/v1", "/v1/messages", "/v1/message/a/b", "/rest/message"):
        reply = answer(get_request(path), desk)
        assert (reply.status, top_code(reply)) == (404, 41), path
    for request in (
        get_request("/v1/message"),
        get_request("/v1/balance", method="POST"),
        get_request("/v1/message/1", method="PUT"),
    ):
        reply = answer(request, desk)
        assert (reply.status, top_code(reply)) == (400, 42)
    desk.settings.unknown_path_status = 400
    assert answer(get_request("/v1"), desk).status == 400


def test_a_prefix_stands_before_every_path() -> None:
    desk = account(prefix="/gate")
    assert answer(get_request("/gate/v1/balance"), desk).status == 200
    assert top_code(answer(get_request("/v1/balance"), desk)) == 41


REFUSALS: list[tuple[dict[str, Any], int, str]] = [
    ({"content": "x"}, 23, "Invalid or missing parameter: to"),
    (text_to(447700900123), 23, "Invalid or missing parameter: to"),
    (text_to(["447700900123"]), 23, "Invalid or missing parameter: to"),
    (text_to("+447700900123"), 25, "Invalid recipient address: +447700900123"),
    (text_to("44 7700"), 25, "Invalid recipient address: 44 7700"),
    (text_to("447700"), 25, "Invalid recipient address: 447700"),
    (text_to("4" * 16), 25, "Invalid recipient address: " + "4" * 16),
    (text_to("٤٤٧٧٠٠٩٠٠١٢٣"), 25, "Invalid recipient address: ٤٤٧٧٠٠٩٠٠١٢٣"),
    (text_to(content=""), 23, "Invalid or missing parameter: content"),
    (text_to(content=None), 23, "Invalid or missing parameter: content"),
    (text_to(clientMessageId=7), 23, "Invalid or missing parameter: clientMessageId"),
    (text_to(channel="SMS"), 39, "Channel is not available on integration"),
    (text_to(channel="telex"), 39, "Channel is not available on integration"),
    (text_to(charset="EBCDIC"), 40, "Character set is not supported: EBCDIC"),
    (text_to(content="x" * 10_001), 24, "Maximum message content size exceeded"),
    (text_to(content="x" * 460), 100, "Maximum message parts exceeded"),
    (text_to(**{"from": "Plant7"}), 45, "FROM number is not related to integration"),
    (text_to("447700900001"), 26, "Recipient opted out"),
]


@pytest.mark.parametrize(("message", "code", "description"), REFUSALS)
def test_a_refused_message(message: dict[str, Any], code: int, description: str) -> None:
    desk = account(opted_out={"447700900001"})
    reply = answer(send_request(message), desk)
    assert reply.status == 400
    assert body(reply) == {
        "messages": [
            {
                "apiMessageId": None,
                "accepted": False,
                "to": message.get("to"),
                "error": {"code": code, "description": description},
            }
        ],
        "error": None,
    }
    assert (desk.messages, desk.balance) == ([], Decimal(100))


def test_senders_channels_and_sandbox() -> None:
    desk = account(
        senders={"447700900500"},
        suspended_senders={"447700900501"},
        channels={"sms"},
        sandbox={"447700900123"},
    )
    assert codes(
        answer(
            send_request(
                text_to(**{"from": "447700900500"}),
                text_to(**{"from": "447700900501"}),
                text_to(**{"from": "447700900502"}),
                text_to(channel="whatsapp"),
                text_to("447700900124"),
                {"to": "447700900123", "content": "no channel: SMS"},
            ),
            desk,
        )
    ) == [None, 44, 45, 38, 28, None]


def test_all_accepted() -> None:
    desk = account()
    reply = answer(send_request(text_to(clientMessageId="a1"), text_to("61400000000", "é€")), desk)
    assert reply.status == 202
    entries = body(reply)["messages"]
    assert [each["to"] for each in entries] == ["447700900123", "61400000000"]
    for each in entries:
        assert set(each) == {"apiMessageId", "accepted", "to", "error"}
        assert each["accepted"] is True and each["error"] is None
        assert len(each["apiMessageId"]) == 32 and set(each["apiMessageId"]) <= set("0123456789abcdef")
    first, second = desk.inbox
    assert (first.to, first.text, first.client_message_id, first.at) == (
        "447700900123", "Pump 2 stopped", "a1", START
    )  # fmt: skip
    assert second.gateway_id == entries[1]["apiMessageId"] and second.text == "é€"


def test_a_mixed_call_is_207_and_overrides_other_statuses() -> None:
    desk = account()
    reply = answer(send_request(text_to("4477x"), text_to()), desk)
    assert (reply.status, codes(reply)) == (207, [25, None])
    assert [each.to for each in desk.inbox] == ["447700900123"]


def test_several_all_refused_is_207_or_by_switch_400() -> None:
    desk = account()
    request = send_request(text_to("1"), text_to("2"))
    assert answer(request, desk).status == 207
    desk.settings.all_refused_status = 400
    assert answer(request, desk).status == 400


def test_each_part_is_charged() -> None:
    desk = account(price="0.10", balance="1.00")
    answer(send_request(text_to(content="x" * 161), text_to(content="Ж" * 71)), desk)
    assert desk.balance == Decimal("0.60")
    assert [each.parts for each in desk.messages] == [2, 2]


def test_money_runs_dry_in_the_middle_of_a_batch() -> None:
    desk = account(price="0.10", balance="0.25")
    reply = answer(send_request(*[text_to()] * 4), desk)
    assert (reply.status, codes(reply)) == (207, [None, None, 20, 20])
    assert desk.balance == Decimal("0.05")
    alone = answer(send_request(text_to()), desk)
    assert (alone.status, codes(alone)) == (402, [20])


def test_nothing_is_deduplicated() -> None:
    desk = account()
    request = send_request(text_to(clientMessageId="same"))
    ids = [body(answer(request, desk))["messages"][0]["apiMessageId"] for _ in range(2)]
    assert ids[0] != ids[1] and len(desk.inbox) == 2
    assert desk.balance == Decimal("99.91")


def test_forms_of_the_answer() -> None:
    desk = account(null_id_when_refused=False, null_error_when_accepted=False, echo_client_id=True)
    accepted, refused = body(answer(send_request(text_to(clientMessageId="c1"), text_to("x")), desk))[
        "messages"
    ]
    assert "error" not in accepted and accepted["clientMessageId"] == "c1"
    assert "apiMessageId" not in refused and refused["clientMessageId"] is None
    for form, expected in (("null", None), ("empty", [])):
        desk.settings.messages_in_error = form
        assert body(answer(send_request(body=b"x"), desk))["messages"] == expected


def test_the_balance() -> None:
    desk = account(balance="87.4125")
    for path in ("/v1/balance", "/public-client/balance"):
        reply = answer(get_request(path), desk)
        assert (reply.status, body(reply)) == (200, {"balance": 87.4125, "currency": "EUR"})
    desk.settings.balance_paths = ("/public-client/balance",)
    assert top_code(answer(get_request("/v1/balance"), desk)) == 41


def status(desk: Account, gateway_id: str) -> dict[str, Any]:
    reply = answer(get_request(f"/v1/message/{gateway_id}"), desk)
    assert reply.status == 200
    return body(reply)


def test_the_life_of_a_message() -> None:
    desk = account(sent_after=1, delivered_after=3)
    gateway_id = body(answer(send_request(text_to()), desk))["messages"][0]["apiMessageId"]
    start = int(START.timestamp() * 1000)
    seen = []
    for _ in range(5):
        seen.append(status(desk, gateway_id)["sms"])
        desk.now.advance(1)  # type: ignore[attr-defined]
    assert [each["status"] for each in seen] == [
        "QUEUED", "SENT_TO_SUPPLIER", "SENT_TO_SUPPLIER", "DEVICE_ACK", "DEVICE_ACK"
    ]  # fmt: skip
    assert [each["timestamp"] - start for each in seen] == [0, 1000, 1000, 3000, 3000]
    assert status(desk, "0" * 32) == {"status": "UNKNOWN", "timestamp": start + 5000}


@pytest.mark.parametrize(
    "ending", ["EXPIRED", "DELIVERY_FAILURE", "ROUTING_ERROR", "INSUFFICIENT_ACCOUNT_BALANCE"]
)
def test_a_life_that_ends_badly_never_reaches_the_phone(ending: str) -> None:
    desk = account(endings={"447700900123": ending})
    gateway_id = body(answer(send_request(text_to()), desk))["messages"][0]["apiMessageId"]
    desk.now.advance(60)  # type: ignore[attr-defined]
    assert status(desk, gateway_id)["sms"]["status"] == ending
    assert desk.inbox == [] and len(desk.messages) == 1


def test_a_message_for_later_is_scheduled() -> None:
    desk = account()
    later = text_to(scheduledDeliveryTime="2026-03-01T14:00:00+0100")
    gateway_id = body(answer(send_request(later), desk))["messages"][0]["apiMessageId"]
    assert status(desk, gateway_id)["sms"]["status"] == "SCHEDULED"
    desk.now.advance(3700)  # type: ignore[attr-defined]
    assert status(desk, gateway_id)["sms"]["status"] == "DEVICE_ACK"


def test_a_whatsapp_message_is_under_its_channel() -> None:
    desk = account()
    gateway_id = body(answer(send_request(text_to(channel="whatsapp")), desk))["messages"][0]["apiMessageId"]
    assert "whatsapp" in status(desk, gateway_id)


def test_the_rate_limit_is_a_400() -> None:
    desk = account(messages_per_second=3)
    assert answer(send_request(text_to(), text_to()), desk).status == 202
    refused = answer(send_request(text_to(), text_to()), desk)
    assert (refused.status, top_code(refused)) == (400, 43)
    desk.now.advance(1)  # type: ignore[attr-defined]
    assert answer(send_request(text_to(), text_to()), desk).status == 202


def test_without_keeping_the_answer_is_the_same_and_nothing_else() -> None:
    desk = account(price="0.10", balance="0.25")
    reply = answer(send_request(*[text_to()] * 4), desk, keep=False)
    assert codes(reply) == [None, None, 20, 20]
    assert (desk.messages, desk.balance) == ([], Decimal("0.25"))


def test_a_known_exchange_word_for_word() -> None:
    desk = account()
    request = Request(
        "POST",
        "/v1/message",
        "",
        {"authorization": SAMPLE_API_KEY},
        b'{"messages":[{"channel":"sms","to":"447700900123","content":"Pump 2 stopped"},'
        b'{"channel":"sms","to":"4477x","content":"Pump 2 stopped"}]}',
    )
    reply = body(answer(request, desk))
    reply["messages"][0]["apiMessageId"] = "9b1d6f0e2c8a4d53b7e0915c4f2a6d38"
    assert json.dumps(reply, separators=(",", ":")) == (
        '{"messages":[{"apiMessageId":"9b1d6f0e2c8a4d53b7e0915c4f2a6d38","accepted":true,"to":"447700900123",'
        '"error":null},{"apiMessageId":null,"accepted":false,"to":"4477x","error":{"code":25,'
        '"description":"Invalid recipient address: 4477x"}}],"error":null}'
    )
