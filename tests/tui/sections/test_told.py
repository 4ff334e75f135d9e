"""Who was told, in the console: the detail of an occurrence, sending again, and recipients "told"."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.records import TOLD, Recipient
from storage.vocabulary import Stage
from tests.operations.arrange import ANN, JOE, make_handler, make_people, set_message
from tests.tui.double import double
from tests.tui.kit.hostile import HOSTILE
from tests.tui.sections.people import desk_at
from tests.tui.sections.raising import at_occurrences, fire, raised
from tests.tui.support import console, screen_text, settle, shown, told
from tui.dialogs.confirm import Confirm
from tui.editors.action import ActionEditor
from tui.editors.alert import AlertEditor
from tui.occurrences.detail import OccurrenceDialog
from tui.operations import alerts, occurrences
from tui.operations.alert_form import AlertForm, StageAction
from tui.operations.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path) as made:
        yield made


def half_told(desk: Desk, error: str = "invalid number", name: str = "Joe Hart") -> int:
    """An occurrence of which Amy is told and Joe is not."""
    ids = make_people(desk.database, {name: JOE, "Amy Lee": ANN})
    people = tuple(Recipient(user_id=ids[each], name=each) for each in (name, "Amy Lee"))
    action = StageAction(handler_id=make_handler(desk), recipients=people, text="OPEN", stage="Created")
    alert = alerts.add(desk, AlertForm(name="Gas", actions=(action,))).alert.id
    number = occurrences.raise_alert(desk, alert, key="d3").occurrence.id
    set_message(desk.database, 1, state="failed", error=error, error_code="25", next_attempt_at=None)
    set_message(desk.database, 2, state="accepted", next_attempt_at=None, finished_at=desk.now())
    return number


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_the_detail_begins_with_who_was_told_and_shows_its_story(
    desk: Desk, size: tuple[int, int]
) -> None:
    number = half_told(desk)
    occurrences.step(desk, number, Stage.CLAIMED, note="on my way")
    async with console(desk, section="handlers", size=size) as pilot:
        await pilot.press("3")
        await at_occurrences(pilot, 1)
        await pilot.press("enter")
        dialog = await shown(pilot, OccurrenceDialog)
        await settle(pilot, lambda: dialog.query_one("PagedTable").count == 2)
        text = screen_text(pilot)
        assert "Told 1 of 2 · not: Joe Hart (25 invalid number)" in text
        assert "▲ Created" in text.partition("Story")[2] and "on my way" in text.partition("Story")[2]


async def test_send_again_asks_with_the_reasons_and_sends_to_those_not_reached(desk: Desk) -> None:
    number = half_told(desk)
    async with console(desk, section="handlers") as pilot:
        await pilot.press("3")
        await at_occurrences(pilot, 1)
        await pilot.press("r")
        await shown(pilot, Confirm)
        text = screen_text(pilot)
        assert "Send Gas (d3) again to 1 person not reached?" in text
        assert "Joe Hart: 25 invalid number" in text
        await pilot.press("down", "enter")
        await settle(pilot, lambda: len(occurrences.show(desk, number).messages) == 3)
        await settle(pilot, lambda: any("sent again to those not reached" in said for said in told(pilot)))
        # Now everyone is told or will be.
        await pilot.press("r")
        await settle(pilot, lambda: any("everyone was told, or will be" in said for said in told(pilot)))
    assert [item.message.user for item in occurrences.show(desk, number).messages] == [
        "Joe Hart", "Amy Lee", "Joe Hart"
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["rich markup", "colour", "osc 52", "override", "lines", "zalgo"])
async def test_hostile_names_and_errors_are_shown_plain(desk: Desk, kind: str) -> None:
    hostile = HOSTILE[kind]
    half_told(desk, error=hostile, name=hostile)
    async with console(desk, section="handlers", size=(160, 50)) as pilot:
        await pilot.press("3")
        await at_occurrences(pilot, 1)
        await pilot.press("enter")
        dialog = await shown(pilot, OccurrenceDialog)
        await settle(pilot, lambda: dialog.query_one("PagedTable").count == 2)
        assert "Told 1 of 2" in screen_text(pilot)
        assert "\x1b" not in screen_text(pilot)
        await pilot.press("r")
        await shown(pilot, Confirm)


async def test_the_header_counts_alerts_of_which_nobody_was_told(desk: Desk) -> None:
    half_told(desk)
    set_message(desk.database, 2, state="failed")
    async with console(desk, section="handlers") as pilot:
        await settle(pilot, lambda: "1 told to nobody" in screen_text(pilot))


async def test_a_new_alert_proposes_those_told_on_restored_and_claimed_only(desk: Desk) -> None:
    make_handler(desk)
    async with double(desk) as pilot:
        pilot.app.push_screen(await AlertEditor.load(pilot.app, None))  # type: ignore[attr-defined]
        editor = await shown(pilot, AlertEditor)
        for stage in Stage:
            proposed = (TOLD,) if stage in (Stage.CLAIMED, Stage.RESTORED) else ()
            await settle(pilot, lambda: pilot.app.screen is editor)
            editor.lists[stage].action_new()
            action = await shown(pilot, ActionEditor)
            found = action.picker.found
            assert action.picker.recipients == proposed
            await settle(pilot, lambda found=found: found.is_read and found.empty != "Reading…")
            if stage is Stage.CREATED:
                assert "everyone to" not in screen_text(pilot)
            else:
                await settle(pilot, lambda: "everyone to" in screen_text(pilot))
            assert action.changed == ()
            await pilot.press("escape")


async def test_those_told_are_chosen_by_typing_told(desk: Desk) -> None:
    alert = fire(desk, Stage.CREATED, Stage.RESTORED)
    make_people(desk.database, {"Ann": ANN})
    async with double(desk) as pilot:
        pilot.app.push_screen(await AlertEditor.load(pilot.app, alert))  # type: ignore[attr-defined]
        editor = await shown(pilot, AlertEditor)
        editor.lists[Stage.RESTORED].action_new()
        action = await shown(pilot, ActionEditor)
        assert action.picker.recipients == (), "an existing alert keeps what it has"
        await pilot.press(*"told", "enter")
        await settle(pilot, lambda: action.picker.recipients == (TOLD,))
        await settle(pilot, lambda: "Recipients: those told" in screen_text(pilot))
    assert raised(desk, alert)
