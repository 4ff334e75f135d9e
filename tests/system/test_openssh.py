"""The sshd that the other tests log in to: it lets in whom it should, and leaves nothing behind."""

import os
from pathlib import Path

from tests.processes.support import until
from tests.system.openssh import Sshd, public_key
from tests.system.relay import Relay


def test_a_key_and_its_command_in_with_and_without_a_terminal() -> None:
    with Sshd() as sshd:
        ana, stranger = sshd.new_key("ana"), sshd.new_key("stranger")
        sshd.let_in("root", ana, 'restrict,pty,command="echo I am $SSH_CONNECTION; tty; stty size"')
        assert public_key(ana).endswith(" ana")
        without = sshd.run("root", ana, "rm", "-r", "/nowhere")
        assert without.stdout.startswith("I am 127.0.0.1") and "not a tty" in without.stdout
        with_one = sshd.terminal("root", ana, columns=132, rows=43)
        with_one.shows("43 132")
        assert "/dev/pts/" in with_one.text and with_one.ends() == 0
        refused = sshd.run("root", stranger)
        assert refused.returncode == 255 and "Permission denied" in refused.stderr
        assert "Accepted publickey for root" in sshd.log


def test_lines_of_the_test_win_and_can_be_changed() -> None:
    with Sshd("ForceCommand echo first", "Match User root", "  PermitTTY no") as sshd:
        key = sshd.new_key("ana")
        sshd.let_in("root", key)
        assert sshd.run("root", key).stdout == "first\n"
        sshd.terminal("root", key).shows("PTY allocation request failed")
        sshd.reload("ForceCommand echo second")
        assert sshd.run("root", key).stdout == "second\n"


def test_nothing_is_left_of_a_session_that_is_open_at_the_end() -> None:
    with Sshd() as sshd, Relay(sshd.port) as relay:
        key = sshd.new_key("ana")
        sshd.let_in("root", key)
        terminal = sshd.terminal("root", key, "echo ready; cat", port=relay.port)
        terminal.shows("ready")  # before that the client's own terminal would echo as well
        terminal.press("hello\r")
        terminal.shows("hello\r\nhello\r\n")
        folder, left = sshd.folder, [*sshd.sessions, terminal.process.pid]
        assert relay.sent > 1000 < relay.typed and len(left) >= 3
        assert folder.stat().st_mode & 0o777 == 0o755
        relay.freeze()
        before = relay.both
        terminal.press("again\r")
        until(lambda: relay.held, "what was typed has come as far as the relay")
        assert relay.both == before
        relay.thaw()
        terminal.shows("again\r\nagain\r\n")
    until(lambda: not any(_runs(pid) for pid in left), "every process has ended")
    assert not folder.exists()


def _runs(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return pid == os.getpid()
