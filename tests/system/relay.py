"""A relay on loopback between a client and its server: it counts the bytes, and can stand still."""

import socket
import threading
from contextlib import suppress
from types import TracebackType

from tests.system.openssh import LOOPBACK

CHUNK = 65536


class Relay:
    """Passes every connection to its port on to the server's, byte by byte."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listening.getsockname()[1]
        self.sent = 0
        """Bytes from the server to the client so far."""
        self.typed = 0
        """Bytes from the client to the server so far."""
        self.held = 0
        """Bytes that have come while the relay stood still, and not gone on."""
        self._counting = threading.Lock()
        self._moving = threading.Event()
        self._moving.set()
        self._sockets: list[socket.socket] = [self._listening]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def both(self) -> int:
        """Bytes in either direction so far."""
        with self._counting:
            return self.sent + self.typed

    def freeze(self) -> None:
        """Pass nothing on any more, with the connections open: a network that has gone away."""
        self._moving.clear()

    def thaw(self) -> None:
        self._moving.set()

    def cut(self) -> None:
        """End every connection, and take no more."""
        self._moving.set()
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def __enter__(self) -> "Relay":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection((LOOPBACK, self._to_port))
                self._sockets += [near, far]
                for source, target, typed in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._pass_on, args=(source, target, typed), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, typed: bool) -> None:
        with suppress(OSError):
            while found := source.recv(CHUNK):
                with self._counting:
                    self.held += len(found)
                self._moving.wait()
                with self._counting:
                    self.held -= len(found)
                    if typed:
                        self.typed += len(found)
                    else:
                        self.sent += len(found)
                target.sendall(found)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
