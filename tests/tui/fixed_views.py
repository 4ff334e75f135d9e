"""The views of `views` on sites where time stands still, each at all sizes."""

from collections.abc import AsyncIterator
from pathlib import Path

from tests.sample import SampleSites
from tests.tui.fixed_site import build_new, copy_fixed, open_fixed, pictured
from tests.tui.stillness import still
from tests.tui.views import MENUS, NEW_SITE, SIZES, VIEWS
from tui.console.pictured import PicturedConsole

__all__ = ["EVERY", "SIZES", "Sites", "at_each_size"]

EVERY = {**VIEWS, **NEW_SITE}


class Sites:
    """The sites that the views are of: one full of life, one in which nothing was made yet."""

    def __init__(self, folder: Path, samples: SampleSites) -> None:
        self._full, self._new = folder / "site", folder / "new"
        copy_fixed(samples, self._full)
        build_new(self._new)

    def of(self, view: str) -> Path:
        return self._new if view in NEW_SITE else self._full


async def at_each_size(
    sites: Sites, view: str, theme: str = "dark"
) -> AsyncIterator[tuple[str, str, PicturedConsole]]:
    """One view at all sizes: which size, the screen as text (see `drawn`), and the console that shows it.

    It is one console that is made larger, and has to look as one that was started so. A menu closes
    when that happens: each size has a console of its own.
    """
    for sizes in [(size,) for size in SIZES] if view in MENUS else [SIZES]:
        desk = open_fixed(sites.of(view))
        try:
            app = pictured(desk, theme)
            async with app.run_test(size=sizes[0]) as pilot:
                await EVERY[view](pilot)
                for width, height in sizes:
                    if app.size != (width, height):
                        await pilot.resize_terminal(width, height)
                    yield f"{width}x{height}", await still(pilot), app
        finally:
            desk.database.close()
