"""When a screen has come to rest: nothing works for it, nothing is about to, and it shows the same twice."""

from collections.abc import Iterable
from typing import Any

from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.timer import Timer
from textual.widgets._toast import Toast
from textual.worker import Worker

from tests.tui.drawn import drawn
from tests.tui.support import settle
from tui.review.panel import ReviewPanel


async def still(pilot: Pilot[Any]) -> str:
    """Wait until nothing changes any more, and give what is on the screen (see `drawn`)."""
    seen = None
    while True:
        await at_rest(pilot)
        now = drawn(pilot.app)
        if now == seen and not _works(pilot.app):
            return now
        seen = now


async def at_rest(pilot: Pilot[Any]) -> None:
    """Wait until nothing works for the screen and nothing is about to."""
    await settle(pilot, lambda: not _works(pilot.app))
    await pilot.pause()


def _works(app: Any) -> bool:
    """Whether something will still change the screen without anybody touching it."""
    screen = app.screen
    return (
        any(seen.size != app.size for seen in (screen, *app._background_screens))
        or any(not worker.is_finished and not _waits_for_person(worker, app) for worker in app.workers)
        or any(_is_due(timer) for pump in _pumps(app) for timer in pump._timers)
        or any(panel._gathered for panel in screen.query(ReviewPanel))
        or bool(screen._layout_required or screen._dirty_widgets or screen._callbacks)
    )


def _waits_for_person(worker: Worker[Any], app: Any) -> bool:
    """Whether it has asked something in a dialog and waits for the answer."""
    asked = [waits.future for screen in app.screen_stack for waits in screen._result_callbacks]
    waits_for = getattr(worker._task, "_fut_waiter", None)
    return waits_for is not None and (waits_for in asked or waits_for in getattr(app, "awaited", ()))


def _pumps(app: Any) -> Iterable[MessagePump]:
    yield app
    for screen in app.screen_stack:
        yield from (node for node in screen.walk_children(with_self=True) if not isinstance(node, Toast))


def _is_due(timer: Timer) -> bool:
    """A timer that runs once: a pause before reading, the end of a batch of drawing."""
    return timer._repeat is not None and timer._task is not None and not timer._task.done()
