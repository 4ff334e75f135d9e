"""The senders against the local Clickatell: each fault gives its outcome, and the phones agree.

What a sender calls accepted is at Clickatell, under the id it was given; what it calls
anything but accepted or unknown is not there.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from demo_data.clickatell import Clickatell
from demo_data.clickatell.fault_kinds import KINDS
from demo_data.clickatell.settings import (
    SAMPLE_API_ID,
    SAMPLE_API_KEY,
    SAMPLE_PASSWORD,
    SAMPLE_USER,
    Settings,
)
from scheduling.clock import SystemClock
from scheduling.gateways import registry
from scheduling.gateways.outcome import (
    Balance,
    DeliveryVerdict,
    GatewayError,
    HandlerConfig,
    Outcome,
    OutgoingMessage,
    QueryVerdict,
)
from scheduling.gateways.registry import make_sender
from storage.vocabulary import OutcomeKind
from tests.gateways.support import HTTP, ONE, XML, messages
from tests.handler_values import changed

# Long limits, so that a loaded machine changes no outcome; short ones where the fault is a silence.
CALM = {"connect_timeout": 20.0, "read_timeout": 20.0, "total_timeout": 30.0}
QUICK = {"connect_timeout": 5.0, "read_timeout": 0.3, "total_timeout": 0.6}
SILENT = ("delay-after", "timeout", "slow-drip")

# Fault -> the outcome of each of four messages sent in one call, in short.
BOTH_APIS = {
    "delay-before=0.05": "accepted",
    "delay-after=5": "unknown",
    "timeout-before": "unknown",
    "timeout-after": "unknown",
    "reset-before": "unknown",
    "reset-after": "unknown",
    "close-before": "unknown",
    "close-after": "unknown",
    "half-answer-before": "unknown",
    "half-answer-after": "unknown",
    "long-content-length-before": "unknown",
    "long-content-length-after": "unknown",
    "slow-drip-before=5": "unknown",
    "slow-drip-after=5": "unknown",
    "big-body-before=5": "unknown",
    "big-body-after=5": "unknown",
    "garbage-before": "unknown",
    "garbage-after": "unknown",
    "gzip": "accepted",
    "deflate": "accepted",
    "gzip-cut-before": "unknown",
    "gzip-cut-after": "unknown",
    "zip-bomb-before=100": "unknown",
    "zip-bomb-after=100": "unknown",
    "brotli-before": "unknown",
    "brotli-after": "unknown",
    "idle-close": "accepted",
    "refuse-connection=0.1": "unknown",
    "html-502-before": "unknown",
    "html-502-after": "unknown",
    "html-504-after": "unknown",
    "http-500-before": "unknown",
    "http-500-after": "unknown",
    "http-503-before": "unknown",
    "http-503-after": "unknown",
    "rate-429": "busy",
    "rate-429-after=7": "busy",
    "redirect": "account",
    "unauthorized": "account",
    "ip-blocked": "account",
    "account-frozen": "account",
    "message-18": "busy",
    "message-19": "busy",
    "message-error=25": "rejected",
    "no-money": "accepted accepted account account",
    "partial-207": "accepted busy accepted busy",
    "unknown-code": "rejected",
    "shuffled": "accepted",
    "extra-fields": "accepted",
    "empty-202-before": "unknown",
    "empty-202-after": "unknown",
}
ONE_API_ONLY = {
    "error-18-before": "unknown",
    "error-18-after": "unknown",
    "error-19": "busy",
    "error=20": "account",
    "rate-400": "busy",
    "messages-null-before": "unknown",
    "messages-null-after": "unknown",
    "messages-missing-before": "unknown",
    "messages-missing-after": "unknown",
    "messages-empty-before": "unknown",
    "messages-empty-after": "unknown",
    "to-plus": "accepted",
    "to-00": "accepted",
    "to-spaced": "accepted",
    "to-digit": "accepted",
    "code-as-text": "rejected",
    "wrong-json-before": "unknown",
    "wrong-json-after": "unknown",
    "not-json-before": "unknown",
    "not-json-after": "unknown",
}
XML_ONLY = {
    "xml-901": "busy",
    "xml-130=60": "busy",
    "xml-301": "account",
    "xml-fault=105": "rejected",
    "xml-no-answer-element-before": "unknown",
    "xml-no-answer-element-after": "unknown",
    "xml-no-sequence": "accepted",
    "xml-utf16": "accepted",
    "xml-doctype": "accepted",
    "xml-auth": "accepted",
    "xml-auth-fault": "account",
    "xml-ampersand": "rejected",
}
# One message a call, and only what an answer's status and words tell: a code is text like any other.
ANY_HTTP = {fault: kinds.split()[0] for fault, kinds in BOTH_APIS.items()} | {
    "account-frozen": "rejected",
    "message-18": "unknown",
    "message-19": "unknown",
    "no-money": "account",
    "partial-207": "unknown",
}
CASES = [
    *(("one", fault, kinds) for fault, kinds in (BOTH_APIS | ONE_API_ONLY).items()),
    *(("http", fault, kinds) for fault, kinds in ANY_HTTP.items()),
    *(("xml", fault, kinds) for fault, kinds in (BOTH_APIS | XML_ONLY).items()),
]
# Faults that strike when the messages have been accepted.
AFTER = {f"{kind.name}-after" for kind in KINDS.values() if kind.either}
# Told apart by tests of their own below.
APART = {"stale-connection", "missing-result", "xml-error", "to-other", "xml-other-sequence"}


pytestmark = pytest.mark.usefixtures("third_gateway")


@pytest.fixture
async def clickatell():
    gateway = Clickatell(Settings(seed=1, sent_after=0, delivered_after=0))
    await gateway.start()
    yield gateway
    await gateway.stop()


def config(gateway: Clickatell, api: str, **changes) -> HandlerConfig:
    cfg = changed(
        {"one": ONE, "xml": XML, "http": HTTP}[api],
        base_url=gateway.base_url,
        api_uri=gateway.api_uri,
        url=f"{gateway.base_url}/v1/message",
        check_url=f"{gateway.base_url}/v1/balance",
        secret=SAMPLE_PASSWORD if api == "xml" else SAMPLE_API_KEY,
        user_name=SAMPLE_USER,
        api_id=SAMPLE_API_ID,
        **CALM,
    )
    return changed(cfg, **changes)


@pytest.fixture(params=["one", "xml", "http"])
def api(request):
    return request.param


@pytest.fixture
async def sender(api, clickatell):
    made = make_sender(config(clickatell, api), SystemClock())
    yield made
    await made.close()


def agrees(gateway: Clickatell, batch: list[OutgoingMessage], outcomes: list[Outcome]) -> None:
    """What the sender says was accepted, and what was, are the same; unknown may be either."""
    arrived = {message.client_message_id: message for message in gateway.inbox}
    assert len(arrived) == len(gateway.inbox)
    for message, outcome in zip(batch, outcomes, strict=True):
        there = arrived.get(message.client_message_id)
        if outcome.kind is OutcomeKind.ACCEPTED:
            assert there is not None
            assert outcome.gateway_id == there.gateway_id
            assert (there.to, there.text) == (message.to.removeprefix("+"), message.text)
        elif outcome.kind is not OutcomeKind.UNKNOWN:
            assert there is None
            assert outcome.error


def test_every_kind_of_fault_is_under_test():
    tested = {fault.partition("=")[0] for _, fault, _ in CASES}
    tested = {
        name for fault in tested for name in (fault, fault.removesuffix("-before").removesuffix("-after"))
    }
    assert set(KINDS) - APART - {"error", "xml-fault", "message-error"} <= tested


@pytest.mark.parametrize(("api", "fault", "expected"), CASES)
async def test_faults(clickatell, api, fault, expected):
    limits = QUICK if fault.startswith(SILENT) else CALM
    made = make_sender(config(clickatell, api, **limits), SystemClock())
    clickatell.faults.next(fault)
    batch = messages(1 if api == "http" else 4, "Pump 2 stopped – 水")
    outcomes = await made.send(batch)
    await made.close()
    kinds = expected.split()
    assert [o.kind for o in outcomes] == (kinds * len(batch) if len(kinds) == 1 else kinds)
    name = fault.partition("=")[0]
    if name.endswith("-after") and name in AFTER:
        await clickatell.wait_until(lambda: len(clickatell.inbox) == len(batch))
    elif "accepted" not in kinds:
        assert clickatell.inbox == []
    else:
        assert clickatell.faults.pending() == []
    agrees(clickatell, batch, outcomes)


async def test_a_result_that_is_missing(clickatell, sender):
    clickatell.faults.next("missing-result")
    batch = messages(4)
    outcomes = await sender.send(batch)
    assert sorted(o.kind for o in outcomes) == ["accepted", "accepted", "accepted", "unknown"]
    agrees(clickatell, batch, outcomes)


@pytest.mark.parametrize(("api", "fault"), [("one", "to-other"), ("xml", "xml-other-sequence")])
async def test_one_verdict_for_all_is_each_ones_though_nobody_knows_which_is_whose(clickatell, api, fault):
    made = make_sender(config(clickatell, api), SystemClock())
    clickatell.faults.next(fault, fault)
    outcomes = await made.send(messages(4))
    assert {o.kind for o in outcomes} == {OutcomeKind.ACCEPTED}
    assert {o.gateway_id for o in outcomes} == {None}
    single = await made.send(messages(1))
    await made.close()
    assert [o.gateway_id for o in single] == [clickatell.inbox[-1].gateway_id]
    assert len(clickatell.inbox) == 5


@pytest.mark.parametrize("fault", ["gzip", "deflate"])
async def test_a_packed_balance_and_status_are_read(clickatell, api, sender, fault):
    clickatell.faults.next(f"{fault}@balance")
    if registry.of(api).tells_delivery:
        clickatell.faults.next(f"{fault}@status")
    assert isinstance(await sender.balance(), Balance)
    (outcome,) = await sender.send(messages(1))
    assert outcome.gateway_id is not None
    status = await sender.delivery_status(outcome.gateway_id)
    assert status.verdict is not DeliveryVerdict.NO_ANSWER
    assert clickatell.faults.pending() == []


async def test_an_unreadable_document_is_tried_in_halves(clickatell):
    made = make_sender(config(clickatell, "xml"), SystemClock())
    clickatell.faults.next("xml-error")
    batch = messages(4)
    outcomes = await made.send(batch)
    await made.close()
    assert {o.kind for o in outcomes} == {OutcomeKind.ACCEPTED}
    agrees(clickatell, batch, outcomes)
    assert len(clickatell.calls) == 3


async def test_a_connection_that_died_while_idle(clickatell, sender):
    clickatell.faults.next("idle-close")
    first, second = messages(2)
    outcomes = [*await sender.send([first]), *await sender.send([second])]
    assert {o.kind for o in outcomes} == {OutcomeKind.ACCEPTED}
    agrees(clickatell, [first, second], outcomes)


async def test_a_connection_that_is_dead_unnoticed_leaves_it_unknown(clickatell, sender):
    clickatell.faults.next("stale-connection")
    batch = messages(2)
    outcomes = [*await sender.send(batch[:1]), *await sender.send(batch[1:])]
    assert [o.kind for o in outcomes] == [OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN]
    agrees(clickatell, batch, outcomes)
    assert len(clickatell.inbox) == 1


async def test_nobody_listening(clickatell, sender):
    await clickatell.pause_listening()
    batch = messages(2)
    outcomes = await sender.send(batch)
    assert {o.error for o in outcomes} == {f"connection refused by 127.0.0.1:{clickatell.port}"}
    assert {o.kind for o in outcomes} == {OutcomeKind.NOT_SENT}
    await clickatell.resume_listening()
    again = await sender.send(batch)
    assert {o.kind for o in again} == {OutcomeKind.ACCEPTED}
    agrees(clickatell, batch, again)


@pytest.mark.parametrize(
    "text",
    ["plain", "€ ^{}[]~\\|", "Ωμέγα", "🚒 " * 20, "<b>&amp;</b> ]]> \"q\" 'a'", "two\nlines", " edges "],
)
async def test_texts_arrive_as_they_are(clickatell, sender, text):
    batch = messages(2, text)
    outcomes = await sender.send(batch)
    assert {o.kind for o in outcomes} == {OutcomeKind.ACCEPTED}
    agrees(clickatell, batch, outcomes)


async def test_two_messages_to_one_number(clickatell, sender):
    batch = [OutgoingMessage(f"{n:032x}", "+447700900123", f"text {n}") for n in range(3)]
    outcomes = await sender.send(batch)
    assert {o.kind for o in outcomes} == {OutcomeKind.ACCEPTED}
    agrees(clickatell, batch, outcomes)


async def test_a_bad_number_among_good_ones(clickatell, api, sender):
    batch = messages(3)
    batch[1] = replace(batch[1], to="+12")
    outcomes = await sender.send(batch)
    assert [o.kind for o in outcomes] == ["accepted", "rejected", "accepted"]
    assert outcomes[1].code == {"one": "25", "xml": "105", "http": None}[api]
    agrees(clickatell, batch, outcomes)


async def test_money_that_runs_out_and_comes_back(clickatell, api, sender):
    clickatell.balance = Decimal("0.1")
    clickatell.credits = Decimal(2)
    batch = messages(4)
    outcomes = await sender.send(batch)
    assert [o.kind for o in outcomes] == ["accepted", "accepted", "account", "account"]
    agrees(clickatell, batch, outcomes)
    empty = await sender.balance()
    clickatell.balance = clickatell.credits = Decimal(50)
    full = await sender.balance()
    assert isinstance(empty, Balance)
    assert isinstance(full, Balance)
    assert full.currency == {"one": "EUR", "xml": "credits", "http": None}[api]
    assert api == "http" or empty.amount < full.amount == 50


async def test_a_key_that_is_refused(clickatell, api, sender):
    clickatell.refuse_key()
    batch = messages(2)
    outcomes = await sender.send(batch)
    balance = await sender.balance()
    assert {o.kind for o in outcomes} == {OutcomeKind.ACCOUNT}
    assert isinstance(balance, GatewayError)
    assert (balance.kind, balance.code) == (OutcomeKind.ACCOUNT, outcomes[0].code)
    assert outcomes[0].code == {"one": "1", "xml": "001", "http": None}[api]
    agrees(clickatell, batch, outcomes)


@pytest.mark.parametrize("fault", ["reset", "half-answer", "html-502", "unauthorized", "garbage"])
async def test_a_balance_that_cannot_be_had(clickatell, api, sender, fault):
    if (api, fault) == ("http", "garbage"):
        pytest.skip("a gateway that tells no balance is not asked for its words")
    clickatell.faults.next(f"{fault}@balance")
    assert isinstance(await sender.balance(), GatewayError)
    assert isinstance(await sender.balance(), Balance)


@pytest.mark.parametrize("api", ["one", "xml", "http"])
async def test_a_balance_that_does_not_come(clickatell, api):
    clickatell.faults.next("timeout@balance")
    made = make_sender(config(clickatell, api, **QUICK), SystemClock())
    answer = await made.balance()
    await made.close()
    assert isinstance(answer, GatewayError)
    assert (answer.kind, answer.error) == (OutcomeKind.UNKNOWN, "no answer within 0.3 s")


async def test_an_account_of_the_older_platform(clickatell):
    clickatell.settings.balance_paths = ("/public-client/balance",)
    made = make_sender(config(clickatell, "one"), SystemClock())
    assert await made.balance() == await made.balance() == Balance(Decimal("100.00"), "EUR")
    await made.close()
    assert [call.status for call in clickatell.calls] == [404, 200, 200]


async def test_more_than_the_gateway_takes_in_a_call(clickatell):
    clickatell.settings.max_per_call = 10
    made = make_sender(config(clickatell, "one", batch_size=40), SystemClock())
    batch = messages(40)
    outcomes = await made.send(batch)
    await made.close()
    assert {o.kind for o in outcomes} == {OutcomeKind.ACCEPTED}
    agrees(clickatell, batch, outcomes)


async def test_asking_for_a_message_whose_answer_was_lost(clickatell):
    made = make_sender(config(clickatell, "xml"), SystemClock())
    batch = messages(2)
    clickatell.faults.next("reset-after", "reset-before")
    [there], [not_there] = await made.send(batch[:1]), await made.send(batch[1:])
    assert (there.kind, not_there.kind) == (OutcomeKind.UNKNOWN, OutcomeKind.UNKNOWN)
    known, unknown = [await made.query(message.client_message_id) for message in batch]
    await made.close()
    assert known is not None
    assert unknown is not None
    assert (known.verdict, known.gateway_id) == (QueryVerdict.ACCEPTED, clickatell.inbox[0].gateway_id)
    assert unknown.verdict is QueryVerdict.NOT_KNOWN


@pytest.mark.parametrize("api", ["one", "xml"])
@pytest.mark.parametrize(
    ("ending", "verdict"),
    [
        ("DEVICE_ACK", DeliveryVerdict.DELIVERED),
        ("EXPIRED", DeliveryVerdict.UNDELIVERED),
        ("DELIVERY_FAILURE", DeliveryVerdict.UNDELIVERED),
        ("ROUTING_ERROR", DeliveryVerdict.UNDELIVERED),
        ("QUEUED", DeliveryVerdict.PENDING),
        ("SENT_TO_SUPPLIER", DeliveryVerdict.PENDING),
    ],
)
async def test_what_became_of_a_message(clickatell, api, ending, verdict):
    batch = messages(1)
    clickatell.settings.endings = {batch[0].to.removeprefix("+"): ending}
    made = make_sender(config(clickatell, api), SystemClock())
    [outcome] = await made.send(batch)
    assert outcome.gateway_id
    status = await made.delivery_status(outcome.gateway_id)
    strange = await made.delivery_status("0" * 32)
    clickatell.faults.next("http-503@status")
    lost = await made.delivery_status(outcome.gateway_id)
    await made.close()
    assert status.verdict is verdict
    assert strange.verdict is DeliveryVerdict.PENDING
    assert lost.verdict is DeliveryVerdict.NO_ANSWER


async def test_many_calls_share_few_connections(clickatell):
    made = make_sender(config(clickatell, "one", max_connections=2), SystemClock())
    batch = messages(30)
    outcomes = [outcome for message in batch for outcome in await made.send([message])]
    await made.close()
    agrees(clickatell, batch, outcomes)
    assert len({call.connection for call in clickatell.calls}) == 1
