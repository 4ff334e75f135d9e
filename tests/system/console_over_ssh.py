"""The console as it is used from afar: through a real sshd with compression, its bytes counted."""

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.processes.support import LOOK_EVERY, PROGRAM, within
from tests.processes.terminal import Terminal
from tests.system.openssh import Sshd
from tests.system.relay import Relay

QUIET = 1.5  # seconds without a byte after which what was asked for is taken as done


@dataclass
class ConsoleOverSsh:
    """Someone at a console over SSH, and the wire to them."""

    terminal: Terminal
    relay: Relay

    def cost(self, keys: str, shows: str = "") -> int:
        """Press keys, wait until the screen shows the words and all is quiet: bytes in both directions."""
        begun = self.relay.both
        self.terminal.press(keys)
        if shows:
            self.terminal.on_screen(shows)
        self.quiet()
        return self.relay.both - begun

    def quiet(self, seconds: float = QUIET) -> None:
        """Wait until nothing has passed for so long."""
        end = time.monotonic() + within(120)
        passed, since = self.relay.both, time.monotonic()
        while time.monotonic() - since < seconds:
            assert time.monotonic() < end, f"bytes go on passing: {self.terminal.seen[-300:]!r}"
            time.sleep(LOOK_EVERY)
            if self.relay.both != passed:
                passed, since = self.relay.both, time.monotonic()

    def idle(self, seconds: float) -> int:
        """Bytes that pass in so many seconds in which nobody does anything."""
        begun, end = self.relay.both, time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(LOOK_EVERY)
        return self.relay.both - begun


@contextmanager
def console_over_ssh(
    folder: Path, *options: str, shows: str, columns: int = 120, rows: int = 40, compressed: bool = True
) -> Iterator[ConsoleOverSsh]:
    """A console on the site, once it `shows` these words and is quiet. `options` are those of commsdesk."""
    with Sshd("Compression yes") as sshd, Relay(sshd.port) as relay:
        key = sshd.new_key("ana")
        command = shlex.join([*PROGRAM, "--data", str(folder), "--operator", "ana", *options])
        sshd.let_in("root", key, f'restrict,pty,command="{command}"')
        terminal = sshd.terminal(
            "root",
            key,
            options=["-C"] if compressed else [],
            port=relay.port,
            columns=columns,
            rows=rows,
        )
        made = ConsoleOverSsh(terminal, relay)
        terminal.on_screen(shows, 60)
        made.quiet()
        yield made
