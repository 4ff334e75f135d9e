"""The wall clock is set while a site is quiet: what is planned is counted in boot time, whoever wrote it."""

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from scheduling import claims
from scheduling.gateways.outcome import DeliveryStatus, DeliveryVerdict, Outcome
from storage import handlers, outbox
from storage import outlived as stored_outlived
from storage.database import Database
from storage.records import MessageDraft
from storage.vocabulary import MessageState, Origin, OutcomeKind
from tests.engine.support import (
    ACCEPTED,
    MINUTE,
    ScriptedSender,
    add_handler,
    make_site,
    message,
    outcome,
    review_of,
    running,
    states,
    use_sender,
)
from tests.engine.test_tasks import add_task, runs
from tests.virtual_time import VirtualClock, run_virtually
from tui.operations.clock import let_tasks_go_on
from tui.operations.desk import Desk
from tui.operations.status import status

BACK = (-61, 60), (-6, 5)
FORWARD = (61, 60), (6, 5)
HOUR = timedelta(hours=1)


def waits(desk: Desk) -> bool:
    return any("scheduled tasks wait until" in problem for problem in status(desk).problems)


class Written:
    """A site with an engine, and another process that writes with the clock as it is."""

    def __init__(self, folder: Path, clock: VirtualClock) -> None:
        self.clock = clock
        self.database: Database = make_site(folder, clock)
        self.other: Database = make_site(folder, clock)
        self.handler = add_handler(self.database, clock)
        self.ids: dict[int, float] = {}

    def write(self, life: timedelta = HOUR, origin: Origin = Origin.MANUAL) -> int:
        # To a number of its own: nothing waits behind an older one.
        to = f"+4477008{len(self.ids):05d}"
        with self.other.write() as tx:
            now = self.clock.now()
            draft = MessageDraft(self.handler, to, "Pump 2 stopped", 1, None, None, now + life)
            (made,) = outbox.enqueue(tx, outbox.Submission(origin), [draft], now)
        self.ids[made] = self.clock.boottime()
        return made

    def tries(self, sender: ScriptedSender, of: int) -> list[float]:
        """Seconds from its writing to each of its attempts, in boot time."""
        name = message(self.database, of).client_message_id
        return [at - self.ids[of] for at, item in sender.sent if item.client_message_id == name]


@pytest.mark.parametrize("origin", [Origin.MANUAL, Origin.ALERT])
@pytest.mark.parametrize(("minutes", "life"), [*BACK, *FORWARD])
@pytest.mark.parametrize("after", [0.0, 0.1, 3.0])
def test_the_first_message_after_the_clock_was_set_goes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minutes: int, life: int, origin: Origin, after: float
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock)
        use_sender(monkeypatch, sender)
        site = Written(tmp_path, clock)
        async with running(site.database, clock):
            await clock.sleep(102)
            clock.jump(minutes * MINUTE)
            await clock.sleep(after)
            sent = site.write(life * MINUTE, origin)
            await clock.sleep(20)
        assert message(site.database, sent).state is MessageState.ACCEPTED
        assert site.tries(sender, sent) == [pytest.approx(0, abs=1)]

    run_virtually(main)


def test_several_settings_in_one_rest_move_each_message_by_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock, lambda item, n: outcome(OutcomeKind.NOT_SENT) if n < 3 else ACCEPTED)
        use_sender(monkeypatch, sender)
        site = Written(tmp_path, clock)
        async with running(site.database, clock):
            await clock.sleep(101.5)
            # All before the engine can look: the file cannot be read meanwhile.
            clock._attached.busy += 1  # type: ignore[attr-defined]
            written = [site.write()]
            for jump in (-61, 200, -7000, 30):
                clock.jump(jump * MINUTE)
                written.append(site.write(5 * MINUTE))
            clock._attached.busy -= 1  # type: ignore[attr-defined]
            await clock.sleep(150)
        for each in written:
            assert site.tries(sender, each) == [pytest.approx(at, abs=1) for at in (0, 60, 120)]
        assert states(site.database) == {MessageState.ACCEPTED: 5}

    run_virtually(main)


@pytest.mark.parametrize("minutes", [0, -300, -1, 3, 300])
def test_what_became_of_a_message_is_asked_after_the_same_lengths_of_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    async def main(clock: VirtualClock) -> None:
        asked: list[float] = []

        class Asked(ScriptedSender):
            async def delivery_status(self, gateway_id: str) -> DeliveryStatus:
                asked.append(clock.boottime())
                return DeliveryStatus(DeliveryVerdict.PENDING, "QUEUED")

        use_sender(monkeypatch, Asked(clock))
        site = Written(tmp_path, clock)
        async with running(site.database, clock):
            sent = site.write()
            await clock.sleep(90)
            clock.jump(minutes * MINUTE)
            await clock.sleep(1800 if minutes else 3600)
        after = [at - site.ids[sent] for at in asked]
        assert after == [pytest.approx(60, abs=30), pytest.approx(300, abs=30), pytest.approx(1800, abs=30)]

    run_virtually(main)


@pytest.mark.parametrize("minutes", [-8, 8])
def test_a_clock_that_is_set_while_many_are_closed_ends_no_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    """Those past their life are closed in batches, all as of one moment: that of the clock before."""

    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock)
        use_sender(monkeypatch, sender)
        site = Written(tmp_path, clock)
        late = [site.write(5 * MINUTE) for _ in range(6)]
        await clock.sleep(400)
        alive: list[int] = []
        look = stored_outlived.found

        def two_at_a_time(connection: object, now: object) -> object:
            found = look(connection, now, 500 if alive else 2)  # type: ignore[arg-type]
            if len(found) == 2 and message(site.other, late[0]).state is MessageState.EXPIRED and not alive:
                clock.jump(minutes * MINUTE)
                alive.append(site.write(5 * MINUTE))
            return found

        monkeypatch.setattr("scheduling.delivery.stored_outlived.found", two_at_a_time)
        async with running(site.database, clock):
            await clock.sleep(20)
        assert states(site.database) == {MessageState.EXPIRED: 6, MessageState.ACCEPTED: 1}
        assert site.tries(sender, alive[0]) == [pytest.approx(0, abs=2)]

    run_virtually(main)


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_is_set_while_no_engine_runs_ends_no_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """On one boot the time that passed can be told from a jump."""

    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock)
        use_sender(monkeypatch, sender)
        site = Written(tmp_path, clock)
        async with running(site.database, clock):
            await clock.sleep(20)
        before = site.write()
        clock.jump(hours * HOUR)
        after = site.write()
        late = site.write(MINUTE)
        await clock.sleep(120)
        async with running(site.database, clock):
            await clock.sleep(20)
        assert site.tries(sender, before) == [pytest.approx(120, abs=2)]
        assert site.tries(sender, after) == [pytest.approx(120, abs=2)]
        assert message(site.database, late).state is MessageState.EXPIRED, "its minute is over"

    run_virtually(main)


@pytest.mark.parametrize("minutes", [-61, 61])
def test_a_clock_that_is_set_just_before_a_claim_stops_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock, lambda item, n: outcome(OutcomeKind.NOT_SENT) if n == 1 else ACCEPTED)
        use_sender(monkeypatch, sender)
        site = Written(tmp_path, clock)
        jumps = [minutes * MINUTE]
        mended: list[bool] = []

        def passing(point: str) -> None:
            if point == "before-claim" and jumps:
                clock.jump(jumps.pop())
            elif point == "after-claim":
                mended.append(any("clock" in entry.text for entry in review_of(site.other)))

        monkeypatch.setattr(claims.fault_points, "passing", passing)
        async with running(site.database, clock):
            await clock.sleep(30)
            sent = site.write()
            await clock.sleep(5)
            found = message(site.database, sent)
            assert found.first_attempt_at is not None
            assert abs(clock.now() - found.first_attempt_at) < timedelta(seconds=6), "by the new clock"
            await clock.sleep(100)
        assert site.tries(sender, sent) == [pytest.approx(0, abs=1), pytest.approx(60, abs=1)]
        assert mended == [True, True], "nothing is claimed before the jump is put right"

    run_virtually(main)


@pytest.mark.parametrize("hours", [-3, 3])
def test_not_before_and_a_pause_are_lengths_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """The clock is set during the call: the gateway's "not before" is by the new one, the plan by the old."""

    async def main(clock: VirtualClock) -> None:
        def answer(item: object, n: int) -> Outcome:
            if n > 1:
                return ACCEPTED
            clock.jump(hours * HOUR)
            return outcome(OutcomeKind.BUSY, retry_at=clock.now() + timedelta(seconds=70))

        sender = ScriptedSender(clock, answer)
        use_sender(monkeypatch, sender)
        site = Written(tmp_path, clock)
        async with running(site.database, clock):
            await clock.sleep(30)
            sent = site.write()
            await clock.sleep(10)
            with site.database.read() as connection:
                paused = handlers.status_of(connection, site.handler).paused_until
            assert paused is None or paused < clock.now() + timedelta(seconds=70)
            await clock.sleep(90)
        assert site.tries(sender, sent) == [pytest.approx(0, abs=1), pytest.approx(70, abs=1)]

    run_virtually(main)


@pytest.mark.parametrize(
    "seed", [*range(6), *(pytest.param(n, marks=pytest.mark.long) for n in range(6, 150))]
)
def test_whatever_the_clock_does_lives_and_plans_are_lengths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Random settings, quiet times, writings and stops of the engine: no message expires before its
    life has passed in boot time, and none is attempted later than planned, or earlier."""
    chance = random.Random(seed)

    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock, lambda item, n: outcome(OutcomeKind.NOT_SENT) if n < 3 else ACCEPTED)
        use_sender(monkeypatch, sender)
        site = Written(tmp_path, clock)
        lives: dict[int, timedelta] = {}
        starts = [0.0]

        def jump() -> None:
            size = chance.choice((1.0, 30.0, 400.0, 4000.0, 3e5)) * chance.uniform(0.5, 1.0)
            clock.jump(timedelta(seconds=chance.choice((-1, 1)) * size))

        def write() -> None:
            life = chance.choice((5, 60)) * MINUTE
            # By hand: an alert's message also gets attempts besides its plan, when its handler is well again.
            lives[site.write(life)] = life

        acts: list[Callable[[], None]] = [jump, write]
        for _ in range(3):
            async with running(site.database, clock):
                await _while_it_runs(clock, chance, acts)
            for _ in range(chance.randrange(3)):
                chance.choice(acts)()
                await clock.sleep(chance.uniform(0, 200))
            starts.append(clock.boottime())
        async with running(site.database, clock):
            await clock.sleep(200)
        for each, life in lives.items():
            _check(site, sender, each, life, starts)

    run_virtually(main)


async def _while_it_runs(clock: VirtualClock, chance: random.Random, acts: list[Callable[[], None]]) -> None:
    for _ in range(chance.randrange(12)):
        await clock.sleep(chance.choice((0, 0, 0.2, 3, 90)) * chance.random())
        chance.choice(acts)()
    await clock.sleep(8)  # whatever is due now is sent before it ends


def _check(site: Written, sender: ScriptedSender, each: int, life: timedelta, starts: list[float]) -> None:
    written = site.ids[each]
    found = message(site.database, each)
    tries = [written + at for at in site.tries(sender, each)]
    if not tries:
        # No engine was there until its life was over.
        following = min((at for at in starts if at > written), default=None)
        assert found.state is MessageState.EXPIRED, found
        assert following is not None and following - written > life.total_seconds() - 5
        return
    assert tries[0] - written < life.total_seconds() + 5
    following = min((at for at in starts if at >= written), default=written)
    assert tries[0] <= max(written, following) + 4, "as soon as an engine was there"
    # Each later attempt is on the plan, or when an engine came back after it.
    for planned, at in zip((tries[0] + 60 * n for n in range(1, 5)), tries[1:], strict=False):
        on_plan = abs(at - planned) < 4
        assert on_plan or any(-0.001 < at - start < 4 for start in starts), (tries, starts)


def test_an_operator_lets_tasks_go_on_and_a_later_holder_of_the_lease_goes_on_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        use_sender(monkeypatch, ScriptedSender(clock))
        site = Written(tmp_path, clock)
        task = add_task(site.database, clock, site.handler)
        desk = Desk(site.other, "ana", now=clock.now)

        def fired() -> int:
            return len([state for _, state, _ in runs(site.database, task) if state == "fired"])

        assert let_tasks_go_on(desk) is False, "nothing is held"
        async with running(site.database, clock):
            await clock.sleep(30)
            clock.jump(5 * HOUR)
            await clock.sleep(30)
            assert waits(desk)
        async with running(site.database, clock):
            await clock.sleep(100)
            assert fired() == 0, "the hold is the site's, not the process's"
            assert let_tasks_go_on(desk) is True
            await clock.sleep(3)
            assert fired() >= 1
            assert not waits(desk)
        said = [entry for entry in review_of(site.database) if "scheduled tasks go on" in entry.text]
        assert [entry.operator for entry in said] == ["ana"]

    run_virtually(main)


def test_what_is_said_names_the_jump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        use_sender(monkeypatch, ScriptedSender(clock))
        site = Written(tmp_path, clock)
        async with running(site.database, clock):
            await clock.sleep(30)
            clock.jump(-61 * MINUTE)
            site.write()
            await clock.sleep(30)
        said = [entry.text for entry in review_of(site.database) if "the clock jumped" in entry.text]
        assert said == ["the clock jumped back by 61 min: 0 waiting messages keep their plan"]

    run_virtually(main)
