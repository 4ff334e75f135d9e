"""Answer plans in the console: the tab Answer, what comes next, and what is unanswered."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.alerts import PlanStep
from storage.vocabulary import PlanThen, Stage, StepKind
from tests.operations.arrange import JOE, to
from tests.tui.sections.people import desk_at, go_to, rows_are
from tests.tui.sections.raising import at_occurrences, fire, occurrence, raised
from tests.tui.support import console, screen_text, settle, shown, told
from tui.dialogs.note import NoteDialog
from tui.editors.action import ActionEditor
from tui.editors.alert import AlertEditor
from tui.occurrences.detail import OccurrenceDialog
from tui.operations import alert_actions, alert_plan, alerts, plan_form
from tui.operations.alert_form import StageAction
from tui.operations.desk import Desk

PLAN = plan_form.steps_of(["5m repeat x2", "5m escalate", "10m escalate"])
MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path) as made:
        yield made


def planned(desk: Desk) -> int:
    """An alert with a plan and two levels."""
    alert = fire(desk, Stage.CREATED, Stage.ESCALATED)
    first = desk.read(alerts.read, alert).actions[0]
    second = StageAction(
        handler_id=first.handler_id, recipients=tuple(to(JOE)), text="second", stage="Escalated", level=2
    )
    alert_actions.add(desk, alert, second)
    alert_plan.set_plan(desk, alert, PLAN, PlanThen.STOP, 60 * MINUTE)
    return alert


async def editor_of(pilot: Any, name: str) -> AlertEditor:
    await go_to(pilot, name)
    await pilot.press("enter")
    editor = await shown(pilot, AlertEditor)
    assert isinstance(editor, AlertEditor)
    return editor


async def test_a_plan_is_written_on_the_tab_answer(desk: Desk) -> None:
    alert = fire(desk, Stage.CREATED, Stage.ESCALATED)
    raised(desk, alert, "d3")
    async with console(desk, section="handlers", size=(160, 50)) as pilot:
        await pilot.press("3")
        await at_occurrences(pilot, 1)
        await pilot.press("o")
        await rows_are(pilot, 5)
        editor = await editor_of(pilot, "Fire")
        await pilot.press("shift+f2")
        await settle(pilot, lambda: editor.answer.control_of("plan").has_focus)
        editor.answer.set_value("plan", "5m shout")
        await settle(pilot, lambda: "neither repeat nor escalate" in screen_text(pilot))
        editor.answer.set_value("plan", "5m repeat x2\n10m escalate")
        await settle(pilot, lambda: "level 1: +" in screen_text(pilot))
        assert "1 open occurrence goes by this from now" in screen_text(pilot)
        editor.answer.set_value("claim_lasts", 30)
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "Fire is saved" in told(pilot))
        assert any("1 open occurrence goes by this" in sentence for sentence in told(pilot))
    kept = desk.read(alerts.read, alert)
    assert [step.after for step in kept.plan] == [5 * MINUTE, 5 * MINUTE, 10 * MINUTE]
    assert kept.plan[2] == PlanStep(10 * MINUTE, StepKind.ESCALATE)
    assert kept.claim_lasts == 30 * MINUTE


async def test_another_edit_keeps_plan_and_levels(desk: Desk) -> None:
    alert = planned(desk)
    async with console(desk, section="alerts") as pilot:
        await rows_are(pilot, 5)
        editor = await editor_of(pilot, "Fire")
        editor.form.set_value("priority", 1)
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "Fire is saved" in told(pilot))
    kept = desk.read(alerts.read, alert)
    assert (kept.priority, kept.plan, kept.claim_lasts) == (1, PLAN, 60 * MINUTE)
    assert [action.level for action in kept.actions] == [None, 1, 2]


async def test_an_action_of_escalated_has_a_level(desk: Desk) -> None:
    alert = planned(desk)
    async with console(desk, section="alerts") as pilot:
        await rows_are(pilot, 5)
        editor = await editor_of(pilot, "Fire")
        for _ in range(4):
            await pilot.press("f2")
        held = editor.lists[Stage.ESCALATED]
        await settle(pilot, lambda: held.table.has_focus)
        await settle(pilot, lambda: "level 2" in screen_text(pilot))
        await pilot.press("enter")
        action = await shown(pilot, ActionEditor)
        assert action.form.value("level") == 1
        action.form.set_value("level", 4)
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: pilot.app.screen is editor)
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "Fire is saved" in told(pilot))
    assert [action.level for action in desk.read(alerts.read, alert).actions] == [None, 4, 2]


async def test_unanswered_ones_come_first_with_what_is_next(desk: Desk) -> None:
    alert = planned(desk)
    number = raised(desk, alert, "d3")
    informs = fire(desk, Stage.CREATED, name="Note", priority=1)
    raised(desk, informs, "n1")
    async with console(desk, section="handlers") as pilot:
        await settle(pilot, lambda: "▲ 1 unanswered" in screen_text(pilot))
        await pilot.press("3")
        section = await at_occurrences(pilot, 2)
        assert section.table.cursor_key == number
        await settle(pilot, lambda: "again in 4:" in screen_text(pilot))
        await pilot.press("enter")
        dialog = await shown(pilot, OccurrenceDialog)
        await settle(pilot, lambda: "a claim stops it" in screen_text(pilot))
        for level in (1, 2):
            await pilot.press("E")
            await shown(pilot, NoteDialog)
            await pilot.press("ctrl+s")
            await settle(pilot, lambda level=level: occurrence(desk, number).level == level)
            await settle(pilot, lambda: pilot.app.screen is dialog)
        await settle(pilot, lambda: not dialog.check_action("escalate", ()))
        await pilot.press("C")
        await settle(pilot, lambda: occurrence(desk, number).owner == "ana")
        await settle(pilot, lambda: "claim ends" in screen_text(pilot))
        await pilot.press("escape")
        await settle(pilot, lambda: "unanswered" not in screen_text(pilot))
