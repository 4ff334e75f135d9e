"""A search of messages finds what their rows show, and lists of problems go by index."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from scheduling import phone
from scheduling.clock import SystemClock
from storage import message_history, message_search
from storage.database import Database
from storage.message_history import MessageFilter
from storage.site import open_site
from storage.tables import messages
from storage.vocabulary import MessageState
from tests.engine.support import add_handler, queue
from tests.operations.arrange import set_message
from tui.messages.states import state_of

CLOCK = SystemClock()
NUMBER = "+447400123456"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_site(tmp_path / "site")
    yield opened
    opened.close()


def found(database: Database, words: str = "", **wanted: object) -> list[int]:
    with database.read() as connection:
        page = message_history.page(connection, MessageFilter(words=words, **wanted))  # type: ignore[arg-type]
        return [message.id for message in page]


@pytest.fixture
def three(database: Database) -> list[int]:
    """One that failed because its person opted out, one accepted, one tried; through Night desk."""
    ids = queue(database, CLOCK, add_handler(database, CLOCK, "Night desk"), 3)  # type: ignore[arg-type]
    for number, key in enumerate(ids):
        set_message(
            database, key, user_name=f"Person {number}", to_number=f"+4474001234{number}0", body="Pump 2"
        )
    set_message(
        database, ids[0], state="failed", finished_at=NOW, error_code="114", error="Destination opted out"
    )
    set_message(database, ids[1], state="accepted", finished_at=NOW)
    set_message(database, ids[2], first_attempt_at=NOW, window_closes_at=NOW, plan_attempts=1, error="busy")
    return ids


def test_the_words_that_rows_show(database: Database, three: list[int]) -> None:
    failed, accepted, retried = three
    for words, ids in {
        "failed": [failed],
        "FAILED opted": [failed],
        "opted": [failed],
        "114": [failed],
        "accepted": [accepted],
        "retry": [retried],
        "queued": [retried],
        "night": [retried, accepted, failed],
        "desk pump": [retried, accepted, failed],
        "accepted pump": [accepted],
        "nothing of it": [],
        "%": [],
    }.items():
        assert found(database, words) == ids, words


def test_every_state_is_found_by_the_word_that_its_row_shows(database: Database, three: list[int]) -> None:
    for state in MessageState:
        set_message(database, three[0], state=str(state), first_attempt_at=None, plan_attempts=0)
        with database.read() as connection:
            message = message_history.get(connection, three[0])
        assert message is not None
        word = state_of(message).plain.split()[-1]
        assert three[0] in found(database, word), word
    with database.read() as connection:
        retried = message_history.get(connection, three[2])
    assert retried is not None and state_of(retried).plain.endswith("retry")
    assert three[2] not in found(database, "waiting")


SPELLINGS = (
    NUMBER,
    NUMBER[1:],
    phone.readable(NUMBER),
    "07400 123456",
    "07400123456",
    "0044 7400 123 456",
    "+44 (0)7400 123456",
    "+44-7400-123456",
    "(07400) 123456",
    "７４００１２３４５６",
    "123 456",
)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_number_is_found_in_any_spelling(database: Database, spelling: str) -> None:
    ids = queue(database, CLOCK, add_handler(database, CLOCK), 2)  # type: ignore[arg-type]
    set_message(database, ids[0], to_number=NUMBER, body="x")
    set_message(database, ids[1], to_number="+61400000000", body="x")
    assert found(database, spelling) == [ids[0]]


def test_figures_in_a_text_may_stand_apart(database: Database, three: list[int]) -> None:
    set_message(database, three[0], body="Door 7 of 12")
    assert found(database, "7 12 door") == [three[0]]


@given(st.text(max_size=40))
def test_anything_may_be_typed(words: str) -> None:
    """Whatever is looked for becomes a query that SQLite takes."""
    from storage.search_words import TooManyWords

    try:
        conditions = message_search.conditions(words)
    except TooManyWords:
        return
    engine = sa.create_engine("sqlite://")
    for condition in conditions:
        str(sa.select(messages.c.id).where(condition).compile(engine))


def test_problems_are_what_failed_is_unknown_or_was_tried(database: Database, three: list[int]) -> None:
    failed, accepted, retried = three
    assert found(database, problems=True) == [retried, failed]
    for state in ("unknown", "expired", "undelivered"):
        set_message(database, accepted, state=state)
        assert accepted in found(database, problems=True)
    for state in ("queued", "sending", "delivered", "cancelled"):
        set_message(database, accepted, state=state)
        assert accepted not in found(database, problems=True)


@pytest.mark.parametrize("wanted", [MessageFilter(problems=True), MessageFilter(user_id=1)])
def test_problems_and_a_users_messages_are_read_by_index(database: Database, wanted: MessageFilter) -> None:
    """Neither a page nor the count may go through all that was ever sent."""
    seen: list[str] = []

    def explain(
        connection: sa.Connection, cursor: object, statement: str, parameters: object, *_: object
    ) -> None:
        rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[attr-defined]
        seen.extend(row[3] for row in rows.fetchall())

    with database.read() as connection:
        sa.event.listen(connection, "before_cursor_execute", explain)
        message_history.count(connection, wanted)
        message_history.page(connection, wanted)
        message_history.page(connection, wanted, older_than=1000)
    assert seen and not [step for step in seen if step.startswith("SCAN message")], seen


def test_all_messages_are_counted_from_their_ids(database: Database) -> None:
    with database.read() as connection:
        assert message_history.total(connection) == 0
    queue(database, CLOCK, add_handler(database, CLOCK), 7)  # type: ignore[arg-type]
    with database.read() as connection:
        assert message_history.total(connection) == message_history.count(connection) == 7
