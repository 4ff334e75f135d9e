"""Two people edit one alert, or one task: the second is told, loses nothing, and keeps what the first did."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from storage.alerts import Alert
from storage.records import Task
from storage.vocabulary import Stage
from tests.operations.arrange import JOE, make_handler, to
from tests.tui.double import double
from tests.tui.sections.people import desk_at
from tests.tui.support import screen_text, settle, shown
from tui.editors.alert import AlertEditor
from tui.editors.task import TaskEditor
from tui.operations import alerts, tasks
from tui.operations.action_form import ActionForm
from tui.operations.action_form import form_of as action_form_of
from tui.operations.alert_form import AlertForm, StageAction, form_of
from tui.operations.desk import Desk
from tui.operations.task_form import TaskForm


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path) as made:
        yield made


def say(handler: int, text: str) -> ActionForm:
    return ActionForm(handler_id=handler, recipients=tuple(to(JOE)), text=text)


def on_tab(handler: int, stage: Stage, text: str) -> StageAction:
    return StageAction(handler_id=handler, recipients=tuple(to(JOE)), text=text, stage=str(stage))


async def told_that_it_changed(pilot: Any) -> str:
    """The sentence above the form, on one line."""
    await settle(pilot, lambda: "Someone else changed this meanwhile" in screen_text(pilot))
    return " ".join(screen_text(pilot).split())


# Alerts


@pytest.fixture
def alert(desk: Desk) -> Alert:
    handler = make_handler(desk)
    actions = (on_tab(handler, Stage.CREATED, "one"), on_tab(handler, Stage.CLAIMED, "two"))
    return alerts.add(desk, AlertForm(name="Fire", description="old", actions=actions)).alert


def now(desk: Desk, alert: Alert) -> Alert:
    return alerts.view(desk, alert.id).alert


def texts(alert: Alert) -> list[tuple[str | None, str]]:
    return [(action.stage, action.text) for action in alert.actions]


async def alert_editor(pilot: Any, alert: Alert) -> AlertEditor:
    pilot.app.push_screen(await AlertEditor.load(pilot.app, alert.id))
    editor = await shown(pilot, AlertEditor)
    assert isinstance(editor, AlertEditor)
    await settle(pilot, lambda: editor.form.control_of("name").has_focus)
    return editor


async def test_of_an_alert_what_both_did_is_kept(desk: Desk, alert: Alert) -> None:
    async with double(desk, size=(160, 50)) as pilot:
        editor = await alert_editor(pilot, alert)
        await pilot.press("end", *" alarm")
        editor.form.set_value("description", "mine")
        editor.lists[Stage.ESCALATED].add(on_tab(alert.actions[0].handler_id, Stage.ESCALATED, "mine"))
        await pilot.pause()
        theirs = form_of(alert)
        changed = replace(theirs.actions[0], text="one of theirs")
        new = on_tab(alert.actions[0].handler_id, Stage.FINALISED, "new of theirs")
        actions = (changed, theirs.actions[1], new)
        form = replace(theirs, priority=1, description="theirs", actions=actions)
        alerts.edit(desk, alert.id, alert.revision, form)

        await pilot.press("ctrl+s")
        said = await told_that_it_changed(pilot)
        assert "Theirs is shown in: Priority, tab Created, tab Finalised." in said
        assert "You both changed: Description; yours is shown." in said
        assert (now(desk, alert).name, now(desk, alert).description) == ("Fire", "theirs")
        assert editor.form.value("priority") == 1 and editor.form.value("name") == "Fire alarm"
        assert editor.changed == ("Name", "Description", "Escalated")

        await pilot.press("ctrl+s")
        await settle(pilot, lambda: now(desk, alert).name == "Fire alarm")
    kept = now(desk, alert)
    assert (kept.priority, kept.description) == (1, "mine")
    assert texts(kept) == [
        ("Created", "one of theirs"),
        ("Claimed", "two"),
        ("Escalated", "mine"),
        ("Finalised", "new of theirs"),
    ]
    assert [action.id for action in kept.actions[:2]] == [action.id for action in alert.actions]


async def test_an_action_that_was_taken_out_meanwhile_is_made_anew_where_it_was_changed(
    desk: Desk, alert: Alert
) -> None:
    async with double(desk) as pilot:
        editor = await alert_editor(pilot, alert)
        await pilot.press("f2")
        created = editor.lists[Stage.CREATED]
        await settle(pilot, lambda: created.table.has_focus and created.table.is_read)
        await pilot.press("e")
        assert not created.forms[0].enabled
        alerts.edit(desk, alert.id, alert.revision, replace(form_of(alert), actions=()))

        await pilot.press("ctrl+s")
        said = await told_that_it_changed(pilot)
        assert "Theirs is shown in: tab Claimed." in said and "You both changed: tab Created" in said
        assert editor.changed == ("Created",)
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: now(desk, alert).actions)
    (made,) = now(desk, alert).actions
    assert (made.stage, made.text, made.enabled) == ("Created", "one", False)


async def test_an_alert_that_was_removed_meanwhile_keeps_what_was_typed(desk: Desk, alert: Alert) -> None:
    async with double(desk) as pilot:
        editor = await alert_editor(pilot, alert)
        editor.form.set_value("description", "long text")
        alerts.remove(desk, alert.id)
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "was removed meanwhile" in screen_text(pilot))
        assert editor.form.value("description") == "long text"


# Tasks


@pytest.fixture
def task(desk: Desk) -> Task:
    handler = make_handler(desk)
    actions = (say(handler, "one"), say(handler, "two"))
    form = TaskForm(name="Report", zone="Australia/Sydney", cron="0 9 * * *", actions=actions)
    return tasks.add(desk, form).task


def its_form(task: Task, **changes: Any) -> TaskForm:
    """The task as an editor saves it."""
    form = TaskForm(
        name=task.name,
        zone=task.zone,
        cron=task.cron,
        actions=tuple(action_form_of(action) for action in task.actions),
        enabled=task.enabled,
        when_missed=task.when_missed,
        grace=task.grace,
        most_catch_up=task.most_catch_up,
    )
    return replace(form, **changes)


async def task_editor(pilot: Any, task: Task) -> TaskEditor:
    pilot.app.push_screen(await TaskEditor.load(pilot.app, task.id))
    editor = await shown(pilot, TaskEditor)
    assert isinstance(editor, TaskEditor)
    await settle(pilot, lambda: editor.form.control_of("name").has_focus)
    return editor


def kept(desk: Desk) -> Task:
    (found,) = tasks.listing(desk)
    return found


async def test_of_a_task_what_both_did_is_kept(desk: Desk, task: Task) -> None:
    async with double(desk, size=(160, 50)) as pilot:
        editor = await task_editor(pilot, task)
        await pilot.press("end", *" B")
        editor.settings.set_value("notes", "mine")
        editor.actions.add(say(task.actions[0].handler_id, "mine"))
        await pilot.pause()
        first, second = (action_form_of(action) for action in task.actions)
        changes: dict[str, Any] = {"cron": "30 18 * * 1-5", "notes": "theirs", "most_catch_up": 3}
        changes["actions"] = (replace(first, text="one of theirs"), second)
        tasks.edit(desk, task.id, task.revision, its_form(task, **changes))

        await pilot.press("ctrl+s")
        said = await told_that_it_changed(pilot)
        assert "Theirs is shown in: Fires, At, Cron, Most to catch up, Actions." in said
        assert "You both changed: Notes; yours is shown." in said
        assert kept(desk).name == "Report"
        assert editor.form.value("cron") == "30 18 * * 1-5" and editor.form.value("at") == "18:30"
        await settle(pilot, lambda: "18:30 AEDT" in screen_text(pilot) or "18:30 AEST" in screen_text(pilot))
        assert editor.changed == ("Name", "Notes", "Actions")

        await pilot.press("ctrl+s")
        await settle(pilot, lambda: kept(desk).name == "Report B")
    saved = kept(desk)
    assert (saved.cron, saved.notes, saved.most_catch_up) == ("30 18 * * 1-5", "mine", 3)
    assert [action.text for action in saved.actions] == ["one of theirs", "two", "mine"]


async def test_a_schedule_is_one_thing_whoever_changed_which_part_of_it(desk: Desk, task: Task) -> None:
    async with double(desk, size=(160, 50)) as pilot:
        editor = await task_editor(pilot, task)
        editor.form.set_value("at", "06:15")
        await settle(pilot, lambda: editor.form.value("cron") == "15 6 * * *")
        tasks.edit(desk, task.id, task.revision, its_form(task, cron="*/10 8-17 * * 1"))

        await pilot.press("ctrl+s")
        assert "You both changed: Fires, Cron; yours is shown." in await told_that_it_changed(pilot)
        assert editor.form.value("cron") == "15 6 * * *" and editor.form.value("kind") == "daily"
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: kept(desk).cron == "15 6 * * *")


async def test_a_task_that_was_removed_meanwhile_keeps_what_was_typed(desk: Desk, task: Task) -> None:
    async with double(desk) as pilot:
        editor = await task_editor(pilot, task)
        editor.settings.set_value("notes", "long text")
        tasks.remove(desk, task.id)
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "was removed meanwhile" in screen_text(pilot))
        assert editor.settings.value("notes") == "long text"
