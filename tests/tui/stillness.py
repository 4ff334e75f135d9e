"""When a screen has come to rest: nothing works for it, nothing is about to, and it shows the same twice."""

from typing import Any

from textual.pilot import Pilot

from tests.tui.drawn import drawn
from tests.tui.support import settle
from tests.tui.textual_private import is_at_work
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
    return is_at_work(app) or any(panel._gathered for panel in app.screen.query(ReviewPanel))
