"""`make pictures`: the console's main views as SVG in docs/pictures, the same in every run."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from tests.tui.fixed_site import build_fixed, build_new, open_fixed, pictured, time_stands_still
from tests.tui.stillness import still
from tests.tui.views import DOCUMENTED, MENUS, NEW_SITE, SIZES, VIEWS

EVERY = {**VIEWS, **NEW_SITE}
IN_DOCS = (*DOCUMENTED, "new-site")

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"


def build_sites(folder: Path) -> None:
    """The sites that the views are of: one full of life, one in which nothing was made yet."""
    build_fixed(folder / "site")
    build_new(folder / "new")


async def at_each_size(folder: Path, view: str, theme: str = "dark") -> list[tuple[str, str, str]]:
    """One view at all sizes: which size, the picture as SVG, the screen as text (see `drawn`).

    It is one console that is made larger, and has to look as one that was started so. A menu closes
    when that happens: each size has a console of its own.
    """
    taken = []
    for sizes in [(size,) for size in SIZES] if view in MENUS else [SIZES]:
        desk = open_fixed(folder / ("new" if view in NEW_SITE else "site"))
        try:
            app = pictured(desk, theme)
            async with app.run_test(size=sizes[0]) as pilot:
                await EVERY[view](pilot)
                for width, height in sizes:
                    if app.size != (width, height):
                        await pilot.resize_terminal(width, height)
                    screen = await still(pilot)
                    taken.append((f"{width}x{height}", app.export_screenshot(), screen))
        finally:
            desk.database.close()
    return taken


async def draw(folder: Path, into: Path, views: list[str], theme: str) -> None:
    for view in views:
        for size, picture, _ in await at_each_size(folder, view, theme):
            (into / f"{view}-{size}.svg").write_text(picture, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("views", nargs="*", metavar="VIEW", help=f"of {', '.join(EVERY)}")
    parser.add_argument("--into", type=Path, default=FOLDER)
    parser.add_argument("--theme", default="dark")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as kept, time_stands_still():
        build_sites(Path(kept))
        asyncio.run(draw(Path(kept), options.into, options.views or list(IN_DOCS), options.theme))


if __name__ == "__main__":
    main()
