"""Which process this is, and whether another one named in the database still lives."""

import hashlib
import os
import socket
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """Enough to recognise a process for certain on the same boot of the same machine."""

    host: str
    boot_id: str
    pid_namespace: str
    pid: int
    start: str


class Life(StrEnum):
    ALIVE = "alive"
    DEAD = "dead"
    CANNOT_TELL = "cannot tell"


@lru_cache(maxsize=1)
def _boot_id() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


@lru_cache(maxsize=1)
def boot_key() -> int | None:
    """A number for this boot, as all processes see it that share its boot time; None where it is not told."""
    boot_id = _boot_id()
    if not boot_id:
        return None
    try:
        # In a time namespace the boot time is another one.
        namespace = str((PROC / "self/ns/time").readlink())
    except OSError:
        namespace = ""
    return int.from_bytes(hashlib.sha256(f"{boot_id} {namespace}".encode()).digest()[:4], "big")


def _pid_namespace() -> str:
    try:
        return str((PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _stat_fields(pid: int) -> list[str] | None:
    try:
        stat = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The command may hold spaces and brackets; what follows the last bracket is regular.
    return stat.rpartition(")")[2].split()


def process_start(pid: int) -> str:
    """The kernel's start time of a process in ticks, or "" where it cannot be read."""
    fields = _stat_fields(pid)
    return fields[19] if fields and len(fields) > 19 else ""


def is_stopped(pid: int) -> bool:
    """Whether the process is stopped by a signal or a debugger."""
    fields = _stat_fields(pid)
    return bool(fields) and fields[0] in ("T", "t")  # type: ignore[index]


def this_process() -> ProcessIdentity:
    pid = os.getpid()
    return ProcessIdentity(socket.gethostname(), _boot_id(), _pid_namespace(), pid, process_start(pid))


def life_of(boot_id: str | None, pid_namespace: str | None, pid: int | None, start: str | None) -> Life:
    """Whether that process lives. Judged only inside one boot and one PID namespace."""
    here = this_process()
    if not boot_id or not here.boot_id or pid is None or pid_namespace != here.pid_namespace:
        return Life.CANNOT_TELL
    if boot_id != here.boot_id:
        # Another boot of this machine, or another machine on shared storage: only the first is surely dead.
        return Life.CANNOT_TELL
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return Life.DEAD
    except PermissionError:
        return Life.ALIVE
    fields = _stat_fields(pid)
    if fields is None:
        return Life.CANNOT_TELL
    if fields[0] in ("Z", "X") or (start and fields[19] != start):
        return Life.DEAD
    return Life.ALIVE


def writer_of(path: Path) -> int | None:
    """The process that holds SQLite's write lock on a WAL database, where the kernel tells.

    Reads the kernel's lock table: opening the file itself would drop this process's own locks.
    The write lock is byte 120 of the -shm file (SQLite's WAL-index format).
    """
    try:
        info = Path(f"{path}-shm").stat()
        lines = (PROC / "locks").read_text().splitlines()
    except OSError:
        return None
    inode = str(info.st_ino)
    for line in lines:
        words = line.split()
        if "WRITE" not in words or not words[-3].endswith(f":{inode}"):
            continue
        first, last = words[-2], words[-1]
        if int(first) <= 120 and (last == "EOF" or int(last) >= 120):
            pid = int(words[-4])
            return pid if pid > 0 else None
    return None
