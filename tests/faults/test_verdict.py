"""The arithmetic finds what it is there to find: each record is falsified once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo_data.clickatell import ThreadedClickatell
from tests.engine import support
from tests.faults.journal import AskedFor
from tests.faults.verdict import Verdict, judge
from tests.processes.support import CLOCK
from tests.processes.support import Site as RealSite


class Sent:
    """Three messages that were sent as they should be, by an engine that has ended."""

    def __init__(self, folder: Path, clickatell: ThreadedClickatell) -> None:
        self.site = RealSite(folder, clickatell)
        handler = self.site.handler()
        support.queue(self.site.database, CLOCK, handler, 3)
        run = self.site.leader()
        self.site.settled()
        run.signal(15)
        run.ends()
        self.asked = AskedFor({(f"Pump {n} stopped", f"+4477009{n:05d}") for n in range(3)})
        self.asked.begun = set(self.asked.promised)

    def judge(self) -> Verdict:
        return judge(self.site.database, [self.site.clickatell], self.asked)

    def sql(self, statement: str) -> None:
        with self.site.database.write() as tx:
            tx.connection.exec_driver_sql(statement)


@pytest.fixture
def sent(tmp_path: Path) -> Iterator[Sent]:
    with ThreadedClickatell() as clickatell:
        made = Sent(tmp_path / "site", clickatell)
        yield made
        made.site.close()


def test_each_false_record_is_found(sent: Sent) -> None:
    inbox = sent.site.clickatell.clickatell.account.inbox
    verdict = sent.judge()
    assert verdict.good, str(verdict)
    assert (verdict.asked, verdict.arrived, verdict.attempts) == (3, 3, 3)

    inbox.append(inbox[0])
    assert len(sent.judge().doubled) == 1, "arrived twice and nothing was unknown"
    del inbox[-1]
    gone = inbox.pop()
    assert len(sent.judge().lost) == 1, "accepted and on no phone"
    inbox.append(gone)
    sent.asked.promised.add(("never queued", "+447700900000"))
    assert len(sent.judge().lost) == 1, "promised and not there"
    sent.asked.promised.discard(("never queued", "+447700900000"))

    for statement, undone, words in FALSE:
        sent.sql(statement)
        found = sent.judge().wrong
        assert any(words in each for each in found), (statement, found)
        sent.sql(undone)
    assert sent.judge().good


FALSE = (
    ("UPDATE message SET state = 'failed' WHERE id = 1", "UPDATE message SET state = 'accepted'", "failed"),
    ("UPDATE message SET state = 'queued' WHERE id = 1", "UPDATE message SET state = 'accepted'", "stuck"),
    (
        "UPDATE message SET state = 'expired' WHERE id = 1",
        "UPDATE message SET state = 'accepted'",
        "was tried",
    ),
    (
        "UPDATE attempt SET outcome = NULL WHERE id = 1",
        "UPDATE attempt SET outcome = 'accepted'",
        "without an end",
    ),
    ("UPDATE attempt SET epoch = 9 WHERE id = 1", "UPDATE attempt SET epoch = 1", "after epoch 9"),
    ("UPDATE lease SET holder = 'x'", "UPDATE lease SET holder = NULL", "not given up"),
)
