"""What is thrown at a round: each fault is a function that acts on it for a while, by its own chance."""

import contextlib
import random
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from scheduling.fault_points import POINTS
from storage import process, sqlite
from tests.faults.nursery import Child
from tests.faults.roles import TIMING

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
    "xml-no-sequence",
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
        # It must lead to come to any point.
        for other in [one for one in round.engines if one is not armed]:
            round.kill(other, "kill -9")
        if round.until(lambda one=armed: not one.alive, chance.uniform(1.0, 2.5)):
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
    round.clickatell.pause_listening()
    round.count("gateway refuses connections")
    round.wait(chance.uniform(0.2, 1.0))
    round.clickatell.resume_listening()


def clients(round: "Round", chance: random.Random) -> None:
    """`kill -9` of those who send and raise, in the middle of it."""
    for asking in list(round.askers):
        round.wait(chance.uniform(0, 0.4))
        if asking.alive:
            asking.signal(signal.SIGKILL)
            round.count("kill -9 of a client")


def lock(round: "Round", chance: random.Random) -> None:
    """Another program holds the write lock."""
    with contextlib.closing(sqlite.connect(round.database.path)) as other, contextlib.suppress(sqlite.Error):
        other.execute("BEGIN IMMEDIATE")
        round.count("write lock held by another program")
        round.wait(chance.uniform(0.3, 2.0))
        other.execute("ROLLBACK")


def clean_stop(round: "Round", chance: random.Random) -> None:
    """SIGTERM and a new one."""
    round.wait(chance.uniform(0.1, 0.6))
    one = victim(round, chance)
    round.start_engine()
    one.signal(signal.SIGTERM)
    round.count("SIGTERM")


FAULTS: dict[str, Callable[["Round", random.Random], None]] = {
    each.__name__: each
    for each in (kill, points, stop, stop_briefly, gateway, outage, clients, lock, clean_stop)
}


def victim(round: "Round", chance: random.Random) -> Child:
    """The leader in three cases of four, else any."""
    alive = [one for one in round.engines if one.alive] or [round.start_engine()]
    leader = [one for one in alive if one.pid == round.leader_pid]
    return leader[0] if leader and chance.random() < 0.75 else chance.choice(alive)
