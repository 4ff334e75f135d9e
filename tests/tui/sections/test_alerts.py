"""Alerts in the console: the editor with its tabs, the list, and an alert through its life."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import TabbedContent

from storage.alerts import Alert, AlertField
from storage.vocabulary import Stage
from tests.operations.arrange import JOE, make_handler, make_people
from tests.tui.double import double
from tests.tui.guide.hands import type_in
from tests.tui.sections.people import add_people, cells, desk_at, go_to, rows_are
from tests.tui.sections.raising import at_occurrences, fire, occurrence, raised, sent
from tests.tui.support import console, say_yes, screen_text, settle, shown, told
from tui.dialogs.confirm import Confirm, Question
from tui.dialogs.note import NoteDialog
from tui.editors.action import ActionEditor
from tui.editors.alert import AlertEditor
from tui.editors.alert_fields import fields_of, lines_of
from tui.occurrences.raise_alert import RaiseAlert
from tui.operations import alerts, occurrences
from tui.operations.desk import Desk
from tui.sections.alerts import AlertsSection


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path) as made:
        yield made


def only(desk: Desk) -> Alert:
    """The one alert that the program has not made itself."""
    (found,) = [view.alert for view in alerts.listing(desk) if view.alert.system is None]
    return found


# The guide's steps


async def test_an_alert_is_made_with_an_action_on_its_created_tab(desk: Desk) -> None:
    handler = make_handler(desk)
    make_people(desk.database, {"Joe Hart": JOE})
    async with console(desk, section="alerts") as pilot:
        await pilot.press("n")
        editor = await shown(pilot, AlertEditor)
        tabs = [str(pane.id) for pane in editor.query("TabPane")]
        assert tabs == ["general", *(stage.lower() for stage in Stage), "answer"]
        await settle(pilot, lambda: editor.form.control_of("name").has_focus)
        await pilot.press(*"Door")
        editor.form.set_value("fields", "Zone\nLevel=high")
        await pilot.press("f2")
        await settle(pilot, lambda: editor.lists[Stage.CREATED].table.has_focus)
        await settle(pilot, lambda: "Sent when the alert is raised." in screen_text(pilot))
        await pilot.press("n")
        action = await shown(pilot, ActionEditor)
        assert "Send Communication Message" in screen_text(pilot)
        await settle(pilot, lambda: "Joe Hart" in screen_text(pilot))
        action.picker.focus_search()
        await pilot.press(*"joe", "enter")
        await settle(pilot, lambda: action.picker.reach.reached)
        action.composer.text = "{Zone} {Level} {First Name} {Count}"
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: pilot.app.screen is editor)
        await settle(pilot, lambda: "Created 1" in screen_text(pilot))
        assert editor.changed == ("Name", "Fields", "Created")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: any(view.alert.name == "Door" for view in alerts.listing(desk)))
        await settle(pilot, lambda: "Door is saved" in told(pilot))
    made = only(desk)
    assert (made.name, made.priority, made.enabled) == ("Door", 3, True)
    assert made.fields == (AlertField("Zone"), AlertField("Level", "high"))
    (kept,) = made.actions
    assert (kept.stage, kept.handler_id, kept.text) == (
        "Created",
        handler,
        "{Zone} {Level} {First Name} {Count}",
    )


async def test_an_alert_is_raised_and_taken_through_its_life(desk: Desk) -> None:
    fire(desk, *Stage)
    async with console(desk, section="alerts") as pilot:
        await rows_are(pilot, 5)
        await go_to(pilot, "Fire")
        await pilot.press("r")
        dialog = await shown(pilot, RaiseAlert)
        await settle(pilot, lambda: "no value for {Zone}: it shows as -" in screen_text(pilot))
        dialog.form.set_value("value Zone", "North")
        await settle(pilot, lambda: "Created North -" in screen_text(pilot))
        await settle(pilot, lambda: dialog.form.control_of("key").has_focus)
        await pilot.press(*"d3", "ctrl+s")
        await settle(pilot, lambda: "Fire (d3) raised: 1 message queued" in told(pilot))
        assert any("no engine is running" in sentence for sentence in told(pilot))
        await pilot.press("o")
        section = await at_occurrences(pilot, 1)
        number = section.table.cursor_key
        assert number is not None and occurrence(desk, number).given == {"Zone": "North"}
        assert "▲ Created" in screen_text(pilot)
        for key, stage in zip("CAERF", list(Stage)[1:], strict=True):
            await pilot.press(key)
            await shown(pilot, NoteDialog)
            assert f"{stage} North" in screen_text(pilot), "what it sends is shown first"
            await pilot.press("x", "ctrl+s")
            await settle(pilot, lambda stage=stage: occurrence(desk, number).stage == stage)
            if stage is Stage.ESCALATED:
                break
        assert sent(desk, number)[-1].text == "Escalated North x"
        assert occurrence(desk, number).owner == "ana"
        # Restored, it is no longer active: the list of what is active is empty.
        await pilot.press("R")
        await shown(pilot, NoteDialog)
        await pilot.press("enter")  # goes on to the button, which has to be pressed as well
        assert isinstance(pilot.app.screen, NoteDialog)
        assert sent(desk, number)[-1].text == "Escalated North x"
        await pilot.press("enter")
        await settle(pilot, lambda: "Nothing is active. Press f to show what was" in screen_text(pilot))
        await pilot.press("f")
        await at_occurrences(pilot, 1)
        await settle(pilot, lambda: "✓ Restored" in screen_text(pilot))


# The list of alerts


async def test_what_is_active_is_shown_first_and_the_alerts_are_one_key_away(desk: Desk) -> None:
    alert = fire(desk, Stage.CREATED)
    low = fire(desk, Stage.CREATED, name="Lamp", priority=9)
    first = raised(desk, alert, "one")
    claimed = raised(desk, alert, "two")
    occurrences.step(desk, claimed, Stage.CLAIMED)
    last = raised(desk, low)
    async with console(desk, section="handlers") as pilot:
        await pilot.press("3")
        section = await at_occurrences(pilot, 3)
        order = [section.table.row_at(index).key for index in range(3)]
        assert order == [first, last, claimed], "what nobody looks after, then by priority"
        await pilot.press("o")
        await rows_are(pilot, 6)
        assert isinstance(pilot.app._main.current, AlertsSection)
        text = screen_text(pilot)
        assert "▲ 2" in text and "● enabled" in text
        await pilot.press("1")
        await settle(pilot, lambda: pilot.app._main.current.id == "handlers")
        await pilot.press("3")
        await at_occurrences(pilot, 3)
        await pilot.press("escape")
        await settle(pilot, lambda: isinstance(pilot.app._main.current, AlertsSection))


async def test_a_broken_alert_says_why_and_a_disabled_one_cannot_be_raised(desk: Desk) -> None:
    fire(desk, Stage.CLAIMED)
    async with console(desk, section="alerts", size=(160, 50)) as pilot:
        await rows_are(pilot, 5)
        await go_to(pilot, "Fire")
        reason = "nothing is sent when it is raised: its Created tab has no action"
        assert f"▲ {reason}" in {row[0]: row[1] for row in cells(pilot)}["Fire"]
        await pilot.press("e")
        await say_yes(pilot)
        await settle(pilot, lambda: not only(desk).enabled)
        await settle(pilot, lambda: sum("○ disabled" in " ".join(row) for row in cells(pilot)) == 5)
        await pilot.press("r")
        await settle(pilot, lambda: any("is disabled: press e" in sentence for sentence in told(pilot)))
        await pilot.press("enter")
        await shown(pilot, AlertEditor)
        await settle(pilot, lambda: f"▲ {reason}" in screen_text(pilot))


async def test_deleting_names_what_hangs_on_it(desk: Desk) -> None:
    alert = fire(desk, Stage.CREATED)
    number = raised(desk, alert)
    async with console(desk, section="handlers") as pilot:
        await pilot.press("3")
        await at_occurrences(pilot, 1)
        await pilot.press("o")
        await rows_are(pilot, 5)
        await go_to(pilot, "Fire")
        await pilot.press("d")
        await shown(pilot, Confirm)
        text = screen_text(pilot)
        assert "1 action will go with it" in text
        assert "1 active occurrence will be finalised, and nothing sent" in text
        await pilot.press("enter")
        await settle(pilot, lambda: not isinstance(pilot.app.screen, Confirm))
        assert only(desk).id == alert, "the safe answer deletes nothing"
        await pilot.press("d")
        await shown(pilot, Confirm)
        await pilot.press("down", "enter")
        await rows_are(pilot, 4)
    assert occurrence(desk, number).stage == "Finalised"
    assert len(sent(desk, number)) == 1


# The editor


async def test_the_list_stays_while_an_action_is_on_its_way_to_an_editor(desk: Desk) -> None:
    """A key after the enter took the action away that was edited: its save was an IndexError."""
    alert = fire(desk, Stage.CREATED)
    async with console(desk) as pilot:
        pilot.app.push_screen(await AlertEditor.load(pilot.app, alert))  # type: ignore[attr-defined]
        editor = await shown(pilot, AlertEditor)
        await pilot.press("f2")
        created = editor.lists[Stage.CREATED]
        await settle(pilot, lambda: created.table.has_focus and created.table.is_read)
        await settle(pilot, lambda: created.table.count == 1)
        created.action_edit()
        created.action_remove()
        created.action_enable()
        created.action_new()
        action = await shown(pilot, ActionEditor)
        action.composer.text = "Edited {Zone}"
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: pilot.app.screen is editor)
        await settle(pilot, lambda: [form.text for form in created.forms] == ["Edited {Zone}"])
        assert created.forms[0].enabled
        await pilot.press("d")
        assert not created.forms


async def test_actions_are_edited_copied_ordered_and_taken_out(desk: Desk) -> None:
    alert = fire(desk, Stage.CREATED, Stage.CREATED)
    before = only(desk).actions
    async with double(desk) as pilot:
        pilot.app.push_screen(await AlertEditor.load(pilot.app, alert))  # type: ignore[attr-defined]
        editor = await shown(pilot, AlertEditor)
        await pilot.press("f2")
        created = editor.lists[Stage.CREATED]
        await settle(pilot, lambda: created.table.has_focus and created.table.count == 2)
        await pilot.press("enter")
        action = await shown(pilot, ActionEditor)
        action.composer.text = "Edited {Zone}"
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: pilot.app.screen is editor and created.forms[0].text == "Edited {Zone}")
        await pilot.press("a")
        await shown(pilot, Question)
        await pilot.press("end", "enter")  # all other tabs
        await settle(pilot, lambda: all(len(editor.lists[stage].forms) == 1 for stage in list(Stage)[1:]))
        await settle(pilot, lambda: "Finalised 1" in screen_text(pilot))
        await pilot.press("ctrl+down")
        assert [form.text for form in created.forms] == ["{Stage} {Zone} {Note}", "Edited {Zone}"]
        await pilot.press("f2", "f2")
        actioned = editor.lists[Stage.ACTIONED]
        await settle(pilot, lambda: actioned.table.has_focus and actioned.table.count == 1)
        await pilot.press("d")
        assert not actioned.forms
        await pilot.press("shift+f2")
        await settle(pilot, lambda: editor.query_one(TabbedContent).active == "claimed")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: only(desk).revision > 1)
    after = only(desk).actions
    assert [(action.stage, action.text) for action in after] == [
        ("Created", "{Stage} {Zone} {Note}"),
        ("Created", "Edited {Zone}"),
        ("Claimed", "Edited {Zone}"),
        ("Escalated", "Edited {Zone}"),
        ("Restored", "Edited {Zone}"),
        ("Finalised", "Edited {Zone}"),
    ]
    assert [action.id for action in after[:2]] == [before[1].id, before[0].id], "they stay the same actions"


async def test_a_right_click_on_a_tab_of_actions_shows_what_can_be_done(desk: Desk) -> None:
    alert = fire(desk, Stage.CREATED)
    async with double(desk) as pilot:
        pilot.app.push_screen(await AlertEditor.load(pilot.app, alert))  # type: ignore[attr-defined]
        editor = await shown(pilot, AlertEditor)
        await pilot.press("f2")
        created = editor.lists[Stage.CREATED]
        await settle(pilot, lambda: created.table.count == 1 and created.table.has_focus)
        await pilot.click(created.table, offset=(6, 1), button=3)
        await settle(pilot, lambda: "Add to other tabs" in screen_text(pilot))
        await pilot.press("down", "enter")
        await settle(pilot, lambda: not created.forms[0].enabled)


async def test_a_field_still_used_cannot_go_and_nothing_typed_is_lost(desk: Desk) -> None:
    alert = fire(desk, Stage.CREATED)
    async with double(desk) as pilot:
        pilot.app.push_screen(await AlertEditor.load(pilot.app, alert))  # type: ignore[attr-defined]
        editor = await shown(pilot, AlertEditor)
        editor.form.set_value("name", "Renamed")
        editor.form.set_value("fields", "Level=high")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: editor.form.error("fields"))
        assert "uses {Zone}" in editor.form.error("fields")
        assert editor.form.value("name") == "Renamed"
        assert only(desk).name == "Fire"
        await pilot.press("escape")
        await shown(pilot, Confirm)
        assert "Changed: Name, Fields" in screen_text(pilot)


def test_declared_fields_are_written_one_a_line() -> None:
    declared = (AlertField("Zone"), AlertField("Level", "very high"), AlertField("Odd", "a\nb"))
    assert fields_of("Zone\n\n Level = very high \nEmpty=") == (
        AlertField("Zone"),
        AlertField("Level", "very high"),
        AlertField("Empty"),
    )
    assert fields_of(lines_of(declared), declared) == declared, "what was not touched stays exactly"


async def test_the_preview_of_an_action_shows_what_the_alert_knows(desk: Desk) -> None:
    add_people(desk)
    make_handler(desk)
    async with console(desk, section="alerts") as pilot:
        await pilot.press("n")
        editor = await shown(pilot, AlertEditor)
        await settle(pilot, lambda: editor.form.control_of("name").has_focus)
        await type_in(pilot, "Fire door")
        editor.form.set_value("fields", "Zone\nLevel=high")
        await settle(pilot, lambda: "Zone" in editor.lists[Stage.CREATED].own_fields)
        await pilot.press("f2")
        await settle(pilot, lambda: editor.lists[Stage.CREATED].table.has_focus)
        await pilot.press("n")
        action = await shown(pilot, ActionEditor)
        await settle(pilot, lambda: action.picker.query("SearchInput:focus"))
        await type_in(pilot, "joe", "<enter>")
        await settle(pilot, lambda: action.picker.reach.reached)
        action.composer.text = "{Alert}|{Priority}|{Stage}|{Level}|{Zone}|{Key}|{Name}"
        await settle(pilot, lambda: action.composer.cost.characters > 20)
        (joe,) = action.picker.reach.reached
        shown_text = action.composer.rendered(joe)
        assert shown_text == "Fire door|3|Created|high|(Zone)|(key)|Joe Hart"
        assert action.composer.cost.missing == () and action.composer.cost.measure.encoding == "GSM"
        action.composer.text = "{Description}"
        await settle(pilot, lambda: action.composer.cost.missing)
        assert action.composer.rendered(joe) == "-"
