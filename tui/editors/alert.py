"""The editor of an alert: a tab for what it is, and one for each stage with what is sent there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.css.query import NoMatches
from textual.widgets import Static, TabbedContent, TabPane

from scheduling import telling
from storage import handlers, occurrences
from storage.actions import FIRST_LEVEL
from storage.alerts import Alert
from storage.records import TOLD, Action
from storage.vocabulary import OPEN_STAGES, PlanThen, Stage
from tui.dialogs.confirm import Answer, Question
from tui.editors import answer_plan
from tui.editors.action_list import ActionList, rebase_actions
from tui.editors.alert_fields import fields_of, lines_of
from tui.editors.edit_conflict import Merged, MergingEditor, MergingForm
from tui.keys.registry import REGISTRY
from tui.operations import alert_plan, alerts
from tui.operations.action_form import ActionForm
from tui.operations.alert_form import HIGHEST, LOWEST, PRESET_PRIORITY, AlertForm, StageAction, form_of
from tui.operations.alerts import Saved
from tui.operations.errors import Refused
from tui.operations.form_values import counted, minutes_of
from tui.port import run_waiting
from tui.text.content import plain, plain_block
from tui.widgets.fields import Field, LongTextField, NumberField, TextField, YesNoField
from tui.widgets.form import Form
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.port import Console

MINUTE = timedelta(minutes=1)
GENERAL, ANSWER = "general", "answer"
ALL_TABS = "all"
# On these tabs of a new alert an action goes at first to those told of the beginning.
TO_THOSE_TOLD = (Stage.CLAIMED, Stage.RESTORED)
WHEN = {
    Stage.CREATED: "Sent when the alert is raised.",
    Stage.CLAIMED: "Sent when an operator takes it on.",
    Stage.ACTIONED: "Sent when something was done about it.",
    Stage.ESCALATED: "Sent when an operator calls for more people.",
    Stage.RESTORED: "Sent when its cause is gone.",
    Stage.FINALISED: "Sent when it is closed for good.",
}


class AlertEditor(MergingEditor[Saved, Alert]):
    """Ends with what was saved, or None."""

    HELP = """\
An alert. The tab General says what it is and which fields are given when it is raised, one a line: \
Zone, or Level=high where there is a default. Each other tab is a stage in the life of an occurrence, \
with the actions that are carried out there; n adds one, a adds it to other tabs. The tab Answer says \
who is told again, and who next, until somebody answers. f2 goes from tab to tab. Messages may hold the \
fields, {Key}, {Count} and more: f3 in the message offers them. ctrl+s saves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *REGISTRY.bindings("editor"),
        Binding("f2", "turn(1)", "Next tab"),
        Binding("shift+f2", "turn(-1)", "Tab before", show=False),
    ]

    DEFAULT_CSS = """
    AlertEditor {
        & TabbedContent { width: 100%; max-width: 100; height: 1fr; }
        & TabPane { padding: 0; height: 1fr; }
        & Tab { padding: 0 0 0 1; }
        & ContentSwitcher { height: 1fr; }
        & #answer-form { height: auto; }
        & .when { height: auto; padding: 0 1; color: $text-muted; }
        & #foreseen { height: auto; padding: 0 1; }
        & #problems { height: auto; max-height: 5; padding: 0 1; color: $text-error; display: none; }
        & #problems.-shown { display: block; }
    }
    """

    def __init__(
        self,
        console: "Console",
        before: Alert | None,
        problems: Sequence[str],
        names: Mapping[int, str],
        open: int = 0,
    ) -> None:
        """`problems` are what is wrong with the alert now; `names` are the handlers' by id.

        `open` is how many of its occurrences nobody looks after.
        """
        self.open = open
        super().__init__(f"Alert {before.name}" if before else "New alert", ())
        self.form = MergingForm(_fields(before), _values_of(before))
        self.console, self.seen, self.problems = console, before, tuple(problems)
        self.answer = MergingForm(answer_plan.FIELDS, answer_plan.values_of(before), id="answer-form")
        actions = form_of(before).actions if before else ()
        self.lists = {
            stage: ActionList(
                console,
                [action for action in actions if action.stage == stage],
                names,
                stage=str(stage),
                note=WHEN[stage],
                proposed=(TOLD,) if before is None and stage in TO_THOSE_TOLD else (),
                id=f"list-{stage.lower()}",
            )
            for stage in Stage
        }
        self._offer_fields(before.fields if before else ())

    @classmethod
    async def load(cls, console: "Console", alert_id: int | None) -> "AlertEditor":
        """Read what the editor needs; None is a new alert. Raises `Refused` when it is gone."""
        view = await console.ask(alerts.view, alert_id) if alert_id is not None else None
        known = await console.read(handlers.listing)
        names = {handler.id: handler.name for handler in known}
        if view is None:
            return cls(console, None, (), names)
        active = await console.read(occurrences.active_of, view.alert.id)
        open_ones = sum(found.stage in OPEN_STAGES for found in active)
        return cls(console, view.alert, view.problems, names, open_ones)

    def compose_body(self) -> ComposeResult:
        with TabbedContent():
            with TabPane("General", id=GENERAL):
                yield SteadyText(id="problems")
                yield self.form
            for stage, actions in self.lists.items():
                with TabPane(_label(stage, actions), id=stage.lower()):
                    yield actions
            with TabPane("Answer", id=ANSWER), VerticalScroll():
                yield SteadyText(answer_plan.WHEN, classes="when")
                yield self.answer
                yield SteadyText(id="foreseen")

    def on_mount(self) -> None:
        self._show_heading()
        problems = self.query_one("#problems", Static)
        problems.update(plain_block("\n".join(f"▲ {problem}" for problem in self.problems)))
        problems.set_class(bool(self.problems) and self.seen is not None, "-shown")
        self.form.focus_field("name")
        self._foresee()

    # What follows from what is done

    def on_form_changed(self, event: Form.Changed) -> None:
        self._show_heading()
        if event.form is self.answer:
            self._answer_changed()
            return
        self._offer_fields(self._declared())

    def _declared(self) -> Any:
        return fields_of(self.form.value("fields"), self.seen.fields if self.seen else ())

    def _offer_fields(self, declared: Any) -> None:
        for stage, actions in self.lists.items():
            actions.own_fields = tuple(telling.known_fields(declared))
            actions.own_values = partial(self._sample, stage)

    def _sample(self, stage: Stage) -> Mapping[str, str]:
        """What a message of the stage shows for the alert's fields while it is written."""
        desk = self.console.desk
        assert desk is not None
        value = self.form.value
        alert = Alert(
            0, value("name") or "(name)", value("priority") or PRESET_PRIORITY, value("description"), True,
            None, None, 0, self._declared(),
        )  # fmt: skip
        return telling.sample_values(alert, stage, desk.operator, desk.now())

    def _answer_changed(self) -> None:
        """Say to how many open occurrences the plan will apply, and what it comes to."""
        touched = answer_plan.values_of(self.seen)[answer_plan.STEPS] if self.seen else ""
        changed = self.answer.value(answer_plan.STEPS) != touched
        said = (
            f"{counted(self.open, 'open occurrence')} {'goes' if self.open == 1 else 'go'} by this from now"
        )
        self.answer.set_note(answer_plan.STEPS, said if changed and self.open else None, "warning")
        self._foresee()

    def _foresee(self) -> None:
        # The worker makes the coroutine itself: one that is replaced before it begins leaves none unawaited.
        work = cast(Callable[[], None], self._show_foreseen)
        self.run_worker(work, group="foresee", exclusive=True, exit_on_error=False)

    async def _show_foreseen(self) -> None:
        shown = self.query_one_optional("#foreseen", Static)
        if shown is None or self.console.desk is None:
            return
        try:
            plan = answer_plan.steps_in(self.answer.value(answer_plan.STEPS))
        except Refused as refusal:
            shown.update(plain(f"▲ {refusal.message}").stylize("$text-warning"))
            return
        then = self.answer.value(answer_plan.THEN) or PlanThen.STOP
        if not plan:
            shown.update("")
            return
        now = self.console.desk.now()
        alert = replace(self._as_it_stands(), plan=plan, plan_then=then)
        lines = await self.console.read(alert_plan.foreseen, alert, now)
        shown.update(answer_plan.foreseen_shown(lines, then, now))

    def _as_it_stands(self) -> Alert:
        """The alert with the actions that are on the tabs now."""
        actions = [
            Action(0, form.handler_id, "", form.text, form.recipients, place, form.enabled, stage, form.level)
            for stage, held in self.lists.items()
            for place, form in enumerate(_at(stage, each, 0) for each in held.forms)
        ]
        known = self.seen or Alert(0, "(name)", PRESET_PRIORITY, "", True, None, None, 0)
        return replace(known, actions=tuple(actions))

    def on_action_list_changed(self, event: ActionList.Changed) -> None:
        self._show_heading()
        self._foresee()
        for stage, actions in self.lists.items():
            try:
                self.query_one(TabbedContent).get_tab(stage.lower()).label = _label(stage, actions)
            except (NoMatches, ValueError):
                return  # a tab is only there once it is mounted

    @property
    def changed(self) -> tuple[str, ...]:
        touched = [str(stage) for stage, actions in self.lists.items() if actions.is_changed]
        return (*super().changed, *touched)

    def on_action_list_copy_wanted(self, event: ActionList.CopyWanted) -> None:
        run_waiting(self, self._copy(event.form), group="copy")

    async def _copy(self, form: ActionForm) -> None:
        others = [stage for stage in Stage if stage != form.stage]
        answers = [Answer("", "Cancel"), *(Answer(str(stage), str(stage)) for stage in others)]
        answers.append(Answer(ALL_TABS, "All other tabs"))
        chosen = await self.console.ask_person(Question("Copy the action to which tab?", answers, safe=""))
        for stage in others:
            if chosen in (stage, ALL_TABS):
                self.lists[stage].add(_at(stage, form, 0))

    def action_turn(self, by: int) -> None:
        """Show the next tab, or the one before, and put the focus there."""
        tabs = self.query_one(TabbedContent)
        order = [GENERAL, *(stage.lower() for stage in Stage), ANSWER]
        tabs.active = order[(order.index(tabs.active) + by) % len(order)]
        stage = next((stage for stage in Stage if stage.lower() == tabs.active), None)
        if tabs.active == ANSWER:
            self.answer.focus_field(answer_plan.STEPS)
        elif stage is None:
            self.form.focus_field("name")
        else:
            self.call_after_refresh(self.lists[stage].table.focus)

    # Saving

    def write(self, values: Mapping[str, Any]) -> Saved:
        """On a thread: check and write."""
        desk = self.console.desk
        assert desk is not None
        if self.seen is None:
            return alerts.add(desk, self._form_from(values))
        return alerts.edit(desk, self.seen.id, self.seen.revision, self._form_from(values))

    def read_again(self) -> Alert:
        desk = self.console.desk
        assert desk is not None and self.seen is not None
        return desk.read(alerts.read, self.seen.id)

    def differs(self, now: Alert) -> bool:
        return self.seen is not None and now.revision != self.seen.revision

    def values_of(self, record: Alert) -> dict[str, Any]:
        return _values_of(record) | answer_plan.values_of(record)

    def rebase(self, now: Alert) -> list[Merged]:
        theirs = form_of(now).actions
        names = {action.handler_id: action.handler for action in now.actions}
        for actions in self.lists.values():
            actions.know(names)
        tabs = [
            rebase_actions(actions, [form for form in theirs if form.stage == stage], f"tab {stage}")
            for stage, actions in self.lists.items()
        ]
        return [*super().rebase(now), *tabs]

    def _form_from(self, values: Mapping[str, Any]) -> AlertForm:
        actions = [
            _at(stage, form, form.id if isinstance(form, StageAction) else 0)
            for stage, held in self.lists.items()
            for form in held.forms
        ]
        minutes = values["useful_life"]
        return AlertForm(
            name=values["name"],
            priority=values["priority"],
            description=values["description"],
            enabled=values["enabled"],
            useful_life=None if minutes is None else self._life(minutes),
            settle=self.seen.settle if self.seen else None,
            fields=self._declared(),
            actions=tuple(actions),
            **answer_plan.plan_from(values),
        )

    def _life(self, minutes: int) -> timedelta:
        """What was not touched keeps its seconds."""
        kept = self.seen.useful_life if self.seen else None
        return kept if kept is not None and int(kept / MINUTE) == minutes else minutes * MINUTE

    def saved(self, result: Saved) -> None:
        self.console.tell(f"{result.alert.name} is saved")
        for note in result.notes:
            self.console.tell(note)
        for warning in result.warnings[:5]:
            self.console.warn(warning)


def _at(stage: Stage, form: ActionForm, action_id: int) -> StageAction:
    """The action as it stands on a tab."""
    return StageAction(
        id=action_id,
        handler_id=form.handler_id,
        recipients=form.recipients,
        text=form.text,
        enabled=form.enabled,
        stage=str(stage),
        level=(_level(form) or FIRST_LEVEL) if stage is Stage.ESCALATED else None,
    )


def _level(form: ActionForm) -> int | None:
    return form.level if isinstance(form, StageAction) else None


def _label(stage: Stage, actions: ActionList) -> Content:
    number = len(actions.forms)
    return Content(f"{stage} {number}" if number else str(stage))


def _fields(before: Alert | None) -> tuple[Field, ...]:
    by_program = before is not None and before.system is not None
    declared = (
        "The program raises this alert and sets its fields: leave them as they are"
        if by_program
        else "Given when it is raised, one a line: Zone, or Level=high with a default"
    )
    return (
        TextField(key="name", label="Name", required=True),
        NumberField(
            key="priority", label="Priority", least=HIGHEST, most=LOWEST, required=True,
            help="1 is the highest, 9 the lowest; its messages go first",
        ),
        YesNoField(key="enabled", label="Enabled"),
        LongTextField(key="description", label="Description", lines=3),
        LongTextField(key="fields", label="Fields", lines=4, help=declared),
        NumberField(
            key="useful_life", label="Useful life", unit="min", least=1,
            help="Not sent when it cannot be for so long; empty: the handler's",
        ),
    )  # fmt: skip


def _values_of(before: Alert | None) -> dict[str, Any]:
    if before is None:
        return {"priority": PRESET_PRIORITY, "enabled": True}
    life = before.useful_life
    return {
        "name": before.name,
        "priority": before.priority,
        "enabled": before.enabled,
        "description": before.description,
        "fields": lines_of(before.fields),
        "useful_life": max(1, int(minutes_of(life))) if life is not None else None,
    }
