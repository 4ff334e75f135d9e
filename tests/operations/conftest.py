"""An operator at a new, empty site, whose clock stands until it is moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.database import Database
from storage.site import open_site
from storage.vocabulary import Role
from tui.operations.desk import Desk


@dataclass
class StandingClock:
    """`clock()` is the time; `clock.move(minutes=5)` moves it."""

    at: datetime = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, **length: float) -> None:
        self.at += timedelta(**length)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_site(tmp_path / "site")
    yield opened
    opened.close()


@pytest.fixture
def desk(database: Database, clock: StandingClock) -> Desk:
    """An administrator named ana."""
    return Desk(database, "ana", Role.ADMINISTRATOR, clock)


@pytest.fixture
def viewer(database: Database, clock: StandingClock) -> Desk:
    return Desk(database, "vic", Role.VIEWER, clock)


@pytest.fixture
def texts(database: Database):  # type: ignore[no-untyped-def]
    """The review's texts so far, the oldest first."""

    def read() -> list[str]:
        from storage import review

        with database.read() as connection:
            return [entry.text for entry in review.everything(connection)]

    return read
