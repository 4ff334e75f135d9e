"""What a handler's connection makes of answers, and of whatever fails after the request has left."""

import asyncio
import socket
from dataclasses import replace

import httpx
import pytest

from scheduling.clock import SystemClock
from scheduling.gateways.advice import CAUSES, Cause
from scheduling.gateways.http import Connection
from scheduling.gateways.reply import Failure, Reply
from storage.vocabulary import OutcomeKind
from tests.gateways.network import (
    CALM,
    GOOD,
    QUICK,
    close_after,
    cut_chunk,
    endless_headers,
    garbage,
    half_body,
    half_headers,
    hang,
    post,
    reset_after,
    reset_at_once,
)
from tests.gateways.raw_server import Visit, raw_server, unused_port


async def test_a_complete_answer_comes_back_whole():
    async def act(visit: Visit) -> None:
        await visit.request()
        await visit.write(b"HTTP/1.1 207 Multi\r\nRetry-AFTER: 7\r\nContent-Length: 2\r\n\r\nok")

    async with raw_server(act) as server:
        reply = await post(server.url)
    assert reply == Reply(207, {"retry-after": "7", "content-length": "2"}, b"ok")


@pytest.mark.parametrize(
    ("act", "words", "cause"),
    [
        (reset_after, "connection closed after the request was sent", Cause.LOST),
        (close_after, "connection closed after the request was sent", Cause.LOST),
        (reset_at_once, "connection closed after the request was sent", Cause.LOST),
        (hang, "no answer within 0.3 s", Cause.NO_ANSWER),
        (half_body, "the answer was cut off", Cause.LOST),
        (half_headers, "connection closed after the request was sent", Cause.LOST),
        (cut_chunk, "the answer was cut off", Cause.LOST),
        (garbage, "the answer is not HTTP", Cause.UNREADABLE),
        (endless_headers, "the answer is not HTTP", Cause.UNREADABLE),
    ],
)
async def test_whatever_fails_after_writing_is_unknown(act, words, cause):
    async with raw_server(act) as server:
        result = await post(server.url, QUICK if act is hang else CALM)
    assert result == Failure(OutcomeKind.UNKNOWN, words, cause)
    assert result.advice == CAUSES[cause].check


class LimitReached(SystemClock):
    """A clock whose time limits are reached when an event is set."""

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event
        self._ahead = 0.0

    def boottime(self) -> float:
        return super().boottime() + self._ahead

    async def wait_for(self, awaitable, seconds):
        task = asyncio.ensure_future(awaitable)
        await self._event.wait()
        self._event.clear()
        assert not task.done()
        self._ahead += seconds
        task.cancel()
        await asyncio.wait([task])
        raise TimeoutError


async def test_a_slow_drip_meets_the_total_limit(monkeypatch):
    monkeypatch.setattr("scheduling.deadline.LATE", 1e9)
    dripping = asyncio.Event()

    async def drip(visit: Visit) -> None:
        await visit.request()
        await visit.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(100):
            await visit.write(b"x")
            await asyncio.sleep(0)
        dripping.set()
        await visit.hang()

    async with raw_server(drip) as server:
        connection = Connection(replace(CALM, read_timeout=60.0), LimitReached(dripping))
        result = await connection.request("POST", server.url, headers={}, content=b"a")
        await connection.aclose()
    assert result == Failure(OutcomeKind.UNKNOWN, "no complete answer within 30 s", Cause.NO_ANSWER)


async def test_the_total_limit_is_kept_by_the_clock_of_the_machine_too():
    async with raw_server(hang) as server:
        result = await post(server.url, replace(CALM, total_timeout=0.5))
    assert isinstance(result, Failure)
    assert result.cause is Cause.NO_ANSWER


async def test_an_enormous_answer_is_not_read_to_its_end():
    written = 0
    gone = asyncio.Event()

    async def act(visit: Visit) -> None:
        nonlocal written
        await visit.request()
        await visit.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 50000000\r\n\r\n")
        try:
            for _ in range(500):
                await visit.write(b"x" * 100_000)
                written += 100_000
        finally:
            gone.set()

    async with raw_server(act) as server:
        result = await post(server.url)
        await asyncio.wait_for(gone.wait(), 10)
    assert result == Failure(OutcomeKind.UNKNOWN, "the answer is larger than 2 MB", Cause.UNREADABLE)
    assert written < 40_000_000


async def test_a_packed_answer_is_not_asked_for_and_not_unpacked():
    async def act(visit: Visit) -> None:
        assert b"accept-encoding: identity" in (await visit.request()).lower()
        await visit.write(
            b"HTTP/1.1 202 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\0\0"
        )

    async with raw_server(act) as server:
        result = await post(server.url)
    assert isinstance(result, Reply)
    assert result.body == b"\x1f\x8b\0\0"


async def test_a_peer_that_never_reads_leaves_it_unknown():
    stop = asyncio.Event()

    async def act(visit: Visit) -> None:
        visit.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        visit.writer.transport.pause_reading()
        await stop.wait()

    async with raw_server(act) as server:
        result = await post(server.url, replace(CALM, total_timeout=1.0), content=b"x" * 30_000_000)
        stop.set()
    assert isinstance(result, Failure)
    assert result.kind is OutcomeKind.UNKNOWN


async def test_a_redirect_is_not_followed():
    other = []

    async def act(visit: Visit) -> None:
        other.append(await visit.request())
        await visit.write(b"HTTP/1.1 307 T\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

    async with raw_server(act) as server:
        result = await post(server.url)
    assert isinstance(result, Reply)
    assert result.status == 307
    assert len(other) == 1


async def test_a_connection_is_kept_and_replaced_when_the_peer_closed_it():
    closed = asyncio.Event()

    async def act(visit: Visit) -> None:
        await visit.request()
        await visit.answer(GOOD)
        if visit.number == 0:
            await visit.request()
            await visit.answer(GOOD)
            visit.writer.close()
            await visit.writer.wait_closed()
            closed.set()
        else:
            await visit.hang()

    async with raw_server(act) as server:
        connection = Connection(CALM, SystemClock())
        for _ in range(2):
            assert isinstance(await connection.request("POST", server.url, headers={}, content=b"a"), Reply)
        assert server.visits == 1
        await closed.wait()
        assert isinstance(await connection.request("POST", server.url, headers={}, content=b"a"), Reply)
        assert server.visits == 2
        await connection.aclose()


async def test_a_connection_that_was_idle_for_long_is_not_used_again(monkeypatch):
    monkeypatch.setattr("scheduling.gateways.http.KEEPALIVE_SECONDS", 0.0)

    async def act(visit: Visit) -> None:
        await visit.request()
        await visit.answer(GOOD)
        await visit.hang()

    async with raw_server(act) as server:
        connection = Connection(CALM, SystemClock())
        for _ in range(2):
            assert isinstance(await connection.request("POST", server.url, headers={}, content=b"a"), Reply)
        await connection.aclose()
        assert server.visits == 2


async def test_cancelling_is_seen_as_cancelling_and_frees_the_connection():
    arrived = asyncio.Event()

    async def act(visit: Visit) -> None:
        await visit.request()
        arrived.set()
        if visit.number == 0:
            await visit.hang()
        else:
            await visit.answer(GOOD)

    async with raw_server(act) as server:
        connection = Connection(replace(CALM, max_connections=1), SystemClock())
        call = asyncio.create_task(connection.request("POST", server.url, headers={}, content=b"a"))
        await arrived.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert call.cancelled()
        assert isinstance(await connection.request("POST", server.url, headers={}, content=b"a"), Reply)
        await connection.aclose()


async def test_cancelling_together_with_the_answer_is_seen_too():
    class Late(SystemClock):
        async def wait_for(self, awaitable, seconds):
            # As Python 3.11 does when both come in the same turn of the loop.
            result = await awaitable
            call.cancel()
            try:
                await asyncio.Future()
            except asyncio.CancelledError:
                return result

    connection = Connection(CALM, Late(), transport=httpx.MockTransport(lambda _: httpx.Response(202)))
    call = asyncio.create_task(connection.request("POST", "http://127.0.0.1/", headers={}))
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_calls_that_run_out_of_time_leave_no_connection_taken(monkeypatch):
    monkeypatch.setattr("scheduling.deadline.LATE", 1e9)
    arrived = asyncio.Event()

    async def act(visit: Visit) -> None:
        await visit.request()
        if visit.number < 6:
            arrived.set()
            await visit.hang()
        else:
            await visit.answer(GOOD)

    async with raw_server(act) as server:
        connection = Connection(replace(CALM, max_connections=2), LimitReached(arrived))
        for _ in range(6):
            result = await connection.request("POST", server.url, headers={}, content=b"a")
            assert isinstance(result, Failure)
            assert result.kind is OutcomeKind.UNKNOWN
        connection._clock = SystemClock()
        assert isinstance(await connection.request("POST", server.url, headers={}, content=b"a"), Reply)
        await connection.aclose()


async def test_neither_proxies_of_the_environment_nor_credentials_in_the_address_are_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port()}")
    heads = []

    async def act(visit: Visit) -> None:
        heads.append(await visit.request())
        await visit.answer(GOOD)

    async with raw_server(act) as server:
        connection = Connection(CALM, SystemClock())
        address = server.url.replace("//", "//someone:hidden@")
        await connection.request("POST", address, headers={"Authorization": b"the-key"}, content=b"a")
        await connection.aclose()
    assert b"authorization: the-key\r\n" in heads[0].lower()


def test_every_cause_has_its_advice():
    assert set(CAUSES) == set(Cause)
    assert all(advice.means and advice.check for advice in CAUSES.values())
