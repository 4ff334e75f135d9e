"""The Send Message dialog, from the keys to the row on disk."""

from functools import partial
from typing import Any

import pytest

from storage import message_history, message_templates
from storage.records import Message, Recipient
from tests.operations.arrange import ANN, JOE, make_handler, make_people, to
from tests.tui.double import double
from tests.tui.kit.hostile import HOSTILE
from tests.tui.support import console, make_desk, screen_text, settle, shown, told
from tui.dialogs.ask_text import AskText
from tui.dialogs.confirm import Confirm, Question
from tui.editors.handler import HandlerEditor
from tui.messages.send_message import SendMessage
from tui.operations import handler_status, handlers
from tui.operations.desk import Desk
from tui.text.plain import plain_str
from tui.widgets.menu import ContextMenu


@pytest.fixture
def desk(tmp_path):  # type: ignore[no-untyped-def]
    made = make_desk(tmp_path / "site")
    yield made
    made.database.close()


async def opened(pilot: Any, recipients: list[Recipient]) -> SendMessage:
    pilot.app.open_editor(partial(SendMessage.load, pilot.app, recipients))
    dialog = await shown(pilot, SendMessage)
    wanted = bool(recipients)
    await settle(pilot, lambda: bool(dialog.picker.reach.reached or dialog.picker.reach.left_out) == wanted)
    return dialog


def queued(desk: Desk) -> list[Message]:
    with desk.database.read() as connection:
        return message_history.newest(connection, None, 100)


async def test_from_the_list_of_messages_to_a_message_on_disk(desk: Desk) -> None:
    make_handler(desk, most_parts=2)
    make_people(desk.database, {"Joe Hart": JOE})
    async with console(desk, section="messages") as pilot:
        await pilot.press("n")
        dialog = await shown(pilot, SendMessage)
        await settle(pilot, lambda: dialog.picker.query("SearchInput:focus"))
        await pilot.press(*"joe", "enter")
        await settle(pilot, lambda: dialog.picker.reach.reached)
        await pilot.press("f2", *"Gate 4", "enter", *"shut")
        await settle(pilot, lambda: "to 1 person, 1 part" in screen_text(pilot))
        assert not queued(desk), "enter in the text sends nothing"
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: queued(desk))
        (message,) = queued(desk)
        assert (message.text, message.to, message.user) == ("Gate 4\nshut", JOE, "Joe Hart")
        await settle(pilot, lambda: "1 message queued through Clickatell" in told(pilot))
        assert any("no engine is running" in sentence for sentence in told(pilot))
        await settle(pilot, lambda: "Gate 4⏎shut" in screen_text(pilot))


async def test_the_button_sends_with_the_mouse(desk: Desk) -> None:
    make_handler(desk)
    async with double(desk) as pilot:
        dialog = await opened(pilot, to(JOE))
        dialog.composer.text = "hello"
        await pilot.pause()
        await pilot.click("#send")
        await settle(pilot, lambda: queued(desk))


async def test_what_cannot_be_sent_is_said_and_nothing_is_lost(desk: Desk) -> None:
    make_handler(desk, most_parts=1)
    async with double(desk) as pilot:
        dialog = await opened(pilot, [])
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "✗ Message is empty: write a text" in screen_text(pilot))
        dialog.composer.text = "x" * 161
        await pilot.press("ctrl+s")
        await settle(
            pilot, lambda: "✗ Message is too long: 2 parts; Clickatell sends at most 1" in screen_text(pilot)
        )
        dialog.composer.text = "short"
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "✗ Nobody is chosen" in screen_text(pilot))
        assert dialog.composer.text == "short"
        assert dialog.tabs.active == "recipients"
        assert not queued(desk)


async def test_more_than_twenty_people_are_asked_about_once(desk: Desk) -> None:
    make_handler(desk)
    numbers = [f"+4477009001{n:02d}" for n in range(21)]
    async with double(desk) as pilot:
        dialog = await opened(pilot, to(*numbers))
        dialog.composer.text = "x" * 161
        dialog.action_send()
        await shown(pilot, Confirm)
        assert "Send to 21 people?" in screen_text(pilot)
        assert "21 messages, 42 parts in all, through Clickatell" in screen_text(pilot)
        await pilot.press("escape")
        await settle(pilot, lambda: pilot.app.screen is dialog)
        assert not queued(desk)
        dialog.action_send()
        await shown(pilot, Confirm)
        await pilot.press("down", "enter")
        await settle(pilot, lambda: len(queued(desk)) == 21)


async def test_someone_named_who_cannot_be_reached_is_asked_about(desk: Desk) -> None:
    make_handler(desk)
    ids = make_people(desk.database, {"Joe": JOE, "Ann": ANN}, disabled=["Ann"])
    chosen = [Recipient(user_id=ids[name], name=name) for name in ("Joe", "Ann")]
    async with double(desk) as pilot:
        dialog = await opened(pilot, chosen)
        dialog.composer.text = "hello"
        dialog.action_send()
        await shown(pilot, Confirm)
        assert "Ann is disabled and gets nothing" in screen_text(pilot)
        await pilot.press("down", "enter")
        await settle(pilot, lambda: queued(desk))
        assert [message.user for message in queued(desk)] == ["Joe"]


async def test_fields_are_filled_in_only_when_asked_for(desk: Desk) -> None:
    make_handler(desk)
    ids = make_people(desk.database, {"Joe Hart": JOE})
    async with double(desk) as pilot:
        for fields, text in ((False, "Hi {First Name}"), (True, "Hi Joe")):
            dialog = await opened(pilot, [Recipient(user_id=ids["Joe Hart"], name="Joe Hart")])
            dialog.form.set_value("fields", fields)
            dialog.composer.text = "Hi {First Name}"
            await pilot.pause()
            dialog.action_send()
            await settle(pilot, lambda text=text: any(m.text == text for m in queued(desk)))
            await settle(pilot, lambda: not isinstance(pilot.app.screen, SendMessage))


async def test_a_text_is_kept_and_taken_again(desk: Desk) -> None:
    make_handler(desk)
    async with double(desk) as pilot:
        dialog = await opened(pilot, to(JOE))
        dialog.composer.text = "Hi {Name}, gate shut"
        dialog.composer.focus_text()
        await pilot.press("f6")
        await settle(pilot, lambda: "Keep this text…" in screen_text(pilot))
        await pilot.press("enter")
        await shown(pilot, AskText)
        await pilot.press(*"Gate", "enter")
        await settle(pilot, lambda: "Kept as Gate" in told(pilot))
        with desk.database.read() as connection:
            assert [kept.text for kept in message_templates.listing(connection)] == ["Hi {Name}, gate shut"]
        dialog.composer.text = ""
        await pilot.press("f6")
        await settle(pilot, lambda: "Gate: Hi {Name}" in screen_text(pilot))
        await pilot.press("enter")
        await settle(pilot, lambda: dialog.composer.text == "Hi {Name}, gate shut")
        await settle(pilot, lambda: dialog.form.value("fields"))


async def test_the_menu_of_kept_texts_stays_when_the_tab_takes_the_focus_late(desk: Desk) -> None:
    make_handler(desk)
    async with double(desk) as pilot:
        dialog = await opened(pilot, to(JOE))
        dialog.composer.text = "Gate shut"
        await pilot.press("f6")
        await settle(pilot, lambda: isinstance(pilot.app.focused, ContextMenu))
        dialog._focus_tab()  # as after the first drawing, on a machine that is slow to draw
        await pilot.pause()
        await pilot.pause()
        assert isinstance(pilot.app.focused, ContextMenu)
        await pilot.press("enter")
        await shown(pilot, AskText)


async def test_leaving_asks_when_something_was_written(desk: Desk) -> None:
    make_handler(desk)
    async with double(desk) as pilot:
        dialog = await opened(pilot, to(JOE))
        await pilot.press("x", "escape")
        await shown(pilot, Confirm)
        await pilot.press("escape")
        await settle(pilot, lambda: pilot.app.screen is dialog)
        dialog.composer.text = ""
        await pilot.press("escape")
        await settle(pilot, lambda: not isinstance(pilot.app.screen, SendMessage))
        assert not queued(desk)


async def test_without_a_usable_handler_it_offers_to_make_one(desk: Desk) -> None:
    async with console(desk, section="messages") as pilot:
        await pilot.press("n")
        question = await shown(pilot, Question)
        assert question.question == "No handler yet: add the account at Clickatell?"
        await pilot.press("escape")
        await settle(pilot, lambda: pilot.app.screen is pilot.app._main)
        await pilot.press("n")
        await shown(pilot, Question)
        await pilot.press("enter")
        editor = await shown(pilot, HandlerEditor)
        editor.form.set_value("name", "Night")
        editor.form.set_value("api_key", "secret")
        await pilot.press("ctrl+s")
        await shown(pilot, SendMessage)


async def test_where_every_handler_is_disabled_it_offers_to_enable_one(desk: Desk) -> None:
    key = make_handler(desk)
    handlers.set_enabled(desk, key, False)
    async with console(desk, section="messages") as pilot:
        await pilot.press("n")
        question = await shown(pilot, Question)
        assert question.question == "Every handler is disabled: enable one?"
        await pilot.press("enter")
        await settle(pilot, lambda: pilot.app.screen is pilot.app._main)
        await pilot.press("n")
        await shown(pilot, Question)
        await pilot.press("up", "enter")
        await shown(pilot, SendMessage)
    assert [view.handler.enabled for view in handler_status.listing(desk)] == [True]


async def test_hostile_names_everywhere(desk: Desk) -> None:
    hostile = "[/red]" + HOSTILE["colour"].replace("\x1b", "") + "[@click=app.quit]x[/]"
    make_handler(desk, name=hostile)
    ids = make_people(desk.database, {hostile: JOE, "\x1b[31mAnn\u202e": None}, {"[b] group": [hostile]})
    chosen = [Recipient(user_id=ids[hostile], name=hostile), Recipient(group_id=ids["[b] group"], name="[b]")]
    async with double(desk) as pilot:
        dialog = await opened(pilot, chosen)
        dialog.composer.text = hostile
        await pilot.press("f2")
        await settle(pilot, lambda: dialog.picker.found.is_read)
        assert plain_str(screen_text(pilot), block=True) == screen_text(pilot)
        assert "␛[31mAnn" in screen_text(pilot)
