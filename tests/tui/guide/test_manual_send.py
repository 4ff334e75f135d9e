"""The guide's manual send: users, right click, Send Message, the tab Message, Send."""

from storage import message_history
from tests.operations.arrange import make_handler
from tests.tui.guide.hands import choose, click_on, type_in
from tests.tui.sections.people import ANN, JOE, add_people, rows_are
from tests.tui.support import console, settle, shown
from tui.messages.send_message import SendMessage
from tui.operations.desk import Desk
from tui.widgets.composer import MessageBox


def queued(desk: Desk) -> list[tuple[str, str]]:
    with desk.database.read() as connection:
        return sorted((found.to, found.text) for found in message_history.newest(connection, None, 10))


async def test_with_the_keys_to_two_selected_users(desk: Desk) -> None:
    add_people(desk)
    make_handler(desk)
    async with console(desk, section="users") as pilot:
        section = await rows_are(pilot, 3)
        await pilot.press("space", "end", "space", "m")  # Ann Lee and Joe Hart
        assert len(section.table.marked) == 2
        await pilot.press("enter")
        dialog = await shown(pilot, SendMessage)
        await settle(pilot, lambda: len(dialog.picker.reach.reached) == 2)
        await settle(pilot, lambda: isinstance(dialog.focused, MessageBox))
        await type_in(pilot, "Gate", "<ctrl+s>")
        await settle(pilot, lambda: queued(desk) == [(JOE, "Gate"), (ANN, "Gate")])


async def test_with_the_mouse(desk: Desk) -> None:
    add_people(desk)
    make_handler(desk)
    async with console(desk, section="users") as pilot:
        section = await rows_are(pilot, 3)
        await pilot.click(section.table, offset=(6, 3), button=3)
        await choose(pilot, "Send Message")
        dialog = await shown(pilot, SendMessage)
        await settle(pilot, lambda: dialog.picker.reach.reached)
        await click_on(pilot, "Recipients (1)")
        await settle(pilot, lambda: dialog.tabs.active == "recipients")
        await click_on(pilot, " Message  ")
        await settle(pilot, lambda: dialog.tabs.active == "message")
        await pilot.click(MessageBox)
        await type_in(pilot, "Shut")
        await pilot.click("#send")
        await settle(pilot, lambda: queued(desk) == [(JOE, "Shut")])
