"""What the verdict calls overtaken, outlived and told of an end alone: facts made up, one fault each."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage import alerts, occurrences
from storage.tables import attempts
from tests.engine import support
from tests.faults import order
from tests.faults.order import Sent, Try, outlived, overtaken, unheard
from tests.processes.support import CLOCK


def tried(*ids: int, call: str = "", unknown: tuple[int, ...] = ()) -> tuple[Try, ...]:
    return tuple(Try(each, (call or each,), each in unknown) for each in ids)


FIRST = Sent(1, "+44", 1, by_hand=True, tries=tried(1), arrivals=(0,))
SECOND = Sent(2, "+44", 1, by_hand=True, tries=tried(2), arrivals=(1,))


@pytest.mark.parametrize(
    ("older", "newer", "words"),
    [
        (FIRST, SECOND, ""),
        (replace(FIRST, tries=tried(1, 3)), SECOND, "attempted before"),
        (replace(FIRST, tries=tried(1, 3), arrivals=(0, 2)), SECOND, "attempted before"),
        (replace(FIRST, tries=tried(1, 3, unknown=(1,))), SECOND, "attempted before"),
        (replace(FIRST, arrivals=(2,)), SECOND, "arrived before"),
        (replace(FIRST, tries=tried(1, unknown=(1,)), arrivals=(2,)), SECOND, ""),
        (replace(FIRST, tries=tried(1, 3, unknown=(1,)), holds=True), SECOND, ""),
        (replace(FIRST, tries=tried(1, call="a")), replace(SECOND, tries=tried(2, call="a")), "in one call"),
        (replace(FIRST, tries=()), SECOND, ""),
        # Nothing binds these.
        (replace(FIRST, arrivals=(2,), to="+45"), SECOND, ""),
        (replace(FIRST, arrivals=(2,), handler=2), SECOND, ""),
        (replace(FIRST, arrivals=(2,), by_hand=False), replace(SECOND, by_hand=False), ""),
        (replace(FIRST, arrivals=(2,), by_hand=False, occurrence=1), SECOND, ""),
        (
            replace(FIRST, arrivals=(2,), by_hand=False, occurrence=1),
            replace(SECOND, by_hand=False, occurrence=1),
            "arrived before",
        ),
    ],
)
def test_overtaken(older: Sent, newer: Sent, words: str) -> None:
    found = overtaken([newer, older])
    assert [words in each for each in found] == ([True] if words else [])


def test_outlived() -> None:
    alarm = replace(FIRST, by_hand=False, occurrence=7, stage="Created", tries=tried(1, 4))
    end = replace(SECOND, by_hand=False, occurrence=7, stage="Restored", tries=tried(5))
    assert outlived([alarm, end], {7: 4}) == []
    assert len(outlived([alarm, end], {7: 3})) == 1
    assert outlived([alarm, end], {8: 3}) == []


def test_an_end_without_a_beginning() -> None:
    alarm = replace(FIRST, by_hand=False, occurrence=7, stage="Created")
    end = replace(SECOND, by_hand=False, occurrence=7, stage="Restored")
    assert unheard([alarm, end]) == []
    assert len(unheard([replace(alarm, tries=()), end])) == 1
    assert len(unheard([alarm, replace(end, to="+45")])) == 1


def test_a_site_that_is_watched_keeps_when_it_was_over_and_how_long_lives_lasted(tmp_path: Path) -> None:
    database = support.make_site(tmp_path)
    handler = support.add_handler(database, CLOCK)
    order.watch(database)
    support.queue(database, CLOCK, handler, 2)
    attempt = {"id": 6, "message_id": 1, "n": 1, "epoch": 1, "instance_id": "", "started_at": CLOCK.now()}
    row = {"name": "Fire", "priority": 1, "description": "", "enabled": True, "useful_life": None}
    with database.write() as tx:
        tx.execute(sa.insert(attempts).values(**attempt))
        alert = alerts.add(tx, row, CLOCK.now())
        occurrence = occurrences.begin(tx, alert, None, {}, None, CLOCK.now())
        tx.connection.exec_driver_sql("UPDATE occurrence SET stage = 'Restored'")
        tx.connection.exec_driver_sql("UPDATE message SET state = 'expired' WHERE id = 1")
        tx.connection.exec_driver_sql("UPDATE message SET state = 'accepted' WHERE id = 2")
    with database.read() as connection:
        assert order.observed_over(connection) == {occurrence: 6}
        (early,) = order.expired_early(connection)
        assert "message 1 expired after 0" in early
        first, second = order.read(connection, {})
        assert [each.id for each in first.tries] == [6]
        assert second.tries == ()
    database.close()
