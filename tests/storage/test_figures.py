"""The figures for monitoring: right, and found by index however many messages there are."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from scheduling.clock import SystemClock
from storage import attempt_counts, figures, outbox
from storage import outlived as stored_outlived
from storage.attempt_counts import AttemptCounts
from storage.database import Database
from storage.figures import EndedCounts
from storage.site import open_site
from tests.engine.support import add_handler, queue

CLOCK = SystemClock()
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SPAN = {"low": 10, "high": 20}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_site(tmp_path / "site")
    yield opened
    opened.close()


def change(database: Database, statement: str, *values: Any) -> None:
    with database.write() as tx:
        tx.connection.exec_driver_sql(statement, values)


def read(database: Database, ended: EndedCounts | None = None) -> figures.Figures:
    with database.read() as connection:
        return figures.read(connection, ended or EndedCounts())


def test_an_empty_site(database: Database) -> None:
    found = read(database)
    assert set(found.by_state) == {*figures.WAITING, *figures.ENDED}
    assert not any(found.by_state.values())
    assert (found.retrying, found.queued, found.sending, found.active_occurrences) == (0, {}, {}, 0)
    assert found.task_fired_at is None


def test_counts_by_state_and_handler(database: Database) -> None:
    one, two = (add_handler(database, CLOCK, name) for name in ("One", "Two"))
    ids = queue(database, CLOCK, one, 5) + queue(database, CLOCK, two, 3)
    for message_id, state in zip(ids[:4], ("accepted", "accepted", "unknown", "sending"), strict=True):
        change(database, "UPDATE message SET state = ?, attempt_id = id WHERE id = ?", state, message_id)
    change(database, "UPDATE message SET first_attempt_at = 1, window_closes_at = 2 WHERE id = ?", ids[5])
    found = read(database)
    assert {state: count for state, count in found.by_state.items() if count} == {
        "accepted": 2, "unknown": 1, "sending": 1, "queued": 4,
    }  # fmt: skip
    assert (found.queued, found.sending, found.retrying) == ({one: 1, two: 3}, {one: 1}, 1)


def test_what_ended_is_read_anew_only_after_a_hundred_times_as_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0, 2.0, 201.0, 203.0, 203.5])
    monkeypatch.setattr("storage.figures.time", SimpleNamespace(monotonic=lambda: next(times)))
    ended = EndedCounts()
    (message,) = queue(database, CLOCK, add_handler(database, CLOCK))
    change(database, "UPDATE message SET state = 'accepted' WHERE id = ?", message)
    with database.read() as connection:
        assert ended.read(connection) == {"accepted": 1}
    change(database, "UPDATE message SET state = 'delivered' WHERE id = ?", message)
    with database.read() as connection:
        assert ended.read(connection) == {"accepted": 1}, "read again at once"
        assert ended.read(connection) == {"delivered": 1}, "not read again after its rest"


SCANS = {
    "the count of what ended": figures.COUNT_ENDED,
    "the count of what waits": figures.COUNT_WAITING,
    "retrying": figures.RETRYING,
    "queued by handler": figures.QUEUED_BY_HANDLER,
    "sending by handler": figures.SENDING_BY_HANDLER,
    "active occurrences": figures.ACTIVE,
    "newest attempt": attempt_counts.NEWEST,
    "attempts being made": attempt_counts.BEING_MADE,
    "attempts ended since": attempt_counts.ENDED_SINCE,
    "attempts open since": attempt_counts.OPEN_SINCE,
    "next attempt": outbox.NEXT_ATTEMPT,
    "oldest due": outbox.OLDEST_DUE,
    "outlived": stored_outlived.OUTLIVED,
    "outlived by cause": stored_outlived.OUTLIVED_COUNTS,
}
# The partial indexes that hold only what waits, what is sent and what is active.
SMALL = (
    "message_due",
    "message_fresh",
    "message_behind",
    "message_told_by",
    "message_sending",
    "message_waiting",
    "message_window",
    "message_unattempted",
    "occurrence_active",
)  # fmt: skip


@pytest.mark.parametrize("name", SCANS)
def test_no_table_is_read_from_end_to_end(database: Database, name: str) -> None:
    """Every step is a search, reads one of the small indexes through, or groups what those found."""
    values = {word: 1 for word in ("low", "high", "now", "limit") if f":{word}" in str(SCANS[name])}
    with database.read() as connection:
        rows = connection.execute(sa.text(f"EXPLAIN QUERY PLAN {SCANS[name]}"), values).all()
    steps = [row[3] for row in rows if row[3].startswith(("SCAN", "SEARCH"))]
    assert steps
    for step in steps:
        assert step.startswith(("SEARCH", "SCAN (subquery-")) or step.split()[-1] in SMALL, step


def test_the_waiting_ones_are_found_without_looking_into_those_that_wait_longer(database: Database) -> None:
    ids = queue(database, CLOCK, add_handler(database, CLOCK), 3)
    for offset, message_id in enumerate(ids):
        at = int((NOW + timedelta(minutes=offset)).timestamp() * 1_000_000)
        change(database, "UPDATE message SET next_attempt_at = ? WHERE id = ?", at, message_id)
    with database.read() as connection:
        assert outbox.oldest_due(connection, NOW) == NOW
        assert outbox.oldest_due(connection, NOW - timedelta(seconds=1)) is None
        assert outbox.next_attempt_after(connection, NOW) == NOW + timedelta(minutes=1)
        assert outbox.next_attempt_after(connection, NOW + timedelta(hours=1)) is None


# Attempts


def attempt(database: Database, number: int, message: int, outcome: str | None) -> None:
    change(
        database,
        "INSERT INTO attempt (id, message_id, n, epoch, instance_id, started_at, outcome)"
        " VALUES (?, ?, ?, 1, 'x', 0, ?)",
        number,
        message,
        number,
        outcome,
    )


def counted(database: Database, counts: AttemptCounts) -> Counter[tuple[int, str]]:
    with database.read() as connection:
        counts.look(connection)
    return counts.ended


def test_each_attempt_counts_once_when_it_ends(database: Database) -> None:
    one, two = (add_handler(database, CLOCK, name) for name in ("One", "Two"))
    (mine,), (other,) = queue(database, CLOCK, one), queue(database, CLOCK, two)
    attempt(database, 1, mine, "busy")
    with database.read() as connection:
        counts = AttemptCounts(connection)
    assert counted(database, counts) == {}, "what was before is not counted"
    attempt(database, 2, mine, None)
    attempt(database, 3, other, "accepted")
    assert counted(database, counts) == {(two, "accepted"): 1}
    change(database, "UPDATE attempt SET outcome = 'unknown' WHERE id = 2")
    assert counted(database, counts) == {(two, "accepted"): 1, (one, "unknown"): 1}
    # A late true answer: the attempt has been counted, and no count may fall.
    change(database, "UPDATE attempt SET outcome = 'accepted' WHERE id = 2")
    assert counted(database, counts) == {(two, "accepted"): 1, (one, "unknown"): 1}


def test_one_that_was_under_way_at_the_start_counts_when_it_ends(database: Database) -> None:
    handler = add_handler(database, CLOCK)
    (message,) = queue(database, CLOCK, handler)
    attempt(database, 7, message, None)
    change(database, "UPDATE message SET state = 'sending', attempt_id = 7")
    with database.read() as connection:
        counts = AttemptCounts(connection)
    assert counted(database, counts) == {}
    change(database, "UPDATE attempt SET outcome = 'accepted'")
    change(database, "UPDATE message SET state = 'accepted'")
    assert counted(database, counts) == {(handler, "accepted"): 1}
    assert counted(database, counts) == {(handler, "accepted"): 1}
