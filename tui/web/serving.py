"""Running the server: a port on loopback, the address told once, and an end that leaves nothing behind."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from tui.operations.errors import Refused
from tui.terminal.leaving import ANSWERS_WITHIN
from tui.web.guard import Guard, Keys
from tui.web.malformed import GuardedRunner
from tui.web.server import LOOPBACK, ConsoleServer
from tui.web.session import GRACE

log = logging.getLogger(__name__)

WAITING = 16  # connections that may wait to be taken


@dataclass(frozen=True)
class Wanted:
    """What a server is started with; `words` start a console."""

    words: tuple[str, ...]
    port: int
    public_url: str | None = None
    framed_by: tuple[str, ...] = ()
    url_file: Path | None = None
    most: int = 4
    once: bool = False
    any_host: bool = False
    with_input: bool = False


def serve(wanted: Wanted) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP; the exit status. Raises `Refused` when it cannot begin."""
    with _listening(wanted.port) as listener:
        port = listener.getsockname()[1]
        guard = Guard.at(port, Keys(wanted.once), wanted.public_url, any_host=wanted.any_host)
        _keep_out_of_logs(guard.keys)
        address = f"{wanted.public_url or f'http://{LOOPBACK}:{port}'}/{guard.keys.place}/"
        server = ConsoleServer(wanted.words, guard, most=wanted.most, framed_by=wanted.framed_by)
        told = _told(f"{address}?token={guard.keys.token}", wanted.url_file)
        asyncio.run(_run(server, listener, told, wanted.with_input))
    return 0


async def _run(
    server: ConsoleServer,
    listener: socket.socket,
    told: AbstractContextManager[None],
    with_input: bool,
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, _stop_or_end, stop)
    if with_input:
        threading.Thread(target=_watch_input, args=(loop, stop), daemon=True).start()
    runner = GuardedRunner(
        await server.make_app(), access_log=None, shutdown_timeout=ANSWERS_WITHIN + 2 * GRACE
    )
    await runner.setup()
    await web.SockSite(runner, listener, backlog=WAITING).start()
    # Last: who is told the address finds a server that answers, and that ends when it is asked to.
    with told:
        await stop.wait()
        await runner.cleanup()


def _stop_or_end(stop: asyncio.Event) -> None:
    """Once: let the consoles end. Again: end now; each console still ends by itself."""
    if stop.is_set():
        os._exit(130)
    stop.set()


def _watch_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Whoever started us holds the other end of standard input for as long as it lives."""
    with contextlib.suppress(OSError, ValueError):
        while os.read(sys.stdin.fileno(), 4096):
            pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stop.set)


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """A port of loopback that nobody else has. Raises `Refused`."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError as error:
            reason = error.strerror or "it cannot be used"
            raise Refused(f"--port {port}: {reason}. Give another, or 0 for any free one", "--port") from None
        yield listener


@contextmanager
def _told(url: str, file: Path | None) -> Iterator[None]:
    """Tell the address: on standard output, or in a file that is this account's alone and goes again."""
    if file is None:
        print(url, flush=True)
        yield
        return
    try:
        # Made anew: a file or a link that somebody has put there is not written to.
        file.unlink(missing_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(f"{url}\n")
    except OSError as error:
        raise Refused(f"--url-file {file} cannot be written: {error.strerror}", "--url-file") from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            file.unlink()


def _keep_out_of_logs(keys: Keys) -> None:
    """Whatever is logged, by whichever library, holds none of these keys."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_Without(handler.formatter, (keys.token, keys.cookie, keys.place)))


class _Without(logging.Formatter):
    """Another formatter's lines with secrets taken out."""

    def __init__(self, inner: logging.Formatter | None, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._inner, self._secrets = inner or logging.Formatter(), secrets

    def format(self, record: logging.LogRecord) -> str:
        line = self._inner.format(record)
        for secret in self._secrets:
            line = line.replace(secret, "…")
        return line
