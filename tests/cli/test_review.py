"""`commsdesk review`."""

from datetime import UTC, datetime, timedelta

import pytest

from storage.database import Database
from storage.records import Category, Level, ReviewEntry
from tests.cli.conftest import CommandLine


@pytest.fixture
def site(cli: CommandLine, database: Database) -> CommandLine:
    """Three entries: two days ago, an hour ago and now."""
    now = datetime.now(UTC)
    entries = [
        (timedelta(days=2), ReviewEntry(Category.SYSTEM, "old start")),
        (timedelta(hours=1), ReviewEntry(Category.HANDLER, "Clickatell: balance low", Level.WARNING)),
        (timedelta(0), ReviewEntry(Category.OPERATOR, "Zoë sends “hello”", operator="ana")),
    ]
    with database.write() as tx:
        for ago, entry in entries:
            tx.review(now - ago, entry)
    return cli


def ids(cli: CommandLine, *words: str) -> list[int]:
    return [entry["id"] for entry in cli.ok("review", "--json", *words).json]


def test_all_of_it_newest_last(site: CommandLine) -> None:
    assert ids(site) == [1, 2, 3]
    assert ids(site, "--limit", "2") == [2, 3]


def test_narrowed(site: CommandLine) -> None:
    assert ids(site, "--since", "2h") == [2, 3]
    assert ids(site, "--since", "3d") == [1, 2, 3]
    assert ids(site, "--category", "handler") == [2]
    assert ids(site, "--level", "Warning") == [2]
    assert ids(site, "--search", "zoë hel") == [3]
    assert ids(site, "--search", '"AND OR') == []
    assert site("review", "--category", "Weather").status == 2
    assert site("review", "--since", "soon").status == 1


def test_lines_for_people(site: CommandLine) -> None:
    last = site.ok("review").lines[-1]
    assert last.endswith("· Operator Zoë sends “hello”  [ana]")


def test_json_names(site: CommandLine) -> None:
    entry = site.ok("review", "--json", "--limit", "1").one
    assert {
        "id",
        "at",
        "category",
        "level",
        "text",
        "operator",
        "handler",
        "message",
        "alert",
        "task",
    } <= set(entry)
    assert (entry["category"], entry["level"], entry["operator"]) == ("Operator", "info", "ana")
    assert entry["at"].endswith("Z")
