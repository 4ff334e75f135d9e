"""What the One API sender writes, in how many calls, and which result it takes for which message."""

import json

import httpx
import pytest

from scheduling.gateways.one_api.sender import OneApiSender
from scheduling.gateways.outcome import DeliveryVerdict, GatewayError, OutgoingMessage
from scheduling.gateways.registry import make_sender
from storage.vocabulary import OutcomeKind
from tests.gateways.support import (
    KEY,
    ONE,
    StoppedClock,
    accept_all,
    accepted,
    messages,
    one_sender,
    sent_entries,
    whole,
)

ACCEPTED, REJECTED = OutcomeKind.ACCEPTED, OutcomeKind.REJECTED
ACCOUNT, UNKNOWN = OutcomeKind.ACCOUNT, OutcomeKind.UNKNOWN


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


async def test_two_messages_to_one_number_in_another_order_share_the_verdict_and_have_no_id():
    batch = [*messages(2), OutgoingMessage("c" * 32, messages(1)[0].to, "again")]
    outcomes = await _paired(batch, [1, 0, 2])
    assert [o.kind for o in outcomes] == [ACCEPTED, ACCEPTED, ACCEPTED]
    assert _ids(outcomes) == [None, "1", None]


async def test_two_results_for_one_message_are_unknown():
    outcomes = await _paired(messages(2), [0, 1, 1])
    assert [o.kind for o in outcomes] == [ACCEPTED, UNKNOWN]


async def test_as_many_results_as_messages_with_one_verdict_are_that_verdict():
    outcomes = await _paired(messages(3), [0, 1, 2], to="15550100")
    assert {o.kind for o in outcomes} == {ACCEPTED}
    assert _ids(outcomes) == [None, None, None], "which is whose is not known"


async def test_fewer_results_for_other_numbers_are_nobodys():
    outcomes = await _paired(messages(3), [0, 1, 2], drop=(2,), to="15550100")
    assert {o.kind for o in outcomes} == {UNKNOWN}


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


async def test_a_gateway_that_this_version_does_not_have_refuses_everything():
    assert isinstance(make_sender(ONE, StoppedClock()), OneApiSender)
    sender = make_sender(ONE.__class__(1, "x", "smoke", ""), StoppedClock())
    (outcome,) = await sender.send(messages(1))
    balance = await sender.balance()
    assert isinstance(balance, GatewayError)
    for refused in (outcome, balance):
        assert refused.kind is OutcomeKind.ACCOUNT
        assert "smoke" in refused.error and refused.advice
