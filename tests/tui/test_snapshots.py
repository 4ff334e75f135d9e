"""Every section, editor and dialog at both sizes, on sites where time stands still.

Where one looks different, the test shows the lines that differ; `python -m tests.tui.pictures NAME
--into FOLDER` draws it, and `pytest tests/tui/test_snapshots.py --snapshot-update` keeps what it is now.
"""

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.tui.fixed_site import time_stands_still
from tests.tui.pictures import FOLDER, IN_DOCS, at_each_size, build_sites
from tests.tui.views import NEW_SITE, VIEWS


class ScreenFile(SingleFileSnapshotExtension):
    """A file for each picture, as text that a person can read (see `drawn`)."""

    _file_extension = "txt"
    _write_mode = WriteMode.TEXT


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with time_stands_still():
        folder = tmp_path_factory.mktemp("sites")
        build_sites(folder)
        yield folder


@pytest.mark.parametrize("view", [*VIEWS, *NEW_SITE])
async def test_it_looks_as_it_did(sites: Path, view: str, snapshot: Any) -> None:
    problems: list[str] = []
    for size, picture, screen in await at_each_size(sites, view):
        kept = snapshot(name=size, extension_class=ScreenFile)
        if kept != screen:
            was = str(kept).splitlines()
            problems += unified_diff(was, screen.splitlines(), f"{view} at {size}", "now", n=0, lineterm="")
        if view in IN_DOCS and (FOLDER / f"{view}-{size}.svg").read_text("utf-8") != picture:
            problems.append(f"docs/pictures shows {view} at {size} as it was: make pictures")
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)
