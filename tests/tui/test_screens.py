"""Every section, editor and dialog at both sizes, as text, on sites where time stands still.

Where one looks different, the test shows the lines that differ. `make screens VIEWS="handler"` keeps
what it is now; `python -m tests.tui.pictures handler --into FOLDER` draws it.
"""

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.sample import SampleSites
from tests.tui.fixed_site import time_stands_still
from tests.tui.fixed_views import EVERY, SIZES, Sites, at_each_size
from tests.tui.keep_screens import kept


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory, sample_sites: SampleSites) -> Iterator[Sites]:
    with time_stands_still():
        yield Sites(tmp_path_factory.mktemp("sites"), sample_sites)


@pytest.mark.parametrize("view", EVERY)
async def test_it_looks_as_it_did(sites: Sites, view: str) -> None:
    problems: list[str] = []
    async for size, screen, _ in at_each_size(sites, view):
        was = kept(view, size)
        now = screen.splitlines()
        problems += unified_diff(was, now, f"{view} at {size}", "now", n=0, lineterm="")
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def test_no_screen_is_kept_of_a_view_that_is_gone() -> None:
    wanted = {f"{view}-{width}x{height}" for view in EVERY for width, height in SIZES}
    assert {path.stem for path in Path(__file__).with_name("screens").iterdir()} == wanted
