"""Whether sshd will do what it was set up for: owners of the whole path, the account, a try as it."""

import os
import pwd
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.ssh.installation import ACCEPTED, EFFECTIVE, Installation

SSHD = "/usr/sbin/sshd"
NO_SHELLS = ("nologin", "false")
WRITABLE = stat.S_IWGRP | stat.S_IWOTH
SECONDS = 30


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `advice` says what to do where it is not well."""

    name: str
    well: bool
    found: str
    advice: str = ""


def run(installation: Installation, config: Path | None = None) -> Iterator[Check]:
    """All checks. Needs root for the last ones. `config` is sshd's file where it is not its own preset."""
    for path in (installation.keys, installation.session):
        yield path_check(path)
    account = find_account(installation.account)
    yield account_check(installation, account)
    if account is not None:
        yield shell_check(account)
    yield config_check(installation, effective_config(installation.account, config))
    if account is not None:
        yield keys_check(installation, account)


def path_check(path: Path, root: int = 0) -> Check:
    """Sshd runs only what root alone can change: the file and every folder above it."""
    name = f"owner of {path}"
    if not path.exists():
        return Check(name, False, "it is not there", "run commsdesk ssh setup as root")
    real = path.resolve()  # as sshd does: what a link leads to, and the folders above that
    for each in (real, *real.parents):
        info = each.stat()
        if info.st_uid != root:
            return Check(name, False, f"{each} belongs to {_owner(info.st_uid)}", f"chown root: {each}")
        if info.st_mode & WRITABLE:
            return Check(name, False, f"{each} can be written to by others", f"chmod go-w {each}")
    if not os.access(path, os.X_OK) or not path.stat().st_mode & stat.S_IXOTH:
        return Check(name, False, "it is not for everyone to run", f"chmod 0755 {path}")
    return Check(name, True, "root's, and only root can change it")


def account_check(installation: Installation, account: pwd.struct_passwd | None) -> Check:
    """The account exists and owns the site."""
    name = f"account {installation.account}"
    folder = installation.folder
    if account is None:
        options = f"--system --group --shell /bin/sh --home {folder} --no-create-home"
        return Check(name, False, "there is none", f"adduser {options} {installation.account}")
    if not folder.exists():
        return Check(name, False, f"there is no site in {folder}", "name the data folder with --data")
    owner = folder.stat().st_uid
    if owner != account.pw_uid:
        return Check(name, False, f"{folder} belongs to {_owner(owner)}", f"--account {_owner(owner)}")
    return Check(name, True, f"owns {folder}")


def shell_check(account: pwd.struct_passwd) -> Check:
    """Sshd starts the session through the account's shell."""
    shell = account.pw_shell or "/bin/sh"
    name = f"shell of {account.pw_name}"
    if Path(shell).name in NO_SHELLS or not os.access(shell, os.X_OK):
        return Check(name, False, f"{shell} runs nothing", f"usermod --shell /bin/sh {account.pw_name}")
    return Check(name, True, f"{shell} (only ever given the session to run)")


def config_check(installation: Installation, config: Mapping[str, str] | None) -> Check:
    """What sshd says of itself: `sshd -T`."""
    name = "sshd's configuration"
    if config is None:
        return Check(name, False, "sshd cannot be asked", f"run this as root, with {SSHD} installed")
    wanted = {
        **EFFECTIVE,
        "authorizedkeyscommand": f"{installation.keys} %t %k",
        "authorizedkeyscommanduser": installation.account,
    }
    wrong = [
        f"{key} is {config.get(key, 'not set')}" for key, value in wanted.items() if config.get(key) != value
    ]
    # Another could be one that the account's shell obeys, such as BASH_ENV.
    others = set(config.get("acceptenv", "").split()) - set(ACCEPTED)
    wrong += [f"acceptenv lets clients set {name}" for name in sorted(others)]
    if wrong:
        todo = (
            "put what commsdesk ssh setup prints into /etc/ssh/sshd_config.d/commsdesk.conf and reload sshd"
        )
        return Check(name, False, "; ".join(wrong), todo)
    return Check(name, True, "asks commsdesk for keys, and allows nothing else")


def keys_check(installation: Installation, account: pwd.struct_passwd) -> Check:
    """The keys as sshd will ask for them, by the account that asks."""
    name = f"keys, asked for as {account.pw_name}"
    if os.geteuid() not in (0, account.pw_uid):
        return Check(name, False, "only root can try", "run this as root")
    if not installation.keys.exists():
        return Check(name, False, f"{installation.keys} is not there", "run commsdesk ssh setup as root")
    try:
        ended = _as_account([str(installation.keys)], account)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name, False, str(error), "see that the account may read and run it")
    if ended.returncode != 0:
        last = (ended.stderr.strip().splitlines() or ["no answer"])[-1]
        todo = f"let {account.pw_name} read {installation.python} and the site"
        return Check(name, False, f"failed: {last[:200]}", todo)
    count = len(ended.stdout.splitlines())
    return Check(name, True, f"{count} {'key' if count == 1 else 'keys'} may log in now")


def _as_account(words: Sequence[str], account: pwd.struct_passwd) -> subprocess.CompletedProcess[str]:
    own = os.geteuid() == account.pw_uid
    return subprocess.run(
        words,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS,
        check=False,
        cwd="/",
        stdin=subprocess.DEVNULL,
        user=None if own else account.pw_uid,
        group=None if own else account.pw_gid,
        extra_groups=None if own else [],
    )


def openssh_version() -> tuple[int, int] | None:
    """The version of this machine's sshd; None where there is none that says it."""
    program = shutil.which(SSHD)
    if program is None:
        return None
    # Old ones know no -V: they say their version above the usage.
    ended = subprocess.run([program, "-V"], capture_output=True, text=True, timeout=SECONDS, check=False)
    found = re.search(r"OpenSSH_(\d+)\.(\d+)", ended.stderr + ended.stdout)
    return (int(found[1]), int(found[2])) if found else None


def find_account(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def effective_config(account: str, config: Path | None = None) -> dict[str, str] | None:
    """What holds for the account, by sshd's own words; None where it cannot be asked."""
    program = shutil.which(SSHD)
    if program is None:
        return None
    words = [program, "-T", "-C", f"user={account},host=localhost,addr=127.0.0.1"]
    words += ["-f", str(config)] if config is not None else []
    ended = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
    if ended.returncode != 0:
        return None
    found: dict[str, str] = {}
    for line in ended.stdout.splitlines():
        key, _, value = line.partition(" ")
        key = key.lower()
        # An option that may be given several times has a line for each.
        found[key] = f"{found[key]} {value}" if key in found else value
    return found


def _owner(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
