"""Random histories: no phone reads a newer message of a group before an older one, none after its end."""

import random
from datetime import timedelta
from pathlib import Path

import pytest

from scheduling import alerting, stages
from scheduling.gateways.outcome import Outcome, OutgoingMessage
from storage import actions as stored_actions
from storage import alerts, message_history, occurrences, outbox
from storage.database import Database
from storage.records import Action, Message, MessageDraft, Recipient
from storage.vocabulary import MessageState, Origin, OutcomeKind, Stage
from tests.engine import alerts as at
from tests.engine.support import ACCEPTED, ScriptedSender, add_handler, make_site, outcome, running
from tests.virtual_time import VirtualClock, run_virtually

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
NUMBERS = ("+447700900001", "+447700900002")
ENDED = frozenset(MessageState) - {MessageState.QUEUED, MessageState.SENDING}
KINDS = (
    OutcomeKind.ACCEPTED,
    OutcomeKind.ACCEPTED,
    OutcomeKind.BUSY,
    OutcomeKind.NOT_SENT,
    OutcomeKind.UNKNOWN,
    OutcomeKind.REJECTED,
)
WHAT = ("raise", "hand", "hand", "claim", "escalate", "restore", "finalise", "wait")
VERB = {
    "claim": Stage.CLAIMED,
    "escalate": Stage.ESCALATED,
    "restore": Stage.RESTORED,
    "finalise": Stage.FINALISED,
}


class Phones:
    """What was accepted, in the order in which the phones read it: (boot time of the call, number, text)."""

    def __init__(self, clock: VirtualClock, seed: int) -> None:
        self.read: list[tuple[float, str]] = []
        self._clock = clock
        self._dice = random.Random(seed)

    def answer(self, item: OutgoingMessage, n: int) -> Outcome:
        kind = self._dice.choice(KINDS)
        if kind is OutcomeKind.ACCEPTED:
            self.read.append((self._clock.boottime(), item.client_message_id))
            return ACCEPTED
        code = {OutcomeKind.BUSY: "19", OutcomeKind.REJECTED: "25"}.get(kind)
        return outcome(kind, code=code)


class Life:
    """A site on which things happen at random, through two handlers."""

    def __init__(self, folder: Path, clock: VirtualClock) -> None:
        self.clock = clock
        self.database: Database = make_site(folder, clock)
        self.handlers = [
            add_handler(self.database, clock, name, max_connections=3)
            for name in ("Clickatell", "Night desk")
        ]
        self.alert = at.add_alert(self.database, clock, self.handlers[0], "x")
        people = tuple(Recipient(number=number) for number in NUMBERS)
        actions = [
            Action(0, self.handlers[place % 2 if stage == "Escalated" else 0], "", stage, people, stage=stage)
            for place, stage in enumerate(at.STAGES)
        ]
        with self.database.write() as tx:
            stored_actions.set_of_alert(tx, self.alert, actions)

    def do(self, what: str, which: int, number: int) -> None:
        if what == "hand":
            to = NUMBERS[which]
            draft = MessageDraft(
                self.handlers[0], to, f"text {number}", 1, None, None, self.clock.now() + HOUR
            )
            with self.database.write() as tx:
                outbox.enqueue(tx, outbox.Submission(Origin.MANUAL), [draft], self.clock.now())
        elif what == "raise":
            at.raise_now(self.database, self.clock, self.alert, f"key {which}")
        elif what in VERB:
            with self.database.write() as tx:
                found = occurrences.active_with_key(tx, self.alert, f"key {which}")
                alert = alerts.get(tx, self.alert)
                assert alert is not None
                if found is None or stages.step(
                    Stage(found.stage), VERB[what], owner=found.owner, operator="ana"
                ):
                    return
                alerting.enter(tx, alert, found, VERB[what], self.clock.now(), operator="ana")

    def messages(self) -> list[Message]:
        with self.database.read() as connection:
            return message_history.newest(connection, None, 10_000)


def check(life: Life, phones: Phones) -> None:
    found = {message.client_message_id: message for message in life.messages()}
    still = [message for message in found.values() if message.state not in ENDED]
    assert not still, [(each.id, each.state, each.behind_since) for each in still]
    read: dict[tuple[int | None, str], list[int]] = {}
    for _, key in phones.read:
        message = found[key]
        assert not (message.withdrawn and message.state is MessageState.CANCELLED), "read, and withdrawn"
        handler = message.handler_id if message.order_group == 0 else 0
        read.setdefault((message.order_group, f"{message.to} {handler}"), []).append(message.id)
    for group, ids in read.items():
        assert ids == sorted(ids), (group, ids)


@pytest.mark.parametrize("seed", range(6))
def test_the_order_holds_and_everything_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Busy, refused, unknown answers, two handlers, a restart in the middle."""
    dice = random.Random(seed)
    takes = dice.choice([0.0, 0.5, 3.0])
    steps = [(dice.choice(WHAT), dice.randint(0, 1), dice.randint(0, 12)) for _ in range(10)]

    async def main(clock: VirtualClock) -> None:
        phones = Phones(clock, seed)
        day = ScriptedSender(clock, phones.answer, takes=takes)
        night = ScriptedSender(clock, phones.answer, takes=takes / 2)
        at.use_senders(monkeypatch, {"Clickatell": day, "Night desk": night})
        life = Life(tmp_path, clock)
        half = len(steps) // 2
        async with running(life.database, clock):
            for what, which, number in steps[:half]:
                life.do(what, which, number)
                await clock.sleep(number)
        async with running(life.database, clock):
            for what, which, number in steps[half:]:
                life.do(what, which, number)
                await clock.sleep(number)
            for _ in range(30):
                await clock.sleep(20)
                if all(message.state in ENDED for message in life.messages()):
                    break
        check(life, phones)

    run_virtually(main)
