"""Random keys, pastes, resizes and mouse events over every screen; what went wrong, and what was reached.

A leg is one console on a fresh copy of the sample site. It opens a dialog or an editor, does a few steps
there, goes home and opens the next, and ends with ctrl+q wherever it is. Keys are chosen among those that
do something at the moment, the ones done least first, so that every action has its turn.
"""

import logging
import random
import shutil
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from textual.pilot import Pilot
from textual.worker import WorkerState

from storage import tables
from storage.site import open_site
from tests.tui.support import settle
from tests.tui.test_hostile import LISTS
from tests.tui.textual_private import target_and_name, watching_workers
from tests.tui.walk_hands import Hands, rest
from tests.tui.walk_visits import ERRANDS, TURNS, Errand, Site, make, openings
from tui.console.app import ConsoleApp
from tui.console.settings import ConsoleSettings
from tui.dialogs.confirm import Question
from tui.keys.registry import REGISTRY
from tui.operations.local_files import OwnFolder
from tui.terminal.textual_private import is_going
from tui.widgets.paged_table import PagedTable

SIZES = ((80, 24), (160, 50))
EACH = 20  # times that a long walk does every action and shows every screen
STEPS_A_VISIT = 14
VISITS_A_LEG = 18
ON_ERRANDS = 0.35  # of the visits
TO_LEAVE = 2.0  # seconds; not everywhere does ctrl+q act at once, or a yes mean leaving
BY_NAME = {(action.place, action.action): action.id for action in REGISTRY}


LEFT, AGREED = "consoles left", "answered with yes"
QUEUED, DELETED = "messages queued", "records deleted"
DEEDS = (QUEUED, DELETED, AGREED, LEFT)


@dataclass
class Walk(Hands):
    """What was reached and what went wrong, over all legs of one seed."""

    site: Path
    scratch: Path
    seed: int
    chance: random.Random = field(init=False)
    steps: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    screens: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    """Messages queued, records deleted, questions answered with yes, consoles left."""
    trail: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    legs: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._offers: dict[tuple[str, tuple[str, ...]], set[str]] = {}
        self._turn = 0
        self._last: Any = None

    # What is to be reached

    @property
    def wanted(self) -> list[str]:
        """Every action of the table but the movements inside lists, which come by themselves."""
        return [action.id for action in REGISTRY]

    def missing(self, each: int = EACH) -> dict[str, int]:
        """What was reached less often, with how often."""
        from tests.tui.test_hostile import ELSEWHERE, screens

        known = (screens() - ELSEWHERE) | {"MainScreen", "AskText"}
        found = {name: self.screens[name] for name in sorted(known) if self.screens[name] < each}
        return found | {name: self.actions[name] for name in self.wanted if self.actions[name] < each}

    def seldom(self, each: int = EACH) -> dict[str, int]:
        """What was done less often, with how often: sending, deleting, answering with yes, leaving."""
        return {name: self.done[name] for name in DEEDS if self.done[name] < each}

    def report(self) -> str:
        lines = [f"seed {self.seed}: {self.steps:,} steps in {self.legs} consoles; {dict(self.done)}"]
        for what, counted in (("actions", self.actions), ("screens", self.screens)):
            shown = ", ".join(f"{name} {times}" for name, times in sorted(counted.items()))
            lines.append(f"{len(counted)} {what}: {shown}")
        return "\n".join(lines)

    def _next_errand(self, kind: Site) -> Errand | None:
        """One whose goal was reached least, now and then; None: open something instead."""
        here = [each for each in ERRANDS if each.site is kind]
        if not here or self.chance.random() > ON_ERRANDS:
            return None
        need = [1 / (1 + min(self._reached(name) for name in each.reaches)) ** 2 for each in here]
        return self.chance.choices(here, need)[0]

    def _reached(self, name: str) -> int:
        return self.actions[name] + self.screens[name]

    def _next_opening(self) -> tuple[str, tuple[str, ...]]:
        every = list(openings())
        self._turn += 1
        if self._turn <= len(every) or self.chance.random() < 0.5:
            return every[self._turn % len(every)]
        offers = [self._offers.get(each, set()) for each in every]
        need = [sum(1 / (1 + self.actions[name]) ** 2 for name in offer) + 0.001 for offer in offers]
        return self.chance.choices(every, need)[0]

    # Walking

    async def leg(self, size: tuple[int, int]) -> None:
        """One console from its start to ctrl+q."""
        kind = TURNS[self.legs % len(TURNS)]
        await self._console(kind, size, (self._next_errand(kind) for _ in range(VISITS_A_LEG)), STEPS_A_VISIT)

    async def errands(self, size: tuple[int, int]) -> None:
        """Every errand once, and nothing else."""
        for kind in Site:
            await self._console(kind, size, [each for each in ERRANDS if each.site is kind], 0)

    async def _console(
        self, kind: Site, size: tuple[int, int], visits: Iterable[Errand | None], steps: int
    ) -> None:
        self.legs += 1
        folder = self.scratch / f"leg{self.legs}"
        make(kind, self.site, folder)
        app = ConsoleApp(ConsoleSettings(folder, "ana", engine=False, files=OwnFolder(folder / "own")))
        before = _counted(folder)
        with self._watching(app):
            try:
                async with app.run_test(size=size) as pilot:
                    await settle(pilot, lambda: app._main._ready)
                    await self._visits(pilot, size, visits, steps)
            except Exception as error:
                self.problems.append(f"the console failed: {error!r}")
            self.done[LEFT] += app.leaving
        if app.desk is not None:
            app.desk.database.close()
        self.done += _counted(folder) - before
        shutil.rmtree(folder)

    async def _visits(
        self, pilot: Pilot[Any], size: tuple[int, int], visits: Iterable[Errand | None], steps: int
    ) -> None:
        app: Any = pilot.app
        for errand in visits:
            await self._home(pilot)
            await pilot.resize_terminal(*size)
            await (self._open(pilot) if errand is None else self._go(pilot, errand))
            for _ in range(steps):
                if app.is_running and not app.leaving and not self.problems:
                    await self._step(pilot)
                    self._see(app)
            if not app.is_running or app.leaving or self.problems:
                break
        if not self.problems and app.is_running and not app.leaving:
            await self._quit(pilot)

    async def _quit(self, pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        for attempt in range(6):  # in the palette, or any modal screen, only after escape
            await self._press(pilot, *(["escape"] if attempt else []), "ctrl+q")
            if await self._until(pilot, lambda: self._ends(app), TO_LEAVE):
                break
        await settle(pilot, lambda: self._ends(app))
        if not app.leaving:
            await self._press(pilot, "down", "enter")
            await self._until(pilot, lambda: app.leaving, TO_LEAVE)

    @staticmethod
    def _ends(app: Any) -> bool:
        return bool(app.leaving or isinstance(app.screen, Question))

    async def _open(self, pilot: Pilot[Any]) -> None:
        """Open something from a list, at a row at random."""
        app: Any = pilot.app
        opening = name, keys = self._next_opening()
        self._says(f"== {name} {' '.join(keys)} at {app.size}")
        table = await self._list(pilot, name)
        if table is not None and table.count:
            table.move_to(self.chance.randrange(table.count))
            self._says(f"row {table.cursor}")
            await rest(pilot)
        for key in keys:
            await self._press(pilot, key)
            await rest(pilot)
        self._offers[opening] = self._offers.get(opening, set()) | set(self._offered(app))

    async def _list(self, pilot: Pilot[Any], name: str) -> PagedTable | None:
        """Go to a list; its table, where chance lets one through."""
        app: Any = pilot.app
        # From elsewhere: alerts that were come back to show themselves and not what is active.
        await self._press(pilot, "6" if LISTS[name][0][0] == "1" else "1")
        for key, place in LISTS[name]:
            await self._press(pilot, key)
            await self._until(pilot, lambda place=place: _listed(app) == place)  # type: ignore[misc]
        return app._main.current.query_one(PagedTable) if app.screen is app._main else None

    async def _go(self, pilot: Pilot[Any], errand: Errand) -> None:
        app: Any = pilot.app
        self._says(f"== {errand.list}, {' '.join(errand.steps)} at {app.size}")
        table = await self._list(pilot, errand.list)
        if table is None or (errand.row and not await self._stand(pilot, table, errand.row)):
            return
        for step in errand.steps:
            done, _, brings = step.partition(" ")
            if done == "paste":
                await self._put(pilot, brings)
                continue
            if done == "wait":
                await self._until(pilot, lambda: brings in self._offered(app))  # noqa: B023
                continue
            if done == "name":
                done, _, brings = brings.partition(" ")
                await self._do(pilot, done)
            else:
                await self._press(pilot, done)
            if brings and not await self._until(pilot, lambda: brings in _on_top(app)):  # noqa: B023
                self._says(f"no {brings} came")
                return
            self._see(app)

    async def _stand(self, pilot: Pilot[Any], table: PagedTable, row: str) -> bool:
        """Put the cursor on the record that this SQL gives; whether it is in the list."""
        app: Any = pilot.app
        with app.desk.database.read() as connection:
            key = connection.exec_driver_sql(row).scalar()
        place = await table.source.position(key) if key is not None else None
        if place is None:
            self._says(f"no row {key}")
            return False
        table.move_to(place)
        return await self._until(pilot, lambda: table.cursor_key == key)

    async def _home(self, pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        for _ in range(10):
            if app.screen is app._main:
                break
            before = app.screen, app.screen.focused
            answer = isinstance(app.screen, Question)
            await self._press(pilot, *(("down", "enter") if answer else ("escape",)))
            await self._until(pilot, lambda: (app.screen, app.screen.focused) != before, 0.3)  # noqa: B023
        while app.screen is not app._main and len(app.screen_stack) > 1:
            app.pop_screen()
            await pilot.pause()
        for _ in range(4):
            if app._main.focused is None or getattr(app._main.focused, "PLACE", "") in ("table", "panel"):
                break
            await self._press(pilot, "escape")

    # Watching

    def _see(self, app: Any) -> None:
        if app.screen_stack and app.screen is not self._last:
            self._last = app.screen
            self.screens[type(app.screen).__name__] += 1
        if app.failure is not None:
            self.problems.append(f"the screen failed: {app.failure!r}")
        self.problems += [f"an action failed: {each!r}" for each in app.mishaps]

    @contextmanager
    def _watching(self, app: Any) -> Iterator[None]:
        self._last = None
        done, dismissed = app.run_action, Question.dismiss
        heard = _Heard(self.problems)

        async def run_action(action: Any, default: Any = None, spaces: Any = None) -> bool:
            target, name = target_and_name(app, action, default or app, spaces)
            result = await done(action, default, spaces)
            found = BY_NAME.get((getattr(target, "PLACE", ""), name))
            if found is not None:
                self.actions[found] += bool(result)
            elif name == "section":
                number = str(action).partition("'")[2].partition("'")[0]
                self.actions[f"main.{number}"] += 1
            return bool(result)

        def dismiss(question: Any, result: Any = None) -> Any:
            self.done[AGREED] += result == "yes"
            return dismissed(question, result)

        def ended(worker: Any) -> None:
            error = worker.error
            # As the console has it: what is being taken away may miss what it lacks.
            if worker.state is WorkerState.ERROR and not _is_foreseen(error) and not is_going(worker.node):
                self.problems.append(f"the worker {worker.group} of {worker.node} failed: {error!r}")

        app.run_action = run_action
        setattr(Question, "dismiss", dismiss)  # noqa: B010
        logging.getLogger().addHandler(heard)
        try:
            with watching_workers(ended):
                yield
        finally:
            logging.getLogger().removeHandler(heard)
            setattr(Question, "dismiss", dismissed)  # noqa: B010

    def judge(self) -> None:
        """Raise what went wrong, with the way there."""
        if self.problems:
            way = "\n".join(self.trail[-60:])
            raise AssertionError(f"{self.problems[0]}\nseed {self.seed}, step {self.steps}; the way:\n{way}")


class _Heard(logging.Handler):
    """What is logged as an error is a fault as well: nothing may fail unseen."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._problems = problems

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if not record.name.startswith("asyncio"):
            way = traceback.format_tb(error.__traceback__)[-4:] if error else []
            self._problems.append(f"{record.name}: {record.getMessage()} {error!r}\n{''.join(way)}")


def _is_foreseen(error: BaseException | None) -> bool:
    """Whether it is one of the program's own kinds, which an editor shows as a sentence."""
    return type(error).__module__.partition(".")[0] in ("tui", "storage", "scheduling")


def _listed(app: Any) -> str | None:
    """The list that is shown and read."""
    current = app._main.current
    table = current.query_one_optional(PagedTable) if current is not None else None
    return current.id if table is not None and table.is_read and table.empty != "Reading…" else None


def _on_top(app: Any) -> set[str]:
    """What has the keys: the screen, the focus and what is around it."""
    nodes = app.screen.focused.ancestors_with_self if app.screen.focused is not None else ()
    return {type(app.screen).__name__, *(type(node).__name__ for node in nodes)}


def _counted(folder: Path) -> Counter[str]:
    database = open_site(folder)
    try:
        with database.read() as connection:
            queued = connection.execute(sa.select(sa.func.count()).select_from(tables.messages)).scalar_one()
            removed = sum(
                connection.execute(
                    sa.select(sa.func.count()).where(table.c.removed_at.is_not(None))
                ).scalar_one()
                for table in (tables.users, tables.handlers, tables.tasks, tables.alerts)
                if "removed_at" in table.c
            )
    finally:
        database.close()
    return Counter({QUEUED: queued, DELETED: removed})
