"""The engine without a screen, from start to a clean stop, and what its service manager hears of it."""

import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from scheduling.engine import Engine
from scheduling.engine_thread import EngineThread
from scheduling.sd_notify import Notifier

log = logging.getLogger(__name__)

LONGEST_STOP = 31.0  # seconds: what is under way may take 30
LOOK_EVERY = 0.2
STOP, RELOAD = "stop", "reload"
WATCH_EVERY = 1.0


def run_headless(
    make: Callable[[], Engine],
    *,
    on_trouble: Callable[[str | None], None] = lambda text: None,
    seconds: float | None = None,
    has_terminal: bool | None = None,
    notifier: Notifier | None = None,
) -> int:
    """Run until SIGTERM or SIGINT (or for so many seconds); the exit status.

    SIGHUP stops it when it has a terminal, and is a reload when it has none. A second
    SIGINT or SIGTERM does not wait for answers: what is under way becomes unknown.
    """
    terminal = sys.stdin.isatty() if has_terminal is None else has_terminal
    # An Event's lock may be held by the thread that a handler interrupts; this queue's `put` never waits.
    asked: queue.SimpleQueue[str] = queue.SimpleQueue()
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        if stopping:
            os._exit(128 + number)
        stopping = True
        asked.put(STOP)

    def hang_up(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = stopping or terminal
        asked.put(STOP if terminal else RELOAD)

    for number, handler in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, hang_up)):
        signal.signal(number, handler)
    thread = EngineThread(make)
    thread.start()
    telling = _Telling(thread, on_trouble, notifier or Notifier())
    until = None if seconds is None else time.monotonic() + seconds
    while (found := _next(asked)) != STOP and not thread.ended.is_set():
        if until is not None and time.monotonic() >= until:
            break
        telling.look(reload=found == RELOAD)
    telling.stopping()
    thread.stop()
    clean = thread.join(LONGEST_STOP)
    if thread.error is not None:
        on_trouble(str(thread.error) or type(thread.error).__name__)
    return 0 if clean and thread.error is None else 1


def _next(asked: "queue.SimpleQueue[str]") -> str | None:
    try:
        return asked.get(timeout=LOOK_EVERY)
    except queue.Empty:
        return None


class _Telling:
    """Watches the engine from the main thread, and passes on what changes."""

    def __init__(
        self,
        thread: EngineThread,
        on_trouble: Callable[[str | None], None],
        notifier: Notifier,
    ) -> None:
        self._thread = thread
        self._on_trouble = on_trouble
        self._notifier = notifier
        self._reload = False
        self._told: str | None = None
        self._stalled: tuple[str, ...] = ()
        self._ready = False
        self._reloaded: threading.Event | None = None
        self._watched_at = float("-inf")

    def look(self, *, reload: bool) -> None:
        self._reload = self._reload or reload
        engine = self._thread.engine
        if engine is None:
            return
        if engine.trouble != self._told:
            self._told = engine.trouble
            self._on_trouble(self._told)
        self._hang_up(engine)
        if not self._ready and engine.started:
            self._ready = True
            self._notifier.ready(state_line(engine))
        elif self._ready and self._reloaded is None:
            self._notifier.status(state_line(engine))
        self._watch(engine)

    def stopping(self) -> None:
        engine = self._thread.engine
        calls = engine.in_flight if engine else 0
        self._notifier.stopping(f"stopping, {calls} calls under way")

    def _hang_up(self, engine: Engine) -> None:
        if self._reload and engine.started and self._reloaded is None:
            self._reload = False
            self._notifier.reloading()
            self._reloaded = engine.reload()
        if self._reloaded is not None and self._reloaded.is_set():
            self._reloaded = None
            self._notifier.ready(state_line(engine))

    def _watch(self, engine: Engine) -> None:
        """Feed the watchdog while every loop goes round. An engine that hangs is not fed."""
        now = time.monotonic()
        if not self._ready or now - self._watched_at < WATCH_EVERY:
            return
        self._watched_at = now
        stalled = engine.progress.look()
        if stalled != self._stalled:
            self._stalled = stalled
            if stalled:
                log.error("no progress in: %s; the watchdog is not fed", ", ".join(stalled))
        if not stalled:
            self._notifier.alive()


def state_line(engine: Engine) -> str:
    """What the engine is doing, in a line for the service manager."""
    if engine.progress.stalled:
        return f"no progress in: {', '.join(engine.progress.stalled)}"
    if engine.trouble:
        return engine.trouble
    if not engine.holds_lease:
        return "standing by: another process sends"
    calls = engine.in_flight
    return (
        f"sending, {calls} {'call' if calls == 1 else 'calls'} under way"
        if calls
        else "sending, nothing under way"
    )
