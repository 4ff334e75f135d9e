"""`make pictures`: the console's main views as SVG in docs/pictures, the same in every run."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from tests.tui.fixed_site import build_fixed, build_new, open_fixed, pictured, time_stands_still
from tests.tui.views import DOCUMENTED, NEW_SITE, SIZES, VIEWS

EVERY = {**VIEWS, **NEW_SITE}
PRESET = [*DOCUMENTED, "new-site"]

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"


async def take(folder: Path, name: str, size: tuple[int, int], theme: str = "dark") -> str:
    """One view of the site in `folder`, as SVG text."""
    desk = open_fixed(folder)
    try:
        app = pictured(desk, theme)
        async with app.run_test(size=size) as pilot:
            await EVERY[name](pilot)
            await pilot.pause()
            return app.export_screenshot()
    finally:
        desk.database.close()


async def take_all(folder: Path, into: Path, names: list[str], theme: str) -> None:
    for name in names:
        for width, height in SIZES:
            site = folder / ("new" if name in NEW_SITE else "site")
            picture = await take(site, name, (width, height), theme)
            (into / f"{name}-{width}x{height}.svg").write_text(picture, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="VIEW", help=f"of {', '.join(EVERY)}")
    parser.add_argument("--into", type=Path, default=FOLDER)
    parser.add_argument("--theme", default="dark")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as kept, time_stands_still():
        folder = Path(kept)
        build_fixed(folder / "site")
        build_new(folder / "new")
        asyncio.run(take_all(folder, options.into, options.names or PRESET, options.theme))


if __name__ == "__main__":
    main()
