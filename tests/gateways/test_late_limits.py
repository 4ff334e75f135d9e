"""A limit that is noticed late, because the process stood still: the answer in the socket counts."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from scheduling.clock import SystemClock
from scheduling.gateways.http import Connection
from scheduling.gateways.reply import Failure, Reply
from storage.vocabulary import OutcomeKind
from tests.gateways.network import CALM

TOTAL = replace(CALM, total_timeout=0.4)
SILENCE = replace(CALM, read_timeout=0.4)


class Gateway:
    """Answers one call from a thread of its own, when it is told to."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._asked, self._may_answer, self.has_answered = (threading.Event() for _ in range(3))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        visitor, _ = self._listening.accept()
        with visitor:
            while b"\r\n\r\n" not in visitor.recv(65536):
                pass
            self._may_answer.wait(60)
            head = f"HTTP/1.1 202 Accepted\r\nContent-Length: {len(self._body)}\r\n\r\n"
            # The kernel takes what it has room for; the rest goes as the client reads.
            visitor.sendall(head.encode())
            self.has_answered.set()
            with contextlib.suppress(ConnectionError):
                visitor.sendall(self._body)
                visitor.recv(1)

    def answers(self) -> None:
        self._may_answer.set()

    def close(self) -> None:
        self.answers()
        self._listening.close()


@pytest.fixture(params=[b'{"messages":[]}', b"x" * 1_900_000], ids=["short", "long"])
def gateway(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    made = Gateway(request.param)
    yield made
    made.close()


def stand_still(seconds: float) -> None:
    """As a process does that is stopped: nothing of its loop moves."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.01)


@pytest.mark.parametrize("cfg", [TOTAL, SILENCE], ids=["total", "silence"])
async def test_an_answer_that_came_while_we_stood_still_is_read(
    cfg, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def passing(point: str) -> None:
        if point == "after-request":
            gateway.answers()
            gateway.has_answered.wait(60)
            stand_still(0.8)

    monkeypatch.setattr("scheduling.gateways.http.fault_points.passing", passing)
    connection = Connection(cfg, SystemClock())
    result = await connection.request("POST", gateway.url, headers={}, content=b"a")
    await connection.aclose()
    assert isinstance(result, Reply), result
    assert result.status == 202


async def test_an_answer_that_comes_soon_after_we_stood_still_is_read(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other side repeats what a paused machine has not taken."""

    def passing(point: str) -> None:
        if point == "after-request":
            stand_still(1.2)
            asyncio.get_running_loop().call_later(0.05, gateway.answers)

    monkeypatch.setattr("scheduling.gateways.http.fault_points.passing", passing)
    monkeypatch.setattr("scheduling.deadline.GRACE", 60.0)
    connection = Connection(TOTAL, SystemClock())
    result = await connection.request("POST", gateway.url, headers={}, content=b"a")
    await connection.aclose()
    assert isinstance(result, Reply), result


@pytest.mark.parametrize("which", ["total_timeout", "read_timeout"])
async def test_an_answer_that_comes_soon_after_a_read_stood_still_is_read(
    which: str, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The read waits already: a timer of the library's own, if it had one, would be over as well."""

    def stopped() -> None:
        stand_still(1.5)
        asyncio.get_running_loop().call_later(0.05, gateway.answers)

    def passing(point: str) -> None:
        if point == "after-request":
            asyncio.get_running_loop().call_later(0.05, stopped)

    monkeypatch.setattr("scheduling.gateways.http.fault_points.passing", passing)
    monkeypatch.setattr("scheduling.deadline.GRACE", 60.0)
    connection = Connection(replace(CALM, **{which: 1.0}), SystemClock())
    result = await connection.request("POST", gateway.url, headers={}, content=b"a")
    await connection.aclose()
    assert isinstance(result, Reply), result


@pytest.mark.parametrize("cfg", [TOTAL, SILENCE], ids=["total", "silence"])
async def test_a_limit_counts_where_nothing_came(
    cfg, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduling.deadline.GRACE", 0.1)
    connection = Connection(cfg, SystemClock())
    began = time.monotonic()
    result = await connection.request("POST", gateway.url, headers={}, content=b"a")
    await connection.aclose()
    assert time.monotonic() - began < CALM.total_timeout / 2, "a silence has a limit of its own"
    assert isinstance(result, Failure)
    assert result.kind is OutcomeKind.UNKNOWN
    assert result.error == ("no complete answer within 0.4 s" if cfg is TOTAL else "no answer within 0.4 s")
