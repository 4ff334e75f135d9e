"""What is due is found by index: the claim's cost does not grow with what waits."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage import due, message_order, outbox
from storage import outlived as stored_outlived
from storage.database import Database
from storage.records import MessageDraft
from storage.vocabulary import Origin
from tests.engine.support import add_handler, make_site
from tests.virtual_time import VirtualClock, run_virtually

VALUES = {
    "handler": 1,
    "lane": 0,
    "now": 1,
    "limit": 10,
    "first": 1,
    "last": 9,
    "id": 1,
    "clock_boot": 1,
    "clock_offset": 0,
    "to": "x",
    "of": 1,
}
SEARCHES = {
    "claim": due.FIRST_DUE,
    "lanes": due.WITH_DUE,
    "count": f"SELECT {due.DUE_COUNT}",
    "put behind": message_order.BEHIND_OLDER,
    "newer behind": message_order.NEWER_BEHIND,
    "hurry": message_order.HURRY_OLDER,
    "lengthen": message_order.LENGTHEN,
    "free": message_order.FREE_NEXT,
    "newer went": message_order.NEWER_WENT.text,
    "free again": due.FREE_AGAIN.text,
    "outlived": stored_outlived.OUTLIVED.text,
}
SMALL = ("handler", "lanes", "CONSTANT", "2")


@pytest.mark.parametrize("name", SEARCHES)
def test_every_step_is_a_search(tmp_path: Path, name: str) -> None:
    """None reads a table through, and the look for an older message goes by its own index."""
    database = make_site(tmp_path)
    statement = SEARCHES[name]
    values = {word: value for word, value in VALUES.items() if f":{word}" in statement}
    with database.read() as connection:
        rows = connection.execute(sa.text(f"EXPLAIN QUERY PLAN {statement}"), values).all()
    steps = [row[3] for row in rows]
    for step in steps:
        # A list in parentheses is one that was limited before.
        assert not step.startswith("SCAN") or step.split()[1] in SMALL or "subquery" in step, step
        if step.startswith(("SEARCH older", "SEARCH other")):
            assert "message_order" in step
    if name in ("claim", "lanes", "put behind", "hurry"):
        assert any(step.startswith("SEARCH older") and "message_order" in step for step in steps)


def steps_of_a_claim(database: Database, handler: int, clock: VirtualClock) -> int:
    """How much work SQLite does to find what goes next."""
    count = 0

    def one_more() -> int:
        nonlocal count
        count += 1
        return 0

    with database.read() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.set_progress_handler(one_more, 10)
        due.first(connection, handler, outbox.ORDINARY_LANE, clock.now(), 10)
        due.lanes(connection, clock.now())
        raw.set_progress_handler(None, 0)
    return count


def test_a_claim_costs_as_much_however_many_wait(tmp_path: Path) -> None:
    """Behind an older message, or for a retry."""

    async def main(clock: VirtualClock) -> None:
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)

        def queue(count: int, number: str) -> None:
            drafts = [
                MessageDraft(
                    handler, number.format(n), f"{n}", 1, None, None, clock.now() + timedelta(hours=1)
                )
                for n in range(count)
            ]
            with database.write() as tx:
                outbox.enqueue(tx, outbox.Submission(Origin.MANUAL), drafts, clock.now())

        queue(20, "+4477001{:05d}")
        before = steps_of_a_claim(database, handler, clock)
        queue(2000, "+447700900001")
        queue(2000, "+4477002{:05d}")
        with database.write() as tx:
            later = {"later": outbox.m.next_attempt_at.type.process_bind_param(clock.now(), None)}
            tx.execute(
                sa.text(
                    "UPDATE message SET first_attempt_at = :later, window_closes_at = :later + 300000000,"
                    " next_attempt_at = :later + 60000000 WHERE to_number LIKE '+4477002%'"
                ),
                later,
            )
        assert steps_of_a_claim(database, handler, clock) <= before * 1.5 + 5

    run_virtually(main)
