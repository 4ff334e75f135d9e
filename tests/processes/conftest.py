"""A site with a local Clickatell; what is started on it is killed at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo_data.clickatell import ThreadedClickatell
from tests.processes.support import Site


@pytest.fixture
def clickatell() -> Iterator[ThreadedClickatell]:
    with ThreadedClickatell() as listening:
        yield listening


@pytest.fixture
def site(tmp_path: Path, clickatell: ThreadedClickatell) -> Iterator[Site]:
    made = Site(tmp_path / "site", clickatell)
    yield made
    made.close()
