"""What a client can say that ssh(1) would not, over a real sshd: odd commands, and a tunnel."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from storage.vocabulary import Role
from tests.processes.support import until, within
from tests.system.openssh import LOOPBACK, Sshd
from tests.system.operators_over_ssh import ACCOUNT, SiteOverSsh

pytestmark = pytest.mark.timeout(300)

REFUSES_TUNNELS = "Server has rejected tunnel device forwarding"
# The kernel takes no longer string in an environment, and sshd no longer packet.
LONGEST_STRING, LONGEST_PACKET = 128 * 1024, 256 * 1024


@pytest.fixture(scope="module")
def site(over_ssh: SiteOverSsh) -> Iterator[SiteOverSsh]:
    over_ssh.add("eve", Role.ADMINISTRATOR)
    yield over_ssh


class Told(asyncssh.SSHClient):
    """Keeps what the server says beside the answers."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def debug_msg_received(self, msg: str, lang: str, always_display: bool) -> None:
        self.notes.append(msg)


@asynccontextmanager
async def logged_in(sshd: Sshd, key: Path) -> AsyncIterator[tuple[asyncssh.SSHClientConnection, Told]]:
    """A connection that no configuration of this machine has a say in."""
    connection, told = await asyncssh.create_connection(
        Told, LOOPBACK, sshd.port, username=ACCOUNT, client_keys=[str(key)], agent_path=None, config=None,
        host_key_alias="commsdesk", known_hosts=str(sshd.folder / "known_hosts"),
        connect_timeout=within(60), login_timeout=within(60),
    )  # fmt: skip
    async with connection:
        yield connection, told


async def ask(site: SiteOverSsh, command: str) -> asyncssh.SSHCompletedProcess:
    async with logged_in(site.sshd, site.keys["eve"]) as (connection, _):
        return await connection.run(command, timeout=within(60))


def group_names(site: SiteOverSsh) -> list[str]:
    with site.database.read() as connection:
        return list(connection.exec_driver_sql("SELECT name FROM user_group ORDER BY id").scalars())


async def test_a_command_with_a_nul_is_not_run(site: SiteOverSsh) -> None:
    before = group_names(site)
    with pytest.raises((asyncssh.DisconnectError, asyncssh.ChannelOpenError)):
        await ask(site, "group add Hidden\0 --help")
    until(lambda: "parse packet" in site.sshd.log, "sshd does not take the packet")
    assert group_names(site) == before


async def test_lines_are_words_and_no_second_command(site: SiteOverSsh) -> None:
    trace = site.sshd.folder / "trace"
    async with logged_in(site.sshd, site.keys["eve"]) as (connection, _):
        for line_end in ("\n", "\r\n", "\r"):
            refused = await connection.run(f"group list{line_end}touch {trace}{line_end}", timeout=within(60))
            assert refused.exit_status == 2 and refused.stdout == "", refused
            assert "commsdesk group list" in str(refused.stderr), refused
        assert not trace.exists()
        added = await connection.run("\ngroup\nadd\n'Night  \n shift'\n", timeout=within(60))
        assert added.exit_status == 0 and group_names(site)[-1] == "Night shift", added


async def test_a_command_of_any_length_ends_with_a_sentence(site: SiteOverSsh) -> None:
    before, begin = group_names(site), "group add "
    most = LONGEST_STRING - len("SSH_ORIGINAL_COMMAND=\0")
    async with logged_in(site.sshd, site.keys["eve"]) as (connection, _):
        for length, says in (
            (most, "name"), (most + 1, "Argument list too long"), (LONGEST_PACKET - 4096, "too long"),
        ):  # fmt: skip
            command = begin + "x" * (length - len(begin))
            ended = await connection.run(command, timeout=within(60))
            assert ended.exit_status not in (0, None) and ended.stdout == "", (length, ended.exit_status)
            said = str(ended.stderr)
            assert says in said and "Traceback" not in said and len(said) < 1000, (length, said[:500])
    assert group_names(site) == before


async def test_a_tunnel_is_refused(site: SiteOverSsh) -> None:
    """As `ssh -w` asks for it."""
    async with logged_in(site.sshd, site.keys["eve"]) as (connection, told):
        for way in (connection.open_tun, connection.open_tap):
            with pytest.raises(asyncssh.ChannelOpenError):
                await way()
        assert told.notes.count(REFUSES_TUNNELS) == 2, told.notes


async def test_a_tunnel_would_be_seen_where_it_is_allowed() -> None:
    """The other test's means: an sshd that permits one does not say so, whatever the kernel can do."""
    with Sshd("PermitTunnel yes") as sshd:
        key = sshd.new_key("eve")
        sshd.let_in(ACCOUNT, key)
        async with logged_in(sshd, key) as (connection, told):
            try:
                await connection.open_tun()
            except asyncssh.ChannelOpenError:
                until(lambda: "tun_open" in sshd.log, "sshd tried")
            assert REFUSES_TUNNELS not in told.notes
