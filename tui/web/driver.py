"""How a console without a terminal speaks: over pipes, to the server that shows it in a browser."""

import asyncio
import os
import queue
import signal
import sys
import threading
from typing import Any

from textual.drivers.web_driver import WebDriver

WAITING = 64  # writes that may wait for a slow browser, before the screen waits as well
FLUSHED_WITHIN = 1.0  # seconds
GREETING = b"__GANGLION__\n"  # Textual's word for "here is an app"


class PipeDriver(WebDriver):
    """Textual's web driver, made safe against a server that stops reading or dies.

    The end of the input is this console's hang-up: it becomes SIGHUP, as from a terminal that goes
    away. What is written goes through a thread, so that a browser that is slow does not stop the
    screen's loop at every write.
    """

    greeted = False
    """Whether this process has said its first word to the server: it does so once, however many screens."""
    last_size: tuple[int, int] | None = None

    def __init__(self, app: Any, **options: Any) -> None:
        options["size"] = options.get("size") or PipeDriver.last_size
        super().__init__(app, **options)
        self._pipe = PipeWriter(self.fileno)
        self._write = self._write_pipe  # type: ignore[assignment]

    def _write_pipe(self, data: bytes) -> int:
        if data == GREETING:
            if PipeDriver.greeted:
                return len(data)
            PipeDriver.greeted = True
        return self._pipe.write(data)

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        super().on_meta(packet_type, payload)
        if packet_type == "resize":
            PipeDriver.last_size = self._size

    def write_meta(self, data: dict[str, object]) -> None:
        # A screen that failed is built anew behind it: the tab stays.
        if not (data.get("type") == "exit" and getattr(self._app, "failure", None) is not None):
            super().write_meta(data)

    def start_application_mode(self) -> None:
        # The base takes the signals for its loop, which a full pipe may block: `Leaving` has them.
        kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        super().start_application_mode()
        loop = asyncio.get_running_loop()
        for number, handler in kept.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)

    def stop_application_mode(self) -> None:
        super().stop_application_mode()
        self._pipe.close()

    def run_input_thread(self) -> None:
        super().run_input_thread()
        if not self.exit_event.is_set():
            os.kill(os.getpid(), signal.SIGHUP)


def go_on_without_a_screen(text: str) -> None:
    """Show a sentence in the tab in place of a screen, and end this process when the tab does.

    With the screen went the thread that would see the end of the input.
    """
    shown = b"\x1b[0m\x1b[2J\x1b[H" + text.encode()
    PipeWriter(sys.__stdout__.fileno()).write(b"D" + len(shown).to_bytes(4, "big") + shown)  # type: ignore[union-attr]

    def wait() -> None:
        while os.read(sys.__stdin__.fileno(), 4096):  # type: ignore[union-attr]
            pass
        os.kill(os.getpid(), signal.SIGHUP)

    threading.Thread(target=wait, name="hang-up", daemon=True).start()


class PipeWriter:
    """Writes in order from a thread, each write whole; once nobody reads, it forgets them."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._waiting: queue.Queue[bytes | None] = queue.Queue(WAITING)
        self._broken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pipe", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> int:
        """Waits while too much is waiting, as a terminal does."""
        if not self._broken.is_set():
            self._waiting.put(data)
        return len(data)

    def close(self) -> None:
        """Let what waits be written, for a moment."""
        if not self._broken.is_set():
            try:
                self._waiting.put(None, timeout=FLUSHED_WITHIN)
            except queue.Full:
                return
            self._thread.join(FLUSHED_WITHIN)

    def _run(self) -> None:
        while (data := self._waiting.get()) is not None:
            if self._broken.is_set():
                continue
            left = memoryview(data)
            try:
                while left:
                    # A signal may cut a write short.
                    left = left[os.write(self._fd, left) :]
            except OSError:
                self._broken.set()
