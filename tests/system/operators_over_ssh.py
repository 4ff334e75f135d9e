"""Operators who log in to a real sshd as `commsdesk ssh setup` arranges it, on a site that sends.

The account is root's own: it owns the site, and the Python that runs the tests.
"""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from demo_data.clickatell import ThreadedClickatell
from storage.operators import Operator
from storage.vocabulary import Role
from tests.processes.support import Program, Site, environment, until
from tests.processes.terminal import Terminal
from tests.system.openssh import Sshd, public_key
from tui.operations import operators
from tui.operations.access import Identity, take_desk
from tui.operations.desk import Desk
from tui.operations.operator_keys import read_keys

ACCOUNT = "root"
# The keep-alive limit that is printed for sshd, made short: a few seconds.
QUICK = (
    ("ClientAliveInterval 15", "ClientAliveInterval 1"),
    ("ClientAliveCountMax 3", "ClientAliveCountMax 2"),
)


class SiteOverSsh(Site):
    """A site below the folder of an sshd, and the keys of those who may log in."""

    def __init__(self, sshd: Sshd, clickatell: ThreadedClickatell) -> None:
        super().__init__(sshd.folder / "site", clickatell)
        self.sshd = sshd
        self.programs = sshd.folder / "lib"
        self.boss: Desk = take_desk(self.database, Identity("local:root"))
        made = self.cli("ssh", "setup", "--account", ACCOUNT, "--into", str(self.programs))
        assert made.returncode == 0, made.stderr
        self.printed = made.stdout.splitlines()
        self.keys: dict[str, Path] = {}
        self.operators: dict[str, Operator] = {}

    def configure(self, *more: str, quick: bool = False) -> None:
        """Give sshd what was printed, after `more`; `quick` with a short keep-alive limit."""
        lines = self.printed
        for printed, short in QUICK if quick else ():
            assert any(printed in line for line in lines)
            lines = [line.replace(printed, short) for line in lines]
        self.sshd.reload(*more, *(line for line in lines if not line.startswith("#")))

    def add(self, name: str, role: Role) -> Operator:
        """An operator with a key of their own."""
        self.keys[name] = self.sshd.new_key(name)
        made = operators.add(self.boss, name, role, read_keys(public_key(self.keys[name])))
        self.operators[name] = made
        return made

    def enable(self, name: str, enabled: bool) -> None:
        operators.set_enabled(self.boss, self.operators[name].id, enabled)

    def own_folder(self, name: str) -> Path:
        return self.folder / "files" / str(self.operators[name].id)

    # Logging in

    def ask(
        self, name: str, *command: str, stdin: str = "", options: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """The command form: `ssh desk@host COMMAND`."""
        return self.sshd.run(ACCOUNT, self.keys[name], *command, stdin=stdin, options=options)

    def terminal(
        self, name: str, *command: str, port: int | None = None, options: Sequence[str] = ()
    ) -> Terminal:
        """Someone at a terminal of 120 by 30."""
        return self.sshd.terminal(
            ACCOUNT, self.keys[name], *command, columns=120, rows=30, port=port, options=options
        )

    def console(self, name: str, *, port: int | None = None) -> Terminal:
        """Someone at the console, once it shows the site."""
        opened = self.terminal(name, port=port)
        opened.on_screen("Commands", 60)
        return opened

    def command_started(self, name: str, *command: str, output: bool = True) -> Program:
        """A command over SSH that goes on; end its client with `kill`."""
        return self.start(*self.sshd.words(ACCOUNT, self.keys[name], *command), output=output)

    @contextmanager
    def connection(self, name: str) -> Iterator[list[str]]:
        """One login for many commands: options for `ask`, scp and sftp that go by it."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "control"
            words = self.sshd.words(ACCOUNT, self.keys[name], options=("-M", "-N", "-S", str(path)))
            master = subprocess.Popen(words, stdin=subprocess.DEVNULL, env=environment())
            try:
                until(path.exists, "the client has logged in")
                yield ["-o", f"ControlPath={path}", "-o", "ControlMaster=no"]
            finally:
                master.kill()
                master.wait()

    # What runs

    def sessions(self) -> list[int]:
        """The processes of all sessions: consoles and commands, also those whose sshd has gone."""
        found = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        return [pid for pid in found if _is_session(pid, self.folder)]

    def nobody_is_left(self, seconds: float = 20) -> None:
        until(lambda: not self.sessions(), "no process of a session is left", seconds)


def _is_session(pid: int, folder: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return {b"tui.cli.main", b"session", bytes(folder)} <= set(words)


@contextmanager
def site_over_ssh() -> Iterator[SiteOverSsh]:
    """A site with sshd, a local Clickatell and a handler named Clickatell at it; no engine runs yet."""
    with Sshd() as sshd, ThreadedClickatell() as clickatell:
        made = SiteOverSsh(sshd, clickatell)
        try:
            made.configure()
            yield made
        finally:
            made.close()
