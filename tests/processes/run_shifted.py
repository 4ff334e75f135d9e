"""`commsdesk` with its wall clock moved, and no other: `run_shifted.py SECONDS ARGUMENT…`."""

import sys
from datetime import UTC, datetime, timedelta

from scheduling.clock import SystemClock
from tui.cli.main import execute


def main(seconds: float, arguments: list[str]) -> int:
    shift = timedelta(seconds=seconds)
    SystemClock.now = lambda self: datetime.now(UTC) + shift  # type: ignore[method-assign]
    return execute(arguments)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
