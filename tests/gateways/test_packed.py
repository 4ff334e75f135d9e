"""Answers that come packed although nobody asked for it."""

import contextlib
import gzip
import zlib
from collections.abc import Callable
from functools import cache

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.gateways.http import MOST_BODY_BYTES
from scheduling.gateways.outcome import Balance
from scheduling.gateways.unpacking import TooLarge, unpacked
from storage.vocabulary import OutcomeKind
from tests.gateways.support import accept_all, click_api, messages, one_sender, sent_reply, xml_sender


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


PACKED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "GZIP": ("GZIP", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "twice": ("deflate, gzip", lambda body: gzip.compress(zlib.compress(body))),
    "two streams": ("gzip", lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:])),
    "unnamed": ("", gzip.compress),
    "named, plain": ("gzip", lambda body: body),
    "identity": ("identity", lambda body: body),
}


@pytest.mark.parametrize(("name", "pack"), PACKED.values(), ids=PACKED.keys())
async def test_a_packed_answer_is_read(name: str, pack: Callable[[bytes], bytes]) -> None:
    def packed(answer: httpx.Response) -> httpx.Response:
        # Raw bytes: the library itself would unpack what its test response holds.
        headers = {"content-encoding": name} if name else {}
        return _Raw(answer.status_code, headers, pack(answer.content))

    outcomes = await one_sender(lambda request: packed(accept_all(request))).send(messages(2))
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.ACCEPTED] * 2
    balance = {"balance": 5, "currency": "EUR"}
    found = await one_sender(lambda request: packed(httpx.Response(200, json=balance))).balance()
    assert isinstance(found, Balance)
    (outcome,) = await xml_sender(lambda request: packed(click_api(sent_reply(1)))).send(messages(1))
    assert outcome.kind is OutcomeKind.ACCEPTED


@cache
def bomb() -> bytes:
    return gzip.compress(b" " * 200_000_000, 1)


UNREADABLE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "brotli": ("br", lambda: b"\x0b\x02\x80{}\x03"),
    "zstd": ("zstd", lambda: b"\x28\xb5\x2f\xfd\x04\x00"),
    "cut": ("gzip", lambda: gzip.compress(b'{"messages": []}')[:-9]),
    "broken": ("gzip", lambda: b"\x1f\x8b\x08\x00broken"),
    "a bomb": ("gzip", bomb),
    "a bomb in a bomb": ("gzip, gzip", lambda: gzip.compress(bomb())),
    "layers": ("gzip, gzip, gzip, gzip", lambda: gzip.compress(b"{}")),
    "streams": ("gzip", lambda: gzip.compress(b"") * 50_000),
}


@pytest.mark.parametrize(("name", "pack"), UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_cannot_be_unpacked_within_the_limit_is_unknown(
    name: str, pack: Callable[[], bytes]
) -> None:
    body = pack()
    answer = _Raw(202, {"content-encoding": name}, body)
    assert len(body) < MOST_BODY_BYTES
    (outcome,) = await one_sender(lambda request: answer).send(messages(1))
    assert outcome.kind is OutcomeKind.UNKNOWN


@given(st.binary(max_size=300), st.sampled_from(["", "gzip", "deflate", "br", "gzip, deflate", ",,gzip,"]))
def test_whatever_comes_nothing_is_raised(body: bytes, name: str) -> None:
    with contextlib.suppress(TooLarge):
        assert len(unpacked(body, name, 1000)) <= 1000


@given(st.binary(max_size=3000), st.integers(0, 3000))
def test_the_limit_is_on_what_comes_out(body: bytes, most: int) -> None:
    packed = gzip.compress(body)
    if len(body) <= most:
        assert unpacked(packed, "gzip", most) == body
    else:
        with pytest.raises(TooLarge):
            unpacked(packed, "gzip", most)


class _Raw:
    """A response whose bytes are as they travel, for the test transport to stream."""

    def __init__(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.status_code, self.headers, self.content = status, headers, content
