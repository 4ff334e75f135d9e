"""What is thrown at a round: each fault is a function that acts on it for a while, by its own chance."""

import contextlib
import random
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scheduling.fault_points import POINTS
from storage import process, sqlite
from tests.faults.nursery import Child
from tests.faults.roles import LONGEST_CALL, NO_NAMES, SHIFT, TIMING

if TYPE_CHECKING:
    from tests.faults.rounds import Round

# What a gateway does wrong, as the local Clickatell writes it; times are longer than a call may last.
GATEWAY = (
    "timeout-before", "timeout-after", "reset-before", "reset-after", "close-before", "close-after",
    "half-answer-before", "half-answer-after", "long-content-length", "slow-drip=3", "big-body", "garbage",
    "delay-before=0.6", "delay-after=3", "idle-close", "stale-connection", "refuse-connection=0.4",
    "html-502-before", "html-502-after", "html-504-after", "http-500-after", "http-503-before",
    "rate-429", "rate-429-after=1", "redirect", "unauthorized", "ip-blocked", "account-frozen",
    "message-18", "message-19", "message-error=25", "no-money", "partial-207", "unknown-code",
    "shuffled", "missing-result", "extra-fields", "empty-202-before", "empty-202-after",
    "error-18-before", "error-18-after", "error-19", "rate-400", "error=977", "messages-null-before",
    "messages-missing-after", "messages-empty-before", "code-as-text", "wrong-json-after", "not-json-after",
    "xml-error", "xml-901", "xml-130=1", "xml-301", "xml-fault=977", "xml-no-answer-element-after",
    "xml-no-sequence", "gzip", "deflate", "gzip-cut-before", "gzip-cut-after", "zip-bomb-after=20",
    "brotli-after", "to-plus", "to-00", "to-spaced", "to-digit", "to-other", "xml-other-sequence",
    "xml-utf16", "xml-doctype", "xml-auth", "xml-auth-fault", "xml-ampersand",
)  # fmt: skip


def kill(round: "Round", chance: random.Random) -> None:
    """`kill -9` of an engine, the one that sends more often than not, and a new one in its place."""
    for _ in range(chance.randint(1, 4)):
        round.work_goes_on(chance.randrange(25))
        round.wait(chance.uniform(0, 0.1))
        round.kill(victim(round, chance), "kill -9")
        round.start_engine()


def points(round: "Round", chance: random.Random) -> None:
    """An engine that kills itself at the nth passage of a point, and another after it."""
    for _ in range(chance.randint(1, 3)):
        point = chance.choice(POINTS)
        armed = round.start_engine(point=f"{point}:{chance.randint(1, 5)}")
        # It must lead to come to any point, and have something to do there.
        for other in [one for one in round.engines if one is not armed]:
            round.kill(other, "kill -9")
        if "firing" in point:
            round.add_tasks(6)
        else:
            round.start_asker()
        if round.until(lambda one=armed: not one.alive, chance.uniform(3.0, 5.0)):
            round.count(f"kill -9 {point}")
        else:
            round.kill(armed, "kill -9")
        round.start_engine()


def stop(round: "Round", chance: random.Random) -> None:
    """SIGSTOP past the lease's life, then SIGCONT."""
    round.work_goes_on(chance.randrange(25))
    stopped = victim(round, chance)
    round.start_engine()
    # One that was stopped inside a write keeps everyone from writing: another fault, and not this one.
    for _ in range(50):
        stopped.signal(signal.SIGSTOP)
        time.sleep(0.005)
        if process.writer_of(round.database.path) != stopped.pid:
            break
        stopped.signal(signal.SIGCONT)
        time.sleep(0.003)
    round.count("SIGSTOP past the lease's life")
    round.wait(TIMING.lease_life * chance.uniform(1.2, 1.8))
    stopped.signal(signal.SIGCONT)


def stop_briefly(round: "Round", chance: random.Random) -> None:
    """SIGSTOP wherever it is, a write transaction included, for less than a life."""
    for _ in range(chance.randint(1, 4)):
        stopped = victim(round, chance)
        stopped.signal(signal.SIGSTOP)
        round.count("SIGSTOP for less than a life")
        round.wait(TIMING.lease_life * chance.uniform(0.1, 0.7))
        stopped.signal(signal.SIGCONT)
        round.wait(chance.uniform(0, 0.3))


def gateway(round: "Round", chance: random.Random) -> None:
    """A few kinds of bad answers, each on a share of the calls."""
    for kind in chance.sample(GATEWAY, chance.randint(2, 5)):
        round.clickatell.clickatell.faults.every(f"{kind}:{chance.choice((15, 30, 60))}%")
        round.count(f"gateway {kind.partition('=')[0]}")
    round.wait(chance.uniform(1.0, 2.5))


def outage(round: "Round", chance: random.Random) -> None:
    """Nobody listens, and what was open is cut."""
    round.wait(chance.uniform(0, 0.5))
    with round.unreachable():
        round.count("gateway refuses connections")
        round.wait(chance.uniform(0.2, 1.0))


def no_names(round: "Round", chance: random.Random) -> None:
    """The gateway's name is not found, and open connections are cut."""
    round.wait(chance.uniform(0, 0.5))
    missing = round.folder / NO_NAMES
    missing.touch()
    with round.unreachable():
        pass
    round.count("gateway's name not found (DNS)")
    round.wait(chance.uniform(0.3, 1.5))
    missing.unlink()


def no_answer(round: "Round", chance: random.Random) -> None:
    """Connections to the gateway are neither taken nor refused: they run out of time."""
    round.wait(chance.uniform(0, 0.5))
    with round.unreachable(), full_backlog(round.clickatell.clickatell.port):
        round.count("connections to the gateway run out of time")
        round.wait(chance.uniform(0.5, 2.0))


@contextlib.contextmanager
def full_backlog(port: int) -> Iterator[None]:
    """Somebody listens there and takes no connection: those that come after the first wait."""
    with contextlib.ExitStack() as open_now:
        silent = open_now.enter_context(socket.socket())
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        silent.bind(("127.0.0.1", port))
        silent.listen(0)
        for _ in range(4):
            filler = open_now.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        yield


def clients(round: "Round", chance: random.Random) -> None:
    """`kill -9` of those who send and raise, in the middle of it."""
    for asking in list(round.askers):
        round.wait(chance.uniform(0, 0.4))
        if asking.alive:
            asking.signal(signal.SIGKILL)
            round.count("kill -9 of a client")


def lock(round: "Round", chance: random.Random) -> None:
    """Another program holds the write lock."""
    hold_lock(round, chance.uniform(0.3, 2.0))


def long_lock(round: "Round", chance: random.Random) -> None:
    """The same for longer than anyone waits: those who ask are refused in words, and nothing is queued."""
    round.excuse("is locked by")
    hold_lock(round, 30.5)


def hold_lock(round: "Round", seconds: float) -> None:
    with contextlib.closing(sqlite.connect(round.database.path)) as other:
        begin(round, other)
        round.count(f"write lock held by another program{' for 30 s' if seconds >= 30 else ''}")
        round.wait(seconds)
        other.execute("ROLLBACK")


def greedy(round: "Round", chance: random.Random) -> None:
    """Another program writes one transaction after the other: SQLite gives nobody a turn."""
    end = time.monotonic() + chance.uniform(0.5, 2.5)
    keep = "INSERT INTO site_value (name, value) VALUES ('greedy', '') ON CONFLICT DO UPDATE SET value = ''"
    with contextlib.closing(sqlite.connect(round.database.path)) as other:
        while time.monotonic() < end:
            begin(round, other)
            other.execute(keep)
            time.sleep(0.02)
            other.execute("COMMIT")
    round.count("another program writes without a pause")


def begin(round: "Round", other: Any) -> None:
    """A write transaction, as soon as there is room for one."""

    def begun() -> bool:
        with contextlib.suppress(sqlite.Error):
            other.execute("BEGIN IMMEDIATE")
            return True
        return False

    assert round.until(begun, 60), "the write lock is never free"


def no_room(round: "Round", chance: random.Random) -> None:
    """Files may not grow beyond a size: SQLite's writes fail, in the middle of a transaction too."""
    round.excuse("does not read or write")
    round.wait(chance.uniform(0, 0.6))
    limited = [child for child in round.children if child.alive]
    size = chance.randrange(20_000, 200_000)
    limits = [(child, child.limit(resource.RLIMIT_FSIZE, size)) for child in limited]
    round.count("writes to the file fail")
    round.wait(chance.uniform(0.3, 2.0))
    for child, before in limits:
        if before is not None:
            child.limit(resource.RLIMIT_FSIZE, before)


def suspend(round: "Round", chance: random.Random) -> None:
    """Everything stands still at once, as on a machine that sleeps, and goes on."""
    round.work_goes_on(chance.randrange(25))
    asleep = [child for child in round.children if child.alive]
    for child in asleep:
        child.signal(signal.SIGSTOP)
    round.count("all processes stopped at once, and going on")
    round.wait(TIMING.lease_life * chance.uniform(0.3, 2.0))
    for child in chance.sample(asleep, len(asleep)):
        child.signal(signal.SIGCONT)


FIRST_LEASE = 10.0  # seconds; on a busy machine an engine takes a while to start


def clock(round: "Round", chance: random.Random) -> None:
    """The wall clock jumps, some minutes forward or back, and is put right after a while."""
    shift = round.folder / SHIFT
    if not round.until(round.was_led, FIRST_LEASE):
        return
    for _ in range(chance.randint(1, 2)):
        round.wait(chance.uniform(0, 0.8))
        seconds = chance.choice((-1, 1)) * chance.uniform(120, 600)
        write_whole(shift, str(seconds))
        round.count(f"the wall clock jumps {'forward' if seconds > 0 else 'back'}, and is put right")
        round.wait(chance.uniform(0.5, 2.0))
        write_whole(shift, "0")


def quiet_clock(round: "Round", chance: random.Random) -> None:
    """The clock is set on a site on which nothing waits, and somebody writes at once."""
    shift = round.folder / SHIFT
    if not round.until(round.was_led, FIRST_LEASE):
        return
    for _ in range(chance.randint(1, 2)):
        for asking in round.askers:
            asking.signal(signal.SIGSTOP)
        round.until(round.is_quiet, 3.0)
        seconds = chance.choice((-1, 1)) * chance.choice((65, 400, 4000)) * chance.uniform(1, 1.5)
        write_whole(shift, str(seconds))
        for asking in round.askers:
            asking.signal(signal.SIGCONT)
        round.start_asker()
        round.count(f"the wall clock of a quiet site jumps {'forward' if seconds > 0 else 'back'}")
        round.wait(chance.uniform(0.2, 1.5))
    write_whole(shift, "0")


def stop_with_answer(round: "Round", chance: random.Random) -> None:
    """SIGSTOP for longer than a call may last, while the gateway answers."""
    gateway = round.clickatell.clickatell
    slow = f"delay-after={LONGEST_CALL * 0.4}:100%"
    for _ in range(chance.randint(1, 2)):
        gateway.faults.every(slow)
        round.work_goes_on(chance.randrange(1, 5))
        stopped = victim(round, chance)
        stopped.signal(signal.SIGSTOP)
        round.count("SIGSTOP past the limit of a call, its answer in the socket")
        round.wait(LONGEST_CALL * chance.uniform(1.1, 1.6))
        stopped.signal(signal.SIGCONT)
        round.wait(chance.uniform(0, 0.3))


def write_whole(path: Path, text: str) -> None:
    """Nobody reads half of it."""
    draft = path.with_suffix(".new")
    draft.write_text(text)
    draft.replace(path)


def clean_stop(round: "Round", chance: random.Random) -> None:
    """SIGTERM and a new one."""
    round.wait(chance.uniform(0.1, 0.6))
    one = victim(round, chance)
    round.start_engine()
    one.signal(signal.SIGTERM)
    round.count("SIGTERM")


FAULTS: dict[str, Callable[["Round", random.Random], None]] = {
    each.__name__: each
    for each in (
        kill, points, stop, stop_briefly, suspend, clean_stop, clients,
        gateway, outage, no_names, no_answer,
        lock, long_lock, greedy, no_room, clock, quiet_clock, stop_with_answer,
    )
}  # fmt: skip
# Thirty seconds each: only in every fiftieth round.
LONG = ("long_lock",)


def victim(round: "Round", chance: random.Random) -> Child:
    """The leader in three cases of four, else any."""
    alive = [one for one in round.engines if one.alive] or [round.start_engine()]
    leader = [one for one in alive if one.pid == round.leader_pid]
    return leader[0] if leader and chance.random() < 0.75 else chance.choice(alive)
