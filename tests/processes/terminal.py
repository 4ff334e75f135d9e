"""A program on a pseudo-terminal, as a person sits before it: keys in, what it writes out."""

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.processes import on_terminal
from tests.processes.support import SOON, environment, until, within

# What a terminal says of itself; COLORTERM is not handed on by ssh, so it is not given here either.
TERM = "xterm-256color"


class Terminal:
    """The program has the terminal as its controlling one; a thread reads what it writes.

    `words` begins with the absolute path of the program.
    """

    def __init__(self, words: Sequence[str], columns: int = 80, rows: int = 24, *, term: str = TERM) -> None:
        self.ours, its = pty.openpty()
        self._set_size(its, columns, rows)
        self.before = termios.tcgetattr(its)
        """How the terminal was set when the program was started."""
        # Kept open, so that what the terminal was set to can be asked after the program has gone.
        self.its = its
        surroundings = {name: value for name, value in environment().items() if name != "COLORTERM"}
        self.process = subprocess.Popen(
            [sys.executable, str(Path(on_terminal.__file__)), *words],
            stdin=its,
            stdout=its,
            stderr=its,
            env={**surroundings, "TERM": term},
        )
        self.seen = b""
        """Everything that was written so far."""
        self._size = (columns, rows)
        self._emulator: Any = None
        self._fed = 0
        self.reading = threading.Event()
        """Cleared, nobody reads the terminal any more: it fills up."""
        self.reading.set()
        self._closed = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while not self._closed:
            if not self.reading.wait(0.1):
                continue
            with contextlib.suppress(OSError):
                found = os.read(self.ours, 65536)
                self.seen += found
                if not found:
                    return

    @property
    def text(self) -> str:
        """What was written, as text; for messages of tests."""
        return self.seen.decode("utf-8", "replace")

    def shows(self, text: str | bytes, *, after: int = 0, seconds: float = SOON) -> int:
        """Wait until the text was written, in the bytes after the first `after`; where it ends."""
        wanted = text.encode() if isinstance(text, str) else text
        until(
            lambda: self.seen.find(wanted, after) >= 0,
            f"the terminal shows {wanted!r}: …{self.seen[-600:]!r}",
            seconds,
        )
        return self.seen.index(wanted, after) + len(wanted)

    @property
    def lines(self) -> list[str]:
        """The lines of the screen as they are now; for this pyte has to be there."""
        import pyte

        if self._emulator is None:
            self._emulator = pyte.ByteStream(pyte.Screen(*self._size))
        written = self.seen[self._fed :]
        self._fed += len(written)
        self._emulator.feed(written)
        return list(self._emulator.listener.display)

    def on_screen(self, text: str, seconds: float = SOON) -> None:
        """Wait until the screen has the text on one of its lines.

        Over a slow link only what differs is written: a word may come in parts.
        """
        until(
            lambda: any(text in line for line in self.lines),
            f"{text!r} is on the screen:\n" + "\n".join(self.lines),
            seconds,
        )

    def press(self, keys: str | bytes) -> None:
        """Type; `\\r` is Enter, `\\x1b` Escape."""
        os.write(self.ours, keys.encode() if isinstance(keys, str) else keys)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; the program is told by SIGWINCH."""
        self._set_size(self.ours, columns, rows)
        self._size = (columns, rows)
        if self._emulator is not None:
            self._emulator.listener.resize(rows, columns)

    def ends(self, seconds: float = SOON) -> int:
        """The exit status of the program, negative for a signal."""
        try:
            return self.process.wait(within(seconds))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still there after {seconds:g} s: …{self.text[-600:]}") from None

    def close_terminal(self) -> None:
        """As when a window is closed."""
        self._closed = True
        for fd in (self.its, self.ours):
            with contextlib.suppress(OSError):
                os.close(fd)
        self.its = self.ours = -1

    def close(self) -> None:
        """Kill the program, if it is still there, and close the terminal."""
        self._closed = True
        self.process.kill()
        self.process.wait()
        self.close_terminal()

    @staticmethod
    def _set_size(fd: int, columns: int, rows: int) -> None:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
