"""A call over a real socket, and the ways in which a gateway can spoil it."""

from dataclasses import replace

from scheduling.clock import SystemClock
from scheduling.gateways.http import Connection
from scheduling.gateways.reply import Failure, Reply
from tests.gateways.raw_server import Visit
from tests.gateways.support import ONE

# Long limits, so that a loaded machine changes no outcome; short ones where a limit is the subject.
CALM = replace(ONE, connect_timeout=20.0, read_timeout=20.0, total_timeout=30.0)
QUICK = replace(CALM, connect_timeout=0.3, read_timeout=0.3)
GOOD = b'{"messages":[]}'


async def post(url: str, cfg=CALM, content: bytes = b"x" * 300, **options) -> Reply | Failure:
    connection = Connection(cfg, SystemClock(), **options)
    try:
        return await connection.request("POST", url, headers={"Accept": b"*/*"}, content=content)
    finally:
        await connection.aclose()


async def reset_after(visit: Visit) -> None:
    await visit.request()
    visit.reset()


async def close_after(visit: Visit) -> None:
    await visit.request()


async def reset_at_once(visit: Visit) -> None:
    await visit.reader.readexactly(1)
    visit.reset()


async def hang(visit: Visit) -> None:
    await visit.hang()


async def half_body(visit: Visit) -> None:
    await visit.request()
    await visit.answer(GOOD, length=1000)


async def half_headers(visit: Visit) -> None:
    await visit.request()
    await visit.write(b"HTTP/1.1 202 Accepted\r\nContent-Le")


async def cut_chunk(visit: Visit) -> None:
    await visit.request()
    await visit.write(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{")


async def garbage(visit: Visit) -> None:
    await visit.request()
    await visit.write(b"220 mail.example ESMTP\r\n\r\n")


async def endless_headers(visit: Visit) -> None:
    await visit.request()
    await visit.write(b"HTTP/1.1 202 Accepted\r\n" + b"X-Pad: " + b"y" * 300_000)


async def close_at_once(visit: Visit) -> None:
    await visit.reader.read(65536)
