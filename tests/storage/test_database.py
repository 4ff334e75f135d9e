"""One open site: what is kept together, and what the next process finds."""

import threading
import traceback

import pytest
import sqlalchemy as sa

from storage import sqlite
from storage.database import SCHEMA_VERSION, Database
from storage.errors import DiskFull, NewerSchema
from tests.storage.conftest import NOW, say, texts_of


@pytest.fixture(autouse=True)
def quick_commits() -> None:
    """Out of force: here commits wait for the disk."""


def test_a_write_that_fails_leaves_nothing(site: Database) -> None:
    with pytest.raises(ZeroDivisionError), site.write() as tx:
        tx.execute(sqlite_insert(), {"name": "half", "value": "done"})
        _ = 1 / 0
    with site.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM site_value WHERE name = 'half'").scalar() == 0


def sqlite_insert():  # type: ignore[no-untyped-def]
    from storage.tables import site_values

    return sa.insert(site_values)


def test_writers_of_one_process_take_turns(site: Database) -> None:
    threads = [threading.Thread(target=say, args=(site, f"entry {n}")) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(texts_of(site)) == sorted(f"entry {n}" for n in range(12))


def test_a_watch_sees_what_others_commit_and_only_that(site: Database) -> None:
    watch = site.watch()
    assert not watch.changed()
    say(site, "news")
    assert watch.changed()
    assert not watch.changed()
    watch.close()


def test_what_is_committed_is_on_the_disk(site: Database) -> None:
    with site.write() as tx:
        # 2 is FULL: each commit waits for the disk. With less, a power cut takes promised messages away.
        assert tx.connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert tx.connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_a_full_disk_is_named_and_nothing_is_half_written(site: Database) -> None:
    say(site, "before")
    connection = sqlite.connect(site.path)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.close()
    with pytest.raises(DiskFull, match="is full: free some space"), site.write() as tx:
        # The limit is this connection's own: it stands for the disk's.
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        tx.execute(sqlite_insert(), {"name": "big", "value": "x" * 1_000_000})
    assert texts_of(site) == ["before"]


def test_an_error_never_shows_the_values_of_its_statement(site: Database) -> None:
    values = {"name": "twice", "value": "-".join(["not", "to", "be", "seen"])}
    with pytest.raises(sa.exc.IntegrityError) as raised, site.write() as tx:
        for _ in range(2):
            tx.execute(sqlite_insert(), values)
    told = "".join(traceback.format_exception(raised.value))
    assert "INSERT INTO site_value" in told, "the statement is what helps"
    assert values["value"] not in told


def test_a_process_with_an_older_schema_stops_writing_when_another_has_upgraded(site: Database) -> None:
    connection = sqlite.connect(site.path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(NewerSchema, match="another commsdesk has upgraded"):
        say(site, "late")


def test_the_box_follows_a_key_that_another_process_has_changed(site: Database) -> None:
    from storage.secrets import add_key, keep_newest

    old = site.box.encrypt("word")
    add_key(site.folder.secret_key)
    new = site.box.encrypt("word")
    assert site.box.decrypt(old) == site.box.decrypt(new) == "word"
    keep_newest(site.folder.secret_key)
    assert site.box.decrypt(new) == "word"
    assert NOW.tzinfo is not None
