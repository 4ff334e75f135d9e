"""`make pictures`: the console's main views as SVG in docs/pictures, the same in every run.

`make pictures-check` draws them as well, and names those that docs/pictures shows as they were.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from tests.sample import SampleSites
from tests.tui.fixed_site import time_stands_still
from tests.tui.fixed_views import EVERY, Sites, at_each_size
from tests.tui.views import DOCUMENTED

IN_DOCS = (*DOCUMENTED, "new-site")

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"


async def drawn(views: list[str], theme: str) -> AsyncIterator[tuple[str, str]]:
    """The name of each picture's file, and the picture."""
    with tempfile.TemporaryDirectory() as folder, time_stands_still():
        sites = Sites(Path(folder), SampleSites(Path(folder)))
        for view in views:
            async for size, _, app in at_each_size(sites, view, theme):
                yield f"{view}-{size}.svg", app.export_screenshot()


async def draw(into: Path, views: list[str], theme: str) -> None:
    async for name, picture in drawn(views, theme):
        (into / name).write_text(picture, encoding="utf-8")


async def stale(folder: Path, views: list[str], theme: str) -> list[str]:
    """The pictures in this folder that are missing, or show their view as it was."""
    found = []
    async for name, picture in drawn(views, theme):
        path = folder / name
        if not path.exists() or path.read_text("utf-8") != picture:
            found.append(name)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("views", nargs="*", metavar="VIEW", help=f"of {', '.join(EVERY)}")
    parser.add_argument("--into", type=Path, default=FOLDER)
    parser.add_argument("--theme", default="dark")
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    options = parser.parse_args()
    views = options.views or list(IN_DOCS)
    if not options.check:
        options.into.mkdir(parents=True, exist_ok=True)
        asyncio.run(draw(options.into, views, options.theme))
        return
    found = asyncio.run(stale(options.into, views, options.theme))
    for name in found:
        print(f"{options.into / name} shows the view as it was: make pictures", file=sys.stderr)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
