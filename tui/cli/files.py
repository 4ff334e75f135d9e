"""Files that a command is given: read whole from a path or from standard input."""

import sys

from tui.cli import context
from tui.operations import local_files
from tui.operations.errors import Refused


def read_bytes(source: str, most: int) -> bytes:
    """At most `most` bytes and one more of the file, or of standard input for `-`. Raises `Refused`."""
    if source == "-":
        return sys.stdin.buffer.read(most + 1)
    return local_files.read(context.files(), source, most, pipes=True)


def read_text(source: str, option: str, most: int) -> str:
    """The same as UTF-8 text; `option` is named when it is none. Raises `Refused`."""
    try:
        return read_bytes(source, most).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(f"{option}: {source} is not a text file", option) from None
