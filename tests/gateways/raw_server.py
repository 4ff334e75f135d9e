"""A gateway that does to a connection whatever a test asks for: bytes, silence, resets."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

Act = Callable[["Visit"], Awaitable[None]]


class Visit:
    """One connection as the server sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.reader = reader
        self.writer = writer
        self.number = number

    async def request(self) -> bytes:
        head = await self.reader.readuntil(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return head + await self.reader.readexactly(int(line.split(b":")[1]))
        return head

    async def answer(self, body: bytes, status: str = "202 Accepted", *, length: int | None = None) -> None:
        length = len(body) if length is None else length
        await self.write(f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n".encode() + body)

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def hang(self) -> None:
        """Until the other side goes away."""
        while await self.reader.read(65536):
            pass


class RawServer:
    def __init__(self, act: Act) -> None:
        self._act = act
        self.visits = 0
        self.requests: list[bytes] = []
        self.url = ""

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = Visit(reader, writer, self.visits)
        self.visits += 1
        try:
            await self._act(visit)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def raw_server(act: Act, **options):
    raw = RawServer(act)
    server = await asyncio.start_server(raw._visit, "127.0.0.1", 0, **options)
    raw.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield raw
    finally:
        server.close()


def unused_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
