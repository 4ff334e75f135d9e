"""How an answer travels: soundly, or as one of the faults on the wire."""

import asyncio
import gzip
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus

from demo_data.clickatell.exchange import Answer

_PIECES = 20
_MEGABYTE = 1024 * 1024
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Peer:
    """One connection's two ends for bytes. `ahead` holds what the client sent while an answer was due."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.ahead = b""
        self.stale = False

    async def stays(self, seconds: float | None) -> bool:
        """Wait, or for ever with None; false as soon as the client has left."""
        try:
            async with asyncio.timeout(seconds):
                while data := await self.reader.read(65536):
                    self.ahead += data
        except TimeoutError:
            return True
        except ConnectionError:
            pass
        return False

    async def send(self, data: bytes) -> None:
        """Hand bytes to the socket, waiting while its buffer is full."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Close so that the client sees a reset (SO_LINGER 0), not an end."""
        raw = self.writer.get_extra_info("socket")
        if raw is not None and raw.fileno() >= 0:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        self.writer.transport.abort()


def head(answer: Answer, length: int, close: bool = False) -> bytes:
    """Status line and headers of an answer whose body has so many bytes."""
    try:
        reason = HTTPStatus(answer.status).phrase
    except ValueError:
        reason = "Unknown"
    lines = [
        f"HTTP/1.1 {answer.status} {reason}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {length}",
        *(f"{name}: {value}" for name, value in answer.headers),
        *(["Connection: close"] if close else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def send_whole(peer: Peer, answer: Answer, close: bool) -> bool:
    """A sound answer. Tells, as all of these do, whether the connection may go on."""
    await peer.send(head(answer, len(answer.body), close) + answer.body)
    return not close


async def _timeout(peer: Peer, answer: Answer, value: float) -> bool:
    await peer.stays(None)
    return False


async def _delay(peer: Peer, answer: Answer, value: float) -> bool:
    return await peer.stays(value) and await send_whole(peer, answer, False)


async def _reset(peer: Peer, answer: Answer, value: float) -> bool:
    peer.reset()
    return False


async def _close(peer: Peer, answer: Answer, value: float) -> bool:
    return False


async def _half_answer(peer: Peer, answer: Answer, value: float) -> bool:
    await peer.send(head(answer, len(answer.body)) + answer.body[: len(answer.body) // 2])
    return False


async def _long_content_length(peer: Peer, answer: Answer, value: float) -> bool:
    await peer.send(head(answer, len(answer.body) + 100) + answer.body)
    return False


async def _slow_drip(peer: Peer, answer: Answer, value: float) -> bool:
    await peer.send(head(answer, len(answer.body)))
    size = max(1, -(-len(answer.body) // _PIECES))
    for start in range(0, len(answer.body), size):
        if not await peer.stays(value / _PIECES):
            return False
        await peer.send(answer.body[start : start + size])
    return True


async def _big_body(peer: Peer, answer: Answer, value: float) -> bool:
    left = int(value * _MEGABYTE)
    await peer.send(head(answer, len(answer.body) + left) + answer.body)
    while left > 0:
        await peer.send(b" " * min(left, _MEGABYTE))
        left -= _MEGABYTE
    return True


async def _garbage(peer: Peer, answer: Answer, value: float) -> bool:
    await peer.send(b"\x16\x03\x01\x02\x00 \x00garbage\xff\xfe\r\n\r\n")
    return False


async def _idle_close(peer: Peer, answer: Answer, value: float) -> bool:
    await send_whole(peer, answer, False)
    return False


async def _stale_connection(peer: Peer, answer: Answer, value: float) -> bool:
    peer.stale = True
    return await send_whole(peer, answer, False)


def _packed(answer: Answer, body: bytes, name: str) -> Answer:
    return replace(answer, body=body, headers=(*answer.headers, ("Content-Encoding", name)))


async def _gzip(peer: Peer, answer: Answer, value: float) -> bool:
    return await send_whole(peer, _packed(answer, gzip.compress(answer.body), "gzip"), False)


async def _deflate(peer: Peer, answer: Answer, value: float) -> bool:
    return await send_whole(peer, _packed(answer, zlib.compress(answer.body), "deflate"), False)


async def _gzip_cut(peer: Peer, answer: Answer, value: float) -> bool:
    """A stream without its end, in a body that is complete by its length."""
    return await send_whole(peer, _packed(answer, gzip.compress(answer.body)[:-9], "gzip"), False)


async def _zip_bomb(peer: Peer, answer: Answer, value: float) -> bool:
    packer = zlib.compressobj(wbits=31)
    blanks = [packer.compress(b" " * _MEGABYTE) for _ in range(int(value))]
    body = b"".join([packer.compress(answer.body), *blanks, packer.flush()])
    return await send_whole(peer, _packed(answer, body, "gzip"), False)


async def _brotli(peer: Peer, answer: Answer, value: float) -> bool:
    """Named brotli; what is inside nobody can read."""
    return await send_whole(peer, _packed(answer, b"\x0b" + answer.body[::-1], "br"), False)


# `refuse-connection` also concerns the listener: the server does the rest.
WIRE_FAULTS: dict[str, Callable[[Peer, Answer, float], Awaitable[bool]]] = {
    "delay": _delay,
    "timeout": _timeout,
    "reset": _reset,
    "close": _close,
    "half-answer": _half_answer,
    "long-content-length": _long_content_length,
    "slow-drip": _slow_drip,
    "big-body": _big_body,
    "garbage": _garbage,
    "idle-close": _idle_close,
    "stale-connection": _stale_connection,
    "gzip": _gzip,
    "deflate": _deflate,
    "gzip-cut": _gzip_cut,
    "zip-bomb": _zip_bomb,
    "brotli": _brotli,
    "refuse-connection": _reset,
}
