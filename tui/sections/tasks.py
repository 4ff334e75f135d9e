"""The section Scheduled Tasks: when each fires next, and whom it reaches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

import sqlalchemy as sa
from textual.content import Content

from scheduling import cron_words
from scheduling.zones import zone_named
from storage import tasks as stored
from storage.records import Task
from tui.dialogs.confirm import Confirm
from tui.keys.places import Place
from tui.messages.large_send import agreed
from tui.operations import task_preview, tasks
from tui.operations.desk import Desk
from tui.operations.task_preview import Reach
from tui.review.lines import short_time
from tui.sections.section import Section
from tui.sections.sorting import ordered
from tui.sections.switching import wanted_state
from tui.text.content import plain, plain_block
from tui.widgets.columns import Column
from tui.widgets.row_source import ListSource, Row, RowSource

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task and whom it reaches as things are."""

    task: Task
    reach: Reach

    @property
    def trouble(self) -> str | None:
        """Why it would send nothing, if it would."""
        if self.task.problem:
            return self.task.problem
        return None if self.reach.reached else "reaches nobody"


def read_views(desk: Desk) -> list[TaskView]:
    return [TaskView(task, task_preview.reach(desk, task)) for task in tasks.listing(desk)]


class TasksSection(Section):
    """Scheduled tasks."""

    PLACE = Place.TASKS
    HELP = """\
Messages that go out by themselves. All times of a row are in the task's own zone, which stands \
beside them; the detail has yours too. r runs a task now, e lets \
it fire or not, h shows what became of each due time, w what will fire in the next 24 hours and whom it \
reaches. ▲ marks a task that would send nothing, with the reason."""
    EMPTY = "No scheduled tasks yet. Press n to make one."
    SORT = ("name", False)
    RECORD = "task"
    COLUMNS: ClassVar[Sequence[Column]] = (
        Column("name", "Name", 16, flex=3),
        Column("when", "When", 18, flex=3, priority=1),
        Column("next", "Next", 17, align="right"),
        Column("reaches", "Reaches", 16, flex=2),
        Column("last", "Last run", 17, align="right", priority=2),
        Column("sender", "Sender", 12, flex=1, priority=3),
    )
    MENU = (
        "tasks.edit",
        "tasks.run_now",
        "tasks.history",
        "tasks.forecast",
        "-",
        "tasks.enable",
        "-",
        "tasks.new",
        "tasks.delete",
    )

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._views: dict[int, TaskView] = {}

    async def make_source(self) -> RowSource:
        self._views = {view.task.id: view for view in await self.console.ask(read_views)}
        words = self.words.casefold().split()
        shown = [v for v in self._views.values() if all(word in _searched(v) for word in words)]
        return ListSource([_row(view) for view in ordered(shown, self.order, _SORTS)])

    async def total(self) -> int | None:
        return len(self._views)

    async def detail(self, key: int) -> Content | None:
        view = self._views.get(key)
        return _detail(view) if view else None

    @property
    def _here(self) -> TaskView | None:
        return self._views.get(self.table.cursor_key or 0)

    # What can be done

    def action_new(self) -> None:
        from tui.editors.task import TaskEditor

        self.console.open_editor(partial(TaskEditor.load, self.console, None))

    def action_edit(self) -> None:
        from tui.editors.task import TaskEditor

        if self._here:
            self.console.open_editor(partial(TaskEditor.load, self.console, self._here.task.id))

    async def action_run_now(self) -> None:
        chosen = self.table.chosen
        views = [self._views[key] for key in chosen if key in self._views]
        what = f"Run {views[0].task.name}" if len(views) == 1 else f"Run {len(views):,} tasks"
        if not await agreed(self.console, await self.console.ask(task_preview.size, chosen), what):
            return
        for key in chosen:
            view = self._views.get(key)
            fired = await self.attempt(self.console.operate(tasks.run_now, key))
            if view and fired:
                number = len(fired.message_ids)
                text = f"{view.task.name}: {number} {'message' if number == 1 else 'messages'} queued"
                left_out = "".join(f"\nLeft out: {person}" for person in fired.left_out[:5])
                self.console.tell(text + left_out)

    async def action_enable(self) -> None:
        views = [self._views[key] for key in self.table.chosen if key in self._views]
        chosen = [(view.task.name, view.task.enabled) for view in views]
        hangs = [
            f"{view.task.name} would fire next {_when(view.task, view.task.next_due_at)}"
            for view in views
            if view.task.next_due_at
        ]
        enabled = await wanted_state(self.console, "tasks", chosen, hangs)
        for view in views if enabled is not None else ():
            await self.attempt(self.console.operate(tasks.set_enabled, view.task.id, bool(enabled)))

    def action_history(self) -> None:
        from tui.tasks.history import TaskHistory

        if self._here:
            self.app.push_screen(TaskHistory(self.console, self._here.task))

    def action_forecast(self) -> None:
        from tui.tasks.forecast import Forecast

        self.app.push_screen(Forecast(self.console))

    async def action_delete(self) -> None:
        view = self._here
        if view is None:
            return
        history = await self.console.read(_run_count, view.task.id)
        hangs = [f"It has fired or missed {history:,} times: its history stays"] if history else []
        if view.task.next_due_at and view.task.enabled:
            hangs.append(f"It would fire next {_when(view.task, view.task.next_due_at)}")
        question = Confirm(f"Remove the task {view.task.name}?", yes="Remove", hangs=hangs)
        if await self.console.ask_person(question) == "yes":
            await self.attempt(self.console.operate(tasks.remove, view.task.id))


def _run_count(connection: sa.Connection, task_id: int) -> int:
    return len(stored.runs(connection, task_id, None, 100_000))


def _searched(view: TaskView) -> str:
    task = view.task
    senders = " ".join(action.handler for action in task.actions)
    return f"{task.name} {task.cron} {task.zone} {senders}".casefold()


_SORTS = {
    "name": lambda view: view.task.name.casefold(),
    "when": lambda view: view.task.cron,
    "next": lambda view: view.task.next_due_at or NEVER,
    "reaches": lambda view: len(view.reach.reached),
    "last": lambda view: view.task.last_run_at or NEVER,
    "sender": lambda view: _sender(view.task).casefold(),
}


def in_words(task: Task) -> str:
    """When it fires, as people say it."""
    if task.roster_id is not None:
        return "at hand-over"
    return cron_words.in_words(task.cron) if task.cron else "once"


def _when(task: Task, at: datetime) -> str:
    """A due time in the task's own zone."""
    local = at.astimezone(zone_named(task.zone))
    here = at.astimezone()
    said = f"{local:%a %d %b %H:%M} {_zone_of(local)}"
    return (
        said if local.utcoffset() == here.utcoffset() else f"{said} (here {here:%a %H:%M} {_zone_of(here)})"
    )


def _zone_of(local: datetime) -> str:
    """The zone in short: "CET"; by its offset where it has no letters."""
    name = local.tzname() or ""
    return name if name[:1].isalpha() else f"UTC{name}"


def _short(task: Task, at: datetime, now: datetime) -> str:
    """A time in the task's own zone, named: "09:00 CET"."""
    zone = zone_named(task.zone)
    return f"{short_time(at, now, zone)} {_zone_of(at.astimezone(zone))}"


def _sender(task: Task) -> str:
    return ", ".join(dict.fromkeys(action.handler for action in task.actions)) or "–"


def _reaches(view: TaskView) -> Content:
    if view.trouble:
        return Content.assemble(("▲ ", "$text-error"), plain(view.trouble).stylize("$text-error"))
    names = view.reach.reached
    first = plain(names[0], width=40)
    return (
        first if len(names) == 1 else Content.assemble(first, (f" and {len(names) - 1} more", "$text-muted"))
    )


def _row(view: TaskView) -> Row:
    task, now = view.task, datetime.now(UTC)
    off = Content.styled("○ off", "$text-muted")
    upcoming = _short(task, task.next_due_at, now) if task.next_due_at else "–"
    return Row(
        task.id,
        (
            task.name,
            in_words(task),
            upcoming if task.enabled else off,
            _reaches(view),
            _short(task, task.last_run_at, now) if task.last_run_at else "–",
            _sender(task),
        ),
        frozenset() if task.enabled else frozenset({"dim"}),
    )


def _detail(view: TaskView) -> Content:
    task = view.task
    lines = [plain(task.name).stylize("bold"), plain(in_words(task)), Content("")]
    if view.trouble:
        lines.insert(1, plain_block(f"▲ {view.trouble}").stylize("$text-error"))
    facts = [
        ("Cron", task.cron or ("at hand-over" if task.roster_id is not None else "once")),
        ("Zone", task.zone),
        ("Next", _when(task, task.next_due_at) if task.next_due_at else "never"),
        ("Last run", _when(task, task.last_run_at) if task.last_run_at else "–"),
        ("Start", _when(task, task.starts_at) if task.starts_at else ""),
        ("End", _when(task, task.ends_at) if task.ends_at else ""),
        ("Missed", f"{task.when_missed}, grace {int(task.grace.total_seconds() // 60)} min"),
        ("Reaches", ", ".join(view.reach.reached[:8]) or "nobody"),
        ("Left out", "; ".join(view.reach.left_out[:5])),
        ("Notes", task.notes),
    ]
    lines += [
        Content.assemble((f"{name:<9}", "$text-muted"), plain_block(value)) for name, value in facts if value
    ]
    for action in task.actions:
        lines += [
            Content(""),
            plain(f"Through {action.handler}").stylize("$text-muted"),
            plain_block(action.text),
        ]
    return Content("\n").join(lines)
