"""One round: a site, its engines and clients, the faults, and the wait until all is settled."""

import collections
import contextlib
import itertools
import random
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from demo_data.clickatell import ThreadedClickatell
from demo_data.clickatell.settings import Settings
from scheduling import firing
from storage import actions as stored_actions
from storage import alerts, handlers, leases, tasks
from storage.alerts import AlertField
from storage.database import Database
from storage.errors import StorageError
from storage.records import Action, Recipient
from storage.site import open_site
from tests.engine import support
from tests.faults import faults, journal, order, roles
from tests.faults.nursery import Child, Nursery
from tests.faults.screen import Screen
from tests.faults.verdict import Verdict, judge
from tests.gateways.accounts import SECRETS, settings_at
from tests.processes.support import CLOCK, within

SECOND = timedelta(seconds=1)
SETTLES = 20.0  # seconds, on a machine with time to spare
LONG_EVERY = 50  # rounds
ALERTED = ["+447700900901", "+447700900902"]
BY_HAND = "+447700900950"  # several texts go to this one


class Round:
    """Number `number` of seed `seed`; the same two make the same plan.

    `gateway` is the API Type of the second handler; the first is at the One API.
    """

    def __init__(
        self,
        nursery: Nursery,
        folder: Path,
        seed: int,
        number: int,
        *,
        wanted: tuple[str, ...] | None = None,
        engines: int | None = None,
        seconds: float | None = None,
        gateway: str = "xml",
    ) -> None:
        self.chance = random.Random(f"{seed}/{number}")
        self.name = f"s{seed}r{number}"
        self.folder = folder / self.name
        self._nursery = nursery
        self._wanted = wanted or self._some_faults(number)
        self._engines = engines or self.chance.randint(1, 3)
        self._seconds = seconds
        self._gateway = gateway
        self.thrown: collections.Counter[str] = collections.Counter()
        self._numbers = itertools.count()
        self.children: list[Child] = []
        self.late: list[str] = []
        self._screens: list[Screen] = []
        self.engines: list[Child] = []
        self.askers: list[Child] = []
        self._excused: list[str] = []
        self._port = threading.Lock()
        self._tasks = itertools.count()

    def play(self) -> Verdict:
        """The whole round. The site of a bad one is left on disk."""
        self.folder.mkdir(parents=True)
        settings = Settings(seed=self.chance.randrange(10**6), latency=self.chance.choice((0.02, 0.1, 0.25)))
        with ThreadedClickatell(settings) as self.clickatell:
            self.database: Database = open_site(self.folder / "site")
            try:
                self._arrange()
                self._begin()
                self._throw()
                settled = self._settle()
                self._end()
                asked = journal.read(self._journal)
                verdict = judge(self.database, [self.clickatell], asked)
                verdict.wrong += settled + self._unexcused(asked.refused) + self._complaints()
            finally:
                for child in self.children:
                    child.signal(signal.SIGKILL)
                for screen in self._screens:
                    screen.close()
                self.database.close()
        if verdict.good:
            shutil.rmtree(self.folder)
        return verdict

    # What faults use

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not (found := condition()) and time.monotonic() < end:
            time.sleep(0.02)
        return found

    def work_goes_on(self, messages: int) -> None:
        """Wait until so many more have arrived, but no longer than an engine needs to start."""
        phones = self.clickatell.clickatell.account.inbox
        before = len(phones)
        self.until(lambda: len(phones) >= before + messages, 1.5)

    def count(self, what: str) -> None:
        self.thrown[what] += 1

    @contextlib.contextmanager
    def unreachable(self) -> Iterator[None]:
        """The gateway does not listen, and what was open is cut; one fault at a time has its port."""
        with self._port:
            self.clickatell.pause_listening()
            try:
                yield
            finally:
                self.clickatell.resume_listening()

    def is_quiet(self) -> bool:
        """Whether nothing waits and nothing is on its way."""
        with contextlib.suppress(StorageError), self.database.read() as connection:
            left = "SELECT count(*) FROM message WHERE state IN ('queued', 'sending')"
            return not connection.exec_driver_sql(left).scalar()
        return False

    def was_led(self) -> bool:
        """Whether a holder of the lease has written down its clock: before, none can be told to be set."""
        with contextlib.suppress(StorageError), self.database.read() as connection:
            return leases.current(connection).clock_boot is not None
        return False

    def excuse(self, words: str) -> None:
        """From now on a client may be refused with these words: the fault is the reason."""
        self._excused.append(words)

    def start_engine(self, role: str = "run", **options: Any) -> Child:
        if role == "screen":
            self._screens.append(Screen())
            options["terminal"] = self._screens[-1].name
        started = self._start(role, **options)
        self.engines.append(started)
        return started

    def kill(self, child: Child, what: str) -> None:
        if child.alive:
            child.signal(signal.SIGKILL)
            child.ends(5)
            self.count(what)
        if child in self.engines:
            self.engines.remove(child)

    @property
    def leader_pid(self) -> int | None:
        with self.database.read() as connection:
            return leases.current(connection).holder_pid

    # The course of a round

    @property
    def _journal(self) -> Path:
        return self.folder / "journal"

    def _start(self, role: str, **options: Any) -> Child:
        log = self.folder / f"{next(self._numbers)}-{role}.log"
        child = self._nursery.start(role, log, folder=str(self.folder / "site"), **options)
        self.children.append(child)
        return child

    def _arrange(self) -> None:
        """Handlers whose five or ten attempts take seconds, an alert, and tasks that are due once."""
        common = {
            "retry_rate": self.chance.choice((0.3, 0.5)) * SECOND,
            "stop_retrying_after": self.chance.choice((2, 4)) * SECOND,
            "total_timeout": roles.LONGEST_CALL * SECOND,
            "on_unknown": "hold" if self.chance.random() < 0.2 else "resend",
            "batch_size": self.chance.choice((1, 5, 20)),
            "max_connections": self.chance.choice((2, 4, 8)),
            "useful_life": self.chance.choice((2, 60, 60, 60)) * SECOND,
        }
        settings = settings_at(self.clickatell.base_url.replace("127.0.0.1", roles.GATEWAY))
        self.handlers = [
            support.add_handler(
                self.database, CLOCK, f"At {api}", **common, api_type=api, settings=settings[api]
            )
            for api in ("one", self._gateway)
        ]
        with self.database.write() as tx:
            handlers.keep_secret(self.database, tx, self.handlers[1], SECRETS[self._gateway])
            self._add_alert(tx)
        order.watch(self.database)
        self.add_tasks(int((self._seconds or 2.0) * 4))

    def _add_alert(self, tx: Any) -> None:
        row = {"name": "Fire", "priority": 1, "description": "", "enabled": True}
        self.alert = alerts.add(tx, {**row, "useful_life": None}, CLOCK.now())
        alerts.set_fields(tx, self.alert, [AlertField("Zone")])
        to = tuple(Recipient(number=number) for number in ALERTED)
        told = (Recipient(kind="told"),)
        stored_actions.set_of_alert(
            tx,
            self.alert,
            [
                Action(0, self.handlers[0], "", "{Alert} {Zone}", to, stage="Created"),
                Action(0, self.handlers[0], "", "Over {Zone}", told, stage="Restored"),
            ],
        )

    def add_tasks(self, count: int) -> None:
        """So many more, one due every quarter of a second from now on."""
        with self.database.write() as tx:
            for place in range(count):
                self._add_task(tx, next(self._tasks), 0.2 + place / 4)

    def _add_task(self, tx: Any, n: int, after: float) -> None:
        values = {
            "name": f"Task t{n}",
            "cron": "",
            "zone": "UTC",
            "enabled": True,
            "when_missed": "latest",
            "grace": firing.DEFAULT_GRACE,
            "most_catch_up": firing.DEFAULT_MOST_CATCH_UP,
            "next_due_at": CLOCK.now() + after * SECOND,
        }
        task = tasks.add(tx, values, CLOCK.now())
        to = (Recipient(number=f"+4477008{n:05d}"),)
        stored_actions.set_of_task(tx, task, [Action(0, self.handlers[n % 2], "", "{Task}", to)])

    def _begin(self) -> None:
        kinds = ("run", "run", "run", "console", "screen")
        for _ in range(self._engines):
            self.start_engine(self.chance.choice(kinds))
        for _ in range(self.chance.randint(1, 3)):
            self.start_asker()

    def start_asker(self) -> None:
        """One more client that sends and raises."""
        n = next(self._numbers)  # faults start them side by side
        # Under eight engines an order takes half a second: the clients end with the faults.
        count = int(self._seconds * 2) + 8 if self._seconds else 24
        self.askers.append(
            self._start(
                "ask",
                journal=str(self._journal),
                seed=self.chance.randrange(10**6),
                name=f"{self.name}c{n}",
                count=count,
                pause=0.15,
                alert=self.alert,
                alerted=ALERTED,
                by_hand=BY_HAND,
                handlers=self.handlers,
            )
        )

    def _throw(self) -> None:
        """All at once, each by a thread of its own; over and over where the round has a length."""
        failures: list[BaseException] = []
        self.work_goes_on(3)

        def act(name: str, chance: random.Random) -> None:
            end = time.monotonic() + (self._seconds or 0)
            try:
                while True:
                    faults.FAULTS[name](self, chance)
                    if time.monotonic() >= end:
                        return
            except BaseException as error:
                failures.append(error)

        acting = [
            threading.Thread(target=act, args=(name, random.Random(f"{self.name}/{name}")), name=name)
            for name in self._wanted
        ]
        for thread in acting:
            thread.start()
        for thread in acting:
            thread.join()
        if failures:
            raise failures[0]

    def _settle(self) -> list[str]:
        """The cause is gone: what is left to do is done by itself."""
        self.clickatell.clickatell.faults.clear()
        account = self.clickatell.clickatell.account
        account.balance, account.credits = account.settings.balance, account.settings.credits
        for child in self.children:
            child.signal(signal.SIGCONT)
        self.engines = [one for one in self.engines if one.alive]
        self.start_engine()
        longest = within(SETTLES + (self._seconds or 0) / 4)
        end, ends_at_last = time.monotonic() + longest, time.monotonic() + 4 * longest
        least = self._left()
        while waiting := self._waiting():
            # A slow gateway and one connection take longer than that for what a round may queue.
            if (left := self._left()) < least:
                least, end = left, min(time.monotonic() + longest, ends_at_last)
            if time.monotonic() > end:
                return [f"not settled: {waiting}"]
            time.sleep(0.05)
        return []

    def _left(self) -> int:
        """How many messages have not ended; as many as there may be where the file does not say."""
        try:
            with self.database.read() as connection:
                query = "SELECT count(*) FROM message WHERE state IN ('queued', 'sending')"
                return int(connection.exec_driver_sql(query).scalar_one())
        except StorageError:
            return sys.maxsize

    def _waiting(self) -> str:
        if asking := sum(child.alive for child in self.askers):
            return f"{asking} clients are at work"
        query = (
            "SELECT (SELECT count(*) FROM message WHERE state IN ('queued', 'sending')),"
            " (SELECT count(*) FROM task WHERE next_due_at IS NOT NULL)"
        )
        try:
            with self.database.read() as connection:
                left, due = connection.exec_driver_sql(query).one()
        except StorageError as error:
            return str(error)
        if left or due:
            return f"{left} messages and {due} tasks"
        return "" if self.leader_pid in [one.pid for one in self.engines if one.alive] else "nobody leads"

    def _end(self) -> None:
        for child in self.children:
            child.signal(signal.SIGTERM)
        for child in self.children:
            if not child.ends(within(10)):
                self.late.append(child.log.name)
        # What a killed engine had asked of the gateway may be decided there a little later.
        time.sleep(0.1)

    def _some_faults(self, number: int) -> tuple[str, ...]:
        common = sorted(set(faults.FAULTS) - set(faults.LONG))
        chosen = self.chance.sample(common, self.chance.choice((1, 2, 2, 3)))
        return (*chosen, *faults.LONG) if number % LONG_EVERY == 0 else tuple(chosen)

    def _unexcused(self, refused: list[str]) -> list[str]:
        found = [each for each in refused if not any(words in each for words in self._excused)]
        return [f"refused: {each}" for each in found[:3]]

    def _complaints(self) -> list[str]:
        """Errors that no fault accounts for."""
        errors = self.folder / "site" / "logs" / "errors.log"
        if errors.exists():
            return [f"{errors}: {errors.read_text()[-300:]}"]
        said = [
            (child, line)
            for child in self.children
            for line in child.said.splitlines()
            if "Traceback" in line or "unexpected error" in line or "ended badly" in line
        ]
        return [f"{child.log.name}: {line}" for child, line in said[:3]] + [
            f"{name} did not end at SIGTERM" for name in self.late
        ]
