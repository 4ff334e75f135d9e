"""The guide's alert: an action on each of its six tabs, then raised and taken through its life."""

from storage.records import TOLD
from storage.vocabulary import Stage
from tests.operations.arrange import make_handler
from tests.tui.guide.hands import choose, type_in
from tests.tui.sections.people import add_people, go_to, rows_are
from tests.tui.sections.raising import fire, occurrence, raised
from tests.tui.support import console, screen_text, settle, shown
from tui.editors.action import ActionEditor
from tui.editors.alert import AlertEditor
from tui.occurrences.raise_alert import RaiseAlert
from tui.operations import alerts
from tui.operations.desk import Desk


async def test_an_alert_with_an_action_on_each_tab(desk: Desk) -> None:
    ids = add_people(desk)
    handler = make_handler(desk)
    async with console(desk, section="alerts") as pilot:
        await pilot.press("n")
        editor = await shown(pilot, AlertEditor)
        await settle(pilot, lambda: editor.form.control_of("name").has_focus)
        await type_in(pilot, "Door")
        for stage in Stage:
            await pilot.press("f2")
            await settle(pilot, lambda stage=stage: editor.lists[stage].table.has_focus)
            await pilot.press("n")
            action = await shown(pilot, ActionEditor)
            assert "Send Communication Message" in screen_text(pilot)
            await settle(pilot, lambda action=action: action.picker.query("SearchInput:focus"))
            await type_in(pilot, "joe", "<enter>")
            await settle(pilot, lambda action=action: action.picker.reach.reached)
            await type_in(pilot, "<f2>")
            await settle(pilot, lambda action=action: action.composer.query("MessageBox:focus"))
            await type_in(pilot, stage[0], "{Count}", "<ctrl+s>")
            await settle(pilot, lambda: pilot.app.screen is editor)
            await settle(pilot, lambda stage=stage: len(editor.lists[stage].forms) == 1)
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: pilot.app.screen is not editor)
    (made,) = [view.alert for view in alerts.listing(desk) if view.alert.system is None]
    assert [(action.stage, action.text) for action in made.actions] == [
        (str(stage), f"{stage[0]}{{Count}}") for stage in Stage
    ]
    assert {action.handler_id for action in made.actions} == {handler}
    for action in made.actions:  # a claim and a restoration are proposed to those told of the beginning
        told = [recipient for recipient in action.recipients if recipient.kind == TOLD.kind]
        assert bool(told) == (action.stage in ("Claimed", "Restored"))
        assert [each.user_id for each in action.recipients if each not in told] == [ids["Joe Hart"]]


async def test_an_alert_is_raised_by_right_click(desk: Desk) -> None:
    fire(desk, Stage.CREATED)
    async with console(desk, section="alerts") as pilot:
        section = await rows_are(pilot, 5)
        await go_to(pilot, "Fire")
        await pilot.click(section.table, offset=(6, 1 + section.table.cursor), button=3)
        await choose(pilot, "Raise")
        await shown(pilot, RaiseAlert)
        await pilot.click("#raise")
        await settle(pilot, lambda: "▲ 1" in screen_text(pilot))


async def test_an_occurrence_is_claimed_by_right_click(desk: Desk) -> None:
    number = raised(desk, fire(desk, Stage.CREATED))
    async with console(desk) as pilot:
        await pilot.press("3")
        section = await rows_are(pilot, 1)
        await pilot.click(section.table, offset=(6, 1), button=3)
        await choose(pilot, "Claim")
        await settle(pilot, lambda: occurrence(desk, number).owner == "ana")
