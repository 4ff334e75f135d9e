"""What a hostile operator tries over a real sshd: each attempt fails, and leaves no trace on the machine."""

import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from storage.vocabulary import Role
from tests.processes.support import environment, within
from tests.system.openssh import LOOPBACK, Sshd
from tests.system.operators_over_ssh import ACCOUNT, SiteOverSsh

pytestmark = pytest.mark.timeout(600)

AT_ONCE = 4
TRACE = "trace"  # what an attempt that works would leave in the folder of the sshd

SHELLS = (
    "sh", "/bin/sh", "bash -i", "bash -c 'touch {trace}'", "sh -c 'touch {trace}'", "exec sh", "env sh",
    "python3 -c 'open(\"{trace}\", \"w\")'", "touch {trace}", "(touch {trace})", "{{ touch {trace}; }}",
    "status; touch {trace}", "status;touch {trace}", "status && touch {trace}", "status | touch {trace}",
    "status\ntouch {trace}", "status & touch {trace}", "$(touch {trace})", "`touch {trace}`",
    "$SHELL", "~/x", "status > {trace}", "status 2>{trace}", "group add $(touch {trace}) extra",
)  # fmt: skip
OTHERS = (
    "run", "demo", "web", "simulator", "service print", "backup {trace}", "restore {trace}", "adopt",
    "secrets rotate", "ssh keys", "ssh session 1", "ssh setup --into {trace}",
    "scp -t {trace}", "scp -f /etc/passwd", "/usr/lib/openssh/sftp-server", "internal-sftp",
    "rsync --server . {trace}", "git-upload-pack /",
)  # fmt: skip
OPTIONS = (
    "--data {trace} group add X", "--operator local:root group list", "-h", "--install-completion",
    "COMMSDESK_DATA={trace} group add X", "env COMMSDESK_DATA={trace} commsdesk group add X",
    "group list --data {trace}", "group list --operator local:root",
)  # fmt: skip
QUOTES = ("'", '"group list', "group list \\", "group list 'x", '"$(touch {trace})', "x" * 100_000)
FILES = (
    "user export {trace}", "user export ../../../{name}", "user export .hidden", "user export /dev/full",
    "user import /etc/shadow", "user import ../../secret.key", "review verify --against /etc/shadow",
    "handler add X --api one --api-key-file /etc/shadow",
    "handler add X --api one --api-key-file ../../secret.key",
    "operator add x --role viewer --key-file /etc/shadow",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(over_ssh: SiteOverSsh) -> Iterator[SiteOverSsh]:
    """Eve may do everything at the site, and wants the machine."""
    over_ssh.add("eve", Role.ADMINISTRATOR)
    yield over_ssh


@pytest.fixture
def trace(site: SiteOverSsh) -> Iterator[Path]:
    """A path that nothing may write to."""
    path = site.sshd.folder / TRACE
    yield path
    assert not path.exists() and not (site.folder / TRACE).exists()


def all_refused(site: SiteOverSsh, trace: Path, attempts: tuple[str, ...]) -> None:
    """Each ends with one line of commsdesk's own, and status 1 or 2."""
    # A space before it, so that the client does not take what begins with a dash for its own.
    words = [f" {attempt.format(trace=trace, name=TRACE)}" for attempt in attempts]
    with site.connection("eve") as by_it, ThreadPoolExecutor(AT_ONCE) as pool:
        ended = list(pool.map(lambda each: site.ask("eve", each, options=by_it), words))
    for attempt, end in zip(words, ended, strict=True):
        assert end.returncode in (1, 2), (attempt[:200], end)
        assert end.stdout == "", (attempt[:200], end.stdout)
        assert end.stderr and "Traceback" not in end.stderr and "root:" not in end.stderr, (
            attempt[:200],
            end,
        )
        assert not trace.exists(), attempt[:200]


@pytest.mark.parametrize("attempts", [SHELLS, OTHERS, OPTIONS, QUOTES, FILES], ids=lambda found: found[0])
def test_it_is_refused(site: SiteOverSsh, trace: Path, attempts: tuple[str, ...]) -> None:
    before = sorted(path.name for path in site.folder.iterdir())
    all_refused(site, trace, attempts)
    assert sorted(path.name for path in site.folder.iterdir() if path.name != "files") == [
        name for name in before if name != "files"
    ]
    with site.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM user_group").scalar() == 0


def test_what_looks_like_a_shell_is_only_text(site: SiteOverSsh, trace: Path) -> None:
    name = "$(id) `id` $HOME * ~"
    with site.connection("eve") as by_it:
        made = site.ask("eve", f"template add '{name}' '$(touch {trace}) ; touch {trace}'", options=by_it)
        assert made.returncode == 0 and name in made.stdout
        assert site.ask("eve", f"template remove '{name}'", options=by_it).returncode == 0


def test_nothing_that_a_client_sets_gets_in(site: SiteOverSsh, trace: Path, tmp_path: Path) -> None:
    touch = f"touch {trace}"
    hostile = {
        "COMMSDESK_DATA": str(trace), "PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": str(tmp_path / "x"),
        "PYTHONINSPECT": "1", "PYTHONHOME": str(tmp_path), "LD_PRELOAD": str(tmp_path / "x.so"),
        "BASH_ENV": f"$({touch})", "ENV": f"$({touch})", "BASH_FUNC_exec%%": f"() {{ {touch}; }}",
        "LC_ALL": f"$({touch})", "LC_EVIL": f"() {{ :; }}; {touch}", "LANG": f"`{touch}`",
        "LC_CTYPE": "../../../etc",
        "TEXTUAL_DRIVER": "x:y", "EDITOR": touch, "PATH": str(tmp_path), "NO_COLOR": f'"; {touch}; "',
    }  # fmt: skip
    (tmp_path / "sitecustomize.py").write_text(f"open({str(trace)!r}, 'w')")
    escaped = {name: value.replace('"', '\\"') for name, value in hostile.items()}
    options = ["-o", "SetEnv=" + " ".join(f'"{name}={value}"' for name, value in escaped.items())]
    ended = site.ask("eve", "status --json", options=options)
    assert str(site.folder) in ended.stdout, ended
    assert str(trace) not in ended.stdout and "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["sh", "bash -i", "vi", "status; sh"])
def test_a_terminal_makes_no_difference(site: SiteOverSsh, trace: Path, command: str) -> None:
    terminal = site.terminal("eve", command)
    assert terminal.ends(60) in (1, 2)
    assert "commsdesk: " in terminal.text


# Other things that sshd can do


def refused_by_sshd(site: SiteOverSsh, *words: str) -> str:
    """Run a client of OpenSSH that must fail; what it says."""
    ended = subprocess.run(
        words, capture_output=True, text=True, timeout=within(60), check=False, env=environment(),
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert ended.returncode != 0, (words, ended)
    return ended.stdout + ended.stderr


def test_no_port_is_forwarded(site: SiteOverSsh) -> None:
    key = site.keys["eve"]
    with closing(socket.create_server((LOOPBACK, 0))) as target, site.connection("eve") as by_it:
        target.setblocking(False)
        there = f"{LOOPBACK}:{target.getsockname()[1]}"
        said = refused_by_sshd(site, *site.sshd.words(ACCOUNT, key, options=(*by_it, "-W", there)))
        assert "prohibited" in said or "refused" in said, said
        remote = site.sshd.words(ACCOUNT, key, options=(*by_it, "-O", "forward", "-R", f"0:{there}"))
        assert "forward" in refused_by_sshd(site, *remote)
        for option, greeting in (("-L", b""), ("-D", b"\5\1\0")):
            with closing(socket.create_server((LOOPBACK, 0))) as free:
                port = free.getsockname()[1]
            spec = f"{LOOPBACK}:{port}:{there}" if option == "-L" else f"{LOOPBACK}:{port}"
            words = site.sshd.words(ACCOUNT, key, options=(*by_it, "-O", "forward", option, spec))
            assert subprocess.run(words, capture_output=True, check=False, env=environment()).returncode == 0
            with closing(socket.create_connection((LOOPBACK, port), within(20))) as through:
                through.sendall(greeting or b"x")
                if option == "-D":
                    assert through.recv(2) == b"\5\0"
                    through.sendall(
                        b"\5\1\0\1" + socket.inet_aton(LOOPBACK) + target.getsockname()[1].to_bytes(2, "big")
                    )
                through.settimeout(within(20))
                got = b""
                with suppress(ConnectionError):
                    while found := through.recv(100):
                        got += found
                assert got in (b"", b"\5\0\0\1\0\0\0\0\0\0"), got
        with pytest.raises(BlockingIOError):
            target.accept()
    assert "denied" in site.sshd.log or "prohibited" in site.sshd.log or "refused" in site.sshd.log


def test_no_agent_and_no_display(site: SiteOverSsh, tmp_path: Path) -> None:
    agent = tmp_path / "agent"
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(agent))
        listening.listen()
        asks = ("-o", f"ForwardAgent={agent}", "-o", "ForwardX11=yes", "-o", "ForwardX11Trusted=yes", "-v")
        words = site.sshd.words(ACCOUNT, site.keys["eve"], "group", "list", options=asks)
        surroundings = environment() | {"DISPLAY": "127.0.0.1:99", "HOME": str(tmp_path)}
        ended = subprocess.run(
            words, capture_output=True, text=True, timeout=within(60), check=False, env=surroundings
        )
    assert ended.returncode == 0, ended
    assert "X11 forwarding request failed" in ended.stderr
    granted = {
        line.rpartition("key options: ")[2] for line in ended.stderr.splitlines() if "key options:" in line
    }
    assert granted == {"command pty"}, "no agent-forwarding, port-forwarding, user-rc or x11-forwarding"


@contextmanager
def planted_rc(trace: Path, *ports: int) -> Iterator[None]:
    """The account's ~/.ssh/rc. It leaves its trace at logins to these servers, and does nothing at others."""
    folder = Path(pwd.getpwnam(ACCOUNT).pw_dir) / ".ssh"
    new = not folder.exists()
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "rc"
    if path.exists():
        pytest.skip(f"{path} is somebody's own")
    these = " | ".join(f"*' {port}'" for port in ports)
    try:
        path.write_text(f'case "$SSH_CONNECTION" in {these}) touch {trace};; esac\n')
        yield
    finally:
        path.unlink()
        if new:
            folder.rmdir()


def test_a_planted_rc_file_is_not_run(site: SiteOverSsh, trace: Path) -> None:
    with Sshd() as other, planted_rc(trace, site.sshd.port, other.port):
        assert site.ask("eve", "group list").returncode == 0
        assert not trace.exists()
        # It would be at a login that nothing restricts.
        key = other.new_key("eve")
        other.let_in(ACCOUNT, key)
        assert other.run(ACCOUNT, key, "true").returncode == 0
        assert trace.exists()
        trace.unlink()


def test_no_file_is_copied_in_or_out(site: SiteOverSsh, trace: Path, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("x")
    there = f"{ACCOUNT}@{LOOPBACK}"
    with site.connection("eve") as by_it:
        words = site.sshd.words(ACCOUNT, site.keys["eve"], options=by_it)[1:-1]
        at = words.index("-p")
        options = [*words[:at], "-P", *words[at + 1 :]]
        copy_in = (str(tmp_path / "in"), f"{there}:{trace}")
        copy_out = (f"{there}:/etc/passwd", str(tmp_path / "out"))
        for form in ((), ("-O",)):
            for copied in (copy_in, copy_out):
                refused_by_sshd(site, "/usr/bin/scp", *form, *options, *copied)
        refused_by_sshd(site, "/usr/bin/sftp", "-b", "/dev/null", *options, there)
        # The connection itself was well.
        assert site.ask("eve", "group list", options=by_it).returncode == 0
    assert not (tmp_path / "out").exists()


# The console


def test_the_console_goes_on_whatever_its_terminal_says(site: SiteOverSsh, trace: Path) -> None:
    eve = site.terminal("eve", options=("-o", "SetEnv=TERM=../../x;`id`%n LC_ALL=C"))
    eve.on_screen("Commands", 60)
    (pid,) = site.sessions()
    # Suspend, quit with a core, interrupt, a terminal that says to be larger than any.
    eve.press("\x1a\x1c\x03\x1b[48;60000;60000;1;1t")
    eve.resize(65535, 65535)
    eve.resize(120, 30)
    eve.press("\x0c")
    eve.press("2")
    eve.on_screen("No users yet")
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    assert state in "SR", "it goes on"
    assert _memory(pid) < 600_000_000
    eve.process.kill()
    site.nobody_is_left()


def _memory(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
