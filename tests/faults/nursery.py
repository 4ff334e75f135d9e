"""Processes forked from one that has loaded the program, so that each starts in milliseconds.

Run as `python -m tests.faults.nursery`: orders come as JSON lines, the new process's id goes back.
"""

import contextlib
import ctypes
import gc
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from storage import process

PR_SET_PDEATHSIG = 1
CAPABILITIES_V3 = 0x20080522
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2


class Child:
    """A process of a round. Signals go to it only while it is the one that was started."""

    def __init__(self, pid: int, log: Path, role: str) -> None:
        self.pid, self.log, self.role = pid, log, role
        self._start = process.process_start(pid)
        self.stopped = False

    @property
    def alive(self) -> bool:
        return bool(self._start) and process.process_start(self.pid) == self._start

    def signal(self, number: signal.Signals) -> None:
        # It may end between the look and the signal: then there is nobody to tell.
        with contextlib.suppress(ProcessLookupError):
            if self.alive:
                os.kill(self.pid, number)
        self.stopped = number is signal.SIGSTOP or (self.stopped and number is not signal.SIGCONT)

    def limit(self, what: int, soft: int) -> int | None:
        """Set one of its limits; what it was before. None when it has ended."""
        if not self.alive:
            return None
        try:
            before, hard = resource.prlimit(self.pid, what)
            resource.prlimit(self.pid, what, (soft, hard))
        except ProcessLookupError:
            return None
        return before

    def ends(self, seconds: float) -> bool:
        """Whether it has ended within that time."""
        until = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class Nursery:
    """The parent of all processes of the rounds; they end with it."""

    def __init__(self) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("COMMSDESK_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._lock = threading.Lock()

    def start(self, role: str, log: Path, **order: Any) -> Child:
        with self._lock:
            assert self._process.stdin and self._process.stdout
            self._process.stdin.write(json.dumps({"role": role, "log": str(log), **order}) + "\n")
            self._process.stdin.flush()
            return Child(int(self._process.stdout.readline()), log, role)

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def main() -> None:
    from tests.faults import roles

    roles.shorten_times()
    roles.load_for(("run", "console", "ask"))
    gc.freeze()  # what all children share stays shared
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    parent = os.getpid()
    for line in sys.stdin:
        order = json.loads(line)
        roles.load_for([order["role"]])
        pid = os.fork()
        if pid:
            print(pid, flush=True)
            continue
        if order.get("terminal"):
            roles.sit_at(order["terminal"])
        else:
            _write_to(order["log"])
        if order.get("obeys_rights"):
            _obey_rights()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        roles.fresh_signals()
        try:
            roles.quiet_end(roles.play(order))
        except BaseException as error:
            print(f"ended badly: {error!r}", file=sys.stderr)
            roles.quiet_end(70)


def _obey_rights() -> None:
    """Give up what lets the superuser read and write whatever the rights on a file say."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(CAPABILITIES_V3, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then the same for higher bits
    if libc.capget(header, sets):
        raise OSError(ctypes.get_errno(), "capget")
    for place in range(3):
        sets[place] &= ~(1 << CAP_DAC_OVERRIDE | 1 << CAP_DAC_READ_SEARCH)
    if libc.capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset")


def _write_to(name: str) -> None:
    log = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDWR)
    for old, new in ((nothing, 0), (nothing, 1), (log, 2)):
        os.dup2(old, new)


if __name__ == "__main__":
    main()
