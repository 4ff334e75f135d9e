"""A service manager's side of sd_notify(3): a real datagram socket, and what came through it."""

import socket
import threading
from pathlib import Path

from tests.processes.support import SOON, until

Said = dict[str, str]


class Manager:
    """Listens where NOTIFY_SOCKET points to. An address that begins with @ is an abstract one."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.said: list[Said] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def environment(self, watchdog_seconds: float | None = None) -> dict[str, str]:
        """What systemd gives to a service with Type=notify (and WatchdogSec=)."""
        found = {"NOTIFY_SOCKET": self.address}
        if watchdog_seconds is not None:
            found["WATCHDOG_USEC"] = str(int(watchdog_seconds * 1_000_000))
        return found

    def hears(self, after: int = 0, seconds: float = SOON, **wanted: str) -> int:
        """Wait for a datagram with these values (of STATUS, a part); how many there were up to it."""
        return until(
            lambda: next((n for n, said in enumerate(self.said, 1) if n > after and fits(said, wanted)), 0),
            f"{wanted} in {self.said[after:]}",
            seconds,
        )

    def feeds(self, start: int = 0, end: int | None = None) -> int:
        """How often the watchdog was fed in that part of what was heard."""
        return sum("WATCHDOG" in said for said in self.said[start:end])

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._socket.close()
        if not self.address.startswith("@"):
            Path(self.address).unlink(missing_ok=True)

    def _read(self) -> None:
        while datagram := self._socket.recv(65_536):
            self.said.append(dict(line.partition("=")[::2] for line in datagram.decode().splitlines()))


def fits(said: Said, wanted: Said) -> bool:
    return all(
        name in said and (value in said[name] if name == "STATUS" else said[name] == value)
        for name, value in wanted.items()
    )
