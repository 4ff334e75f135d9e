"""The log of the program: on standard error or in the journal for `run`, in a file for a console."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from tui.cli.journal import Journal
from tui.cli.secret_input import redacted
from tui.text.plain import plain_str

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
JOURNAL_LINE = "%(message)s"  # the journal has time, level and part in fields of their own
LARGEST = 2_000_000  # bytes a file, three files kept


class SafeFormatter(logging.Formatter):
    """One line an event, without secrets and without anything that could steer a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        first, *rest = super().format(record).splitlines() or [""]
        return "\n".join(plain_str(redacted(line)) for line in [first, *rest])


def log_for_service() -> None:
    """In the journal, with fields, where standard error goes there; else on standard error."""
    handler: logging.Handler
    journal = Journal.here()
    if journal is not None:
        handler = journal
        handler.setFormatter(SafeFormatter(JOURNAL_LINE))
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(SafeFormatter(LINE))
    _install(handler)


def log_to_file(folder: Path) -> None:
    """`commsdesk.log` in the site's log folder, for its owner only. Without rights there: no log."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = RotatingFileHandler(
            folder / "commsdesk.log", maxBytes=LARGEST, backupCount=2, encoding="utf-8", delay=True
        )
    except OSError:
        return
    handler.setFormatter(SafeFormatter(LINE))
    _install(handler)


def _install(handler: logging.Handler) -> None:
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # They write whole requests at DEBUG and a line a call at INFO.
    for name in ("httpx", "httpcore", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
