"""The guide's first steps: a Telephone Number field, then a user with a number in it."""

from storage.vocabulary import FieldType
from tests.tui.guide.hands import at_field, choose, type_in
from tests.tui.sections.people import add_people, go_to, rows_are, user_named
from tests.tui.support import console, screen_text, settle, shown
from tui.editors.field import FieldEditor
from tui.editors.user import UserEditor
from tui.operations import fields
from tui.operations.desk import Desk


async def test_step_add_a_custom_field_of_the_type_telephone_number(desk: Desk) -> None:
    fields.add(desk, "Badge", "Text")
    fields.add(desk, "Home", "Telephone Number")
    async with console(desk, section="users") as pilot:
        await pilot.press("O")
        await rows_are(pilot, 2)
        await pilot.press("n")
        editor = await shown(pilot, FieldEditor)
        await settle(pilot, lambda: editor.form.control_of("name").has_focus)
        await type_in(pilot, "Cell", "<tab>")
        # The type from its list, by the arrow keys.
        await type_in(pilot, "<enter>", "<down>", "<down>", "<enter>")
        await settle(pilot, lambda: editor.form.value("type") is FieldType.TELEPHONE_NUMBER)
        await pilot.press("ctrl+s")
        await rows_are(pilot, 3)
    assert [(field.name, field.type) for field in fields.listing(desk)][2] == ("Cell", "Telephone Number")


async def test_step_add_a_user_and_enter_the_number_with_its_country_code(desk: Desk) -> None:
    fields.add(desk, "Mobile", "Telephone Number")
    async with console(desk, section="users") as pilot:
        await pilot.press("n")
        editor = await shown(pilot, UserEditor)
        await settle(pilot, lambda: editor.form.control_of("name").has_focus)
        await type_in(pilot, "Joe", "<f2>")
        await settle(pilot, lambda: editor.values_form.control_of("id:1").has_focus)
        # Without the country code it is an error, and nothing is saved.
        await type_in(pilot, "0400", "<ctrl+s>")
        await settle(pilot, lambda: "country calling code" in " ".join(screen_text(pilot).split()))
        assert pilot.app.screen is editor
        await type_in(pilot, "<ctrl+u>", "+61400000000")
        await settle(pilot, lambda: "+61 400 000 000 · Australia · mobile" in screen_text(pilot))
        await pilot.press("ctrl+s")
        await rows_are(pilot, 1)
        assert "+61 400 000 000" in screen_text(pilot)
    assert list(user_named(desk, "Joe").values.values()) == ["+61400000000"]


async def test_step_edit_a_user_by_right_click(desk: Desk) -> None:
    add_people(desk)
    async with console(desk, section="users") as pilot:
        section = await rows_are(pilot, 3)
        await go_to(pilot, "Bob")
        await pilot.click(section.table, offset=(6, 1 + section.table.cursor), button=3)
        await choose(pilot, "Edit")
        editor = await shown(pilot, UserEditor)
        assert editor.form.value("name") == "Bob"
        await pilot.press("f2")
        await at_field(pilot, editor.values_form, "id:1")
        await type_in(pilot, "+61400000001", "<ctrl+s>")
        await settle(pilot, lambda: "+61 400 000 001" in screen_text(pilot))
    assert user_named(desk, "Bob").values
