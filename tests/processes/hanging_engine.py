"""An engine as in `commsdesk run` whose database thread hangs from SIGUSR1 to SIGUSR2."""

import signal
import sys
import threading

from scheduling.engine import Engine
from scheduling.headless import run_headless
from scheduling.planner import Planner
from scheduling.timing import Timing
from storage.site import open_site

goes_on = threading.Event()
goes_on.set()
tick = Planner.tick


def hang_and_tick(self: Planner, epoch: int) -> int:
    goes_on.wait()
    return tick(self, epoch)


def main(folder: str) -> int:
    Planner.tick = hang_and_tick  # type: ignore[method-assign]
    signal.signal(signal.SIGUSR1, lambda number, frame: goes_on.clear())
    signal.signal(signal.SIGUSR2, lambda number, frame: goes_on.set())
    timing = Timing(beat_every=0.3, rest_at_most=0.2, longest_round=2.0)
    database = open_site(folder)
    return run_headless(lambda: Engine(database, kind="run", timing=timing), has_terminal=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
