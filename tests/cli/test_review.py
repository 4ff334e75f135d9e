"""`commsdesk review`."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import sqlite
from storage.database import Database
from storage.records import ReviewEntry
from storage.vocabulary import Category, EntryKind, Level
from tests.cli.conftest import CommandLine


@pytest.fixture
def site(cli: CommandLine, database: Database) -> CommandLine:
    """Three entries: two days ago, an hour ago and now."""
    now = datetime.now(UTC)
    entries = [
        (timedelta(days=2), ReviewEntry(Category.SYSTEM, "old start", kind=EntryKind.NOTE)),
        (
            timedelta(hours=1),
            ReviewEntry(Category.HANDLER, "Clickatell: balance low", Level.WARNING, kind=EntryKind.NOTE),
        ),
        (
            timedelta(0),
            ReviewEntry(Category.OPERATOR, "Zoë sends “hello”", operator="ana", kind=EntryKind.NOTE),
        ),
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


@pytest.mark.parametrize("command", ["review --search", "user list --search"])
def test_more_words_than_a_person_types_are_refused_at_once(cli: CommandLine, command: str) -> None:
    cli("group", "add", "Ops")
    refused = cli(*command.split(), "word " * 5000)
    assert (refused.status, refused.out) == (1, "")
    assert refused.err == "commsdesk: the search has 5,000 words: use at most 40\n"
    assert cli(*command.split(), "word " * 40).status == 0


def test_a_pipe_is_no_backup_to_compare_with(cli: CommandLine, tmp_path: Path) -> None:
    cli("group", "add", "Ops")
    os.mkfifo(tmp_path / "pipe")
    refused = cli("review", "verify", "--against", tmp_path / "pipe")
    assert refused.status == 1
    assert refused.err == f"commsdesk: --against: {tmp_path / 'pipe'} is no file: name a backup\n"


def test_an_entry_without_its_text_shows_as_erased_and_the_rest_goes_on(
    cli: CommandLine, database: Database
) -> None:
    for n in range(3):
        cli.ok("user", "add", f"Joe {n}")
    connection = sqlite.connect(database.path)
    connection.execute("UPDATE review SET body = NULL WHERE id = 2")
    connection.execute(
        "UPDATE review SET body = CAST(x'ff41' AS TEXT), at = 9223372036854775807 WHERE id = 3"
    )
    connection.close()
    said = cli.ok("review").out.splitlines()
    assert len(said) == 3 and "(erased)" in said[1]
    found = cli.ok("review", "--json").json
    assert [entry["text"] for entry in found][1] == "(erased)" and found[0]["kind"] == "change"
    assert len(cli.ok("review", "--kind", "change").out.splitlines()) == 3
