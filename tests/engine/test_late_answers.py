"""Answers in any order: a message of which an attempt was accepted is accepted, and no other is.

A process may be stopped in a call while another writes its attempt down as unknown, sends again, or asks
the gateway; its own answer comes then, about an attempt that is not the newest any more.
"""

import random
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import claims, recorder
from scheduling.call_result import Result
from scheduling.gateways.outcome import Outcome
from storage import handlers, outbox
from storage.database import Database
from storage.records import Message
from storage.tables import attempts
from storage.vocabulary import MessageState, OutcomeKind
from tests.engine.support import ACCEPTED, MINUTE, add_handler, make_site, message, outcome, queue
from tests.virtual_time import VirtualClock, VirtualLoop

NOT_SENT = outcome(OutcomeKind.NOT_SENT, error="refused")
UNKNOWN = outcome(OutcomeKind.UNKNOWN, error="closed")
REJECTED = outcome(OutcomeKind.REJECTED, error="no such number")
FOUND = Outcome(OutcomeKind.ACCEPTED, gateway_id="f" * 32, found_earlier=True)


class Played:
    """One message of a gateway that can be asked, with attempts begun and answered by hand."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock()
        self.clock.attach(VirtualLoop())
        self.database: Database = make_site(folder, self.clock)
        self.handler = add_handler(self.database, self.clock, api_type="xml", retry_rate=MINUTE)
        (self.id,) = queue(self.database, self.clock, self.handler)
        self.claimed: list[Message] = []
        self.epoch = 1

    @property
    def message(self) -> Message:
        return message(self.database, self.id)

    def claim(self) -> None:
        """Begin the next attempt, if the message waits for one."""
        self.clock.jump(timedelta(minutes=2))
        with self.database.write() as tx:
            handler = handlers.get(tx.connection, self.handler)
            assert handler is not None
            self.claimed += outbox.claim(
                tx,
                handler.id,
                outbox.ORDINARY_LANE,
                10,
                rate=handler.retry_rate,
                stop=handler.stop_retrying_after,
                epoch=self.epoch,
                instance_id="gone",
                now=self.clock.now(),
            )

    def sweep(self) -> None:
        self.epoch += 1
        with self.database.write() as tx:
            claims.sweep(tx, self.epoch, self.clock.now())

    def answer(self, which: int, found: Outcome) -> None:
        """The answer to an attempt: 0 is the first that was claimed, -1 the newest."""
        with self.database.write() as tx:
            handler = handlers.get(tx.connection, self.handler)
            assert handler is not None
            recorder.record(tx, handler, [Result(self.claimed[which], found)], self.clock.now())

    def check(self) -> None:
        with self.database.read() as connection:
            rows = connection.execute(sa.select(attempts.c.outcome)).scalars().all()
        accepted = OutcomeKind.ACCEPTED in rows
        if self.message.state is not MessageState.SENDING:
            assert (self.message.state is MessageState.ACCEPTED) == accepted, (self.message, rows)


def play(*steps: Callable[[Played], None]) -> Message:
    with tempfile.TemporaryDirectory() as folder:
        played = Played(Path(folder) / "site")
        for step in steps:
            step(played)
        played.check()
        return played.message


def claim(played: Played) -> None:
    played.claim()


def sweep(played: Played) -> None:
    played.sweep()


def answer(which: int, found: Outcome) -> Callable[[Played], None]:
    return lambda played: played.answer(which, found)


@pytest.mark.parametrize(
    "steps",
    [
        # Its own answer first: surely not sent. What the gateway knows is then of the attempt before.
        (claim, answer(0, UNKNOWN), claim, sweep, answer(1, NOT_SENT), answer(1, FOUND)),
        (claim, sweep, claim, answer(1, NOT_SENT), answer(0, ACCEPTED)),
        (claim, sweep, claim, answer(0, ACCEPTED), answer(1, NOT_SENT)),
        (claim, sweep, claim, answer(0, ACCEPTED), answer(1, UNKNOWN)),
        (claim, sweep, claim, answer(0, ACCEPTED), sweep),
        (claim, sweep, claim, answer(1, REJECTED), answer(0, ACCEPTED)),
        (claim, sweep, claim, answer(1, FOUND)),
    ],
)
def test_whichever_answer_comes_first_an_accepted_message_is_accepted(
    steps: tuple[Callable[[Played], None], ...],
) -> None:
    assert play(*steps).state is MessageState.ACCEPTED


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_in_any_order(seed: int) -> None:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        played = Played(Path(folder) / "site")
        unanswered: list[int] = []
        for _ in range(chance.randint(2, 9)):
            match chance.choice(("claim", "sweep", "answer", "answer")):
                case "claim":
                    before = len(played.claimed)
                    played.claim()
                    unanswered += range(before, len(played.claimed))
                case "sweep":
                    played.sweep()
                case "answer" if unanswered:
                    which = unanswered.pop(chance.randrange(len(unanswered)))
                    played.answer(which, chance.choice((ACCEPTED, NOT_SENT, UNKNOWN, REJECTED, FOUND)))
            played.check()
