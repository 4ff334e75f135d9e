"""How long a standby takes to follow, with the real lease: `python -m tests.faults.takeover [TIMES]`."""

import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from demo_data.clickatell import ThreadedClickatell
from tests.processes.support import Program, Site

WAYS = {
    "kill -9": signal.SIGKILL,
    "a hang (SIGSTOP)": signal.SIGSTOP,
    "a clean stop (SIGTERM)": signal.SIGTERM,
}
LOOK_EVERY = 0.005  # seconds


def measure(how: signal.Signals) -> float:
    """Seconds from the signal (from the end of the process, for a clean stop) to the other's lease."""
    with tempfile.TemporaryDirectory() as name, ThreadedClickatell() as clickatell:
        site = Site(Path(name) / "site", clickatell)
        try:
            first, second = site.leader(), site.standby()
            first.signal(how)
            if how is signal.SIGTERM:
                first.ends()
            return _until_it_leads(site, second)
        finally:
            site.close()


def _until_it_leads(site: Site, second: Program) -> float:
    begun = time.monotonic()
    while site.lease.holder_pid != second.pid:
        if time.monotonic() - begun > 60:
            raise SystemExit(f"nobody follows: {second.said}")
        time.sleep(LOOK_EVERY)
    return time.monotonic() - begun


def main(words: list[str]) -> None:
    times = int(words[0]) if words else 5
    for name, how in WAYS.items():
        found = sorted(measure(how) for _ in range(times))
        middle = statistics.median(found)
        print(
            f"{name}: median {middle:.2f} s, {found[0]:.2f} to {found[-1]:.2f} s, {times} times", flush=True
        )


if __name__ == "__main__":
    main(sys.argv[1:])
