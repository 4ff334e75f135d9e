"""The shell script of docs/integrations.md as it stands there, against a real sshd."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import message_history
from storage.vocabulary import Role
from tests.cli.examples import ALERT, example, heard
from tests.processes.support import environment, within
from tests.system.openssh import LOOPBACK, SSH
from tests.system.operators_over_ssh import ACCOUNT, SiteOverSsh

pytestmark = pytest.mark.timeout(600)
NOBODY_LISTENS = 9
# Nobody waits five minutes here: what would have been waited is written down, and a link is mended meanwhile.
SLEEP = """#!/bin/sh
echo "$1" >> {folder}/slept
[ "$1" = 15 ] && [ -f {folder}/later ] && mv {folder}/later {folder}/config
exit 0
"""
TEXT = "It's 5 o'clock; \"$(id)\" `id` $HOME *"


@pytest.fixture(scope="module")
def site(over_ssh: SiteOverSsh) -> Iterator[SiteOverSsh]:
    """What the document says to declare first, and the operator that the script is."""
    over_ssh.handler()
    for words in ALERT:
        made = over_ssh.cli(*words)
        assert made.returncode == 0, made.stderr
    over_ssh.add("pump-house", Role.OPERATOR)
    yield over_ssh


@pytest.fixture
def alarm(site: SiteOverSsh, tmp_path: Path) -> "Alarm":
    return Alarm(site, tmp_path)


class Alarm:
    """The script, with the host's name, the account and the key of the test."""

    def __init__(self, site: SiteOverSsh, folder: Path) -> None:
        self.site, self.folder = site, folder
        self.script = folder / "pump-alarm"
        text = example("pump-alarm")
        for named, here in (
            ("desk@", f"{ACCOUNT}@"), ("/etc/pump-alarm/key", str(site.keys["pump-house"])),
        ):  # fmt: skip
            assert named in text
            text = text.replace(named, here)
        self._program("pump-alarm", text)
        self._program("ssh", f'#!/bin/sh\nexec {SSH} -F {folder}/config "$@"\n')
        # Nobody waits five minutes here; what would have been waited is written down.
        self._program("sleep", SLEEP.format(folder=folder))
        self.reaches(site.sshd.port)

    def _program(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)

    def reaches(self, port: int, config: str = "config") -> None:
        """Let the host's name lead to this port; with `later` as `config` from the third try on."""
        (self.folder / config).write_text(
            f"Host commsdesk.example\n  HostName {LOOPBACK}\n  Port {port}\n  HostKeyAlias commsdesk\n"
            f"  UserKnownHostsFile {self.site.sshd.folder}/known_hosts\n  IdentitiesOnly yes\n"
        )

    def words(self, *words: str) -> tuple[list[str], dict[str, str]]:
        return [str(self.script), *words], environment() | {"PATH": f"{self.folder}:/usr/bin:/bin"}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command, surroundings = self.words(*words)
        return subprocess.run(
            command, env=surroundings, capture_output=True, text=True, timeout=within(100), check=False
        )

    @property
    def slept(self) -> list[str]:
        return (self.folder / "slept").read_text().split()

    @property
    def sent(self) -> list[str]:
        with self.site.database.read() as connection:
            return [message.text for message in reversed(message_history.newest(connection, None, 1000))]


def test_it_raises_restores_and_says_what_is_refused(site: SiteOverSsh, alarm: Alarm) -> None:
    here = os.uname().nodename
    for words in (("raise", TEXT), ("raise", "again"), ("restore",), ("restore",)):
        ended = alarm.run(*words)
        assert ended.returncode == 0, ended
        heard(site.database.folder.path)
    assert alarm.sent == [f"{here}: {TEXT}", f"{here}: over, {TEXT}"]
    assert {entry.operator for entry in site.review if entry.category == "Alert"} >= {"pump-house"}
    site.enable("pump-house", False)
    try:
        # As ssh says for a login that is refused, and for a host that is not there: it goes on trying.
        refused = alarm.run("raise", "x")
        assert refused.returncode == 255 and alarm.slept[-5:] == ["0", "5", "15", "60", "300"]
    finally:
        site.enable("pump-house", True)
    site.cli("alert", "disable", "Outside alarm")
    refused = alarm.run("raise", "x")
    assert refused.returncode == 1 and "Outside alarm" in refused.stderr
    site.cli("alert", "enable", "Outside alarm")


def test_it_tries_again_until_the_link_is_there(site: SiteOverSsh, alarm: Alarm) -> None:
    before = len(alarm.sent)
    alarm.reaches(NOBODY_LISTENS)
    alarm.reaches(site.sshd.port, "later")
    ended = alarm.run("raise", "the link was down")
    assert ended.returncode == 0 and ended.stderr.count("Connection refused") == 2, ended
    assert alarm.slept == ["0", "5", "15"]
    assert alarm.sent[before:] == [f"{os.uname().nodename}: the link was down"]
