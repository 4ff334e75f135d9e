"""Occurrences in the console: raising, what is done with them, and one with its whole story."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.vocabulary import Role, Stage
from tests.operations.arrange import ANN, make_people
from tests.tui.kit.hostile import HOSTILE
from tests.tui.sections.people import desk_at, go_to, rows_are
from tests.tui.sections.raising import at_occurrences, fire, occurrence, raised, sent
from tests.tui.support import console, screen_text, settle, shown, told
from tui.dialogs.note import NoteDialog
from tui.editors.alert import AlertEditor
from tui.messages.detail import MessageDetail
from tui.occurrences.detail import OccurrenceDialog
from tui.occurrences.raise_alert import RaiseAlert
from tui.operations import occurrences
from tui.operations.desk import Desk
from tui.sections.alerts import AlertsSection
from tui.text.plain import plain_str


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path) as made:
        yield made


async def test_a_key_that_is_active_is_only_counted_and_the_dialog_says_so(desk: Desk) -> None:
    alert = fire(desk, Stage.CREATED)
    number = raised(desk, alert, "d3")
    async with console(desk) as pilot:
        pilot.app.push_screen(await RaiseAlert.load(pilot.app, alert))  # type: ignore[attr-defined]
        dialog = await shown(pilot, RaiseAlert)
        dialog.form.set_value("key", "d3")
        await settle(pilot, lambda: "Nothing: Fire (d3) is Created already" in screen_text(pilot))
        await pilot.click("#raise")
        await settle(pilot, lambda: "Fire (d3) counted: 2 times now, nothing sent" in told(pilot))
    assert len(sent(desk, number)) == 1


async def test_several_are_claimed_at_once_and_a_claim_that_sends_nothing_is_not_asked_about(
    desk: Desk,
) -> None:
    alert = fire(desk, Stage.CREATED)
    numbers = [raised(desk, alert, key) for key in ("a", "b")]
    async with console(desk, section="handlers") as pilot:
        await pilot.press("3")
        await at_occurrences(pilot, 2)
        await pilot.press("ctrl+a")
        await settle(pilot, lambda: len(pilot.app._main.current.table.marked) == 2)
        await pilot.press("C")
        await settle(pilot, lambda: [occurrence(desk, n).owner for n in numbers] == ["ana", "ana"])
        await settle(pilot, lambda: "● Claimed" in screen_text(pilot))
        # Again, it is refused with the reason, and nothing changes.
        await pilot.press("C")
        await settle(pilot, lambda: any("already claimed by ana" in sentence for sentence in told(pilot)))


async def test_one_occurrence_with_its_story_its_messages_and_its_steps(desk: Desk) -> None:
    alert = fire(desk, Stage.CREATED, Stage.RESTORED)
    number = raised(desk, alert, "d3")
    async with console(desk, section="handlers") as pilot:
        await pilot.press("3")
        await at_occurrences(pilot, 1)
        await pilot.press("enter")
        dialog = await shown(pilot, OccurrenceDialog)
        await settle(pilot, lambda: dialog.query_one("PagedTable").count == 1)
        text = screen_text(pilot)
        assert "Zone      North" in text and "Owner     nobody yet" in text
        assert dialog.check_action("claim", ()) and dialog.check_action("finalise", ())
        await pilot.press("N")
        await shown(pilot, NoteDialog)
        await pilot.press("ctrl+s")  # an empty note is none
        assert isinstance(pilot.app.screen, NoteDialog)
        await pilot.press(*"seen", "ctrl+s")
        await settle(pilot, lambda: any(e.note == "seen" for e in dialog.found.events))
        # What someone else does shows by itself.
        occurrences.step(desk, number, Stage.RESTORED, note="ok")
        await settle(pilot, lambda: dialog.query_one("PagedTable").count == 2)
        assert not dialog.check_action("claim", ())
        await pilot.press("enter")
        await shown(pilot, MessageDetail)
        await pilot.press("o")  # and from the message to the occurrence again
        await settle(pilot, lambda: isinstance(pilot.app.screen, OccurrenceDialog))
    assert [event.what for event in occurrences.show(desk, number).events] == ["Created", "Note", "Restored"]


async def test_a_viewer_sees_and_changes_nothing(tmp_path: Path) -> None:
    with desk_at(tmp_path) as desk:
        number = raised(desk, fire(desk, Stage.CREATED))
        viewer = Desk(desk.database, "vic", Role.VIEWER, desk.now)
        async with console(viewer, section="handlers") as pilot:
            await pilot.press("3")
            await at_occurrences(pilot, 1)
            await pilot.press("C")
            await settle(pilot, lambda: any("needs an operator" in sentence for sentence in told(pilot)))
            await pilot.press("enter")
            dialog = await shown(pilot, OccurrenceDialog)
            before = len(told(pilot))
            await pilot.press("C")
            await settle(pilot, lambda: len(told(pilot)) > before)
            assert "vic is a viewer: Claim needs an operator" in told(pilot)[-1]
            assert pilot.app.screen is dialog
        assert occurrence(desk, number).stage == "Created"


async def test_hostile_text_is_shown_as_text(desk: Desk) -> None:
    text = HOSTILE["rich markup"] + HOSTILE["osc 52"] + HOSTILE["override"]
    make_people(desk.database, {"Ann [/b]": ANN})
    alert = fire(
        desk, Stage.CREATED, Stage.CLAIMED, name="Fire [/red]", text="[@click=x] {Zone}", description=text
    )
    number = occurrences.raise_alert(
        desk, alert, key="[b]k", given={"Zone": text, "[x]": "\x1b[2J"}
    ).occurrence.id
    occurrences.add_note(desk, number, text.replace("\r", ""))
    async with console(desk, section="handlers", size=(160, 50)) as pilot:
        await pilot.press("3")
        await at_occurrences(pilot, 1)
        await settle(
            pilot, lambda: "Reading" not in screen_text(pilot) and "[/red] due [bold]x" in screen_text(pilot)
        )
        await pilot.press("C")
        await shown(pilot, NoteDialog)
        assert "Claim: Fire [/red] ([b]k)" in screen_text(pilot)
        await pilot.press("escape", "enter")
        await shown(pilot, OccurrenceDialog)
        await settle(pilot, lambda: plain_str("[@click=x]") in screen_text(pilot))
        assert "\x1b" not in screen_text(pilot)
        await pilot.press("escape", "o")
        await settle(pilot, lambda: isinstance(pilot.app._main.current, AlertsSection))
        await rows_are(pilot, 5)
        await go_to(pilot, "Fire [/red]")
        await settle(pilot, lambda: "[@click=x] {Zone}" in screen_text(pilot))
        await pilot.press("r")
        await shown(pilot, RaiseAlert)
        await pilot.press("escape")
        await pilot.press("enter")
        await shown(pilot, AlertEditor)
        assert "Alert Fire [/red]" in screen_text(pilot)
