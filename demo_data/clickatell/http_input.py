"""Reading requests from a connection, with h11 doing the parsing."""

import asyncio
from collections.abc import Iterator

import h11

from demo_data.clickatell.exchange import Request
from demo_data.clickatell.wire import Peer

# XML documents may travel in the query string of a GET.
_LONGEST_HEAD = 1024 * 1024
_LONGEST_BODY = 16 * 1024 * 1024
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BadRequest(Exception):
    """What came is not an HTTP/1.1 request that the server takes; `status` is for the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class RequestReader:
    """The requests of one connection, one after the other."""

    def __init__(self, peer: Peer, address: str) -> None:
        self._peer = peer
        self._address = address
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=_LONGEST_HEAD)
        self.keep_alive = True

    async def read(self, idle_limit: float) -> Request | None:
        """The next request; None when the client has left or was silent for too long.

        Raises `BadRequest`.
        """
        try:
            async with asyncio.timeout(idle_limit):
                return await self._read()
        except (TimeoutError, ConnectionError):
            return None
        except h11.RemoteProtocolError as error:
            raise BadRequest(error.error_status_hint, str(error)) from None

    async def _read(self) -> Request | None:
        start = await self._event()
        if not isinstance(start, h11.Request):
            return None
        chunks: list[bytes] = []
        size = 0
        if self._parser.they_are_waiting_for_100_continue:
            await self._peer.send(_CONTINUE)
        while isinstance(event := await self._event(), h11.Data):
            size += len(event.data)
            if size > _LONGEST_BODY:
                raise BadRequest(413, "the body is too long")
            chunks.append(bytes(event.data))
        if not isinstance(event, h11.EndOfMessage):
            return None
        self.keep_alive = self._parser.their_state is h11.DONE
        path, _, query = start.target.decode("latin-1").partition("?")
        return Request(
            start.method.decode("latin-1"),
            path,
            query,
            dict(_headers(start)),
            b"".join(chunks),
            self._address,
        )

    async def _event(self) -> object:
        while (event := self._parser.next_event()) is h11.NEED_DATA:
            data, self._peer.ahead = self._peer.ahead, b""
            self._parser.receive_data(data or await self._peer.reader.read(65536))
        return event

    def answered(self) -> None:
        """Tell the parser that the answer has gone, so that the next request may be read."""
        self._parser.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
        self._parser.send(h11.EndOfMessage())
        self._parser.start_next_cycle()


def _headers(start: h11.Request) -> Iterator[tuple[str, str]]:
    return ((name.decode("latin-1"), value.decode("latin-1")) for name, value in start.headers)
