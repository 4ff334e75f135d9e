"""Scheduled tasks in the console: the list, the editor with its two ways to say when, the forecast."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import TabbedContent

from scheduling.zones import zone_named
from storage import message_history
from storage import tasks as stored
from storage.records import Message, Recipient, Task, TaskRun
from storage.vocabulary import WhenMissed
from tests.operations.arrange import JOE, make_handler, make_people, to
from tests.tui.double import double
from tests.tui.kit.hostile import HOSTILE
from tests.tui.sections.people import cells, desk_at, go_to, rows_are
from tests.tui.support import console, say_yes, screen_text, settle, shown, told
from tui.dialogs.confirm import Confirm, Question
from tui.editors.action import ActionEditor
from tui.editors.handler import HandlerEditor
from tui.editors.task import TaskEditor
from tui.operations import tasks
from tui.operations.action_form import ActionForm
from tui.operations.desk import Desk
from tui.operations.tasks import TaskForm
from tui.tasks.forecast import Forecast
from tui.tasks.history import TaskHistory
from tui.widgets.paged_table import PagedTable


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path) as made:
        yield made


def add(
    desk: Desk, name: str = "Report", *, recipients: Any = None, text: str = "Shift report", **form: Any
) -> Task:
    """A task at nine in Sydney, to one number unless said otherwise."""
    handler = make_handler(desk, f"Sender of {name}")
    action = ActionForm(handler_id=handler, recipients=tuple(recipients or to(JOE)), text=text)
    values = {"zone": "Australia/Sydney", "cron": "0 9 * * *", **form}
    return tasks.add(desk, TaskForm(name=name, actions=(action,), **values)).task


def all_of(desk: Desk) -> list[Task]:
    return tasks.listing(desk)


def queued(desk: Desk) -> list[Message]:
    with desk.database.read() as connection:
        return message_history.newest(connection, None, 100)


def runs_of(desk: Desk, task: Task) -> list[TaskRun]:
    with desk.database.read() as connection:
        return list(stored.runs(connection, task.id, None, 100))


async def editor_of(pilot: Any, task: Task | None) -> TaskEditor:
    pilot.app.push_screen(await TaskEditor.load(pilot.app, task.id if task else None))
    editor = await shown(pilot, TaskEditor)
    assert isinstance(editor, TaskEditor)
    return editor


def upcoming(editor: TaskEditor) -> str:
    return str(editor.query_one("#upcoming").render())


# The guide's steps


async def test_a_task_is_made_with_keys(desk: Desk) -> None:
    make_handler(desk)
    make_people(desk.database, {"Joe Hart": JOE})
    async with console(desk, section="tasks") as pilot:
        await settle(pilot, lambda: "No scheduled tasks yet. Press n to make one." in screen_text(pilot))
        await pilot.press("n")
        editor = await shown(pilot, TaskEditor)
        await settle(pilot, lambda: editor.form.control_of("name").has_focus)
        await pilot.press(*"Tour")
        editor.form.set_value("zone", "Europe/Berlin")
        editor.form.set_value("at", "21:30")
        await settle(pilot, lambda: editor.form.value("cron") == "30 21 * * 1-5")
        await pilot.press("f2")
        await settle(pilot, lambda: editor.actions.table.has_focus)
        await pilot.press("n")
        action = await shown(pilot, ActionEditor)
        await settle(pilot, lambda: "Joe Hart" in screen_text(pilot))
        action.picker.focus_search()
        await pilot.press(*"joe", "enter")
        await settle(pilot, lambda: action.picker.reach.reached)
        await pilot.press("f2", *"Go", "ctrl+s")
        await settle(pilot, lambda: pilot.app.screen is editor and editor.actions.forms)
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: all_of(desk))
        await rows_are(pilot, 1)
        await settle(pilot, lambda: "Tour is saved" in told(pilot))
        await settle(pilot, lambda: "Joe Hart" in screen_text(pilot))
    (made,) = all_of(desk)
    assert (made.name, made.cron, made.zone, made.enabled) == ("Tour", "30 21 * * 1-5", "Europe/Berlin", True)
    assert [(action.text, [person.name for person in action.recipients]) for action in made.actions] == [
        ("Go", ["Joe Hart"])
    ]


async def test_run_now_history_and_switching_off(desk: Desk) -> None:
    task = add(desk)
    async with console(desk, section="tasks") as pilot:
        await rows_are(pilot, 1)
        await pilot.press("r")
        await settle(pilot, lambda: "Report: 1 message queued" in told(pilot))
        assert [message.text for message in queued(desk)] == ["Shift report"]
        with desk.database.write() as tx:
            missed = datetime(2026, 3, 1, 22, tzinfo=UTC)
            stored.record_run(tx, task.id, missed, "scheduled", "missed", missed, note="no engine ran")
        await pilot.press("h")
        history = await shown(pilot, TaskHistory)
        await settle(pilot, lambda: history.query_one(PagedTable).count == 2)
        text = screen_text(pilot)
        assert "✓ by hand" in text
        assert "▲ missed" in text and "no engine ran" in text
        assert "Mon 02 Mar 09:00" in text, "in the task's zone"
        await pilot.press("escape", "e")
        await say_yes(pilot)
        await settle(pilot, lambda: not all_of(desk)[0].enabled)
        await settle(pilot, lambda: "○ off" in screen_text(pilot))
        await pilot.press("e")
        await settle(pilot, lambda: all_of(desk)[0].enabled)


# The list and the forecast


async def test_the_list_and_the_forecast_show_whom_each_reaches_and_who_reaches_nobody(desk: Desk) -> None:
    ids = make_people(desk.database, {"Joe Hart": JOE}, {"Ops": ["Joe Hart"], "Empty": []})
    add(desk, "Hourly", recipients=[Recipient(group_id=ids["Ops"], name="Ops")], cron="0 * * * *", zone="UTC")
    add(desk, "Lost", recipients=[Recipient(group_id=ids["Empty"], name="Empty")], cron="30 12 * * *")
    off = add(desk, "Off", cron="* * * * *")
    tasks.set_enabled(desk, off.id, False)
    async with console(desk, section="tasks", size=(160, 50)) as pilot:
        await rows_are(pilot, 3)
        rows = {row[0]: row for row in cells(pilot)}
        assert "▲ reaches nobody" in rows["Lost"]
        assert rows["Hourly"][3] == "Joe Hart"
        assert rows["Off"][2] == "○ off"
        await pilot.press("w")
        forecast = await shown(pilot, Forecast)
        table = forecast.query_one(PagedTable)
        await settle(pilot, lambda: table.count == 25)
        found = [[getattr(cell, "plain", cell) for cell in table.row_at(n).cells] for n in range(25)]
        assert sum(row[1] == "Hourly" and row[4] == "Joe Hart" for row in found) == 24
        (lost,) = [row for row in found if row[1] == "Lost"]
        assert "12:30 AE" in lost[2] and lost[4] == "▲ nobody"
        assert not any(row[1] == "Off" for row in found)


async def test_deleting_asks_and_keeps_on_the_safe_answer(desk: Desk) -> None:
    add(desk)
    async with console(desk, section="tasks") as pilot:
        await rows_are(pilot, 1)
        await pilot.press("d")
        await shown(pilot, Confirm)
        assert "It would fire next" in screen_text(pilot)
        await pilot.press("enter")
        await settle(pilot, lambda: not isinstance(pilot.app.screen, Confirm))
        assert all_of(desk)
        await pilot.press("d")
        await shown(pilot, Confirm)
        await pilot.press("down", "enter")
        await settle(pilot, lambda: not all_of(desk))


async def test_a_right_click_shows_the_menu_and_runs_the_task(desk: Desk) -> None:
    add(desk)
    async with console(desk, section="tasks") as pilot:
        section = await rows_are(pilot, 1)
        await pilot.click(section.table, offset=(6, 1), button=3)
        await settle(pilot, lambda: "What will fire" in screen_text(pilot))
        await pilot.press("down", "enter")
        await settle(pilot, lambda: queued(desk))


# When


async def test_the_plain_form_and_the_cron_field_follow_each_other(desk: Desk) -> None:
    async with double(desk) as pilot:
        editor = await editor_of(pilot, None)
        form = editor.form
        await settle(pilot, lambda: form.value("kind") == "weekdays" and form.value("at") == "09:00")
        for cron, kind, plain in (
            ("*/15 * * * *", "every", {"every": 15}),
            ("5 6 * * *", "daily", {"at": "06:05"}),
            ("0 8 * * 1,4", "weekly", {"at": "08:00", "days": "Mon, Thu"}),
            ("0 8 L * *", "monthly", {"at": "08:00", "day": "last"}),
            ("0 8-10 * * 2", "cron", {}),
        ):
            form.set_value("cron", cron)
            await settle(pilot, lambda kind=kind: form.value("kind") == kind)
            assert {key: form.value(key) for key in plain} == plain
            assert form.value("cron") == cron, "what was typed stays as it was typed"
        form.set_value("kind", "weekly")
        await settle(pilot, lambda: form.value("cron") == "0 8 * * 1,4")
        form.set_value("days", "Sat, Su")
        await settle(pilot, lambda: form.value("cron").startswith("0 8 * * "))
        form.set_value("days", "Mon, Xday")
        await settle(pilot, lambda: "Xday is no day of the week" in screen_text(pilot))
        assert form.value("days") == "Mon, Xday"
        form.set_value("cron", "61 * * * *")
        await settle(pilot, lambda: upcoming(editor).startswith('✗ Minute "61"'))


async def test_the_next_runs_are_in_zone_and_utc_with_changes_of_the_clocks_named(desk: Desk) -> None:
    standing = Desk(desk.database, "ana", desk.role, lambda: datetime(2026, 3, 27, 12, tzinfo=UTC))
    task = add(standing, cron="30 2 * * *", zone="Europe/Berlin")
    async with double(standing) as pilot:
        editor = await editor_of(pilot, task)
        await settle(pilot, lambda: "UTC" in upcoming(editor))
        lines = upcoming(editor).splitlines()
        assert "Sat 28 Mar 2026 02:30 CET    01:30 UTC" in lines[-5]
        assert "Sun 29 Mar 2026 03:00 CEST   01:00 UTC  " in lines[-4], "the clock skips 02:30 that night"
        assert "Mon 30 Mar 2026 02:30 CEST   00:30 UTC" in lines[-3]
        assert len(lines) == 6
        editor.form.set_value("zone", "Mars/Phobos")
        await settle(pilot, lambda: "Mars/Phobos" in upcoming(editor))


async def test_a_zone_is_found_by_a_part_of_its_name(desk: Desk) -> None:
    async with double(desk) as pilot:
        editor = await editor_of(pilot, None)
        editor.form.set_value("zone", "")
        editor.form.focus_field("zone")
        await settle(pilot, lambda: editor.form.control_of("zone").has_focus)
        await pilot.press(*"york")
        await settle(pilot, lambda: "down takes one of: America/New_York" in screen_text(pilot))
        await pilot.press("down")
        await settle(pilot, lambda: "EST" in upcoming(editor) or "EDT" in upcoming(editor))
        assert editor.form.value("zone") == "America/New_York"
        assert "down takes" not in screen_text(pilot)


async def test_a_task_that_fires_often_is_asked_about_once(desk: Desk) -> None:
    task = add(desk)
    async with double(desk) as pilot:
        editor = await editor_of(pilot, task)
        editor.form.set_value("cron", "* * * * *")
        await settle(pilot, lambda: editor.form.value("kind") == "every")
        await pilot.press("ctrl+s")
        await shown(pilot, Confirm)
        assert "more than once in five minutes" in screen_text(pilot)
        await pilot.press("enter")
        await settle(pilot, lambda: pilot.app.screen is editor)
        assert all_of(desk)[0].cron == "0 9 * * *", "the safe answer saves nothing"
        await pilot.press("ctrl+s")
        await shown(pilot, Confirm)
        await pilot.press("down", "enter")
        await settle(pilot, lambda: all_of(desk)[0].cron == "* * * * *")
        # Once it is saved so, other changes are not asked about.
        await settle(pilot, lambda: not isinstance(pilot.app.screen, TaskEditor))
        again = await editor_of(pilot, all_of(desk)[0])
        again.form.set_value("name", "Beat")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: all_of(desk)[0].name == "Beat")


async def test_once_at_a_date(desk: Desk) -> None:
    task = add(desk)
    day = (datetime.now(UTC) + timedelta(days=40)).date()
    async with double(desk) as pilot:
        editor = await editor_of(pilot, task)
        editor.form.set_value("kind", "once")
        await settle(pilot, lambda: editor.form.is_shown("date"))
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: editor.form.error("date"))
        assert "year-month-day" in (editor.form.error("date") or "")
        editor.form.set_value("date", f"{day:%Y-%m-%d}")
        editor.form.set_value("at", "06:30")
        await settle(pilot, lambda: f"Once: {day:%a %d %b %Y} 06:30" in upcoming(editor))
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: all_of(desk)[0].once_at is not None)
    (kept,) = all_of(desk)
    assert kept.cron == ""
    again = kept.once_at.astimezone(zone_named("Australia/Sydney")) if kept.once_at else None
    assert again is not None and (again.date(), again.hour, again.minute) == (day, 6, 30)


# Settings, refusals


async def test_the_settings_are_kept_and_shown_again(desk: Desk) -> None:
    task = add(desk)
    async with double(desk) as pilot:
        editor = await editor_of(pilot, task)
        await pilot.press("shift+f2")
        await settle(pilot, lambda: editor.query_one(TabbedContent).active == "settings")
        for key, value in {
            "when_missed": WhenMissed.ALL,
            "grace": 90,
            "most_catch_up": 4,
            "starts_at": "2030-01-02 03:04",
            "ends_at": "2031-01-02 03:04",
            "useful_life": 20,
            "notes": "for the night shift",
        }.items():
            editor.settings.set_value(key, value)
        await settle(pilot, lambda: "When missed" in editor.changed and "Notes" in editor.changed)
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: all_of(desk)[0].notes)
        (kept,) = all_of(desk)
        assert (kept.when_missed, kept.grace, kept.most_catch_up) == (
            WhenMissed.ALL,
            timedelta(minutes=90),
            4,
        )
        assert kept.useful_life == timedelta(minutes=20)
        assert kept.starts_at == datetime(2030, 1, 1, 16, 4, tzinfo=UTC), "03:04 in Sydney"
        await settle(pilot, lambda: not isinstance(pilot.app.screen, TaskEditor))
        again = await editor_of(pilot, kept)
        assert again.settings.value("starts_at") == "2030-01-02 03:04"
        assert again.changed == ()


async def test_what_cannot_be_saved_is_said_and_nothing_is_lost(desk: Desk) -> None:
    async with double(desk) as pilot:
        editor = await editor_of(pilot, None)
        editor.form.set_value("name", "Tour")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "action" in screen_text(pilot) and "✗" in screen_text(pilot))
        assert editor.form.value("name") == "Tour"
        assert not all_of(desk)
        editor.action_turn(1)
        await settle(pilot, lambda: editor.actions.table.has_focus)
        await pilot.press("n")
        await shown(pilot, Question)  # no handler yet: it is made on the way
        await pilot.press("enter")
        handler = await shown(pilot, HandlerEditor)
        handler.form.set_value("name", "Night")
        handler.form.set_value("api_key", "secret")
        await pilot.press("ctrl+s")
        await shown(pilot, ActionEditor)


async def test_an_unknown_field_is_an_error_at_the_editor(desk: Desk) -> None:
    task = add(desk)
    async with double(desk) as pilot:
        editor = await editor_of(pilot, task)
        await pilot.press("f2")
        await settle(pilot, lambda: editor.actions.table.has_focus and editor.actions.table.count)
        await pilot.press("enter")
        action = await shown(pilot, ActionEditor)
        action.composer.text = "Hi {Nmae}"
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "did you mean {Name}" in screen_text(pilot))
        assert pilot.app.screen is action


async def test_hostile_text_is_shown_as_text(desk: Desk) -> None:
    text = HOSTILE["textual link"] + HOSTILE["osc title"] + HOSTILE["override"]
    task = add(desk, "Report [/b]", text=text.replace("\x1b\\", ""), notes=text)
    tasks.run_now(desk, task.id)
    async with console(desk, section="tasks", size=(160, 50)) as pilot:
        await rows_are(pilot, 1)
        await go_to(pilot, "Report [/b]")
        await settle(pilot, lambda: "[@click=app.quit]" in screen_text(pilot))
        await pilot.press("h")
        await shown(pilot, TaskHistory)
        assert "History of Report [/b]" in screen_text(pilot)
        await pilot.press("escape", "enter")
        await shown(pilot, TaskEditor)
        assert "Task Report [/b]" in screen_text(pilot)
        await pilot.press("f2")
        await settle(pilot, lambda: "[@click=app.quit]" in screen_text(pilot))
        assert "\x1b" not in screen_text(pilot)
