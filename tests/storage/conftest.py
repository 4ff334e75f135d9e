"""A site on disk, with one handler, to copy, damage and repair."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import review
from storage.database import Database
from storage.records import ReviewEntry
from storage.site import open_site
from storage.vocabulary import Category, EntryKind
from tests.engine.support import add_handler, queue
from tests.virtual_time import START

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


class Standing:
    """A clock that stands, for what only asks the time."""

    def now(self) -> datetime:
        return START


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Database]:
    opened = open_site(tmp_path / "site", now=lambda: NOW)
    yield opened
    opened.close()


@pytest.fixture
def filled(site: Database) -> Database:
    """The site with a handler and three queued messages."""
    handler = add_handler(site, Standing())  # type: ignore[arg-type]
    queue(site, Standing(), handler, 3)  # type: ignore[arg-type]
    say(site, "one", "two", "three")
    return site


def say(database: Database, *texts: str) -> None:
    with database.write() as tx:
        tx.review(NOW, *(ReviewEntry(Category.SYSTEM, text, kind=EntryKind.NOTE) for text in texts))


def texts_of(database: Database) -> list[str]:
    with database.read() as connection:
        return [entry.text for entry in review.everything(connection)]
