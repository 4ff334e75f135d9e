"""Custom fields in the console: the list, its order, the editor, and what hangs on a field."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Select

from storage.records import Recipient
from storage.vocabulary import FieldType
from tests.people import add_task
from tests.tui.kit.hostile import HOSTILE, as_name
from tests.tui.sections.people import add_people, cells, desk_at, rows_are, user_named
from tests.tui.support import console, screen_text, settle, shown
from tui.dialogs.confirm import Confirm
from tui.editors.field import FieldEditor
from tui.editors.user import UserEditor
from tui.operations import fields, users
from tui.operations.desk import Desk
from tui.text.plain import plain_str


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path) as made:
        yield made


def names(desk: Desk) -> list[str]:
    return [field.name for field in fields.listing(desk)]


async def list_of(pilot: Pilot[Any], count: int) -> Any:
    """Go to the custom fields by key."""
    await pilot.press("O")
    await settle(pilot, lambda: pilot.app._main.current.id == "fields")  # type: ignore[attr-defined]
    return await rows_are(pilot, count)


async def test_the_list_its_detail_and_the_way_back(desk: Desk) -> None:
    add_people(desk)
    async with console(desk, section="users", size=(160, 50)) as pilot:
        await list_of(pilot, 2)
        assert cells(pilot) == [
            ("1", "Mobile", "Telephone Number", "–", "2", "–"),
            ("2", "Shift", "Choice", "–", "1", "–"),
        ]
        await settle(pilot, lambda: "Sent to      the first number field" in screen_text(pilot))
        assert "Users › Custom fields" in screen_text(pilot)
        await pilot.press("o")
        await rows_are(pilot, 3)
        assert pilot.app._main.current.id == "users"


async def test_a_field_of_every_type_by_keys_and_its_control(desk: Desk) -> None:
    fields.add(desk, "Mobile", "Telephone Number")
    async with console(desk, section="users") as pilot:
        await list_of(pilot, 1)
        await pilot.press("n")
        editor = await shown(pilot, FieldEditor)
        await settle(pilot, lambda: editor.focused is editor.form.control_of("name"))
        await pilot.press(*"Shift")
        assert not editor.form.is_shown("choices")
        editor.form.set_value("type", FieldType.CHOICE)
        await settle(pilot, lambda: editor.form.is_shown("choices"))
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "Choices are missing" in screen_text(pilot))
        editor.form.set_value("choices", "Day\n\nNight\n")
        await pilot.press("ctrl+s")
        await rows_are(pilot, 2)
        assert fields.listing(desk)[1].choices == ("Day", "Night")
        for kind in FieldType:
            fields.add(desk, f"a {kind}", kind, choices=["A"] if kind is FieldType.CHOICE else [])
        await pilot.press("escape")
        await rows_are(pilot, 0)
        await pilot.press("n")
        user = await shown(pilot, UserEditor)
        values = {
            "name": "Zed", "id:1": "+61 400 000 000", "id:2": "Night", "id:3": "text",
            "id:4": "+61 400 000 001", "id:5": "1.50", "id:6": "2026-2-3", "id:7": "No",
            "id:8": "z@example.com", "id:9": "A",
        }  # fmt: skip
        assert isinstance(user.values_form.control_of("id:7"), Select)
        assert isinstance(user.values_form.control_of("id:9"), Select)
        for key, value in values.items():
            (user.form if key == "name" else user.values_form).set_value(key, value)
        await pilot.press("f2")
        await settle(pilot, lambda: "Tuesday 3 February 2026" in screen_text(pilot))
        await pilot.press("ctrl+s")
        await rows_are(pilot, 1)
    assert list(user_named(desk, "Zed").values.values()) == [
        "+61400000000", "Night", "text", "+61400000001", "1.5", "2026-02-03", "No", "z@example.com", "A",
    ]  # fmt: skip


async def test_bad_input_names_its_field_and_changes_nothing(desk: Desk) -> None:
    add_people(desk)
    async with console(desk, section="users") as pilot:
        await list_of(pilot, 2)
        await pilot.press("n")
        editor = await shown(pilot, FieldEditor)
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: editor.form.error("name") and editor.form.error("type"))
        editor.form.set_value("name", "mobile")
        editor.form.set_value("type", FieldType.TEXT)
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "is taken by another custom field" in (editor.form.error("name") or ""))
    assert names(desk) == ["Mobile", "Shift"]


async def test_a_required_field_is_asked_for(desk: Desk) -> None:
    add_people(desk)
    fields.add(desk, "Badge", "Text", required=True, help="On the card")
    async with console(desk, section="users") as pilot:
        await rows_are(pilot, 3)
        await pilot.press("n")
        editor = await shown(pilot, UserEditor)
        editor.form.set_value("name", "Zed")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "Badge is required" in screen_text(pilot))
        assert "Badge *" in screen_text(pilot)
    assert users.count(desk) == 3


async def test_j_and_k_move_a_field(desk: Desk) -> None:
    add_people(desk)
    async with console(desk, section="users") as pilot:
        section = await list_of(pilot, 2)
        await pilot.press("J")
        await settle(pilot, lambda: [row[1] for row in cells(pilot)] == ["Shift", "Mobile"])
        await settle(pilot, lambda: section.table.cursor == 1)  # the cursor goes along
        await pilot.press("J")
        await pilot.press("K")
        await settle(pilot, lambda: names(desk) == ["Mobile", "Shift"])


async def test_delete_names_what_hangs_on_the_field(desk: Desk) -> None:
    add_people(desk)
    add_task(desk.database, "Shift report", [Recipient(number="+61400000000")], text="{Mobile} to {Shift}")
    async with console(desk, section="users") as pilot:
        await list_of(pilot, 2)
        await pilot.press("d")
        question = await shown(pilot, Confirm)
        assert question.hangs == (
            "2 users have values: they are deleted too",
            "The messages of task Shift report mention it and will show a dash",
        )
        await pilot.press("down", "enter")
        await rows_are(pilot, 1)
    assert names(desk) == ["Shift"]


async def test_a_new_name_asks_while_messages_mention_the_old_one(desk: Desk) -> None:
    add_people(desk)
    add_task(desk.database, "Shift report", [Recipient(number="+61400000000")], text="{Mobile}")
    async with console(desk, section="users") as pilot:
        await list_of(pilot, 2)
        await pilot.press("enter")
        editor = await shown(pilot, FieldEditor)
        editor.form.set_value("name", "Cell")
        await pilot.press("ctrl+s")
        question = await shown(pilot, Confirm)
        assert "task Shift report mention {Mobile}" in question.hangs[0]
        await pilot.press("enter")
        await shown(pilot, FieldEditor)
        assert names(desk) == ["Mobile", "Shift"]
        await pilot.press("ctrl+s")
        await shown(pilot, Confirm)
        await pilot.press("down", "enter")
        await rows_are(pilot, 2)
    assert names(desk) == ["Cell", "Shift"]


async def test_the_second_to_save_a_field_is_told(desk: Desk) -> None:
    add_people(desk)
    (mobile, _) = fields.listing(desk)
    async with console(desk, section="users") as pilot:
        await list_of(pilot, 2)
        await pilot.press("enter")
        editor = await shown(pilot, FieldEditor)
        editor.form.set_value("help", "mine")
        fields.edit(desk, mobile.id, name="Cell")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "Theirs is shown in: Name" in " ".join(screen_text(pilot).split()))
        assert editor.form.value("help") == "mine"
        assert fields.listing(desk)[0].help == ""
        await pilot.press("ctrl+s")
        await rows_are(pilot, 2)
    kept = fields.listing(desk)[0]
    assert (kept.name, kept.help) == ("Cell", "mine")


@pytest.mark.parametrize("size", [(80, 24), pytest.param((160, 50), marks=pytest.mark.long)])
async def test_hostile_text_stays_text(desk: Desk, size: tuple[int, int]) -> None:
    texts = [text for key, text in HOSTILE.items() if key not in ("empty", "lone surrogate")]
    for number, text in enumerate(texts):
        name = f"{number}{''.join(char for char in text if char not in '{}=;')}"[:50]
        fields.add(desk, as_name(name), "Choice", help=text[:900], choices=[text[:900]])
    async with console(desk, section="users", size=size) as pilot:
        await settle(pilot, lambda: "press O to make one" in screen_text(pilot))
        await pilot.press("O")
        await shown(pilot, FieldEditor)
        await pilot.press("escape")
        if isinstance(pilot.app.screen, FieldEditor | Confirm):
            await pilot.press("down", "enter")
        section = await rows_are(pilot, len(texts))
        text = ""
        for index in range(0, section.table.count, 3):
            section.table.move_to(index)
            await pilot.pause()
            text += screen_text(pilot)
        await pilot.press("d")
        await shown(pilot, Confirm)
        text += screen_text(pilot)
    assert plain_str(text, block=True) == text
