"""The files that sshd needs. Pure: what is installed where in, texts out."""

import re
from dataclasses import dataclass
from pathlib import Path

from storage import key_lookup
from tui.operations.errors import Refused

PRESET = Path("/usr/local/lib/commsdesk")
KEYS, SESSION = "ssh-keys", "ssh-session"
# Such a path needs no quotation marks in sh, in sshd_config, and in an authorized key.
PLAIN = re.compile(r"/[A-Za-z0-9/._+-]*")
# What a session may know of its client; all else that the client sends is dropped.
PASSED_ON = (
    "LANG", "LC_ALL", "LC_CTYPE", "TERM", "COLORTERM", "NO_COLOR", "SSH_CONNECTION", "SSH_TTY",
    "SSH_ORIGINAL_COMMAND",
)  # fmt: skip
ACCEPTED = ("LANG", "LC_*", "COLORTERM", "NO_COLOR")
"""What sshd may take from a client's environment: nothing that the account's shell obeys."""
EFFECTIVE = {
    "authenticationmethods": "publickey",
    # A certificate of another authority would log in as the account with no operator's command.
    "trustedusercakeys": "none",
    "authorizedkeysfile": "none",
    "passwordauthentication": "no",
    "kbdinteractiveauthentication": "no",
    # Each try at a key starts a program of ours.
    "maxauthtries": "4",
    "disableforwarding": "yes",
    "permittty": "yes",
    "permituserrc": "no",
    "forcecommand": "none",
}
"""What `sshd -T` must say of the account, besides whom it asks for keys."""
PENALTIES = (9, 8)
"""The first OpenSSH that knows PerSourcePenalties; an older one refuses a configuration that names it."""
LOOKUP = Path(key_lookup.__file__)


@dataclass(frozen=True, slots=True)
class Installation:
    """An account, the site it owns, the Python that runs commsdesk, and where the two programs go.

    `idle_minutes` and `longest_hours` limit a session; 0 is no limit.
    """

    account: str
    folder: Path
    python: Path
    into: Path = PRESET
    idle_minutes: int = 60
    longest_hours: int = 12

    @property
    def keys(self) -> Path:
        return self.into / KEYS

    @property
    def session(self) -> Path:
        return self.into / SESSION

    def check(self) -> None:
        """Raises `Refused` for a path or a name that would need quoting somewhere."""
        paths = {
            "--data": self.folder, "Python": self.python, "--into": self.into, "commsdesk": LOOKUP,
        }  # fmt: skip
        for what, path in paths.items():
            if not PLAIN.fullmatch(str(path)):
                raise Refused(
                    f"{what}: {path} cannot be written into sshd's files: use a path of letters, digits,"
                    " . _ + - and /"
                )
        if not re.fullmatch(r"[a-z_][a-z0-9_-]*", self.account):
            raise Refused(f"--account: {self.account!r} is no name of an account that sshd_config can hold")

    def programs(self) -> dict[Path, str]:
        """The two programs by path; root's, mode 0755."""
        return {self.keys: self._keys_program(), self.session: self._session_program()}

    # -I: neither the client's environment nor the folder it starts in can bring code along.

    def _keys_program(self) -> str:
        return (
            "#!/bin/sh\n"
            "# sshd asks this who may log in with the key that a client shows: ssh-keys TYPE BASE64\n"
            "# -S: it needs no package, and runs for every key that anybody offers.\n"
            f"exec /usr/bin/env -i PATH=/usr/bin:/bin LANG=C.UTF-8 \\\n"
            f'    {self.python} -I -S {LOOKUP} {self.folder} {self.session} "$@"\n'
        )

    def _session_program(self) -> str:
        kept = "".join(f'    ${{{name}+"{name}=${name}"}} \\\n' for name in PASSED_ON)
        limits = f"--idle {self.idle_minutes} --longest {self.longest_hours}"
        return (
            "#!/bin/sh\n"
            "# sshd starts this for an operator who has logged in: ssh-session OPERATOR-ID\n"
            "ulimit -c 0\n"  # ctrl+\\ would write what is in memory to a file
            'exec /usr/bin/env -i PATH=/usr/bin:/bin HOME="$HOME" \\\n'
            f"{kept}"
            f'    {self.python} -I -m tui.cli.main --data {self.folder} ssh session {limits} -- "$1"\n'
        )

    def sshd_config(self, openssh: tuple[int, int] | None = None) -> str:
        """To be kept as a file in /etc/ssh/sshd_config.d; `openssh` is the version that reads it."""
        known = openssh is not None and openssh >= PENALTIES
        return f"""\
# Whoever offers keys that fit nobody has to wait, longer each time (OpenSSH 9.8 and newer).
{"" if known else "#"}PerSourcePenalties authfail:5s noauth:1s min:15s max:10m

# Operators of commsdesk log in as {self.account}, each with an own key: to the console, or for one command.
Match User {self.account}
    AuthenticationMethods publickey
    AuthorizedKeysFile none
    AuthorizedKeysCommand {self.keys} %t %k
    AuthorizedKeysCommandUser {self.account}
    TrustedUserCAKeys none
    PasswordAuthentication no
    KbdInteractiveAuthentication no
    MaxAuthTries 4
    DisableForwarding yes
    PermitTunnel no
    PermitTTY yes
    PermitUserRC no
    ForceCommand none
    AcceptEnv {" ".join(ACCEPTED)}
    # A frozen link is given up after 45 s.
    ClientAliveInterval 15
    ClientAliveCountMax 3
Match all
"""
