"""Every section, editor and dialog as a picture, at both sizes, on a site where time stands still."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.fixed_site import build_fixed, open_fixed, pictured, time_stands_still
from tests.tui.views import SIZES, VIEWS, Reach, still

# The views whose pictures have proved to come out the same on a busy machine too; `make pictures` has all.
COMPARED = (
    "alert", "alerts", "entry", "handler", "handlers", "help", "messages", "occurrences", "review",
    "send-message", "task", "tasks", "user", "users", "users-menu",
)  # fmt: skip

both_sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: "{}x{}".format(*size))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with time_stands_still():
        found = tmp_path_factory.mktemp("fixed") / "site"
        build_fixed(found)
        yield found


@both_sizes
@pytest.mark.parametrize("view", COMPARED)
def test_it_looks_as_it_did(
    folder: Path, view: str, size: tuple[int, int], snap_compare: Callable[..., bool]
) -> None:
    assert looks_the_same(snap_compare, folder, VIEWS[view], size)


def looks_the_same(
    snap_compare: Callable[..., bool], folder: Path, reach: Reach, size: tuple[int, int]
) -> bool:
    async def reached(pilot: Pilot[Any]) -> None:
        await reach(pilot)
        await still(pilot)

    desk = open_fixed(folder)
    try:
        return snap_compare(pictured(desk), terminal_size=size, run_before=reached)
    finally:
        desk.database.close()
