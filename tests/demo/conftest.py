"""A sample site to look at, and signal handlers as they were."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from demo_data.sample_clickatell import Addresses
from demo_data.sample_site import build
from storage.database import Database
from storage.site import open_site
from tests.cli.conftest import cli, database

__all__ = ["cli", "database"]

NOW = datetime(2026, 11, 23, 2, 3, 34, tzinfo=UTC)
ADDRESSES = Addresses("http://127.0.0.1:8095", "http://127.0.0.1:8095/xml/xml", "http://127.0.0.1:8096")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A sample site as of `NOW`, to read."""
    folder = tmp_path_factory.mktemp("sample") / "site"
    build(folder, ADDRESSES, NOW)
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
