"""A terminal that somebody looks at: what a console writes is read, and thrown away."""

import contextlib
import fcntl
import os
import pty
import struct
import termios
import threading


class Screen:
    """`name` is what a process opens to have it."""

    def __init__(self) -> None:
        self._ours, self._its = pty.openpty()
        fcntl.ioctl(self._its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.name = os.ttyname(self._its)
        self._reader = threading.Thread(target=self._read, name=self.name, daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Gone, once no process has it any more."""
        os.close(self._its)
        self._reader.join(5)

    def _read(self) -> None:
        # The last one to close the terminal ends the reading.
        with contextlib.suppress(OSError):
            while os.read(self._ours, 65536):
                pass
        os.close(self._ours)
