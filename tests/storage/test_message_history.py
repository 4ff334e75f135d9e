"""Pages of the outbox, the newest first, from whichever end they are read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import message_history
from storage.database import Database
from storage.message_history import ALL, MessageFilter
from storage.vocabulary import MessageState
from tests.engine.support import add_handler, make_site, queue
from tests.operations.arrange import set_message

COUNT = 57


class _Clock:
    def now(self) -> datetime:
        return datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = make_site(tmp_path / "site")
    clock = _Clock()
    keys = queue(made, clock, add_handler(made, clock), COUNT)  # type: ignore[arg-type]
    for key in keys[::3]:
        set_message(made, key, state="failed", next_attempt_at=None)
    yield made
    made.close()


@pytest.mark.parametrize(
    "wanted", [ALL, MessageFilter(state=MessageState.FAILED), MessageFilter(words="stopped")]
)
def test_every_way_to_a_page_gives_the_same_rows(database: Database, wanted: MessageFilter) -> None:
    with database.read() as connection:
        everything = [found.id for found in message_history.newest(connection, None, 1000, wanted)]
        total = message_history.count(connection, wanted)
        assert total == len(everything) > 15
        for offset in range(0, total + 1, 5):
            limit = min(7, total - offset)
            expected = everything[offset : offset + limit]
            after = everything[offset - 1] if offset else None
            for page in (
                message_history.page(connection, wanted, offset=offset, limit=limit),
                message_history.page(connection, wanted, offset=offset, limit=limit, total=total),
                message_history.page(connection, wanted, offset=offset, limit=limit, older_than=after),
            ):
                assert [found.id for found in page] == expected
        assert [message_history.position(connection, key, wanted) for key in everything] == list(range(total))
        assert message_history.ids(connection, 4, wanted) == everything[:4]


def test_a_message_that_does_not_fit_has_no_position(database: Database) -> None:
    with database.read() as connection:
        failed = MessageFilter(state=MessageState.FAILED)
        (newest,) = message_history.ids(connection, 1, MessageFilter(state=MessageState.QUEUED))
        assert message_history.position(connection, newest, failed) is None
        assert message_history.position(connection, 10**6) is None


def test_a_filter_by_task_reads_through_what_sent_it(database: Database) -> None:
    with database.read() as connection:
        assert message_history.count(connection, MessageFilter(task_id=7)) == 0
        assert message_history.page(connection, MessageFilter(task_id=7)) == []
