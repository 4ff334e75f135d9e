"""Every section and the main dialogs as pictures, at both sizes, on a site where time stands still."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tui.fixed_site import build_fixed, open_fixed, pictured, time_stands_still
from tests.tui.views import SIZES, VIEWS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with time_stands_still():
        found = tmp_path_factory.mktemp("fixed") / "site"
        build_fixed(found)
        yield found


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "{}x{}".format(*size))
@pytest.mark.parametrize("view", VIEWS)
def test_it_looks_as_it_did(
    folder: Path, view: str, size: tuple[int, int], snap_compare: Callable[..., bool]
) -> None:
    desk = open_fixed(folder)
    try:
        assert snap_compare(pictured(desk), terminal_size=size, run_before=VIEWS[view])
    finally:
        desk.database.close()
