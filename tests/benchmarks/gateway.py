"""The gateway that benchmarks send to: a local Clickatell in a process of its own, and what that uses."""

import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes.support import PROGRAM, Program


@contextmanager
def simulator() -> Iterator[tuple[str, int]]:
    """The base URL of a local Clickatell in a process of its own, and the process."""
    rich = ["--balance", "1000000", "--credits", "1000000"]
    program = Program([*PROGRAM, "simulator", "--port", "0", "--quiet", *rich], output=True)
    try:
        yield re.findall(r"base URL (http://[\d.:]+),", program.says("base URL"))[0], program.pid
    finally:
        program.kill()


def processor_seconds(pid: int) -> float:
    """What a process has used so far, where the kernel tells."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return math.nan
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
