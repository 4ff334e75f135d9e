"""What asks for a person: counted right, and by index however long the past."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from scheduling.clock import SystemClock
from storage import attention
from storage.attention import Attention
from storage.database import Database
from storage.site import open_site
from storage.tables import occurrences
from tests.engine.alerts import add_alert
from tests.engine.support import add_handler, queue
from tests.operations.arrange import set_message

CLOCK = SystemClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_site(tmp_path / "site")
    yield opened
    opened.close()


def change(database: Database, statement: str, *values: Any) -> None:
    with database.write() as tx:
        tx.connection.exec_driver_sql(statement, values)


def read(database: Database, now: datetime) -> Attention:
    with database.read() as connection:
        return attention.read(connection, now)


def raised(database: Database, alert_id: int, stage: str) -> int:
    now = CLOCK.now()
    made = sa.insert(occurrences).values(
        alert_id=alert_id, stage=stage, count=1, given={}, raised_at=now, changed_at=now
    )
    with database.write() as tx:
        return int(tx.execute(made.returning(occurrences.c.id)).scalar_one())


def test_a_new_site_asks_for_nobody(database: Database) -> None:
    assert read(database, CLOCK.now()) == Attention()


def test_open_and_answered_alerts_and_the_newest_open_one(database: Database) -> None:
    alert = add_alert(database, CLOCK, add_handler(database, CLOCK))  # type: ignore[arg-type]
    stages = ("Created", "Escalated", "Claimed", "Actioned", "Restored", "Finalised")
    ids = {stage: raised(database, alert, stage) for stage in stages}
    found = read(database, CLOCK.now())
    assert (found.open, found.answered, found.newest_open) == (2, 2, ids["Escalated"])


@pytest.mark.parametrize("zone", ["UTC", "Australia/Sydney", "America/New_York"])
def test_failures_of_today_end_at_midnight_here(
    database: Database, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        now = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
        midnight = attention.start_of_day(now)
        assert midnight.astimezone().time() == datetime.min.time() and midnight <= now
        states = ("failed", "expired", "undelivered", "accepted", "cancelled", "unknown")
        ids = queue(database, CLOCK, add_handler(database, CLOCK), 2 * len(states))
        for place, state in enumerate(states):
            for number, at in ((2 * place, midnight), (2 * place + 1, midnight - timedelta(microseconds=1))):
                set_message(database, ids[number], state=state, finished_at=at)
        assert read(database, now).failed_today == 3
    finally:
        monkeypatch.undo()
        time.tzset()


def test_it_is_counted_by_index(database: Database) -> None:
    """Neither query may read the table: a console asks each second that something is written."""
    with database.read() as connection:
        for query, values in ((attention.ALERTS, {}), (attention.FAILED_SINCE, {"since": CLOCK.now()})):
            steps = connection.execute(sa.text(f"EXPLAIN QUERY PLAN {query}"), dict.fromkeys(values, 0))
            plan = [row[3] for row in steps]
            assert all("USING COVERING INDEX" in step for step in plan), plan
