"""`make screens`: the text of every view as it is now, in tests/tui/screens, for `test_screens`."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from tests.sample import SampleSites
from tests.tui.fixed_site import time_stands_still
from tests.tui.fixed_views import EVERY, Sites, at_each_size

FOLDER = Path(__file__).with_name("screens")


def kept(view: str, size: str) -> list[str]:
    """The lines of the view at this size, none where it was never kept."""
    path = FOLDER / f"{view}-{size}.txt"
    return path.read_text("utf-8").splitlines() if path.exists() else []


async def keep(sites: Sites, views: list[str]) -> None:
    for view in views:
        async for size, screen, _ in at_each_size(sites, view):
            (FOLDER / f"{view}-{size}.txt").write_text(screen, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("views", nargs="*", metavar="VIEW", help=f"of {', '.join(EVERY)}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, time_stands_still():
        sites = Sites(Path(folder), SampleSites(Path(folder)))
        asyncio.run(keep(sites, options.views or list(EVERY)))


if __name__ == "__main__":
    main()
