"""Faults on the wire, as a client meets them, and what the gateway had done by then."""

import asyncio
import json

import httpx
import pytest

from demo_data.clickatell import Clickatell
from demo_data.clickatell.fault_kinds import KINDS
from demo_data.clickatell.settings import SAMPLE_API_KEY
from demo_data.clickatell.wire import WIRE_FAULTS
from tests.clickatell.helpers import HEADERS, call, document, text_to, xml_replies


async def post(client: httpx.AsyncClient, patience: float = 10) -> httpx.Response:
    return await client.post("/v1/message", headers=HEADERS, json={"messages": [text_to()]}, timeout=patience)


async def post_raw(clickatell: Clickatell) -> tuple[bytes, str]:
    """What comes back on a connection of its own until it ends, and how it ends."""
    body = json.dumps({"messages": [text_to()]}).encode()
    head = f"POST /v1/message HTTP/1.1\r\nHost: x\r\nAuthorization: {SAMPLE_API_KEY}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", clickatell.port)
    writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    came, ending = b"", "end"
    try:
        while data := await reader.read(65536):
            came += data
    except ConnectionResetError:
        ending = "reset"
    writer.close()
    return came, ending


def test_the_transport_knows_every_wire_fault() -> None:
    assert {kind.wire for kind in KINDS.values() if kind.wire} == WIRE_FAULTS.keys()


BROKEN = {
    "reset": "reset",
    "close": "end",
    "half-answer": "end",
    "long-content-length": "end",
    "garbage": "end",
}


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("kind", BROKEN)
async def test_a_broken_answer_looks_the_same_either_way(
    clickatell: Clickatell, kind: str, side: str
) -> None:
    clickatell.faults.next(f"{kind}-{side}")
    came, ending = await post_raw(clickatell)
    assert ending == BROKEN[kind]
    head, _, body = came.partition(b"\r\n\r\n")
    if kind in ("reset", "close"):
        assert came == b""
    elif kind == "garbage":
        assert not came.startswith(b"HTTP")
    else:
        length = int(head.rpartition(b"Content-Length: ")[2])
        assert head.startswith(b"HTTP/1.1 202 Accepted")
        assert len(body) == (length // 2 if kind == "half-answer" else length - 100)
        assert body.startswith(b'{"messages":[{"apiMessageId":"')
    assert len(clickatell.inbox) == (1 if side == "after" else 0)
    assert clickatell.calls[-1].fault == f"{kind}-{side}"
    assert clickatell.calls[-1].accepted == (1 if side == "after" else 0)
    assert (await post_raw_once_more(clickatell)).startswith(b"HTTP/1.1 202")


async def post_raw_once_more(clickatell: Clickatell) -> bytes:
    clickatell.faults.next("idle-close")
    return (await post_raw(clickatell))[0]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reset", httpx.ReadError),
        ("close", httpx.RemoteProtocolError),
        ("half-answer", httpx.RemoteProtocolError),
        ("long-content-length", httpx.RemoteProtocolError),
        ("garbage", httpx.RemoteProtocolError),
    ],
)
async def test_a_broken_answer_in_httpx(
    clickatell: Clickatell, client: httpx.AsyncClient, kind: str, error: type[Exception]
) -> None:
    clickatell.faults.next(kind)
    with pytest.raises(error):
        await post(client)
    assert (await post(client)).status_code == 202


@pytest.mark.parametrize("side", ["before", "after"])
async def test_no_answer_until_the_client_gives_up(
    clickatell: Clickatell, client: httpx.AsyncClient, side: str
) -> None:
    clickatell.faults.next(f"timeout-{side}")
    with pytest.raises(httpx.ReadTimeout):
        await post(client, patience=0.1)
    assert len(clickatell.inbox) == (1 if side == "after" else 0)
    await clickatell.wait_until(lambda: clickatell.open_connections == 0)


@pytest.mark.parametrize("side", ["before", "after"])
async def test_a_late_answer(clickatell: Clickatell, client: httpx.AsyncClient, side: str) -> None:
    clickatell.faults.next(f"delay-{side}=0.05")
    reply = await post(client)
    assert reply.status_code == 202 and reply.elapsed.total_seconds() >= 0.05
    assert len(clickatell.inbox) == 1
    clickatell.faults.next(f"delay-{side}=600")
    with pytest.raises(httpx.ReadTimeout):
        await post(client, patience=0.1)
    await clickatell.wait_until(lambda: len(clickatell.calls) == 2)
    last = clickatell.calls[-1]
    assert last.accepted == (1 if side == "after" else 0) == len(clickatell.inbox) - 1
    assert last.status == (202 if side == "after" else None)


async def test_what_the_client_sends_during_a_delay_is_not_lost(clickatell: Clickatell) -> None:
    clickatell.faults.next("delay=0.05@any")
    reader, writer = await asyncio.open_connection("127.0.0.1", clickatell.port)
    ask = f"GET /v1/balance HTTP/1.1\r\nHost: x\r\nAuthorization: {SAMPLE_API_KEY}\r\n\r\n".encode()
    writer.write(ask)
    await clickatell.wait_until(lambda: len(clickatell.calls) == 1)
    writer.write(ask.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert (await reader.read()).count(b"HTTP/1.1 200 OK") == 2
    writer.close()


async def test_a_slow_drip_is_whole_in_the_end(clickatell: Clickatell, client: httpx.AsyncClient) -> None:
    clickatell.faults.next("slow-drip=0.1")
    # Each piece comes in time, so that only a limit on the whole call can end this.
    reply = await post(client, patience=1)
    assert reply.json()["messages"][0]["accepted"] and reply.elapsed.total_seconds() >= 0.05
    clickatell.faults.next("slow-drip=600")
    with pytest.raises(httpx.ReadTimeout):
        await post(client, patience=0.1)
    await clickatell.wait_until(lambda: clickatell.open_connections == 0)
    assert len(clickatell.inbox) == 2


async def test_a_big_body(clickatell: Clickatell, client: httpx.AsyncClient) -> None:
    clickatell.faults.next("big-body=3", "big-body")
    reply = await post(client)
    assert len(reply.content) > 3 * 1024 * 1024 and reply.json()["messages"][0]["accepted"]
    send = client.stream("POST", "/v1/message", headers=HEADERS, json={"messages": [text_to()]})
    async with send as reply:
        assert int(reply.headers["content-length"]) > 50 * 1024 * 1024
    assert len(clickatell.inbox) == 2


async def test_idle_close_is_not_announced(clickatell: Clickatell) -> None:
    clickatell.faults.next("idle-close")
    came, ending = await post_raw(clickatell)
    assert came.startswith(b"HTTP/1.1 202") and b"Connection: close" not in came and ending == "end"


async def test_a_stale_connection_resets_the_next_call_unread(
    clickatell: Clickatell, client: httpx.AsyncClient
) -> None:
    clickatell.faults.next("stale-connection")
    assert (await post(client)).status_code == 202
    with pytest.raises(httpx.ReadError):
        await post(client)
    assert len(clickatell.inbox) == len(clickatell.calls) == 1
    assert (await post(client)).status_code == 202


async def test_nobody_listens_for_a_while(clickatell: Clickatell, client: httpx.AsyncClient) -> None:
    clickatell.faults.next("refuse-connection=600", "refuse-connection=0.01")
    with pytest.raises(httpx.ReadError):
        await post(client)
    with pytest.raises(httpx.ConnectError):
        await post(client)
    assert not clickatell.inbox and not clickatell.listening
    await clickatell.resume_listening()
    with pytest.raises(httpx.ReadError):
        await post(client)
    await clickatell.wait_until(lambda: clickatell.listening)
    assert (await post(client)).status_code == 202


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("kind", ["reset", "half-answer"])
async def test_the_xml_api_breaks_alike(
    clickatell: Clickatell, client: httpx.AsyncClient, kind: str, side: str
) -> None:
    clickatell.faults.next(f"{kind}-{side}")
    one = document(call("sendMsg", to="447700900123", text="x", cliMsgId="own1"))
    with pytest.raises(httpx.TransportError):
        await client.post("/xml/xml", data={"data": one})
    # What a client does next: ask by its own id whether the message arrived.
    reply = await client.post("/xml/xml", data={"data": document(call("queryMsg", cliMsgId="own1"))})
    children = xml_replies(reply.text)[0][1]
    assert children.get("status") == "008" if side == "after" else children["fault"].startswith("104")
