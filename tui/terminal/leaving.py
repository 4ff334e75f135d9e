"""How a console ends, whatever ends it: the engine is stopped first, and the terminal is left sane.

Signals are taken with `signal.signal`: a loop that is blocked by a terminal which nobody reads
never sees a handler of its own. The handler only notes the signal; a thread does the rest, and
ends the process itself when the loop does not answer within 2 s of the engine being clean.
"""

import contextlib
import logging
import os
import signal
import sys
import termios
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol

from tui.text.plain import plain_str

log = logging.getLogger(__name__)

ANSWERS_WITHIN = 30.0  # seconds that calls under way may take
LOOP_WITHIN = 2.0
LOOK_EVERY = 1.0
RESTORE_TRIES, RESTORE_PAUSE = 300, 0.01

# Mouse, focus and paste reports off, cursor shown, colours reset, back to the first screen.
RESTORE = (
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1004l\x1b[?2004l\x1b[<u"
    b"\x1b[?25h\x1b[0m\x1b[?1049l"
)


class Stoppable(Protocol):
    """What is stopped before the process ends (the engine's thread)."""

    def stop(self) -> None: ...

    def join(self, seconds: float | None = None) -> bool: ...


class Leaving:
    """Watches for signals and for a terminal that has gone, from `start` to `finished`."""

    def __init__(
        self,
        engine: Callable[[], Stoppable | None],
        ask_loop: Callable[[], object],
        overdue: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`ask_loop` asks the screen's loop to end; it must return at once, from any thread.

        `overdue` gives the sentence to end with where the loop should have ended by itself by now; it
        is asked from a thread.
        """
        self._engine = engine
        self._ask_loop = ask_loop
        self._overdue = overdue
        self._last_words = ""
        self._asked = threading.Event()
        self._finished = threading.Event()
        self._signal = 0
        self._terminal = Terminal.here()

    def start(self) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, self._note)
        threading.Thread(target=self._run, name="leaving", daemon=True).start()

    def finished(self) -> None:
        """The loop has ended by itself and the terminal is restored."""
        self._finished.set()

    @property
    def status(self) -> int:
        """The exit status that the signal asks for, 0 when there was none."""
        return 128 + self._signal if self._signal else 0

    def _note(self, number: int, frame: FrameType | None) -> None:
        if not self._signal:  # a second signal may come within `set`, whose lock is then held
            self._signal = number
            self._asked.set()

    def _run(self) -> None:
        while not self._asked.wait(LOOK_EVERY):
            if self._finished.is_set():
                return
            if (last_words := self._overdue()) is not None:
                self._last_words = f"commsdesk: {plain_str(last_words)}\r\n"
                self._asked.set()
            elif self._terminal is not None and self._terminal.gone():
                self._signal = signal.SIGHUP
                self._asked.set()
        if self._finished.is_set():
            return
        engine = self._engine()
        if engine is not None:
            engine.stop()
        with contextlib.suppress(Exception):
            self._ask_loop()
        if engine is not None:
            engine.join(ANSWERS_WITHIN + 1)
        if self._finished.wait(LOOP_WITHIN):
            return
        restored = self._terminal is not None and self._terminal.restore(self._last_words)
        log.warning("the screen did not answer; terminal put back: %s", restored)
        os._exit(self.status or 1)


class Terminal:
    """The terminal as it was found, to be put back even when the screen's loop hangs."""

    def __init__(self, fd: int, path: str, attributes: list[Any]) -> None:
        self._fd, self._path, self._attributes = fd, path, attributes

    @classmethod
    def here(cls) -> "Terminal | None":
        """The terminal on standard input, if there is one."""
        try:
            fd = sys.__stdin__.fileno() if sys.__stdin__ else 0
            return cls(fd, os.ttyname(fd), termios.tcgetattr(fd))
        except (OSError, termios.error, ValueError):
            return None

    def gone(self) -> bool:
        """Whether nobody holds its other end any more."""
        try:
            termios.tcgetattr(self._fd)
        except (OSError, termios.error):
            return True
        return False

    def restore(self, last_words: str = "") -> bool:
        """Put it back without waiting: what it has not shown yet is thrown away. Whether that worked."""
        written = RESTORE + last_words.encode()
        with contextlib.suppress(OSError, termios.error):
            fd = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
            try:
                _write_no_more()
                termios.tcsetattr(fd, termios.TCSANOW, self._attributes)
                for _ in range(RESTORE_TRIES):
                    # A write that is stuck holds the terminal's lock until its bytes are thrown away.
                    termios.tcflush(fd, termios.TCOFLUSH)
                    with contextlib.suppress(BlockingIOError):
                        if os.write(fd, written) == len(written):
                            return True
                    threading.Event().wait(RESTORE_PAUSE)
            finally:
                os.close(fd)
        return False


def _write_no_more() -> None:
    """Send what this process goes on writing to nowhere: the screen's writer has more in its queue."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
