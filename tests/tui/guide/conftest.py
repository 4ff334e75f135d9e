"""A new site with an operator named ana, and the local Clickatell."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo_data.clickatell.threaded import ThreadedClickatell
from tests.tui.sections.people import desk_at
from tui.operations.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path) as made:
        yield made


@pytest.fixture
def clickatell() -> Iterator[ThreadedClickatell]:
    with ThreadedClickatell() as running:
        yield running
