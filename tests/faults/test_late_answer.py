"""What a process that was stopped reports late: a true answer is kept, a newer attempt is left alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduling import claims
from scheduling.call_result import Result
from scheduling.leadership import Leadership
from scheduling.recorder import Recorder
from scheduling.sender_pool import SenderPool
from storage import handlers
from storage.database import Database
from storage.records import Handler, Message
from storage.vocabulary import MessageState, OutcomeKind
from tests.engine import support
from tests.processes.support import CLOCK, SECOND


class Story:
    """One message, taken by one holder of the lease after the other."""

    def __init__(self, folder: Path) -> None:
        self.database: Database = support.make_site(folder)
        handler = support.add_handler(
            self.database, CLOCK, retry_rate=SECOND / 1000, stop_retrying_after=60 * SECOND
        )
        (self.message,) = support.queue(self.database, CLOCK, handler)
        with self.database.read() as connection:
            self.handler: Handler = handlers.listing(connection)[0]
        assert self.handler.id == handler
        self._holder: Leadership | None = None

    def is_taken_by(self, name: str) -> Message:
        """The next holder of the lease finds what the last one left, and takes the message."""
        if self._holder is not None:
            self._holder.release()
        self._holder = holder = Leadership(self.database, CLOCK, name, "run")
        assert holder.step()
        epoch = holder.epoch
        assert epoch is not None
        with self.database.write() as tx:
            claims.sweep(tx, epoch, CLOCK.now())
        while True:
            ready = claims.look(self.database, CLOCK.now()).ready
            if ready:
                break
        pool = SenderPool(self.database, CLOCK)
        wanted = [claims.Wanted(ready[0], claims.Load(), 1)]
        (claim,) = claims.take(self.database, holder, pool, wanted, epoch, name, CLOCK)
        return claim.messages[0]

    def says(self, taken: Message, kind: OutcomeKind) -> None:
        result = Result(taken, support.outcome(kind, gateway_id="7" * 32))
        Recorder(self.database).record_calls([(self.handler, [result])], CLOCK.now())

    @property
    def now(self) -> Message:
        return support.message(self.database, self.message)


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    made = Story(tmp_path)
    yield made
    made.database.close()


@pytest.mark.parametrize("kind", [OutcomeKind.REJECTED, OutcomeKind.NOT_SENT, OutcomeKind.ACCEPTED])
def test_it_changes_nothing_while_a_newer_attempt_is_under_way(story: Story, kind: OutcomeKind) -> None:
    first = story.is_taken_by("first")
    second = story.is_taken_by("second")
    assert (first.attempts, second.attempts) == (1, 2)
    story.says(first, kind)
    assert (story.now.state, story.now.attempt_id) == (MessageState.SENDING, second.attempt_id)
    story.says(second, OutcomeKind.ACCEPTED)
    assert story.now.state is MessageState.ACCEPTED
    story.says(first, OutcomeKind.REJECTED)
    assert story.now.state is MessageState.ACCEPTED


def test_it_is_kept_while_the_message_still_waits_for_its_next_attempt(story: Story) -> None:
    first = story.is_taken_by("first")
    assert story._holder is not None
    story._holder.release()
    with story.database.write() as tx:
        claims.sweep(tx, 99, CLOCK.now())
    assert (story.now.state, story.now.may_arrive_twice) == (MessageState.QUEUED, True)
    story.says(first, OutcomeKind.ACCEPTED)
    assert (story.now.state, story.now.gateway_id) == (MessageState.ACCEPTED, "7" * 32)
    assert not story.now.may_arrive_twice, "it will not be sent again"
