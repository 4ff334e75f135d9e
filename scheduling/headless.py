"""The engine without a screen, from start to a clean stop."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from scheduling.engine import Engine
from scheduling.engine_thread import EngineThread

log = logging.getLogger(__name__)

LONGEST_STOP = 31.0  # seconds: what is under way may take 30


def run_headless(
    make: Callable[[], Engine],
    *,
    on_trouble: Callable[[str | None], None] = lambda text: None,
    on_reload: Callable[[], None] = lambda: None,
    seconds: float | None = None,
    has_terminal: bool | None = None,
) -> int:
    """Run until SIGTERM or SIGINT (or for so many seconds); the exit status.

    SIGHUP stops it when it has a terminal, and is a reload when it has none. A second
    SIGINT or SIGTERM does not wait for answers: what is under way becomes unknown.
    """
    terminal = sys.stdin.isatty() if has_terminal is None else has_terminal
    asked = threading.Event()
    reload = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            os._exit(128 + number)
        asked.set()

    def hang_up(number: int, frame: FrameType | None) -> None:
        if terminal:
            asked.set()
        else:
            reload.set()

    for number, handler in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, hang_up)):
        signal.signal(number, handler)
    thread = EngineThread(make)
    thread.start()
    until = None if seconds is None else time.monotonic() + seconds
    told: str | None = None
    while not asked.wait(0.2) and not thread.ended.is_set():
        if until is not None and time.monotonic() >= until:
            break
        trouble = thread.engine.trouble if thread.engine else None
        if trouble != told:
            told = trouble
            on_trouble(trouble)
        if reload.is_set():
            reload.clear()
            on_reload()
            if thread.engine:
                thread.engine.reload()
    thread.stop()
    clean = thread.join(LONGEST_STOP)
    if thread.error is not None:
        on_trouble(str(thread.error) or type(thread.error).__name__)
    return 0 if clean and thread.error is None else 1
