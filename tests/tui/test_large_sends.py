"""Whatever sends to more than 20 people in the console asks once, naming people and parts."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from storage import handlers as stored
from storage import message_history
from storage.records import Handler, Recipient
from tests.operations.arrange import make_handler, make_people, set_message
from tests.tui.large_site import CROWD
from tests.tui.sections.people import cells, desk_at, go_to, rows_are
from tests.tui.support import console, screen_text, settle, shown
from tui.dialogs.confirm import Confirm
from tui.dialogs.note import NoteDialog
from tui.editors.handler import HandlerEditor
from tui.occurrences.raise_alert import RaiseAlert
from tui.operations import alerts, handlers, messages, occurrences, tasks
from tui.operations.action_form import ActionForm
from tui.operations.alerts import AlertForm, StageAction
from tui.operations.desk import Desk
from tui.operations.tasks import TaskForm

STAGES = ("Created", "Claimed", "Actioned", "Escalated", "Restored", "Finalised")
TEXT = "x" * 200


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A task and every stage of an alert send two parts to 21 people."""
    with desk_at(tmp_path) as made:
        people = make_people(made.database, CROWD, {"Everybody": list(CROWD)})
        to = (Recipient(group_id=people["Everybody"], name="Everybody"),)
        action = ActionForm(handler_id=make_handler(made), recipients=to, text=TEXT)
        tasks.add(made, TaskForm(name="Report", zone="UTC", cron="0 9 * * *", actions=(action,)))
        stages = tuple(
            StageAction(stage=stage, handler_id=action.handler_id, recipients=to, text=TEXT)
            for stage in STAGES
        )
        alerts.add(made, AlertForm(name="Fire", actions=stages))
        yield made


def handlers_of(desk: Desk) -> list[Handler]:
    with desk.database.read() as connection:
        return list(stored.listing(connection))


def queued(desk: Desk) -> int:
    with desk.database.read() as connection:
        return message_history.count(connection)


async def run_now(pilot: Pilot[Any]) -> None:
    await pilot.press("r")


async def raise_it(pilot: Pilot[Any]) -> None:
    await pilot.press("r")
    await shown(pilot, RaiseAlert)
    await pilot.press("ctrl+s")


def step(key: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    async def take(pilot: Pilot[Any]) -> None:
        await pilot.app.screen.current.run_action(key)
        await shown(pilot, NoteDialog)
        await pilot.press("ctrl+s")

    return take


WAYS: dict[str, tuple[str, Callable[[Pilot[Any]], Awaitable[None]], str]] = {
    "run now": ("tasks", run_now, "Run Report"),
    "raise": ("alerts", raise_it, "Raise Fire"),
    "claim": ("occurrences", step("claim"), "Claim Fire"),
    "action taken": ("occurrences", step("action_taken"), "Action taken Fire"),
    "escalate": ("occurrences", step("escalate"), "Escalate Fire"),
    "restore": ("occurrences", step("restore"), "Restore Fire"),
    "finalise": ("occurrences", step("finalise"), "Finalise Fire"),
}


@pytest.mark.parametrize("name", WAYS)
async def test_a_large_send_asks_and_no_sends_nothing(desk: Desk, name: str) -> None:
    section, send, what = WAYS[name]
    if section == "occurrences":
        fire = next(view.alert for view in alerts.listing(desk) if view.alert.name == "Fire")
        occurrences.raise_alert(desk, fire.id)
    before = queued(desk)
    async with console(desk, section="tasks" if section == "tasks" else None, size=(100, 30)) as pilot:
        if section != "tasks":
            pilot.app._main.action_section("alerts")
            await settle(pilot, lambda: pilot.app._main.current.id == section)
            await settle(pilot, lambda: any("Fire" in row for row in cells(pilot)))
            await go_to(pilot, "Fire")
        for key, more in (("enter", 0), ("escape", 0), ("down", 21)):
            await send(pilot)
            await shown(pilot, Confirm)
            assert f"{what}: send to 21 people?" in screen_text(pilot)
            assert "21 messages, 42 parts in all" in screen_text(pilot)
            await pilot.press(*((key, "enter") if key == "down" else (key,)))
            await settle(pilot, lambda: not isinstance(pilot.app.screen, Confirm))
            if name == "raise" and not more:
                await shown(pilot, RaiseAlert)
                await pilot.press("escape")
                await settle(pilot, lambda: len(pilot.app.screen_stack) == 1)
            await settle(pilot, lambda more=more: queued(desk) == before + more)


async def test_sending_many_again_names_people_and_parts(desk: Desk) -> None:
    fired = tasks.run_now(desk, tasks.listing(desk)[0].id)
    for key in fired.message_ids:
        messages.cancel(desk, key)
    async with console(desk, section="messages", size=(100, 30)) as pilot:
        await rows_are(pilot, 21)
        await pilot.press("ctrl+a", "r")
        await shown(pilot, Confirm)
        assert "To 21 people: 21 messages, 42 parts in all" in screen_text(pilot)


async def test_sending_an_alert_again_to_many_not_reached_asks(desk: Desk) -> None:
    fire = next(view.alert for view in alerts.listing(desk) if view.alert.name == "Fire")
    raised = occurrences.raise_alert(desk, fire.id)
    for item in occurrences.show(desk, raised.occurrence.id).messages:
        set_message(desk.database, item.message.id, state="failed", error="refused", next_attempt_at=None)
    before = queued(desk)
    async with console(desk, size=(100, 30)) as pilot:
        pilot.app._main.action_section("alerts")
        await settle(pilot, lambda: any("Fire" in row for row in cells(pilot)))
        await go_to(pilot, "Fire")
        for key, more in (("n", 0), ("y", 21)):
            await pilot.press("r")
            await settle(pilot, lambda: "again to 21 people not reached?" in screen_text(pilot))
            await pilot.press("down", "enter")
            await settle(pilot, lambda: "Send Fire again: send to 21 people?" in screen_text(pilot))
            assert "21 messages, 42 parts in all" in screen_text(pilot)
            await pilot.press(key)
            await settle(pilot, lambda: not isinstance(pilot.app.screen, Confirm))
            await settle(pilot, lambda more=more: queued(desk) == before + more)


async def test_enabling_a_handler_at_which_many_wait_asks(desk: Desk) -> None:
    tasks.run_now(desk, tasks.listing(desk)[0].id)
    (handler,) = handlers_of(desk)
    handlers.set_enabled(desk, handler.id, False)
    async with console(desk, section="handlers", size=(100, 30)) as pilot:
        await rows_are(pilot, 1)
        for key, enabled in (("n", False), ("y", True)):
            await pilot.press("e")
            await shown(pilot, Confirm)
            assert "Enable Clickatell: send to 21 people?" in screen_text(pilot)
            assert "21 messages, 42 parts in all" in screen_text(pilot)
            await pilot.press(key)
            await settle(pilot, lambda: not isinstance(pilot.app.screen, Confirm))
            await settle(pilot, lambda want=enabled: handlers_of(desk)[0].enabled is want)


async def test_enabling_it_in_its_editor_asks_too(desk: Desk) -> None:
    tasks.run_now(desk, tasks.listing(desk)[0].id)
    (handler,) = handlers_of(desk)
    handlers.set_enabled(desk, handler.id, False)
    async with console(desk, section="handlers", size=(100, 30)) as pilot:
        await rows_are(pilot, 1)
        await pilot.press("enter")
        editor = await shown(pilot, HandlerEditor)
        await settle(pilot, lambda: editor.focused is not None)
        editor.form.set_value("enabled", True)
        for key, enabled in (("n", False), ("y", True)):
            await pilot.press("ctrl+s")
            await shown(pilot, Confirm)
            assert "Enable Clickatell: send to 21 people?" in screen_text(pilot)
            await pilot.press(key)
            await settle(pilot, lambda: not isinstance(pilot.app.screen, Confirm))
            await settle(pilot, lambda want=enabled: handlers_of(desk)[0].enabled is want)


def test_someone_who_gets_several_messages_is_one_person(desk: Desk) -> None:
    from tui.operations import task_preview

    first = tasks.listing(desk)[0]
    second = tasks.add(
        desk, TaskForm(name="Again", zone="UTC", cron="0 9 * * *", actions=tasks.form_of(first).actions)
    ).task
    size = task_preview.size(desk, (first.id, second.id))
    assert (size.people, size.messages, size.parts) == (21, 42, 84)
