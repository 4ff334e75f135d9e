"""Status callbacks, posted to a receiver on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from demo_data.clickatell import Clickatell, Settings
from tests.clickatell.helpers import HEADERS, text_to


class Receiver:
    """Takes posts, answers with the given statuses and then 200; 0 hangs."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.statuses: Iterator[int] = iter(())
        self.came = asyncio.Condition()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = json.loads(await reader.readexactly(length))
        status = next(self.statuses, 200)
        async with self.came:
            self.events.append({"head": head, **body})
            self.came.notify_all()
        if status:
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
        else:
            await reader.read()
        writer.close()

    async def wait(self, count: int) -> list[str]:
        async with asyncio.timeout(10), self.came:
            await self.came.wait_for(lambda: len(self.events) >= count)
        return [self.update(n)["status"] for n in range(len(self.events))]

    def update(self, index: int) -> dict[str, Any]:
        (update,) = self.events[index]["event"]["messageStatusUpdate"]
        return update


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    each = Receiver()
    server = await asyncio.start_server(each.handle, "127.0.0.1", 0)
    yield each, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/status?site=1"
    server.close()


async def send_with(url: str, receiver: Receiver, count: int, **settings: Any) -> list[str]:
    quick = {"sent_after": 0.01, "delivered_after": 0.02, "callback_retry": (0.01,), **settings}
    server = Clickatell(Settings(callback_url=url, **quick))
    await server.start()
    async with httpx.AsyncClient(base_url=server.base_url, trust_env=False) as client:
        payload = {"messages": [text_to(clientMessageId="a1")]}
        reply = await client.post("/v1/message", headers=HEADERS, json=payload)
    statuses = await receiver.wait(count)
    assert receiver.update(0)["messageId"] == reply.json()["messages"][0]["apiMessageId"]
    await server.stop()
    return statuses


async def test_each_change_is_posted_in_order(receiver: tuple[Receiver, str]) -> None:
    heard, url = receiver
    assert await send_with(url, heard, 3) == ["QUEUED", "SENT_TO_SUPPLIER", "DEVICE_ACK"]
    first = heard.events[0]
    assert first["head"].startswith(b"POST /status?site=1 HTTP/1.1\r\n")
    assert first["integrationId"] and first["integrationName"]
    assert heard.update(0).items() >= {"channel": "sms", "clientMessageId": "a1", "statusCode": 2}.items()
    times = [heard.update(n)["timestamp"] for n in range(3)]
    assert times == [times[0], times[0] + 10, times[0] + 20]


async def test_what_is_not_taken_comes_again_but_a_redirect_does_not(receiver: tuple[Receiver, str]) -> None:
    heard, url = receiver
    heard.statuses = iter([500, 204, 302, 0])
    assert await send_with(url, heard, 5, callback_timeout=0.1) == [
        "QUEUED", "QUEUED", "SENT_TO_SUPPLIER", "DEVICE_ACK", "DEVICE_ACK"
    ]  # fmt: skip


async def test_duplicates_and_the_wrong_order(receiver: tuple[Receiver, str]) -> None:
    heard, url = receiver
    assert await send_with(url, heard, 6, callback_duplicates=True, callback_reversed=True) == [
        "DEVICE_ACK", "DEVICE_ACK", "SENT_TO_SUPPLIER", "SENT_TO_SUPPLIER", "QUEUED", "QUEUED"
    ]  # fmt: skip
