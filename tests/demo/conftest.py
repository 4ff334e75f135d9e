"""A sample site to look at, and signal handlers as they were."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from storage.database import Database
from storage.site import open_site
from tests.cli.conftest import cli, database
from tests.sample import SampleSites

__all__ = ["cli", "database"]

NOW = datetime(2026, 11, 23, 2, 3, 34, tzinfo=UTC)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, sample_sites: SampleSites) -> Iterator[Database]:
    """A sample site as of `NOW`, to read."""
    folder = tmp_path_factory.mktemp("sample") / "site"
    sample_sites.copy(folder, NOW)
    database = open_site(folder)
    yield database
    database.close()


@pytest.fixture
def signals_restored() -> Iterator[None]:
    """For commands that take signals in this process."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)
