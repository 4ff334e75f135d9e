"""Rounds of faults, counted: `python -m tests.faults.harness --rounds 300 --seed 1`.

`--engines 8 --seconds 120 --rounds 1` is one long round of random kills and stops. Exit status 1 when
anything was lost, doubled without an unknown outcome, or in a wrong state.
"""

import argparse
import collections
import random
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.faults import FAULTS
from tests.faults.nursery import Nursery
from tests.faults.rounds import Round
from tests.faults.verdict import Verdict
from tests.gateways.accounts import APIS

KILLS_AND_STOPS = ("kill", "stop", "stop_briefly", "clean_stop")


@dataclass(slots=True)
class Tally:
    """The sum of all rounds. `bad` are the names of those that failed, with what was wrong."""

    rounds: int = 0
    sums: collections.Counter[str] = field(default_factory=collections.Counter)
    states: collections.Counter[str] = field(default_factory=collections.Counter)
    thrown: collections.Counter[str] = field(default_factory=collections.Counter)
    bad: list[str] = field(default_factory=list)

    def add(self, played: Round, verdict: Verdict) -> None:
        self.rounds += 1
        for name in ("asked", "messages", "attempts", "arrived", "explained", "epochs", "firings"):
            self.sums[name] += getattr(verdict, name)
        for name in ("lost", "doubled", "wrong"):
            self.sums[name] += len(getattr(verdict, name))
        self.states.update(verdict.states)
        self.thrown.update(played.thrown)
        if not verdict.good:
            self.bad.append(f"{played.name} ({played.folder}): {verdict}")

    def __str__(self) -> str:
        lines = [f"{self.rounds} rounds"]
        lines += [f"  {name:12} {count:>8,}" for name, count in self.sums.items()]
        lines += ["ended as"] + [f"  {name:12} {count:>8,}" for name, count in self.states.most_common()]
        lines += ["thrown"] + [f"  {count:>6,}  {name}" for name, count in sorted(self.thrown.items())]
        return "\n".join(lines + self.bad)


def play(
    seed: int,
    numbers: range,
    folder: Path,
    *,
    at_once: int = 1,
    wanted: tuple[str, ...] | None = None,
    engines: int | None = None,
    seconds: float | None = None,
    until: float | None = None,
    gateway: str = "xml",
) -> Tally:
    """Play these rounds. `until` is the monotonic time after which no other begins."""
    tally, lock = Tally(), threading.Lock()
    nursery = Nursery()

    def one(number: int) -> None:
        if until is not None and time.monotonic() > until:
            return
        played = Round(
            nursery,
            folder,
            seed,
            number,
            wanted=wanted,
            engines=engines,
            seconds=seconds,
            gateway=gateway,
        )
        try:
            verdict = played.play()
        except Exception as error:
            verdict = Verdict(wrong=[f"the round could not be played: {error!r}"])
        with lock:
            tally.add(played, verdict)
            mark = "good" if verdict.good else f"BAD  {verdict}"
            print(f"{tally.rounds:4} {played.name} {mark}", file=sys.stderr, flush=True)

    try:
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(one, numbers))
    finally:
        nursery.close()
    return tally


def main(arguments: list[str]) -> int:
    options = _options().parse_args(arguments)
    wanted = tuple(options.fault) or (KILLS_AND_STOPS if options.engines else None)
    folder = Path(tempfile.mkdtemp(prefix="commsdesk-faults-", dir=options.folder))
    print(f"seed {options.seed}, in {folder}", file=sys.stderr)
    tally = play(
        options.seed,
        range(options.first, options.first + options.rounds),
        folder,
        at_once=options.at_once,
        wanted=wanted,
        engines=options.engines,
        seconds=options.seconds,
        until=time.monotonic() + options.within if options.within else None,
        gateway=options.gateway,
    )
    print(tally)
    return 1 if tally.bad else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.faults.harness")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--first", type=int, default=1, help="the number of the first round")
    parser.add_argument("--at-once", type=int, default=8, help="rounds played side by side")
    parser.add_argument("--fault", action="append", default=[], choices=sorted(FAULTS))
    parser.add_argument("--engines", type=int, help="so many engines on each site")
    parser.add_argument("--seconds", type=float, help="how long each round throws")
    parser.add_argument("--gateway", default="xml", choices=APIS, help="of every second handler")
    parser.add_argument("--within", type=float, help="seconds after which no other round begins")
    parser.add_argument("--folder", type=Path, help="where the sites are made; preset: the temporary folder")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
