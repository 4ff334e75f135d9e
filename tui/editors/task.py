"""The editor of a scheduled task: when it fires, what it sends, and what happens when it is missed."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static, TabbedContent, TabPane

from scheduling import cron, cron_words
from scheduling.task_fields import FIELDS, TASK
from scheduling.zones import zone_named
from storage import handlers, rosters
from storage.records import Task
from storage.vocabulary import WhenMissed
from tui.dialogs.confirm import Confirm
from tui.editors import schedule_fields, zone_field
from tui.editors.action_list import ActionList, rebase_actions
from tui.editors.edit_conflict import Merged, MergingEditor, MergingForm
from tui.editors.zone_field import ZoneField
from tui.keys.registry import REGISTRY
from tui.operations import tasks
from tui.operations.action_form import form_of as action_form_of
from tui.operations.errors import Refused
from tui.operations.moments import check_zone, site_zone
from tui.operations.task_form import TaskForm
from tui.operations.tasks import Saved
from tui.text.content import plain
from tui.widgets.fields import ChoiceField, LongTextField, NumberField, TextField, YesNoField
from tui.widgets.form import Form
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.port import Console

MINUTE = timedelta(minutes=1)
MISSED = (
    ("Fire the newest missed one", WhenMissed.LATEST),
    ("Fire all missed ones, up to a number", WhenMissed.ALL),
    ("Skip", WhenMissed.SKIP),
)
NEXT_SHOWN = 5
TABS = ("schedule", "actions", "settings")
SCHEDULE = (*schedule_fields.PLAIN, "roster", "cron")


class TaskEditor(MergingEditor[Saved, Task]):
    """A task with its schedule, its actions and its settings."""

    HELP = """\
A scheduled task. The plain form and the cron field say the same: what is written in one follows in the \
other. Below them stand the next five times, in the task's zone and in UTC; changes of the clocks are \
named. The tab Actions says who gets which message, the tab Settings what happens to a due time that \
was missed. f2 goes from tab to tab, ctrl+s saves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *REGISTRY.bindings("editor"),
        Binding("f2", "turn(1)", "Next tab"),
        Binding("shift+f2", "turn(-1)", "Tab before", show=False),
    ]

    DEFAULT_CSS = """
    TaskEditor {
        & TabbedContent { width: 100%; max-width: 100; height: 1fr; }
        & TabPane { padding: 0; height: 1fr; }
        & ContentSwitcher { height: 1fr; }
        & #schedule Form { height: auto; max-height: 75%; }
        & #upcoming { height: auto; padding: 0 2; color: $text-muted; }
    }
    """

    def __init__(
        self,
        console: "Console",
        task: Task | None,
        names: Mapping[int, str],
        by_duty: Sequence[tuple[str, int]] = (),
    ) -> None:
        """`by_duty` are names and ids of rosters."""
        head = (
            TextField(key="name", label="Name", required=True),
            YesNoField(key="enabled", label="Enabled"),
        )
        tail = (
            ZoneField(key="zone", label="Zone", help="Type a part of its name, such as berl", required=True),
        )
        fields = (*head, *schedule_fields.fields(by_duty), *tail)
        super().__init__(f"Task {task.name}" if task else "New task", ())
        # The plain form and the cron field say one thing between them.
        self.form = MergingForm(fields, _head_of(task), together=SCHEDULE)
        self.console, self.seen = console, task
        self.settings = MergingForm(_settings_fields(), _settings_of(task))
        forms = [action_form_of(action) for action in task.actions] if task else []
        self.actions = ActionList(console, forms, names)
        self.actions.own_fields = FIELDS
        samples = {name: f"({name})" for name in FIELDS}
        self.actions.own_values = lambda: samples | {TASK: self.form.value("name") or "(name)"}
        self._written: dict[str, Any] = {}
        self._agreed = False

    @classmethod
    async def load(cls, console: "Console", task_id: int | None) -> "TaskEditor":
        """Read what the editor needs; None is a new task. Raises `Refused` when it is gone."""

        def read(connection: sa.Connection) -> tuple[Task | None, dict[int, str], list[tuple[str, int]]]:
            found = tasks.read(connection, task_id) if task_id is not None else None
            by_duty = [(name, roster_id) for roster_id, name in rosters.names(connection)]
            return found, {handler.id: handler.name for handler in handlers.listing(connection)}, by_duty

        task, names, by_duty = await console.read(read)
        await asyncio.to_thread(zone_field.zone_names)  # so that typing need not wait for it
        return cls(console, task, names, by_duty)

    def compose_body(self) -> ComposeResult:
        with TabbedContent():
            with TabPane("Schedule", id="schedule"):
                yield self.form
                yield SteadyText(id="upcoming")
            with TabPane("Actions", id="actions"):
                yield self.actions
            with TabPane("Settings", id="settings"):
                yield self.settings

    def on_mount(self) -> None:
        self._show_heading()
        self._show_fields()
        self._show_upcoming()
        doubt = site_zone().doubt if self.seen is None else None
        if doubt:
            self.form.set_note("zone", doubt, "warning")
        self.call_after_refresh(self.form.focus_field, "name")

    @property
    def changed(self) -> tuple[str, ...]:
        return (*super().changed, *(("Actions",) if self.actions.is_changed else ()))

    def on_action_list_changed(self) -> None:
        self._show_heading()

    def action_turn(self, by: int) -> None:
        """Show the next tab, or the one before, and put the focus there."""
        tabs = self.query_one(TabbedContent)
        tabs.active = TABS[(TABS.index(tabs.active) + by) % len(TABS)]
        if tabs.active == "actions":
            self.call_after_refresh(self.actions.table.focus)
        else:
            form, key = (self.form, "name") if tabs.active == "schedule" else (self.settings, "when_missed")
            form.focus_field(key)

    # The plain form and the cron field follow each other

    def on_form_changed(self, event: Form.Changed) -> None:
        key = event.key
        if event.form is not self.form:
            return
        if key in self._written and self.form.value(key) == self._written.pop(key):
            self._show_upcoming()
            return
        if key == "cron":
            self._write_other(schedule_fields.plain_of(self.form.value("cron")))
        elif key in schedule_fields.PLAIN:
            try:
                expression = schedule_fields.cron_of(self._schedule_values())
            except Refused as refusal:
                self.form.set_note(key, refusal.message, "warning")
            else:
                self.form.set_note(key, None)
                if expression is not None:
                    self._write_other({"cron": expression})
        if key == "kind":
            self._show_fields()
        elif key == "zone":
            self.form.set_note("zone", zone_field.hint(self.form.value("zone")))
        self._show_upcoming()

    def _write_other(self, values: Mapping[str, Any]) -> None:
        for key, value in values.items():
            if self.form.value(key) != value:
                self._written[key] = value
                self.form.set_value(key, value)
        if "kind" in values:
            self._show_fields()

    def _show_fields(self) -> None:
        kind = self.form.value("kind")
        shown = schedule_fields.SHOWN.get(kind, ())
        for key in ("every", "date", "days", "day", "at", "roster"):
            self.form.show(key, key in shown)
        self.form.show("cron", kind not in (schedule_fields.ONCE, schedule_fields.HAND_OVER))
        self.form.show("zone", kind != schedule_fields.HAND_OVER)

    def _schedule_values(self) -> dict[str, Any]:
        return {field.key: self.form.value(field.key) for field in schedule_fields.fields()}

    def _show_upcoming(self) -> None:
        """The expression in words and the next runs; what is wrong with it otherwise."""
        try:
            content = self._upcoming()
        except Refused as refusal:
            content = plain(f"✗ {refusal.message}").stylize("$text-error")
        except ValueError as error:
            content = plain(f"✗ {error}").stylize("$text-error")
        self.query_one("#upcoming", Static).update(content)

    def _upcoming(self) -> Content:
        zone = check_zone(self.form.value("zone"))
        if self.form.value("kind") == schedule_fields.HAND_OVER:
            return plain("Whenever others come on duty by this roster, in its zone")
        if self.form.value("kind") == schedule_fields.ONCE:
            at = schedule_fields.once_at(self._schedule_values()).replace(tzinfo=zone_named(zone))
            return plain(f"Once: {at:%a %d %b %Y %H:%M} {at.tzname()}")
        expression = self.form.value("cron")
        schedule = cron.parse(expression, zone)
        lines = [plain(cron_words.in_words(expression)).stylize("bold")]
        lines += [plain(f"▲ {warning}").stylize("$text-warning") for warning in schedule.warnings]
        now = self.console.desk.now() if self.console.desk else datetime.now().astimezone()
        end = now + timedelta(days=3650)
        for due in islice(schedule.between(now, end), NEXT_SHOWN):
            local, note = schedule.local(due), schedule.dst_note(due)
            said = f"{local:%a %d %b %Y %H:%M} {local.tzname():<6} {due:%H:%M} UTC" + (
                f"  {note}" if note else ""
            )
            lines.append(plain(said))
        return Content("\n").join(lines)

    # Saving

    def action_save(self) -> None:
        """A schedule that fires often is asked about first."""
        if self._is_saving or self._agreed or not self._fires_often():
            super().action_save()
            self._agreed = False
            return
        question = Confirm(
            "Save a task that fires more than once in five minutes?",
            yes="Save it",
            no="Go back",
            hangs=["Each time it fires, everyone it reaches gets a message"],
        )
        self.app.push_screen(question, self._save_if)

    def _save_if(self, answer: str | None) -> None:
        if answer == "yes":
            self._agreed = True
            self.action_save()

    def _fires_often(self) -> bool:
        expression = self.form.value("cron")
        if self.form.value("kind") in (schedule_fields.ONCE, schedule_fields.HAND_OVER) or (
            self.seen is not None and self.seen.cron == expression
        ):
            return False
        try:
            return cron.fires_often(cron.parse(expression, self.form.value("zone")))
        except ValueError:
            return False

    def write(self, values: Mapping[str, Any]) -> Saved:
        """On a thread: check and write."""
        desk = self.console.desk
        assert desk is not None
        form = self._form_from({**self._schedule_values(), **values})
        if self.seen is None:
            saved = tasks.add(desk, form)
        else:
            saved = tasks.edit(desk, self.seen.id, self.seen.revision, form)
        self.console.nudge()
        return saved

    def read_again(self) -> Task:
        desk = self.console.desk
        assert desk is not None and self.seen is not None
        return desk.read(tasks.read, self.seen.id)

    def differs(self, now: Task) -> bool:
        return self.seen is not None and now.revision != self.seen.revision

    def values_of(self, record: Task) -> dict[str, Any]:
        return {**_head_of(record), **_settings_of(record)}

    def rebase(self, now: Task) -> list[Merged]:
        self.actions.know({action.handler_id: action.handler for action in now.actions})
        theirs = [action_form_of(action) for action in now.actions]
        found = [*super().rebase(now), rebase_actions(self.actions, theirs, "Actions")]
        self._show_fields()
        self._show_upcoming()
        return found

    def _form_from(self, values: Mapping[str, Any]) -> TaskForm:
        zone = check_zone(self.form.value("zone"))
        once = values["kind"] == schedule_fields.ONCE
        by_duty = values["kind"] == schedule_fields.HAND_OVER
        if by_duty and values["roster"] is None:
            raise Refused("Roster is empty: choose one, or make one in Duty", "Roster")
        at = schedule_fields.once_at(values).replace(tzinfo=zone_named(zone)) if once else None
        minutes = values["useful_life"]
        return TaskForm(
            name=values["name"],
            zone=zone,
            actions=self.actions.forms,
            cron="" if once or by_duty else values["cron"],
            once_at=at,
            roster_id=values["roster"] if by_duty else None,
            enabled=values["enabled"],
            starts_at=_moment(values["starts_at"], zone, "Start"),
            ends_at=_moment(values["ends_at"], zone, "End"),
            when_missed=values["when_missed"],
            grace=(values["grace"] or 0) * MINUTE,
            most_catch_up=values["most_catch_up"] or 1,
            useful_life=minutes * MINUTE if minutes else None,
            notes=values["notes"],
        )

    def saved(self, result: Any) -> None:
        self.console.tell(f"{result.task.name} is saved")
        for warning in result.warnings:
            self.console.warn(warning)


def _settings_fields() -> tuple[Any, ...]:
    return (
        ChoiceField(key="when_missed", label="When missed", options=MISSED, required=True),
        NumberField(key="grace", label="Grace (mins)", help="How late it may still fire", most=525600),
        NumberField(key="most_catch_up", label="Most to catch up", least=1, most=1000),
        TextField(key="starts_at", label="Start", help="Not before; year-month-day hour:minute, or empty"),
        TextField(key="ends_at", label="End", help="Not after; or empty"),
        NumberField(key="useful_life", label="Useful life (mins)", help="Empty: the handler's", least=1),
        LongTextField(key="notes", label="Notes"),
    )


def _head_of(task: Task | None) -> dict[str, Any]:
    zone = task.zone if task else site_zone().name
    local = task.once_at.astimezone(zone_named(zone)) if task and task.once_at else None
    return {
        **schedule_fields.values_of(
            task.cron if task else "0 9 * * 1-5", local, task.roster_id if task else None
        ),
        "name": task.name if task else "",
        "zone": zone,
        "enabled": task.enabled if task else True,
    }


def _settings_of(task: Task | None) -> dict[str, Any]:
    if task is None:
        return {"when_missed": WhenMissed.LATEST, "grace": 15, "most_catch_up": 10}
    life = task.useful_life
    return {
        "when_missed": task.when_missed,
        "grace": int(task.grace / MINUTE),
        "most_catch_up": task.most_catch_up,
        "starts_at": _shown(task.starts_at, task.zone),
        "ends_at": _shown(task.ends_at, task.zone),
        "useful_life": int(life / MINUTE) if life else None,
        "notes": task.notes,
    }


def _shown(at: datetime | None, zone: str) -> str:
    return f"{at.astimezone(zone_named(zone)):%Y-%m-%d %H:%M}" if at else ""


def _moment(text: str, zone: str, field: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=zone_named(zone))
    except ValueError:
        raise Refused(f"{field} must be written year-month-day hour:minute, or left empty", field) from None
