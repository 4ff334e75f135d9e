"""A real sshd on loopback, with all that it reads in one folder that root owns, and clients of it.

    with Sshd("ClientAliveInterval 1", "Match User desk", "  PermitTTY no") as sshd:
        key = sshd.new_key("ana")
        sshd.let_in("root", key, 'restrict,pty,command="/usr/bin/id"')
        assert sshd.run("root", key).stdout.startswith("uid=0")
        terminal = sshd.terminal("root", key)      # with a terminal, see tests/processes/terminal.py

Everything that was started is ended at the end, and the folder is removed.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType

import pytest

from tests.processes.support import environment, until, within
from tests.processes.terminal import Terminal

SSHD, SSH, KEYGEN = "/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/ssh-keygen"
# Should the tests be killed, the server does not outlive them.
ENDS_WITH_US = ("setpriv", "--pdeathsig", "TERM")
LOOPBACK = "127.0.0.1"
# sshd trusts a file only where no one but root can write to any folder above it: not below /tmp.
ROOM = Path("/var/lib")
# Where sshd keeps its unprivileged half; Debian's service makes it, and here no service runs.
EMPTY = Path("/run/sshd")

CONFIG = """\
ListenAddress {address}
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/keys/%u
PidFile none
LogLevel VERBOSE
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
PrintLastLog no
"""
TRIES = 5


class Sshd:
    """An OpenSSH server of its own. `lines` are lines of sshd_config, which win over those above.

    An account that logs in needs a password field other than `!` (`usermod -p '*' NAME`): to sshd
    a locked account is none.
    """

    def __init__(self, *lines: str) -> None:
        self._lines = lines
        self._terminals: list[Terminal] = []
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.folder = Path()
        """Root's, 0755, as are all folders above it; free for files of the test's own."""

    # Starting and ending

    def __enter__(self) -> "Sshd":
        if os.geteuid() != 0:
            pytest.skip("only root may start an sshd that logs others in")
        EMPTY.mkdir(mode=0o755, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="commsdesk-sshd-", dir=ROOM))
        try:
            self._prepare()
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _prepare(self) -> None:
        self.folder.chmod(0o755)
        (self.folder / "keys").mkdir(mode=0o755)
        (self.folder / "private").mkdir(mode=0o700)
        _make_key(self.folder / "host_key", "host")
        public = (self.folder / "host_key.pub").read_text()
        (self.folder / "known_hosts").write_text(f"commsdesk {public}")

    def _start(self) -> None:
        for _ in range(TRIES):
            if self._listens():
                return
            # Another took the port between the asking and the listening; anything else is in the log.
            if "Address already in use" not in self.log:
                break
        raise AssertionError(f"sshd does not start: {self.log}")

    def _listens(self) -> bool:
        self.port = _free_port()
        self._write_config()
        process = self._process = subprocess.Popen(
            [*ENDS_WITH_US, SSHD, "-D", "-f", f"{self.folder}/sshd_config", "-E", f"{self.folder}/log"],
            stdin=subprocess.DEVNULL,
            env=environment(),
        )
        until(lambda: "listening on" in self.log or process.poll() is not None, "sshd listens")
        return process.poll() is None

    def _write_config(self) -> None:
        preset = CONFIG.format(address=LOOPBACK, port=self.port, folder=self.folder)
        first = next((n for n, line in enumerate(self._lines) if line.lower().startswith("match ")), None)
        own, matches = self._lines[:first], self._lines[first:] if first is not None else ()
        # The first value of an option holds, and all that follows a Match belongs to it.
        text = "\n".join([*own, preset, *matches]) + "\n"
        (self.folder / "sshd_config").write_text(text)

    def reload(self, *lines: str) -> None:
        """Take other lines in place of those it was started with; sessions that are open go on."""
        self._lines = lines
        self._write_config()
        assert self._process is not None
        said = self.log.count("listening on")
        self._process.send_signal(signal.SIGHUP)
        until(lambda: self.log.count("listening on") > said, "sshd listens again")

    def stop(self) -> None:
        """End the clients, the server and every session, and remove the folder."""
        for terminal in self._terminals:
            terminal.close()
        if self._process is not None:
            # A session outlives the server that took it in.
            family = [self._process.pid, *descendants(self._process.pid)]
            for pid in family:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM if pid == family[0] else signal.SIGKILL)
            self._process.wait(within(20))
        if self.folder.parent == ROOM:
            shutil.rmtree(self.folder)

    @property
    def log(self) -> str:
        """What sshd has logged so far."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def sessions(self) -> list[int]:
        """The processes of everyone who is logged in, and of what they run."""
        return list(descendants(self._process.pid)) if self._process else []

    # Keys

    def new_key(self, name: str) -> Path:
        """Make a key pair; the path of the private one. The public one is `public_key(path)`."""
        path = self.folder / "private" / name
        _make_key(path, name)
        return path

    def let_in(self, account: str, key: Path, options: str = "") -> None:
        """Add the key to those of an account, as one line of authorized_keys with these options."""
        path = self.folder / "keys" / account
        with path.open("a") as file:
            file.write(f"{options} {public_key(key)}".strip() + "\n")
        path.chmod(0o644)

    # Clients

    def words(
        self, account: str, key: Path, *command: str, options: Sequence[str] = (), port: int | None = None
    ) -> list[str]:
        """The client's command line. `port` is another one, such as a relay's, that leads here."""
        return [
            SSH, "-F", "none", "-p", str(port or self.port), "-i", str(key),
            "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "BatchMode=yes",
            "-o", f"UserKnownHostsFile={self.folder / 'known_hosts'}", "-o", "GlobalKnownHostsFile=none",
            "-o", "HostKeyAlias=commsdesk", "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR",
            *options, f"{account}@{LOOPBACK}", *command,
        ]  # fmt: skip

    def run(
        self,
        account: str,
        key: Path,
        *command: str,
        stdin: str = "",
        options: Sequence[str] = (),
        seconds: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Log in without a terminal, run the command (or what the key says), and wait for the end."""
        return subprocess.run(
            self.words(account, key, *command, options=options),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=within(seconds),
            check=False,
            env=environment(),
        )

    def terminal(
        self,
        account: str,
        key: Path,
        *command: str,
        options: Sequence[str] = (),
        port: int | None = None,
        columns: int = 80,
        rows: int = 24,
    ) -> Terminal:
        """Log in with a terminal; it is closed at the end if it was not before."""
        words = self.words(account, key, *command, options=("-tt", *options), port=port)
        opened = Terminal(words, columns, rows)
        self._terminals.append(opened)
        return opened


def public_key(key: Path) -> str:
    """The public half of a key of `Sshd.new_key`: type, base64 and name on one line."""
    return key.with_name(key.name + ".pub").read_text().strip()


def descendants(pid: int) -> Iterator[int]:
    """The processes started by this one, and theirs."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                # The command may hold spaces and brackets; what follows the last bracket is regular.
                parent = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1]
                parents.setdefault(int(parent), []).append(int(entry.name))
    found = list(parents.get(pid, ()))
    for child in found:
        found += parents.get(child, ())
    yield from found


def _make_key(path: Path, comment: str) -> None:
    subprocess.run([KEYGEN, "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)], check=True)


def _free_port() -> int:
    with closing(socket.create_server((LOOPBACK, 0))) as listening:
        return int(listening.getsockname()[1])
