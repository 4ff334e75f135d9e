"""One tab: a console process spoken to over pipes, from its start to its end."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from tui.terminal.leaving import ANSWERS_WITHIN
from tui.text.plain import plain_str

log = logging.getLogger(__name__)

READY = b"__GANGLION__\n"  # what a Textual app says first to a server
FIRST_LINES = 10
MOST_LAST_WORDS = 4096  # bytes of standard error that are shown when a console ends
COLUMNS, LINES = (20, 500), (5, 300)  # no browser asks for less or more, and memory goes with it
GRACE = 5.0  # seconds beyond those that calls under way may take

TO_FIRST_SCREEN = b"\x1b[?1049l\x1b[0m\x1b[2J\x1b[H\x1b[?25l"


class ConsoleSession(AppService):
    """Starts a console, carries its screen to a browser and keys back, and sees it end.

    The console ends when its input does: that is how it learns that its tab was closed, and that
    this server has died, however it died.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        send: Callable[[bytes], Awaitable[None]],
        send_text: Callable[[str], Awaitable[None]],
        close: Callable[[], Awaitable[object]],
        downloads: DownloadManager,
    ) -> None:
        async def closed() -> None:
            await close()

        super().__init__(
            "commsdesk", write_bytes=send, write_str=send_text, close=closed, download_manager=downloads
        )
        self._words = tuple(words)
        self._deaf = False
        self._last_words = bytearray()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def _open_app_process(self, width: int = 80, height: int = 24) -> asyncio.subprocess.Process:
        environment = self._build_environment(within(width, COLUMNS), within(height, LINES))
        # The console names its driver itself; nothing that this server was started with may change it.
        for name in [name for name in environment if name.startswith("TEXTUAL_")]:
            if name not in ("TEXTUAL_FPS", "TEXTUAL_COLOR_SYSTEM"):
                del environment[name]
        pipe = asyncio.subprocess.PIPE
        # A session of its own: Ctrl-C at the server's terminal is the server's to deal with.
        self._process = process = await asyncio.create_subprocess_exec(
            *self._words, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, start_new_session=True
        )
        assert process.stdin is not None
        self._stdin = process.stdin
        return process

    async def set_terminal_size(self, width: int, height: int) -> None:
        await super().set_terminal_size(within(width, COLUMNS), within(height, LINES))

    async def stop(self) -> None:
        """End the console: its input ends, and it takes the time that calls under way need."""
        task, process = self._task, self._process
        if task is None or process is None:
            return
        self._task = None
        self._deaf = True
        await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
        self.stdin.close()
        try:
            await asyncio.wait_for(asyncio.shield(task), ANSWERS_WITHIN + GRACE)
        except TimeoutError:
            log.warning("console %s does not end: killed", process.pid)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await task

    async def run(self) -> None:
        """Carry what the console shows until it has ended; then say why, and close the tab's line."""
        process = self._process
        assert process is not None and process.stdout is not None and process.stderr is not None
        last_words = asyncio.create_task(self._keep_last_words(process.stderr))
        try:
            if await self._is_ready(process.stdout):
                await self._carry(process.stdout)
        except (asyncio.IncompleteReadError, ValueError):  # the end, or not a Textual app
            pass
        await last_words
        status = await process.wait()
        log.info("console %s has ended (%s)", process.pid, status)
        if words := self._last_words.decode("utf-8", "replace").strip():
            text = plain_str(words, block=True).replace("\n", "\r\n")
            await self._quietly(self.remote_write_bytes(TO_FIRST_SCREEN + text.encode()))
        await self._quietly(self.remote_close())

    async def _is_ready(self, output: asyncio.StreamReader) -> bool:
        for _ in range(FIRST_LINES):
            line = await output.readline()
            if line == READY:
                return True
            if not line:
                break
        return False

    async def _carry(self, output: asyncio.StreamReader) -> None:
        handlers = {b"D": self.on_data, b"M": self.on_meta, b"P": self.on_packed}
        while True:
            kind = await output.readexactly(1)
            size = int.from_bytes(await output.readexactly(4), "big")
            payload = await output.readexactly(size)
            # A tab that has gone reads nothing more; the console must still not block on a full pipe.
            if not self._deaf and kind in handlers:
                await self._quietly(handlers[kind](payload))

    async def _keep_last_words(self, errors: asyncio.StreamReader) -> None:
        while said := await errors.read(4096):
            self._last_words += said
            del self._last_words[:-MOST_LAST_WORDS]

    async def _quietly(self, sending: Awaitable[object]) -> None:
        try:
            await sending
        except (ConnectionError, RuntimeError):
            self._deaf = True


def within(number: int, limits: tuple[int, int]) -> int:
    least, most = limits
    return max(least, min(most, number))
