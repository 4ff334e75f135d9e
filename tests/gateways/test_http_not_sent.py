"""What keeps a request from leaving, each told by its name."""

import asyncio
import socket
from dataclasses import replace

import pytest

from scheduling.clock import SystemClock
from scheduling.gateways.advice import Cause
from scheduling.gateways.http import Connection
from scheduling.gateways.reply import Failure
from storage.vocabulary import OutcomeKind
from tests.gateways.network import (
    CALM,
    QUICK,
    post,
)
from tests.gateways.raw_server import Visit, raw_server, unused_port


async def test_a_refused_connection_is_not_sent():
    port = unused_port()
    result = await post(f"http://127.0.0.1:{port}")
    assert result == Failure(OutcomeKind.NOT_SENT, f"connection refused by 127.0.0.1:{port}", Cause.REFUSED)


async def test_an_unknown_name_is_not_sent(monkeypatch):
    def no_name(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    result = await post("https://gateway.example/v1/message")
    assert result == Failure(OutcomeKind.NOT_SENT, "DNS name not found: gateway.example", Cause.DNS)


async def test_a_full_backlog_is_not_sent():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        port = sock.getsockname()[1]
        fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        result = await post(f"http://127.0.0.1:{port}", QUICK)
        for filler in fillers:
            filler.close()
    assert result == Failure(
        OutcomeKind.NOT_SENT, f"no connection to 127.0.0.1:{port} within 0.3 s", Cause.NO_CONNECTION
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:99999/x",
        "http://[::1/x",
        "ftp://127.0.0.1/x",
        "http://",
        "",
        "not an address",
        "http://127.0.0.1:1/\r\nX: y",
        "http://" + "a" * 300 + ".example/",
        "http://xn--/",
        "http://\ud800.example/",
        "http://a..b/",
    ],
)
async def test_an_unusable_address_is_not_sent(url, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", _no_network(socket.getaddrinfo))
    result = await post(url)
    assert isinstance(result, Failure)
    assert result.kind is OutcomeKind.NOT_SENT
    assert result.error
    assert "\n" not in result.error
    result.error.encode("utf-8")


def _no_network(resolve):
    def getaddrinfo(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        if name == "127.0.0.1":
            return resolve(host, *args, **kwargs)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    return getaddrinfo


async def test_no_route_is_named(monkeypatch):
    async def no_route(*args, **kwargs):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", no_route)
    result = await post("http://192.0.2.1/")
    assert result == Failure(
        OutcomeKind.NOT_SENT, "network unreachable: no route to 192.0.2.1:80", Cause.UNREACHABLE
    )


async def test_running_out_of_time_before_anything_was_written_is_not_sent(monkeypatch):
    async def never(*args, **kwargs):
        await asyncio.Future()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", never)
    result = await post("http://gateway.example:81/", replace(CALM, total_timeout=0.1))
    assert result == Failure(
        OutcomeKind.NOT_SENT, "no connection to gateway.example:81 within 0.1 s", Cause.NO_CONNECTION
    )


async def test_when_all_connections_are_taken_nothing_is_sent(monkeypatch):
    monkeypatch.setattr("scheduling.gateways.http.POOL_SECONDS", 0.1)
    arrived = asyncio.Event()

    async def act(visit: Visit) -> None:
        await visit.request()
        arrived.set()
        await visit.hang()

    async with raw_server(act) as server:
        connection = Connection(replace(CALM, max_connections=1), SystemClock())
        first = asyncio.create_task(connection.request("POST", server.url, headers={}, content=b"a"))
        await arrived.wait()
        second = await connection.request("POST", server.url, headers={}, content=b"a")
        first.cancel()
        await connection.aclose()
    assert isinstance(second, Failure)
    assert (second.kind, second.cause) == (OutcomeKind.NOT_SENT, Cause.ALL_BUSY)


async def test_after_closing_nothing_is_sent():
    connection = Connection(CALM, SystemClock())
    await connection.aclose()
    result = await connection.request("POST", "http://127.0.0.1:1/", headers={})
    assert isinstance(result, Failure)
    assert (result.kind, result.cause) == (OutcomeKind.NOT_SENT, Cause.CLOSED_HERE)
