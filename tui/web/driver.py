"""How a console without a terminal speaks: over pipes, to the server that shows it in a browser."""

import asyncio
import os
import queue
import signal
import threading
from typing import Any

from textual.drivers.web_driver import WebDriver

WAITING = 64  # writes that may wait for a slow browser, before the screen waits as well
FLUSHED_WITHIN = 1.0  # seconds


class PipeDriver(WebDriver):
    """Textual's web driver, made safe against a server that stops reading or dies.

    The end of the input is this console's hang-up: it becomes SIGHUP, as from a terminal that goes
    away. What is written goes through a thread, so that a browser that is slow does not stop the
    screen's loop at every write.
    """

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self._pipe = PipeWriter(self.fileno)
        self._write = self._pipe.write  # type: ignore[assignment]

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
