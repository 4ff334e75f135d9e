"""What is kept of an error that nobody foresaw: the way to it, without values and without secrets."""

import traceback
from datetime import UTC, datetime
from pathlib import Path

from tui.cli.secret_input import redacted

NAME = "errors.log"
LARGEST = 1_000_000  # bytes; then the file starts again, the last one kept beside it


def record(error: BaseException, logs: Path) -> Path | None:
    """Write the traceback to the log folder. The file, or None where it cannot be written."""
    text = redacted("".join(traceback.format_exception(error)))
    target = logs / NAME
    try:
        logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        if target.exists() and target.stat().st_size > LARGEST:
            target.replace(target.with_suffix(".log.1"))
        target.touch(mode=0o600)
        with target.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{datetime.now(UTC).isoformat()} {text}\n")
    except OSError:
        return None
    return target
