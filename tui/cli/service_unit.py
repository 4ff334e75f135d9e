"""The systemd unit file of an installation. Pure: what is installed where in, text out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

STATE = Path("/var/lib")
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
TEMPORARY = (Path("/tmp"), Path("/var/tmp"))

HEAD = """\
[Unit]
Description=commsdesk: text messages through Clickatell
After=network-online.target time-sync.target
Wants=network-online.target
# It is to come back whenever its disk does, however often it has tried.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
"""

LIFE = """\
# Looks at everything anew: time zones, secrets, certificates, connections, the handlers' accounts.
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=2
# The start checks the database, and upgrades it where it is older: minutes for a large one.
TimeoutStartSec=10min
# What is under way is waited for, at most 30 s.
TimeoutStopSec=40
# Fed while every loop of the engine goes round, on standby too.
WatchdogSec=60
# A core would hold the API keys.
LimitCORE=0
"""

HARDENING = """\
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
PrivateDevices=yes
PrivateUsers=yes
ProtectSystem=strict
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
# Not ProcSubset=pid: who lives, and who holds a lock, is read there.
ProtectProc=invisible
"""

FOOT = """\

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """The account, the data folder and the program (a path, or a path with its first arguments).

    `interpreter` is the Python that the program runs in, where that is known.
    """

    user: str
    folder: Path
    program: Sequence[str]
    metrics_file: Path | None = None
    interpreter: Path | None = None

    @property
    def state_directory(self) -> str | None:
        """The folder's name below /var/lib, which systemd makes and gives to the account; else None."""
        inside = self.folder.is_relative_to(STATE) and self.folder != STATE
        return str(self.folder.relative_to(STATE)) if inside else None

    @property
    def paths(self) -> tuple[Path, ...]:
        """All that the service must be able to reach."""
        found = (self.folder, Path(self.program[0]), self.metrics_file, self.interpreter)
        return tuple(path for path in found if path is not None)


def unit(installed: Installation) -> str:
    """The unit file."""
    words = [*installed.program, "--data", str(installed.folder), "run"]
    if installed.metrics_file:
        words += ["--metrics-file", str(installed.metrics_file)]
    lines = [
        f"ExecStart={' '.join(command_word(word) for word in words)}",
        LIFE.rstrip("\n"),
        "",
        f"User={installed.user}",
        *_folders(installed),
        "UMask=0077",
        "",
        HARDENING.rstrip("\n"),
    ]
    return HEAD + "\n".join(lines) + "\n" + FOOT


def _folders(installed: Installation) -> Iterator[str]:
    """What the service may write to, and which of systemd's private folders would hide that from it."""
    state = installed.state_directory
    if state is not None:
        yield f"StateDirectory={quoted(state)}"
        yield "StateDirectoryMode=0700"
    else:
        yield f"ReadWritePaths={quoted(str(installed.folder))}"
    if installed.metrics_file and not installed.metrics_file.is_relative_to(installed.folder):
        yield f"ReadWritePaths={quoted(str(installed.metrics_file.parent))}"
    yield f"ProtectHome={'read-only' if _any_below(installed.paths, HOMES) else 'yes'}"
    yield f"PrivateTmp={'no' if _any_below(installed.paths, TEMPORARY) else 'yes'}"


def _any_below(paths: Sequence[Path], tops: Sequence[Path]) -> bool:
    return any(path.is_relative_to(top) for path in paths for top in tops)


def quoted(value: str) -> str:
    """A value of a unit file as one word: in quotes where it needs them, with no specifier in it."""
    value = value.replace("%", "%%")
    if value and not any(ch in value for ch in " \t'\"\\;"):
        return value
    inside = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inside}"'


def command_word(word: str) -> str:
    """The same for a command line, where a $ would also be a variable."""
    return quoted(word.replace("$", "$$"))
