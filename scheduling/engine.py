"""The engine: the loops that fire, send, check and report while this process holds the lease.

It runs on an asyncio loop of its own. It talks to the rest of the program through the
database: it learns of new work by `PRAGMA data_version` (or a nudge) and says what it did
in the review.
"""

import asyncio
import contextlib
import logging
import threading
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from scheduling import cron
from scheduling.answerer import Answerer
from scheduling.auditor import Auditor
from scheduling.change_watch import listen
from scheduling.clock import Clock, SystemClock
from scheduling.clock_jump import ClockWatch, PlanClock
from scheduling.delivery import Delivery
from scheduling.leadership import Leadership, runs_elsewhere
from scheduling.metrics_file import MetricsFile, Own
from scheduling.monitor import Monitor
from scheduling.planner import Planner
from scheduling.progress import Progress
from scheduling.releasing import Releaser
from scheduling.reports import Reports
from scheduling.sender_pool import SenderPool
from scheduling.store import Store
from scheduling.timing import Timing
from scheduling.troubles import Troubles
from storage import instances, leases, review_head
from storage.database import Database
from storage.errors import StorageError
from storage.records import ReviewEntry
from storage.vocabulary import Category, EntryKind, InstanceKind

log = logging.getLogger(__name__)

SIGN_ON_AGAIN = 0.5  # seconds between tries to sign on while the file refuses it


class Engine:
    """One process's engine. `run` until `stop`; other threads may `nudge` and read `trouble`."""

    def __init__(
        self,
        database: Database,
        *,
        kind: InstanceKind,
        operator: str | None = None,
        version: str = "",
        clock: Clock | None = None,
        timing: Timing | None = None,
        metrics_file: Path | None = None,
    ) -> None:
        self.instance_id = uuid.uuid4().hex
        self._troubles = Troubles()
        self._rest = 0.0
        self._database = database
        self._kind = kind
        self._operator = operator
        self._version = version
        self._clock = clock or SystemClock()
        database.machine = self._clock
        self._timing = timing or Timing()
        self.started = False  # once it is known who holds the lease
        self.progress = Progress(self._clock, self._timing.longest_round, self._timing.rests())
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._store = Store("engine-store")
        self._lease_store = Store("engine-lease")
        self._metrics_store = Store("engine-metrics")
        self._pool = SenderPool(database, self._clock)
        self.leadership = Leadership(
            database,
            self._clock,
            self.instance_id,
            kind,
            life=self._timing.lease_life,
            preferred=self._may_compete,
        )
        self._clock_watch = ClockWatch(database, self._clock)
        self._plans = plans = PlanClock(self._clock, self._clock_watch, lambda: self.leadership.epoch)
        self._planner = Planner(database, plans)
        self._answerer = Answerer(database, plans)
        self._releaser = Releaser(database, plans)
        self._auditor = Auditor(database, plans)
        self._monitor = Monitor(
            database,
            plans,
            self._store,
            self._pool,
            self._wake.set,
            partial(self.progress.passed, "monitor"),
        )
        self._delivery = Delivery(
            database,
            plans,
            self.leadership,
            self.instance_id,
            self._store,
            self._pool,
            self._wake.set,
            self._monitor.suspect,
        )
        self._reports = Reports(
            database,
            plans,
            self._store,
            self._pool,
            partial(self.progress.passed, "reports"),
            self._delivery.busy,
        )
        self._metrics = (
            MetricsFile(metrics_file, database, self._clock, version, self._own) if metrics_file else None
        )

    @property
    def holds_lease(self) -> bool:
        return self.leadership.holds

    @property
    def trouble(self) -> str | None:
        """What keeps the engine from working, in a sentence, while it does."""
        return self._troubles.first

    @property
    def in_flight(self) -> int:
        """Calls to Clickatell under way."""
        return self._delivery.in_flight

    def nudge(self) -> None:
        """Look for work now. May be called from any thread."""
        self._from_outside(self._wake.set)

    def reload(self) -> threading.Event:
        """Take nothing for known any more; the event comes when all is looked at. From any thread."""
        done = threading.Event()
        self._from_outside(partial(self._begin_reload, done))
        return done

    def stop(self) -> None:
        """Claim nothing more, wait for what is under way, give up the lease. From any thread."""
        self._from_outside(self._begin_stop)

    async def run(self) -> None:
        """Work until stopped. Raises `StorageError` only when the site cannot be used at all."""
        self._loop = asyncio.get_running_loop()
        if not await self._sign_on():
            self._close_stores()
            return
        timing = self._timing
        listening = listen(
            self._database, self._clock, timing.look_every, self._heard, self._monitor.site_changed,
            partial(self.progress.passed, "listen"),
        )  # fmt: skip
        loops = [
            asyncio.create_task(self._keep_lease(), name="lease"),
            asyncio.create_task(self._work(), name="work"),
            asyncio.create_task(listening, name="listen"),
            self._while_leading("monitor", timing.check_every, self._monitor.tick),
            self._while_leading("reports", timing.report_every, self._reports.tick),
            self._while_leading("head", timing.head_every, self._head_step),
            self._while_leading("audit", timing.audit_every, self._audit_step),
            asyncio.create_task(self._keep_metrics(), name="metrics"),
        ]
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait([stopping, *loops], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._wind_down(loops, stopping)

    async def _sign_on(self) -> bool:
        """Whether this process is known on the site; trouble with the file is waited out until a stop."""
        while "sign-on" not in self._troubles or not self._stop.is_set():
            await self._guarded("sign-on", partial(self._store.run, self._register))
            if "sign-on" not in self._troubles:
                return True
            await self._clock.sleep(SIGN_ON_AGAIN)
        return False

    async def _wind_down(self, loops: list[asyncio.Task[None]], stopping: asyncio.Task[bool]) -> None:
        self._delivery.stopping = True
        lease, *others = loops
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        # The lease is kept alive while answers are awaited: nobody else may call them lost.
        await self._delivery.drain(self._timing.drain)
        lease.cancel()
        stopping.cancel()
        ended = await asyncio.gather(lease, stopping, return_exceptions=True)
        await self._pool.close()
        with contextlib.suppress(StorageError):
            await self._write_metrics(up=False)
        await self._lease_store.run(self.leadership.release)
        await self._store.run(self._leave)
        self._close_stores()
        for error in ended:
            if isinstance(error, Exception):
                raise error

    def _close_stores(self) -> None:
        for store in (self._store, self._lease_store, self._metrics_store):
            store.close()

    def _begin_reload(self, done: threading.Event) -> None:
        if self._loop is None or self._stop.is_set():
            done.set()
            return
        task = self._loop.create_task(self._look_anew(), name="reload")
        task.add_done_callback(_log_failure)
        task.add_done_callback(lambda ended: done.set())

    async def _look_anew(self) -> None:
        """Time zones, secrets, connections and the handlers' accounts; then a check of the whole."""
        log.info("looking at everything anew")
        cron.forget_zones()
        await self._pool.renew()
        self._monitor.forget()
        epoch = self.leadership.epoch
        if epoch is not None and self.leadership.holds:
            await self._guarded("monitor", partial(self._monitor.tick, epoch))
            await self._guarded("audit", partial(self._audit_step, epoch))
        await self._write_metrics()
        self._wake.set()

    def _begin_stop(self) -> None:
        if not self._stop.is_set():
            log.info("stopping, %s calls under way", self._delivery.in_flight)
        self._delivery.stopping = True
        self._stop.set()

    def _from_outside(self, call: Callable[[], None]) -> None:
        loop = self._loop
        if loop is None or loop.is_closed():
            call()
            return
        with contextlib.suppress(RuntimeError):  # the loop closed meanwhile: nothing left to tell
            loop.call_soon_threadsafe(call)

    # The loops. Each lasts as long as the engine; trouble with the file is told, and tried again.

    async def _keep_lease(self) -> None:
        while True:
            await self._guarded("lease", self._lease_step)
            self.started = self.started or "lease" not in self._troubles
            # A beat that failed is tried again soon: the right to act is running out.
            beaten = self.leadership.epoch is not None and "lease" not in self._troubles
            await self._clock.sleep(self._timing.beat_every if beaten else self._timing.standby_every)

    async def _lease_step(self) -> None:
        if self._kind != InstanceKind.RUN and self.leadership.epoch is not None:
            other = await self._lease_store.run(runs_elsewhere, self._database, self.instance_id)
            if other and not self._delivery.in_flight:
                await self._hand_over()
                return
        taken = await self._lease_store.run(self.leadership.step)
        if taken:
            epoch = self.leadership.epoch
            assert epoch is not None
            log.info("lease taken, epoch %s", epoch)
            self._monitor.forget()
            asyncio.create_task(self._sweep(epoch), name="sweep").add_done_callback(_log_failure)
            self._wake.set()

    async def _hand_over(self) -> None:
        await self._lease_store.run(self.leadership.release)
        await self._lease_store.run(self._note_handover)

    async def _sweep(self, epoch: int) -> None:
        if not self.leadership.predecessor_was_dead:
            # Its calls may still be answered, by itself if it goes on.
            await self._clock.sleep(self._timing.sweep_after)
        while self.leadership.epoch == epoch:
            if not self._clock_watch.is_right(epoch):
                # What becomes of them is counted from their plans.
                await self._clock.sleep(self._timing.look_every)
                continue
            try:
                await self._delivery.sweep(epoch)
                self._wake.set()
                return
            except leases.LeaseLost:
                return
            except StorageError as error:
                log.warning("the former holder's messages could not be looked at: %s", error)
                await self._clock.sleep(1)

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            await self._guarded("work", self._work_step)
            with contextlib.suppress(TimeoutError):
                await self._clock.wait_for(self._wake.wait(), self._rest)

    async def _work_step(self) -> None:
        self._rest = self._timing.rest_at_most
        epoch = self.leadership.epoch
        if epoch is None or not self.leadership.holds:
            self._rest = self._timing.standby_every
            return
        await self._put_clock_right(epoch)
        held = self._clock_watch.held_tasks and await self._store.run(self._clock_watch.holds_tasks, epoch)
        # A wrong clock must not wake people: quiet hours go on while tasks wait for a right one.
        await self._store.run(partial(self._releaser.tick, epoch, times_of_day=not held))
        await self._store.run(self._answerer.tick, epoch)
        firing, sending = not held, True
        while firing or sending:
            await self._put_clock_right(epoch)
            # A page, and then what is queued: an alert never waits for all that is due.
            firing = firing and not self._clock_watch.held_tasks
            firing = firing and await self._store.run(self._planner.tick, epoch) > 0
            sending = await self._delivery.tick()
            self.progress.passed("work")
        if not self._clock_watch.is_right(epoch):
            self._wake.set()  # it jumped just now, and nothing was claimed
        self._rest = self._until(*await self._store.run(self._next_moments, bool(held)))

    async def _put_clock_right(self, epoch: int) -> None:
        if not self._clock_watch.is_right(epoch):
            await self._store.run(self._clock_watch.put_right, epoch, self.leadership.last_beat)

    def _until(self, *times: datetime | None) -> float:
        """Seconds until the first of these times, at most the longest rest."""
        now = self._plans.now()
        waits = [(moment - now).total_seconds() for moment in times if moment is not None]
        return max(0.02, min([self._timing.rest_at_most, *waits]))

    def _heard(self) -> None:
        self._wake.set()
        self._monitor.site_changed()

    def _while_leading(
        self, loop: str, every: float, step: Callable[[int], Awaitable[None]]
    ) -> asyncio.Task[None]:
        """A loop that makes a step now and then while this process holds the lease."""

        async def go_round() -> None:
            while True:
                await self._clock.sleep(every)
                epoch = self.leadership.epoch
                if epoch is not None and self.leadership.holds:
                    await self._guarded(loop, partial(step, epoch))
                self.progress.passed(loop)

        return asyncio.create_task(go_round(), name=loop)

    async def _audit_step(self, epoch: int) -> None:
        sending, held = self._delivery.sending, self._clock_watch.held_tasks
        stalled = self.progress.stalled
        if await self._store.run(self._auditor.look, epoch, sending, held, stalled):
            self._wake.set()

    async def _keep_metrics(self) -> None:
        while not self.started:  # who sends is then known
            await self._clock.sleep(self._timing.look_every)
        while True:
            await self._write_metrics()
            await self._clock.sleep(self._timing.metrics_every)

    async def _write_metrics(self, *, up: bool = True) -> None:
        if self._metrics is not None:
            await self._guarded("metrics", partial(self._metrics_store.run, self._metrics.write, up=up))

    async def _head_step(self, epoch: int) -> None:
        await self._store.run(self._note_head)

    async def _guarded(self, loop: str, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await self._troubles.guard(loop, step)
        finally:
            self.progress.passed(loop)

    # What runs in the stores' threads.

    def _next_moments(self, held: bool) -> tuple[datetime | None, ...]:
        """When the next attempt, step of an answer plan, release and, unless held, task comes due."""
        task_at = None if held else self._planner.next_due()
        released_at = self._releaser.next_due(times_of_day=not held)
        return self._delivery.next_at(), self._answerer.next_due(), released_at, task_at

    def _own(self) -> Own:
        troubled = self._troubles.any_but("metrics")
        return Own(self.leadership.holds, troubled, self._delivery.in_flight)

    def _may_compete(self) -> bool:
        return self._kind == InstanceKind.RUN or not runs_elsewhere(self._database, self.instance_id)

    def _register(self) -> None:
        with self._database.write(wait=2) as tx:
            now = self._clock.now()
            instances.register(tx, self.instance_id, self._kind, self._version, self._operator, now)

    def _note_head(self) -> None:
        if problem := review_head.keep(self._database, self._clock.now()):
            log.error("the review is not what it was: %s (commsdesk review verify)", problem)

    def _leave(self) -> None:
        try:
            with self._database.write(wait=2) as tx:
                instances.leave(tx, self.instance_id)
            self._note_head()
        except StorageError as error:
            log.warning("could not sign off: %s", error)

    def _note_handover(self) -> None:
        text = "sending handed over to commsdesk run"
        with self._database.write() as tx:
            tx.review(self._clock.now(), ReviewEntry(Category.SYSTEM, text, kind=EntryKind.SITE))


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("%s failed", task.get_name(), exc_info=error)
