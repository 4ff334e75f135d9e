"""The log in systemd's journal, each entry with fields that `journalctl` can ask for.

The journal's own protocol rather than `<3>` before a line on standard error: a traceback stays
one entry, and level, part and place are fields (`journalctl -u commsdesk -p warning`,
`COMMSDESK_PART=scheduling.delivery`), not words to be cut out of a text.
"""

import logging
import os
import socket
import struct
import sys
from collections.abc import Mapping
from pathlib import Path

SOCKET = Path("/run/systemd/journal/socket")
LARGEST = 48_000  # characters of an entry; a datagram holds some 200 kB
PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
DEBUG = 7


class Journal(logging.Handler):
    """Writes each record as an entry; what the journal does not take goes to standard error."""

    def __init__(self, address: Path = SOCKET) -> None:
        super().__init__()
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._otherwise = logging.StreamHandler()

    @classmethod
    def here(cls, address: Path = SOCKET) -> "Journal | None":
        """The journal, when standard error is connected to it and it can be reached."""
        if _stream_of(os.environ.get("JOURNAL_STREAM", "")) and address.exists():
            return cls(address)
        return None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._socket.sendto(entry(fields_of(record, self.format(record))), str(self._address))
        except OSError:
            self._otherwise.setFormatter(self.formatter)
            self._otherwise.emit(record)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        self._socket.close()
        super().close()


def _stream_of(named: str) -> bool:
    """Whether standard error is the stream that JOURNAL_STREAM names as device:inode."""
    try:
        found = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):
        return False
    return named == f"{found.st_dev}:{found.st_ino}"


def fields_of(record: logging.LogRecord, text: str) -> dict[str, str]:
    """What the journal keeps of a record, by field."""
    found = {
        "MESSAGE": text[:LARGEST],
        "PRIORITY": str(next((kept for level, kept in PRIORITIES if record.levelno >= level), DEBUG)),
        "SYSLOG_IDENTIFIER": "commsdesk",
        "COMMSDESK_PART": record.name,
        "CODE_FILE": record.pathname,
        "CODE_LINE": str(record.lineno),
        "CODE_FUNC": record.funcName or "",
    }
    if record.exc_info and record.exc_info[0] is not None:
        found["COMMSDESK_ERROR"] = record.exc_info[0].__name__
    return found


def entry(fields: Mapping[str, str]) -> bytes:
    """The fields as the journal's protocol writes them: every value with its length before it."""
    parts = []
    for name, value in fields.items():
        raw = value.encode("utf-8", "backslashreplace")
        parts.append(name.encode() + b"\n" + struct.pack("<Q", len(raw)) + raw + b"\n")
    return b"".join(parts)
