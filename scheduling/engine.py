"""The engine: the loops that fire, send, check and report while this process holds the lease.

It runs on an asyncio loop of its own. It talks to the rest of the program through the
database: it learns of new work by `PRAGMA data_version` (or a nudge) and says what it did
in the review.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from scheduling.auditor import Auditor
from scheduling.clock import Clock, SystemClock
from scheduling.clock_jump import ClockWatch
from scheduling.delivery import Delivery
from scheduling.leadership import BEAT_EVERY, LEASE_LIFE, Leadership, runs_elsewhere
from scheduling.monitor import Monitor
from scheduling.planner import Planner
from scheduling.reports import Reports
from scheduling.sender_pool import SenderPool
from scheduling.store import Store
from storage import instances, leases, review_head
from storage.database import Database
from storage.errors import NewerSchema, Replaced, StorageError
from storage.records import Category, Level, ReviewEntry

log = logging.getLogger(__name__)

SIGN_ON_AGAIN = 0.5  # seconds between tries to sign on while the file refuses it


@dataclass(frozen=True, slots=True)
class Timing:
    """How often the engine looks and how long it waits, in seconds. Tests shorten these."""

    lease_life: float = LEASE_LIFE
    beat_every: float = BEAT_EVERY
    standby_every: float = 0.5
    look_every: float = 0.25
    rest_at_most: float = 5.0
    check_every: float = 1.0
    report_every: float = 5.0
    head_every: float = 60.0
    audit_every: float = 60.0
    drain: float = 30.0
    sweep_after: float = 32.0  # the longest call and two seconds: then a silent holder's calls are over


class Engine:
    """One process's engine. `run` until `stop`; other threads may `nudge` and read `trouble`."""

    def __init__(
        self,
        database: Database,
        *,
        kind: str,
        operator: str | None = None,
        version: str = "",
        clock: Clock | None = None,
        timing: Timing | None = None,
    ) -> None:
        self.instance_id = uuid.uuid4().hex
        self._troubles: dict[str, str] = {}
        self._rest = 0.0
        self._database = database
        self._kind = kind
        self._operator = operator
        self._version = version
        self._clock = clock or SystemClock()
        self._timing = timing or Timing()
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._store = Store("engine-store")
        self._lease_store = Store("engine-lease")
        self._pool = SenderPool(database, self._clock)
        self.leadership = Leadership(
            database,
            self._clock,
            self.instance_id,
            kind,
            life=self._timing.lease_life,
            preferred=self._may_compete,
        )
        self._planner = Planner(database, self._clock)
        self._clock_watch = ClockWatch(database, self._clock)
        self._auditor = Auditor(database, self._clock)
        self._monitor = Monitor(database, self._clock, self._store, self._pool, self._wake.set)
        self._reports = Reports(database, self._clock, self._store, self._pool)
        self._delivery = Delivery(
            database,
            self._clock,
            self.leadership,
            self.instance_id,
            self._store,
            self._pool,
            self._wake.set,
            self._monitor.suspect,
        )

    @property
    def holds_lease(self) -> bool:
        return self.leadership.holds

    @property
    def trouble(self) -> str | None:
        """What keeps the engine from working, in a sentence, while it does."""
        return next(iter(list(self._troubles.values())), None)

    @property
    def in_flight(self) -> int:
        """Calls to Clickatell under way."""
        return self._delivery.in_flight

    def nudge(self) -> None:
        """Look for work now. May be called from any thread."""
        self._from_outside(self._wake.set)

    def reload(self) -> None:
        """Look at everything anew, the handlers' accounts too. From any thread."""
        self._from_outside(self._look_anew)

    def stop(self) -> None:
        """Claim nothing more, wait for what is under way, give up the lease. From any thread."""
        self._from_outside(self._begin_stop)

    async def run(self) -> None:
        """Work until stopped. Raises `StorageError` only when the site cannot be used at all."""
        self._loop = asyncio.get_running_loop()
        if not await self._sign_on():
            self._store.close()
            self._lease_store.close()
            return
        loops = [
            asyncio.create_task(self._keep_lease(), name="lease"),
            asyncio.create_task(self._work(), name="work"),
            asyncio.create_task(self._listen(), name="listen"),
            asyncio.create_task(self._check_handlers(), name="monitor"),
            asyncio.create_task(self._ask_reports(), name="reports"),
            asyncio.create_task(self._keep_head(), name="head"),
            asyncio.create_task(self._audit(), name="audit"),
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
        await self._lease_store.run(self.leadership.release)
        await self._store.run(self._leave)
        self._store.close()
        self._lease_store.close()
        for error in ended:
            if isinstance(error, Exception):
                raise error

    def _look_anew(self) -> None:
        log.info("looking at everything anew")
        self._monitor.forget()
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
            # A beat that failed is tried again soon: the right to act is running out.
            beaten = self.leadership.epoch is not None and "lease" not in self._troubles
            await self._clock.sleep(self._timing.beat_every if beaten else self._timing.standby_every)

    async def _lease_step(self) -> None:
        if self._kind != "run" and self.leadership.epoch is not None:
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
        await self._lease_store.run(self._say, "sending handed over to commsdesk run")

    async def _sweep(self, epoch: int) -> None:
        if not self.leadership.predecessor_was_dead:
            # Its calls may still be answered, by itself if it goes on.
            await self._clock.sleep(self._timing.sweep_after)
        while self.leadership.epoch == epoch:
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
        if jump := self._clock_watch.look(epoch, self.leadership.last_beat):
            log.warning("the wall clock jumped by %s", jump)
            await self._store.run(self._clock_watch.put_right, epoch, jump)
        held = self._clock_watch.holds_tasks
        if not held:
            await self._store.run(self._planner.tick, epoch)
        busy = True
        while busy:
            busy = await self._delivery.tick()
        task_at = None if held else await self._store.run(self._planner.next_due)
        self._rest = self._until(await self._delivery.next_at(), task_at)

    def _until(self, *times: datetime | None) -> float:
        """Seconds until the first of these times, at most the longest rest."""
        now = self._clock.now()
        waits = [(moment - now).total_seconds() for moment in times if moment is not None]
        return max(0.02, min([self._timing.rest_at_most, *waits]))

    async def _listen(self) -> None:
        watch = self._database.watch()
        try:
            while True:
                await self._clock.sleep(self._timing.look_every)
                try:
                    if watch.changed():
                        self._wake.set()
                except Exception as error:  # the file may be away for a moment; the work loop will say
                    log.debug("cannot look for changes: %s", error)
        finally:
            watch.close()

    async def _check_handlers(self) -> None:
        while True:
            epoch = self.leadership.epoch
            if epoch is not None and self.leadership.holds:
                await self._guarded("monitor", partial(self._monitor.tick, epoch))
            await self._clock.sleep(self._timing.check_every)

    async def _ask_reports(self) -> None:
        while True:
            await self._clock.sleep(self._timing.report_every)
            epoch = self.leadership.epoch
            if epoch is not None and self.leadership.holds:
                await self._guarded("reports", partial(self._reports.tick, epoch))

    async def _audit(self) -> None:
        while True:
            await self._clock.sleep(self._timing.audit_every)
            epoch = self.leadership.epoch
            if epoch is not None and self.leadership.holds:
                await self._guarded("audit", partial(self._audit_step, epoch))

    async def _audit_step(self, epoch: int) -> None:
        sending, held = self._delivery.sending, self._clock_watch.holds_tasks
        if await self._store.run(self._auditor.look, epoch, sending, held):
            self._wake.set()

    async def _keep_head(self) -> None:
        while True:
            await self._clock.sleep(self._timing.head_every)
            if self.leadership.holds:
                await self._guarded("head", partial(self._store.run, self._note_head))

    async def _guarded(self, loop: str, step: Callable[[], Awaitable[None]]) -> None:
        """One step of a loop. What the file refuses is shown and tried again; a newer program ends us."""
        try:
            await step()
            self._troubles.pop(loop, None)
        except leases.LeaseLost:
            log.info("the lease went to another process")
        except (NewerSchema, Replaced) as error:
            self._troubles[loop] = str(error)
            raise
        except StorageError as error:
            if self._troubles.get(loop) != str(error):
                log.error("%s", error)
            self._troubles[loop] = str(error)
        except Exception as error:
            log.exception("an unexpected error; the engine goes on")
            self._troubles[loop] = f"unexpected error: {type(error).__name__}"

    # What runs in the store's threads.

    def _may_compete(self) -> bool:
        return self._kind == "run" or not runs_elsewhere(self._database, self.instance_id)

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

    def _say(self, text: str, level: Level = Level.INFO) -> None:
        with self._database.write() as tx:
            tx.review(self._clock.now(), ReviewEntry(Category.SYSTEM, text, level))


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("%s failed", task.get_name(), exc_info=error)
