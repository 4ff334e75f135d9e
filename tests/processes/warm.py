"""`commsdesk` processes forked from one that has loaded the program: each starts in milliseconds.

For tests of what a process does, not of how it starts. `start` and `run` are like `subprocess.Popen`
and `subprocess.run` for the words after `python -m tui.cli.main`.
"""

import atexit
import contextlib
import ctypes
import functools
import gc
import importlib
import json
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

PR_SET_PDEATHSIG = 1
LONGEST_ORDER = 1_000_000

# What most commands load, so that their processes have it.
LOADED = (
    "logging.handlers",
    "tui.cli.main",
    "tui.cli.run",
    "tui.cli.console",
    "tui.console.app",
    "tui.console.main_screen",
    "httpx",
    "anyio._backends._asyncio",
    "httpcore._async.connection_pool",
    "scheduling.gateways",
)

# What is loaded when a command with this word first comes.
LOADED_FOR = {
    "web": ("tui.cli.web", "tui.web.server"),
    "demo": ("tui.cli.demo",),
    "simulator": ("tui.cli.simulator",),
}


class Started:
    """A process, with what tests use of `subprocess.Popen`."""

    def __init__(self, parent: "Parent", pid: int, streams: Sequence[IO[str] | None]) -> None:
        self._parent = parent
        self.pid = pid
        self.stdin, self.stdout, self.stderr = streams

    @property
    def returncode(self) -> int | None:
        return self._parent.status(self.pid)

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        status = self._parent.status(self.pid, wait=True, timeout=timeout)
        if status is None:
            raise subprocess.TimeoutExpired(f"commsdesk, process {self.pid}", timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float) -> tuple[str, str]:
        """What it still writes until it ends, on standard output and error."""
        assert self.stdout and self.stderr
        errors: list[str] = []
        reader = threading.Thread(target=lambda: errors.append(self.stderr.read()), daemon=True)  # type: ignore[union-attr]
        reader.start()
        output = self.stdout.read()
        reader.join()
        self.wait(timeout)
        return output, errors[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failed: object) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream:
                stream.close()
        self.wait()


class Parent:
    """The parent of all of them; they end with it, and it ends with this process."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._folder = tempfile.TemporaryDirectory(prefix="commsdesk-warm-")
        self.address = Path(self._folder.name) / "parent"
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listening.bind(str(self.address))
        listening.listen()
        given = [theirs.fileno(), listening.fileno()]
        words = [sys.executable, "-m", "tests.processes.warm", *map(str, given)]
        surroundings = {k: v for k, v in os.environ.items() if not k.startswith("COMMSDESK_")}
        self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, pass_fds=given, env=surroundings)
        theirs.close()
        listening.close()
        atexit.register(self._close)
        self._lock = threading.Lock()
        self._begun: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._ended: dict[int, int] = {}
        self._some_ended = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def start(self, arguments: Sequence[str], env: Mapping[str, str], fds: Sequence[int]) -> int:
        order = json.dumps({"arguments": list(arguments), "env": dict(env), "cwd": str(Path.cwd())})
        with self._lock:
            socket.send_fds(self._socket, [order.encode()], fds)
            return self._begun.get(timeout=60)

    def status(self, pid: int, *, wait: bool = False, timeout: float | None = None) -> int | None:
        with self._some_ended:
            if wait:
                self._some_ended.wait_for(lambda: pid in self._ended, timeout)
            return self._ended.get(pid)

    def _close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._process.wait()
        self._folder.cleanup()

    def _listen(self) -> None:
        while told := self._socket.recv(LONGEST_ORDER):
            what, pid, status = json.loads(told)
            with self._some_ended:
                if what == "begun":
                    self._ended.pop(pid, None)  # the number may have been another's before
                    self._begun.put(pid)
                else:
                    self._ended[pid] = status
                    self._some_ended.notify_all()


@functools.cache
def _parent() -> Parent:
    return Parent()


def start(
    arguments: Sequence[str],
    *,
    stdin: int | IO[Any] = subprocess.DEVNULL,
    stdout: int | IO[Any] = subprocess.DEVNULL,
    stderr: int | IO[Any] = subprocess.DEVNULL,
    env: Mapping[str, str] | None = None,
) -> Started:
    """`commsdesk ARGUMENTS`, its streams as `subprocess.Popen` would have them, in text."""
    theirs: list[int] = []
    to_close: list[int] = []
    ours: list[IO[str] | None] = []
    for number, given in enumerate((stdin, stdout, stderr)):
        stream = None
        if given == subprocess.PIPE:
            read_end, write_end = os.pipe()
            its, mine = (read_end, write_end) if number == 0 else (write_end, read_end)
            stream = os.fdopen(mine, "w" if number == 0 else "r")
            to_close.append(its)
        elif given == subprocess.DEVNULL:
            its = os.open(os.devnull, os.O_RDWR)
            to_close.append(its)
        else:
            its = given if isinstance(given, int) else given.fileno()
        theirs.append(its)
        ours.append(stream)
    try:
        pid = _parent().start(arguments, os.environ if env is None else env, theirs)
    finally:
        for each in to_close:
            os.close(each)
    return Started(_parent(), pid, ours)


def run(
    arguments: Sequence[str],
    *,
    stdin: str = "",
    timeout: float = 60,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """The same, once it has ended, with what it wrote."""
    with (
        tempfile.TemporaryFile("w+") as given,
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
    ):
        given.write(stdin)
        given.flush()
        os.lseek(given.fileno(), 0, os.SEEK_SET)
        started = start(arguments, stdin=given, stdout=out, stderr=err, env=env)
        try:
            status = started.wait(timeout)
        except subprocess.TimeoutExpired:
            started.kill()
            raise
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(list(arguments), status, out.read(), err.read())


def stand_in(folder: Path) -> None:
    """Put a `commsdesk` for scripts into the folder: it has the parent fork, and ends as the process does."""
    program = folder / "commsdesk"
    program.write_text(STAND_IN.format(python=sys.executable, address=str(_parent().address)))
    program.chmod(0o755)


STAND_IN = """\
#!{python} -IS
import json, os, socket, sys
line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
line.connect({address!r})
order = {{"arguments": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd()}}
socket.send_fds(line, [json.dumps(order).encode()], [0, 1, 2])
what = None
while what != "ended":
    what, pid, status = json.loads(line.recv(1000))
sys.exit(status if status >= 0 else 128 - status)
"""


# The parent's side


class Asked:
    """Who asks the parent for processes: the tests, and the stand-ins for scripts."""

    def __init__(self, tests: socket.socket, stand_ins: socket.socket) -> None:
        self.tests, self.stand_ins = tests, stand_ins
        self.lines = [tests]
        self.asked_by: dict[int, socket.socket] = {}
        self.woken, self._wakes = os.pipe()
        os.set_blocking(self._wakes, False)
        signal.set_wakeup_fd(self._wakes)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def next_order(self) -> tuple[socket.socket, bytes, list[int]] | None:
        """Wait for an order, and say meanwhile who has ended. None when the tests are over."""
        while True:
            ready, _, _ = select.select([self.woken, self.stand_ins, *self.lines], [], [])
            if self.woken in ready:
                os.read(self.woken, 4096)
                self._bury()
            if self.stand_ins in ready:
                self.lines.append(self.stand_ins.accept()[0])
            for line in self.lines:
                if line not in ready:
                    continue
                order, fds, _, _ = socket.recv_fds(line, LONGEST_ORDER, 3)
                if order:
                    return line, order, fds
                if line is self.tests:
                    return None
                self.lines.remove(line)
                line.close()
                break

    def _bury(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                self._say(self.asked_by.pop(pid), "ended", pid, os.waitstatus_to_exitcode(status))

    def begun(self, line: socket.socket, pid: int) -> None:
        self.asked_by[pid] = line
        self._say(line, "begun", pid, None)

    @staticmethod
    def _say(line: socket.socket, what: str, pid: int, status: int | None) -> None:
        with contextlib.suppress(OSError):  # it was killed and waits no more
            line.send(json.dumps([what, pid, status]).encode())

    def forget(self) -> None:
        """In a forked process: nobody asks it for anything."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for line in (self.stand_ins, *self.lines):
            line.close()
        for fd in (self.woken, self._wakes):
            os.close(fd)


def main(tests: socket.socket, stand_ins: socket.socket) -> int:
    """Fork as asked until nobody asks any more. A forked process returns with its exit status."""
    for name in LOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what all children share stays shared
    asked, inside = Asked(tests, stand_ins), os.getpid()
    while found := asked.next_order():
        line, told, fds = found
        order = json.loads(told)
        for word in LOADED_FOR.keys() & set(order["arguments"]):
            for name in LOADED_FOR[word]:
                importlib.import_module(name)
        pid = os.fork()
        if not pid:
            asked.forget()
            return _become(order, fds, inside)
        for fd in fds:
            os.close(fd)
        asked.begun(line, pid)
    return 0


def _become(order: dict[str, Any], fds: Sequence[int], parent: int) -> int:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    # Python's own were made for what was there before.
    sys.stdin = sys.__stdin__ = os.fdopen(0, closefd=False)  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", closefd=False)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)  # type: ignore[misc]
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])

    from scheduling import fault_points
    from tui.cli import main as program

    fault_points.arm(os.environ)
    sys.argv = [program.__file__, *order["arguments"]]
    return program.execute(order["arguments"])


if __name__ == "__main__":
    sys.exit(main(*(socket.socket(fileno=int(number)) for number in sys.argv[1:])))
