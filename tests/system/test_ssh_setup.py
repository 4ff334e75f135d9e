"""`commsdesk ssh setup --check` against what sshd says of itself: all is well, and each fault is found."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from storage.vocabulary import Role
from tests.system.operators_over_ssh import ACCOUNT, SiteOverSsh
from tui.ssh import checks
from tui.ssh.checks import Check
from tui.ssh.installation import Installation

pytestmark = pytest.mark.timeout(300)
NOBODY = 65534


@pytest.fixture(scope="module")
def site(over_ssh: SiteOverSsh) -> Iterator[SiteOverSsh]:
    over_ssh.add("ana", Role.OPERATOR)
    yield over_ssh


def test_a_good_set_up_is_well_throughout(site: SiteOverSsh) -> None:
    config = site.sshd.folder / "sshd_config"
    said = site.cli(
        "ssh", "setup", "--account", ACCOUNT, "--into", str(site.programs), "--check", "--config", str(config)
    )
    lines = said.stdout.splitlines()
    assert said.returncode == 0 and len(lines) == 6, said
    assert all(line.startswith("✓ ") for line in lines)
    assert "1 key may log in now" in lines[-1]


class Fault:
    """One thing made wrong, and put right again."""

    def __init__(self, site: SiteOverSsh, undo: ExitStack) -> None:
        self.site, self.undo = site, undo
        self.installation = Installation(ACCOUNT, site.folder, Path("/usr/bin/python3"), site.programs)

    def mode(self, path: Path, mode: int) -> None:
        self.undo.callback(path.chmod, path.stat().st_mode & 0o777)
        path.chmod(mode)

    def owner(self, path: Path, uid: int) -> None:
        self.undo.callback(os.chown, path, path.stat().st_uid, -1)
        os.chown(path, uid, -1)

    def config(self, *lines: str, without: str = "") -> None:
        self.undo.callback(self.site.configure)
        kept = [line for line in self.site.printed if not without or not line.strip().startswith(without)]
        self.site.sshd.reload(*lines, *(line for line in kept if not line.startswith("#")))

    def found(self) -> list[Check]:
        config = self.site.sshd.folder / "sshd_config"
        return [check for check in checks.run(self.installation, config) if not check.well]


FAULTS: dict[str, tuple[Callable[[Fault], object], Sequence[str]]] = {
    "a folder that its group may write to": (
        lambda fault: fault.mode(fault.site.programs, 0o775), ("written to by others", "chmod go-w"),
    ),
    "a program of somebody else": (
        lambda fault: fault.owner(fault.site.programs / "ssh-session", NOBODY),
        ("belongs to nobody", "chown root:"),
    ),
    "a program that is not for all to run": (
        lambda fault: fault.mode(fault.site.programs / "ssh-keys", 0o700),
        ("for everyone to run", "chmod 0755"),
    ),
    "a site of somebody else": (
        lambda fault: fault.owner(fault.site.folder, NOBODY), ("belongs to nobody", "--account nobody"),
    ),
    "an account whose shell runs nothing": (
        lambda fault: setattr(fault, "installation", replace(fault.installation, account="nobody")),
        ("runs nothing", "usermod --shell /bin/sh nobody"),
    ),
    "no such account": (
        lambda fault: setattr(fault, "installation", replace(fault.installation, account="nosuchone")),
        ("there is none", "adduser"),
    ),
    "forwarding is allowed": (
        lambda fault: fault.config(without="DisableForwarding"), ("disableforwarding is no",),
    ),
    "passwords are asked for": (
        lambda fault: fault.config(without="AuthenticationMethods"), ("authenticationmethods is any",),
    ),
    "certificates of an authority log in": (
        lambda fault: fault.config("TrustedUserCAKeys /etc/ssh/ca.pub", without="TrustedUserCAKeys"),
        ("trustedusercakeys is /etc/ssh/ca.pub",),
    ),
    "clients may set what a shell obeys": (
        lambda fault: fault.config("AcceptEnv BASH_ENV", without="AcceptEnv"), ("lets clients set BASH_ENV",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_says_what_to_do(site: SiteOverSsh, fault: str) -> None:
    make, texts = FAULTS[fault]
    with ExitStack() as undo:
        made = Fault(site, undo)
        make(made)
        said = "\n".join(f"{check.name}: {check.found}: {check.advice}" for check in made.found())
        assert all(text in said for text in texts), said


def test_a_configuration_without_any_of_it_is_told(site: SiteOverSsh) -> None:
    site.sshd.reload()
    try:
        said = [check for check in Fault(site, ExitStack()).found() if check.name == "sshd's configuration"]
        assert "authorizedkeyscommand is none" in said[0].found and "commsdesk.conf" in said[0].advice
    finally:
        site.configure()
