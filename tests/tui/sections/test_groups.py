"""User groups in the console: the list, members, and what goes to a group."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from storage.records import Recipient
from tests.operations.arrange import make_handler
from tests.people import add_task
from tests.tui.kit.hostile import HOSTILE, as_name
from tests.tui.sections.people import add_people, cells, desk_at, go_to, rows_are
from tests.tui.support import console, screen_text, settle, shown
from tui.dialogs.confirm import Confirm
from tui.editors.group import GroupEditor
from tui.editors.members import MemberSearch, MembersTable
from tui.messages.send_message import SendMessage
from tui.operations import fields, groups, users
from tui.operations.desk import Desk
from tui.text.plain import plain_str
from tui.widgets.recipients_picker import RecipientsPicker


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path) as made:
        yield made


async def list_of(pilot: Pilot[Any], count: int) -> Any:
    """Go to the groups by key."""
    await pilot.press("o")
    await settle(pilot, lambda: pilot.app._main.current.id == "groups")  # type: ignore[attr-defined]
    return await rows_are(pilot, count)


async def members_tab(pilot: Pilot[Any], found: int) -> Any:
    """Go to the members of the group under the cursor; their table."""
    await pilot.press("enter")
    editor = await shown(pilot, GroupEditor)
    await pilot.press("f2")
    table = editor.query_one(MembersTable)
    await settle(pilot, lambda: table.is_read and table.count == found)
    await settle(pilot, lambda: isinstance(editor.focused, MemberSearch))
    return table


def names(desk: Desk, group_id: int) -> list[str]:
    return [name for _, name in groups.get(desk, group_id).people]


async def test_the_list_its_detail_and_the_way_back(desk: Desk) -> None:
    made = add_people(desk)
    groups.join(desk, made["Ops"], [made["Bob"]])
    add_task(desk.database, "Shift report", [Recipient(group_id=made["Ops"], name="Ops")])
    async with console(desk, section="users", size=(160, 50)) as pilot:
        section = await list_of(pilot, 2)
        assert cells(pilot) == [("Crew", "▲ 0", "–"), ("Ops", "2", "–")]
        await settle(pilot, lambda: "Nobody belongs to it yet" in screen_text(pilot))
        await go_to(pilot, "Ops")
        await settle(pilot, lambda: "Sent to by   task Shift report" in screen_text(pilot))
        assert "Joe Hart" in str(section.query_one(".detail-text", Static).render())
        await pilot.press("escape")
        await rows_are(pilot, 3)
        assert pilot.app._main.current.id == "users"


async def test_a_group_and_its_members_by_keys(desk: Desk) -> None:
    made = add_people(desk)
    async with console(desk, section="users") as pilot:
        await list_of(pilot, 2)
        await pilot.press("n")
        editor = await shown(pilot, GroupEditor)
        await settle(pilot, lambda: editor.focused is editor.form.control_of("name"))
        await pilot.press(*"Night", "f2")
        table = editor.query_one(MembersTable)
        await settle(pilot, lambda: table.is_read and table.count == 3)
        await settle(pilot, lambda: isinstance(editor.focused, MemberSearch))
        await pilot.press(*"joe")
        await settle(pilot, lambda: table.is_read and table.count == 1)
        await pilot.press("enter")
        await settle(pilot, lambda: "1 member (1 joining)" in screen_text(pilot))
        editor.query_one(MemberSearch).value = ""
        await settle(pilot, lambda: table.is_read and table.count == 3)
        await pilot.press("down", "up", "space")  # into the list, where Joe Hart still is, and up to Bob
        await settle(pilot, lambda: "2 members (2 joining)" in screen_text(pilot))
        await pilot.press("ctrl+s")
        await rows_are(pilot, 3)
    night = next(group for group in groups.listing(desk) if group.name == "Night")
    assert names(desk, night.id) == ["Bob", "Joe Hart"]
    assert names(desk, made["Ops"]) == ["Joe Hart"]


async def test_only_members_and_leaving_without_saving(desk: Desk) -> None:
    made = add_people(desk)
    async with console(desk, section="users") as pilot:
        await list_of(pilot, 2)
        await go_to(pilot, "Ops")
        table = await members_tab(pilot, 3)
        await pilot.press("f4")
        await settle(pilot, lambda: table.is_read and table.count == 1)
        table.focus()
        await pilot.press("space")
        await settle(pilot, lambda: "0 members (1 leaving)" in screen_text(pilot))
        await settle(pilot, lambda: table.is_read and table.count == 0)
        await pilot.press("escape")
        question = await shown(pilot, Confirm)
        assert question.hangs == ("Changed: Members",)
        await pilot.press("down", "enter")
        await rows_are(pilot, 2)
    assert names(desk, made["Ops"]) == ["Joe Hart"]


async def test_a_taken_name_is_refused_at_its_field(desk: Desk) -> None:
    add_people(desk)
    async with console(desk, section="users") as pilot:
        await list_of(pilot, 2)
        await pilot.press("n")
        editor = await shown(pilot, GroupEditor)
        editor.form.set_value("name", "ops")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "is taken by another group" in (editor.form.error("name") or ""))
    assert len(groups.listing(desk)) == 2


async def test_the_second_to_save_a_group_is_told(desk: Desk) -> None:
    made = add_people(desk)
    async with console(desk, section="users") as pilot:
        await list_of(pilot, 2)
        await go_to(pilot, "Ops")
        await pilot.press("enter")
        editor = await shown(pilot, GroupEditor)
        editor.form.set_value("notes", "mine")
        groups.edit(desk, made["Ops"], name="Operations")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "Someone else changed this meanwhile" in screen_text(pilot))
        assert editor.form.values() == {"name": "Operations", "notes": "mine"}
        await pilot.press("ctrl+s")
        await rows_are(pilot, 2)
    assert groups.get(desk, made["Ops"]).group.notes == "mine"


async def test_send_message_to_a_group_from_its_menu(desk: Desk) -> None:
    made = add_people(desk)
    make_handler(desk)
    async with console(desk, section="users") as pilot:
        await list_of(pilot, 2)
        await go_to(pilot, "Ops")
        await pilot.press("m", "enter")
        dialog = await shown(pilot, SendMessage)
        chosen = dialog.query_one(RecipientsPicker).recipients
        assert chosen == (Recipient(group_id=made["Ops"], name="Ops"),)


async def test_delete_names_what_hangs_on_the_group(desk: Desk) -> None:
    made = add_people(desk)
    add_task(desk.database, "Shift report", [Recipient(group_id=made["Ops"], name="Ops")])
    async with console(desk, section="users") as pilot:
        await list_of(pilot, 2)
        await go_to(pilot, "Ops")
        await pilot.press("d")
        question = await shown(pilot, Confirm)
        assert question.hangs == ("task Shift report sends to Ops", "1 user belongs to Ops; the users stay")
        await pilot.press("down", "enter")
        await rows_are(pilot, 1)
    assert users.get(desk, made["Joe Hart"]).groups == ()


@pytest.mark.parametrize("size", [(80, 24), pytest.param((160, 50), marks=pytest.mark.long)])
async def test_hostile_text_stays_text(desk: Desk, size: tuple[int, int]) -> None:
    fields.add(desk, "Mobile", "Telephone Number")
    texts = [text for key, text in HOSTILE.items() if key not in ("empty", "lone surrogate")]
    for number, text in enumerate(texts):
        group = groups.add(desk, as_name(f"{number}{text.replace(';', '')[:50]}"), notes=text[:900])
        users.add(desk, as_name(f"x{text}"[:60]), groups=[f"id:{group.id}"])
    async with console(desk, section="users", size=size) as pilot:
        section = await list_of(pilot, len(texts))
        text = ""
        for index in range(0, section.table.count, 3):
            section.table.move_to(index)
            await pilot.pause()
            text += screen_text(pilot)
        table = await members_tab(pilot, len(texts))
        for index in range(0, table.count, 5):
            table.move_to(index)
            await pilot.pause()
            text += screen_text(pilot)
    assert plain_str(text, block=True) == text
