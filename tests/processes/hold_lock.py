"""Stopped inside a write transaction, until continued: `hold_lock.py DATABASE`."""

import os
import signal
import sys
from pathlib import Path

from storage import sqlite


def main(path: Path) -> None:
    connection = sqlite.connect(path)
    connection.execute("BEGIN IMMEDIATE")
    os.kill(os.getpid(), signal.SIGSTOP)
    connection.execute("ROLLBACK")
    connection.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
