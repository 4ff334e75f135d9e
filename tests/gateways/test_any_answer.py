"""Whatever a gateway answers: no exception, and one outcome per message."""

import asyncio
import json
import string

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.gateways.outcome import Balance, DeliveryStatus, GatewayError, Outcome, QueryAnswer
from storage.vocabulary import OutcomeKind
from tests.gateways.support import KEY, PASSWORD, http_sender, messages, one_sender, xml_sender

STATUSES = st.sampled_from([200, 202, 204, 207, 302, 400, 401, 402, 404, 408, 429, 500, 503, 504])
HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "Content-Type", "Content-Encoding"]),
    st.text(string.printable.strip(), max_size=12),
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([1, 18, 19, 20, 22, 25, 43, "43", "447700900000", "447700900001", KEY, "f" * 32])
)
JSON_NAMES = (
    "messages error code description accepted apiMessageId to errorCode balance currency sms status x"
)
KEYS = st.sampled_from(JSON_NAMES.split())
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "apiMessageId": SCALARS,
            "accepted": st.booleans() | SCALARS,
            "to": SCALARS,
            "error": st.none() | st.fixed_dictionaries({"code": SCALARS}, optional={"description": SCALARS}),
        },
    ),
    max_size=4,
)
ANSWERS = JSON | st.fixed_dictionaries({"messages": ENTRIES}, optional={"error": JSON})
BODIES = ANSWERS.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)

XML_NAMES = (
    "clickAPI sendMsgResp apiMsgId fault sequence_no status ok xmlErrorResp queryMsgResp getBalanceResp x "
    "SENDMSGRESP {ns}fault"
)
TAGS = st.sampled_from(XML_NAMES.split())
WORDS = st.sampled_from(
    ["", "1", "2", "001", "105, x", "130, until 99999999999", "901, ", "f" * 32, PASSWORD, " 12 "]
) | st.text(max_size=10)


def _element(tag: str, inside: list[str]) -> str:
    return f"<{tag}>{''.join(inside)}</{tag}>"


TREES = st.recursive(
    WORDS, lambda inner: st.builds(_element, TAGS, st.lists(inner, max_size=4)), max_leaves=15
)
DOCUMENTS = st.lists(TREES, max_size=4).map(lambda parts: _element("clickAPI", parts)) | TREES | st.text()
XML_BODIES = DOCUMENTS.map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=60)

COUNTS = st.integers(1, 3)


def check(outcomes: list[Outcome], count: int, secret: str) -> None:
    assert len(outcomes) == count
    for outcome in outcomes:
        assert isinstance(outcome.kind, OutcomeKind)
        if outcome.kind is not OutcomeKind.ACCEPTED:
            assert outcome.error
            assert outcome.gateway_id is None
            storable(outcome.error)
        assert secret not in repr(outcome)
        assert outcome.retry_at is None or outcome.retry_at.tzinfo is not None


def storable(text: str) -> None:
    text.encode("utf-8")
    assert len(text) < 400
    assert not any(ord(character) < 32 for character in text)


@settings(deadline=None, derandomize=True)
@given(STATUSES, HEADERS, BODIES, COUNTS)
def test_the_one_api(status, headers, body, count):
    async def run() -> None:
        sender = one_sender(lambda request: httpx.Response(status, headers=headers, content=body))
        outcomes = await sender.send(messages(count))
        check(outcomes, count, KEY)
        if b"accepted" not in body and b"apiMessageId" not in body:
            assert OutcomeKind.ACCEPTED not in {outcome.kind for outcome in outcomes}
        balance = await sender.balance()
        assert isinstance(balance, Balance | GatewayError)
        assert KEY[:8] not in repr(balance)
        status_answer = await sender.delivery_status("f" * 32)
        assert isinstance(status_answer, DeliveryStatus)
        assert KEY.upper() not in repr(status_answer).upper()
        storable(status_answer.text)

    asyncio.run(run())


@settings(deadline=None, derandomize=True)
@given(STATUSES, HEADERS, BODIES, COUNTS)
def test_a_gateway_that_only_tests_have(status, headers, body, count):
    async def run() -> None:
        sender = http_sender(lambda request: httpx.Response(status, headers=headers, content=body))
        outcomes = await sender.send(messages(count))
        check(outcomes, count, KEY)
        if b"accepted" not in body:
            assert OutcomeKind.ACCEPTED not in {outcome.kind for outcome in outcomes}
        balance = await sender.balance()
        assert isinstance(balance, Balance | GatewayError)
        assert KEY[:8] not in repr(balance)

    asyncio.run(run())


@settings(deadline=None, derandomize=True)
@given(STATUSES, HEADERS, XML_BODIES, COUNTS)
def test_the_xml_api(status, headers, body, count):
    async def run() -> None:
        sender = xml_sender(lambda request: httpx.Response(status, headers=headers, content=body))
        outcomes = await sender.send(messages(count))
        check(outcomes, count, PASSWORD)
        if b"apiMsgId" not in body:
            assert OutcomeKind.ACCEPTED not in {outcome.kind for outcome in outcomes}
        assert isinstance(await sender.balance(), Balance | GatewayError)
        assert isinstance(await sender.query("a" * 32), QueryAnswer)
        storable((await sender.delivery_status("f" * 32)).text)

    asyncio.run(run())
