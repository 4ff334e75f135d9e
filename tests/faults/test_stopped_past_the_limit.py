"""A process that is stopped for longer than a call may last, while its answer comes: it is read."""

import signal
import time

from demo_data.clickatell import ThreadedClickatell
from storage.vocabulary import MessageState
from tests.faults.place import Place
from tests.faults.roles import LONGEST_CALL
from tests.processes.support import until


def test_the_answer_in_its_socket_is_read_when_it_goes_on(
    place: Place, clickatell: ThreadedClickatell
) -> None:
    with place.database.write() as tx:
        tx.connection.exec_driver_sql(
            "UPDATE handler SET total_timeout = ?", (int(LONGEST_CALL * 1_000_000),)
        )
    run = place.run()
    place.queue(1)
    place.accepted(1)
    # The gateway takes the message and answers when the process has been stopped.
    clickatell.clickatell.faults.every(f"delay-after={LONGEST_CALL / 2}:100%")
    inbox = clickatell.clickatell.account.inbox
    place.queue(1)
    until(lambda: len(inbox) == 2, "the gateway has the second message")
    run.signal(signal.SIGSTOP)
    goes_on = time.monotonic() + 2 * LONGEST_CALL
    until(lambda: time.monotonic() > goes_on, "no call may last so long")
    run.signal(signal.SIGCONT)
    until(lambda: set(place.states) <= {MessageState.ACCEPTED, MessageState.DELIVERED}, "accepted")
    with place.database.read() as connection:
        tries = connection.exec_driver_sql("SELECT message_id, count(*) FROM attempt GROUP BY 1").all()
    assert [count for _, count in tries] == [1, 1]
    assert len(inbox) == 2
