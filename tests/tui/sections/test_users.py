"""The section Users: the list, the editor, and what is done with one or many users."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import TabbedContent

from storage.records import Recipient
from storage.vocabulary import Role
from tests.operations.arrange import make_handler
from tests.people import add_task
from tests.tui.double import double, opened
from tests.tui.kit.hostile import HOSTILE, as_name
from tests.tui.sections.people import ANN, JOE, add_people, cells, desk_at, go_to, rows_are, user_named
from tests.tui.support import console, say_yes, screen_text, settle, shown, told
from tui.dialogs.confirm import Confirm, Question
from tui.editors.field import FieldEditor
from tui.editors.user import UserEditor
from tui.messages.send_message import SendMessage
from tui.operations import fields, groups, users
from tui.operations.desk import Desk
from tui.sections import section
from tui.text.plain import editable_str, plain_str
from tui.users.user_groups import UserGroups
from tui.widgets.menu import ContextMenu
from tui.widgets.recipients_picker import RecipientsPicker


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path) as made:
        yield made


async def test_the_list_says_who_can_be_sent_to(desk: Desk) -> None:
    made = add_people(desk)
    users.set_enabled(desk, [made["Ann Lee"]], False)
    async with console(desk, section="users", size=(160, 50)) as pilot:
        section = await rows_are(pilot, 3)
        assert cells(pilot) == [
            ("Ann Lee", "+61 400 000 000", "–", "○ Disabled"),
            ("Bob", "▲ no number", "–", "● Enabled"),
            ("Joe Hart", "+44 7400 123456", "Ops", "● Enabled"),
        ]
        assert section.table.row_at(0).marks == {"dim"}
        await go_to(pilot, "Joe Hart")
        await settle(pilot, lambda: "Shift        Day" in screen_text(pilot))
        section.table._sort_by("number", True)
        await settle(pilot, lambda: [row[0] for row in cells(pilot)] == ["Ann Lee", "Joe Hart", "Bob"])
        await pilot.press("slash", *"0412")
        await settle(pilot, lambda: section.table.is_read and section.table.count == 0)
        await pilot.press("escape")
        await rows_are(pilot, 3)


async def test_without_a_telephone_field_f_makes_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(section, "REFRESH_EVERY", 3600)  # a list that one comes back to is read at once
    async with console(desk, section="users") as pilot:
        await settle(
            pilot, lambda: "No Telephone Number field yet: press O to make one" in screen_text(pilot)
        )
        await settle(pilot, lambda: "No users yet. Press n to add one" in screen_text(pilot))
        await pilot.press("O")
        editor = await shown(pilot, FieldEditor)
        assert editor.form.values() | {"help": ""} == {
            "name": "Mobile", "type": "Telephone Number", "required": False, "help": "",
        }  # fmt: skip
        await pilot.press("ctrl+s")
        await rows_are(pilot, 1)
        assert cells(pilot)[0][1:3] == ("Mobile", "Telephone Number")
        await pilot.press("escape")
        await rows_are(pilot, 0)
        await settle(pilot, lambda: "No Telephone Number field" not in screen_text(pilot))


async def test_n_without_a_telephone_field_offers_to_make_one(desk: Desk) -> None:
    async with console(desk, section="users") as pilot:
        await pilot.press("n")
        await shown(pilot, Question)
        await pilot.press("enter")
        await shown(pilot, FieldEditor)


async def test_a_user_with_a_number_by_keys(desk: Desk) -> None:
    add_people(desk)
    async with console(desk, section="users") as pilot:
        await pilot.press("n")
        editor = await shown(pilot, UserEditor)
        await settle(pilot, lambda: editor.focused is editor.form.control_of("name"))
        await pilot.press(*"Zed", "f2")
        await settle(pilot, lambda: editor.focused is editor.values_form.control_of("id:1"))
        await pilot.press("+", *"61411")
        await settle(pilot, lambda: "Go on: the country code, then the number" in screen_text(pilot))
        await pilot.press(*"222333")
        await settle(pilot, lambda: "+61 411 222 333 · Australia · mobile" in screen_text(pilot))
        await pilot.press("ctrl+s")
        await rows_are(pilot, 4)
    assert list(user_named(desk, "Zed").values.values()) == ["+61411222333"]


async def test_a_number_that_cannot_be_read_is_an_error_and_nothing_is_saved(desk: Desk) -> None:
    add_people(desk)
    async with double(desk) as pilot:
        editor = await opened(pilot, UserEditor)
        editor.form.set_value("name", "Zed")
        editor.values_form.set_value("id:1", "0411 222 333")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "needs the country calling" in screen_text(pilot))
        assert editor.query_one(TabbedContent).active == "fields"
        assert pilot.app.screen is editor and editor.form.value("name") == "Zed"
        assert users.count(desk) == 3


async def test_a_number_that_looks_invalid_is_a_warning_and_is_saved(desk: Desk) -> None:
    add_people(desk)
    async with double(desk) as pilot:
        editor = await opened(pilot, UserEditor)
        editor.form.set_value("name", "Zed")
        await pilot.press("f2")
        editor.values_form.set_value("id:1", "+61 411 222 33")
        await settle(pilot, lambda: "▲ +61 41122233" in screen_text(pilot))
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: users.count(desk) == 4)
        await settle(pilot, lambda: any("looks invalid" in sentence for sentence in told(pilot)))


async def test_an_edit_changes_only_what_was_touched(desk: Desk) -> None:
    made = add_people(desk)
    async with double(desk) as pilot:
        editor = await opened(pilot, UserEditor, made["Joe Hart"])
        assert editor.form.value("groups") == {"Ops"}
        editor.form.control_of("groups").focus()
        await pilot.press("space")
        editor.form.set_value("notes", "dog")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: users.get(desk, made["Joe Hart"]).notes == "dog")
    joe = users.get(desk, made["Joe Hart"])
    assert joe.groups == ("Crew", "Ops")
    assert list(joe.values.values()) == [JOE, "Day"]


async def test_the_second_to_save_is_told_and_loses_nothing(desk: Desk) -> None:
    made = add_people(desk)
    async with double(desk) as pilot:
        editor = await opened(pilot, UserEditor, made["Joe Hart"])
        editor.form.set_value("name", "Joe H")
        editor.form.set_value("notes", "mine")
        await pilot.pause()
        users.edit(desk, made["Joe Hart"], notes="theirs", values={"Mobile": ANN}, enabled=False)
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "Someone else changed this meanwhile" in screen_text(pilot))
        assert "You both changed: Notes" in " ".join(screen_text(pilot).split())
        assert users.get(desk, made["Joe Hart"]).name == "Joe Hart"
        assert editor.form.values() == {
            "name": "Joe H", "notes": "mine", "enabled": False, "groups": {"Ops"},
        }  # fmt: skip
        assert editor.values_form.value("id:1") == "+61 400 000 000"
        assert set(editor.changed) == {"Name", "Notes"}
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: users.get(desk, made["Joe Hart"]).name == "Joe H")
    joe = users.get(desk, made["Joe Hart"])
    assert (joe.notes, joe.enabled, joe.values[1]) == ("mine", False, ANN)


async def test_saving_a_user_who_was_deleted_meanwhile_keeps_what_was_typed(desk: Desk) -> None:
    made = add_people(desk)
    async with double(desk) as pilot:
        editor = await opened(pilot, UserEditor, made["Bob"])
        editor.form.set_value("notes", "long text")
        users.remove(desk, [made["Bob"]])
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "Bob was removed meanwhile" in screen_text(pilot))
        assert editor.form.value("notes") == "long text"


async def test_right_click_and_send_message(desk: Desk) -> None:
    made = add_people(desk)
    make_handler(desk)
    async with console(desk, section="users") as pilot:
        section = await rows_are(pilot, 3)
        await pilot.click(section.table, offset=(5, 3), button=3)  # the third row: Joe Hart
        await settle(pilot, lambda: section.screen.query(ContextMenu))
        menu = section.screen.query_one(ContextMenu)
        assert menu.get_option_at_index(0).id == "users.send"
        await pilot.press("enter")
        dialog = await shown(pilot, SendMessage)
        chosen = dialog.query_one(RecipientsPicker).recipients
        assert chosen == (Recipient(user_id=made["Joe Hart"], name="Joe Hart"),)


async def test_send_message_to_the_selected_by_key(desk: Desk) -> None:
    add_people(desk)
    make_handler(desk)
    async with console(desk, section="users") as pilot:
        await rows_are(pilot, 3)
        await pilot.press("space", "down", "space", "M")
        dialog = await shown(pilot, SendMessage)
        assert [each.name for each in dialog.query_one(RecipientsPicker).recipients] == ["Ann Lee", "Bob"]


async def test_many_are_disabled_and_enabled_at_once(desk: Desk) -> None:
    add_people(desk)
    async with console(desk, section="users") as pilot:
        await rows_are(pilot, 3)
        await pilot.press("ctrl+a")
        section = pilot.app._main.current
        await settle(pilot, lambda: len(section.table.marked) == 3)
        await pilot.press("e")
        await say_yes(pilot)
        await settle(pilot, lambda: [row[3] for row in cells(pilot)] == ["○ Disabled"] * 3)
        await pilot.press("e")
        await settle(pilot, lambda: [row[3] for row in cells(pilot)] == ["● Enabled"] * 3)


async def test_many_are_put_into_groups_at_once(desk: Desk) -> None:
    made = add_people(desk)
    async with console(desk, section="users") as pilot:
        section = await rows_are(pilot, 3)
        await pilot.press("ctrl+a")
        await settle(pilot, lambda: len(section.table.marked) == 3)
        await pilot.press("a")
        dialog = await shown(pilot, UserGroups)
        assert "[ ] Crew" in screen_text(pilot) and "[-] Ops  1 of 3" in screen_text(pilot)
        dialog._list.focus()
        await pilot.press("space", "ctrl+s")
        await settle(pilot, lambda: len(groups.get(desk, made["Crew"]).people) == 3)
    assert groups.get(desk, made["Ops"]).people == ((made["Joe Hart"], "Joe Hart"),)


async def test_delete_names_what_hangs_on_the_user(desk: Desk) -> None:
    made = add_people(desk)
    add_task(desk.database, "Shift report", [Recipient(user_id=made["Joe Hart"], name="Joe Hart")])
    async with console(desk, section="users") as pilot:
        await rows_are(pilot, 3)
        await go_to(pilot, "Joe Hart")
        await pilot.press("d")
        question = await shown(pilot, Confirm)
        assert question.question == "Delete Joe Hart?"
        assert question.hangs == (
            "Joe Hart is a recipient of task Shift report",
            "Joe Hart belongs to Ops",
        )
        await pilot.press("enter")  # the safe answer
        await rows_are(pilot, 3)
        await pilot.press("d")
        await shown(pilot, Confirm)
        await pilot.press("down", "enter")
        await rows_are(pilot, 2)
    assert users.count(desk) == 2


async def test_a_viewer_changes_nothing(tmp_path: Path) -> None:
    with desk_at(tmp_path) as made:
        add_people(made)
        viewer = Desk(made.database, "vic", Role.VIEWER)
        async with console(viewer, section="users") as pilot:
            await rows_are(pilot, 3)
            await pilot.press("e")
            await settle(pilot, lambda: any("vic is a viewer" in sentence for sentence in told(pilot)))
            await pilot.press("m")
            menu = pilot.app.screen.query_one(ContextMenu)
            enabled = [option.id for option in menu.options if option.id and not option.disabled]
            assert enabled == ["users.messages", "users.edit", "users.diagnose"]
        assert all(user.enabled for user in users.page(made))


@pytest.mark.parametrize("size", [(80, 24), pytest.param((160, 50), marks=pytest.mark.long)])
async def test_hostile_text_stays_text(desk: Desk, size: tuple[int, int]) -> None:
    fields.add(desk, "Mobile", "Telephone Number")
    fields.add(desk, "[red]~[31m", "Text", help=HOSTILE["osc 52"])
    texts = {key: text for key, text in HOSTILE.items() if key not in ("empty", "lone surrogate")}
    names = []
    for number, (key, text) in enumerate(texts.items()):
        group = groups.add(desk, as_name(f"{number}{text.replace(';', '')[:40]}"))
        user = users.add(
            desk,
            as_name(f"x{text}"[:60]),
            values={"id:2": text[:900]},
            groups=[f"id:{group.id}"],
            notes=text[:900],
        ).user
        names.append(user.name)
        assert user.notes == "\n".join(re.split("\r\n|[\r\u2028]", text[:900])).strip(), key
    async with console(desk, section="users", size=size) as pilot:
        section = await rows_are(pilot, len(names))
        for index in range(section.table.count):
            section.table.move_to(index)
            await pilot.pause()
        lists = screen_text(pilot)
        await pilot.press("enter")
        editor = await shown(pilot, UserEditor)
        await pilot.press("f2")
        await pilot.pause()
        typed = screen_text(pilot)
        assert not editor.changed
        await pilot.press("escape")
        await rows_are(pilot, len(names))
        await pilot.press("a")
        await shown(pilot, UserGroups)
        lists += screen_text(pilot)
    assert plain_str(lists, block=True) == lists
    assert editable_str(typed, block=True) == typed
    assert sorted(user.name for user in users.page(desk)) == sorted(names)
