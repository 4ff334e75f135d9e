"""Handlers in the console: the guide's steps, the editor, and what is done with a handler."""

from dataclasses import replace
from typing import Any

import pytest

from storage import handlers as stored
from storage import message_history
from storage.records import Handler
from storage.vocabulary import OnUnknown
from tests.operations.arrange import JOE, make_handler, to
from tests.tui.double import double, opened
from tests.tui.kit.hostile import HOSTILE
from tests.tui.support import console, make_desk, screen_text, settle, shown, told
from tui.dialogs.confirm import Confirm
from tui.editors.handler import HandlerEditor
from tui.messages.detail import MessageDetail
from tui.messages.send_test import TestSend
from tui.operations import handlers, sending
from tui.operations.desk import Desk
from tui.text.plain import editable_str, plain_str

SECRET = "key-000000001f3a"


@pytest.fixture
def desk(tmp_path):  # type: ignore[no-untyped-def]
    made = make_desk(tmp_path / "site")
    yield made
    made.database.close()


def all_of(desk: Desk) -> list[Handler]:
    with desk.database.read() as connection:
        return stored.listing(connection)


def secret_of(desk: Desk, handler_id: int) -> str:
    with desk.database.read() as connection:
        return stored.secret_of(desk.database, connection, handler_id)


async def editor(pilot: Any, key: str) -> HandlerEditor:
    await pilot.press(key)
    found = await shown(pilot, HandlerEditor)
    await settle(pilot, lambda: found.focused is not None)
    return found


async def closed(pilot: Any) -> None:
    await settle(pilot, lambda: len(pilot.app.screen_stack) == 1)


async def test_the_guide_adds_a_one_api_handler_with_keys(desk: Desk) -> None:
    async with console(desk) as pilot:
        await settle(pilot, lambda: "No handlers yet. Press n" in screen_text(pilot))
        screen = await editor(pilot, "n")
        await pilot.press(*"Night")
        screen.form.focus_field("api_key")
        await settle(pilot, lambda: screen.form.control_of("api_key").has_focus)
        await pilot.press(*"secretkey")
        assert "secretkey" not in screen_text(pilot)
        assert "5 attempts: now, +1, +2, +3, +4 min" in screen_text(pilot)
        await pilot.press("ctrl+s")
        await closed(pilot)
        (made,) = all_of(desk)
        assert (made.name, made.api_type, made.settings["channel"]) == ("Night", "one", "SMS")
        assert secret_of(desk, made.id) == "secretkey"
        await settle(pilot, lambda: "Night is saved" in told(pilot))
        await settle(pilot, lambda: "○ Stopped" in screen_text(pilot))


async def test_the_form_changes_with_the_api_type(desk: Desk) -> None:
    async with double(desk) as pilot:
        screen = await opened(pilot, HandlerEditor)
        assert "API Key" in screen_text(pilot)
        assert "User Name" not in screen_text(pilot)
        screen.form.set_value("api_type", "xml")
        await settle(pilot, lambda: "API URI" in screen_text(pilot))
        text = screen_text(pilot)
        assert all(label in text for label in ("User Name", "Password", "API ID", "From"))
        assert "API Key" not in text
        assert "Channel" not in text
        values = {
            "name": "Old",
            "user_name": "site",
            "password": "pass",
            "api_id": "3456",
            "sender_id": "61400",
        }
        for key, value in values.items():
            screen.form.set_value(key, value)
        await pilot.press("ctrl+s")
        await closed(pilot)
        (made,) = all_of(desk)
        assert (made.api_type, made.batch_size) == ("xml", 1)
        kept = [made.settings[key] for key in ("user_name", "api_id", "sender_id")]
        assert kept == ["site", "3456", "61400"]
        assert made.settings["api_uri"] == "https://api.clickatell.com/xml/xml"


async def test_plain_http_is_warned_of_and_needs_a_yes(desk: Desk) -> None:
    async with double(desk) as pilot:
        screen = await opened(pilot, HandlerEditor)
        screen.form.set_value("api_type", "xml")
        for key in ("name", "user_name", "password"):
            screen.form.set_value(key, "x")
        screen.form.set_value("api_id", "1")
        screen.form.focus_field("api_uri")
        await settle(pilot, lambda: screen.form.control_of("api_uri").has_focus)
        assert "Allow plain http" not in screen_text(pilot)
        await pilot.press("down")  # the https form, then the http form of the guide
        await settle(pilot, lambda: "▲ plain http to api.clickatell.com" in screen_text(pilot))
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: screen.form.error("api_uri"))
        assert screen.form.error("api_uri") == (
            "API URI is plain http, over which anyone on the way can read the secret: use https, or allow it"
        )
        screen.form.set_value("allow_plain_http", True)
        await pilot.press("ctrl+s")
        await closed(pilot)
        assert all_of(desk)[0].allow_plain_http
        warning = "▲ plain http to api.clickatell.com"
        await settle(pilot, lambda: any(warning in sentence for sentence in told(pilot)))


async def test_the_plan_follows_the_two_fields(desk: Desk) -> None:
    async with double(desk) as pilot:
        screen = await opened(pilot, HandlerEditor)
        for rate, stop, sentence in (
            (2, 10, "5 attempts: now, +2, +4, +6, +8 min"),
            (0, 10, "▲ No retry: Retry Rate (mins) is 0."),
            (5, 5, "▲ No retry: Stop Retrying After (mins) must"),
        ):
            screen.form.set_value("retry_rate", rate)
            screen.form.set_value("stop_retrying_after", stop)
            await settle(pilot, lambda sentence=sentence: sentence in screen_text(pilot))
        screen.form.set_value("stop_retrying_after", None)
        await settle(pilot, lambda: "No retry" not in screen_text(pilot))
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: screen.form.error("stop_retrying_after"))


async def test_an_edit_keeps_the_secret_and_what_is_finer_than_minutes(desk: Desk) -> None:
    from datetime import timedelta

    key = make_handler(desk, retry_rate=timedelta(seconds=10), stop_retrying_after=timedelta(seconds=45))
    async with double(desk) as pilot:
        screen = await opened(pilot, HandlerEditor, key)
        assert SECRET not in screen_text(pilot)
        assert "••••1f3a  kept; type to replace it" in screen_text(pilot)
        assert not screen.changed
        screen.more.set_value("most_parts", 1)
        screen.more.set_value("on_unknown", OnUnknown.HOLD)
        screen.more.set_value("low_balance", "25,50")
        await pilot.press("ctrl+s")
        await closed(pilot)
        (after,) = all_of(desk)
        assert (after.most_parts, after.on_unknown, str(after.low_balance)) == (1, OnUnknown.HOLD, "25.50")
        assert (after.retry_rate, after.stop_retrying_after) == (timedelta(seconds=10), timedelta(seconds=45))
        assert secret_of(desk, key) == SECRET


async def test_a_secret_that_would_go_elsewhere_is_asked_for_again(desk: Desk) -> None:
    key = make_handler(desk)
    async with double(desk) as pilot:
        screen = await opened(pilot, HandlerEditor, key)
        screen.more.set_value("base_url", "https://elsewhere.example")
        await settle(pilot, lambda: "▲ Base URL changed: enter the API Key again." in screen_text(pilot))
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: screen.form.error("api_key"))
        screen.form.set_value("api_key", "another")
        await pilot.press("ctrl+s")
        await closed(pilot)
        assert all_of(desk)[0].settings["base_url"] == "https://elsewhere.example"


async def test_the_second_of_two_editors_is_told_and_loses_nothing(desk: Desk) -> None:
    key = make_handler(desk)
    async with double(desk) as pilot:
        screen = await opened(pilot, HandlerEditor, key)
        before = all_of(desk)[0]
        theirs = replace(handlers.form_of(before), most_parts=7)
        handlers.edit(desk, key, before.revision, theirs)
        screen.form.set_value("notes", "typed")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "Someone else changed this meanwhile" in screen_text(pilot))
        assert screen.form.value("notes") == "typed"
        assert screen.more.value("most_parts") == 7
        await pilot.press("ctrl+s")
        await closed(pilot)
        assert (all_of(desk)[0].notes, all_of(desk)[0].most_parts) == ("typed", 7)


async def test_removing_names_what_hangs_on_it(desk: Desk) -> None:
    key = make_handler(desk)
    sending.send(desk, sending.Request(key, to(JOE), "hello"))
    async with console(desk) as pilot:
        await pilot.press("d")
        await shown(pilot, Confirm)
        assert "1 message waits at it: it is cancelled" in screen_text(pilot)
        await pilot.press("down", "enter")
        await settle(pilot, lambda: not all_of(desk))


async def test_disabling_a_handler_asks_first(desk: Desk) -> None:
    make_handler(desk)
    async with console(desk) as pilot:
        await settle(pilot, lambda: "Clickatell" in screen_text(pilot))
        for key, enabled in (("n", True), ("y", False)):
            await pilot.press("e")
            await shown(pilot, Confirm)
            await pilot.press(key)
            await closed(pilot)
            await settle(pilot, lambda want=enabled: all_of(desk)[0].enabled is want)


async def test_a_test_send_goes_through_the_outbox_and_is_then_shown(desk: Desk) -> None:
    make_handler(desk)
    async with console(desk) as pilot:
        await pilot.press("T")
        screen = await shown(pilot, TestSend)
        screen.form.set_value("number", "400 000")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: screen.form.error("number"))
        assert "needs the country calling code" in str(screen.form.error("number"))
        screen.form.set_value("number", "+44 7700 900123")
        await settle(pilot, lambda: "+44 7700 900123 · United Kingdom" in screen_text(pilot))
        await pilot.press("ctrl+s")
        await shown(pilot, MessageDetail)
        with desk.database.read() as connection:
            (message,) = message_history.newest(connection, None, 10)
        assert message.to == JOE
        assert "No attempt yet." in screen_text(pilot)


async def test_hostile_text(desk: Desk) -> None:
    make_handler(
        desk, name=HOSTILE["osc title"].replace("\x1b", "␛")[:5] + "[/red][b", notes=HOSTILE["colour"]
    )
    async with console(desk, size=(160, 50)) as pilot:
        await settle(pilot, lambda: "␛[31mred" in screen_text(pilot))
        assert plain_str(screen_text(pilot), block=True) == screen_text(pilot)
        await editor(pilot, "enter")
        assert editable_str(screen_text(pilot), block=True) == screen_text(pilot)


async def test_a_viewer_may_look_and_not_change(tmp_path: Any) -> None:
    from storage.vocabulary import Role

    desk = make_desk(tmp_path / "site")
    make_handler(desk)
    viewer = Desk(desk.database, "vic", Role.VIEWER)
    async with console(viewer) as pilot:
        screen = await editor(pilot, "enter")
        screen.form.set_value("notes", "mine")
        await pilot.press("ctrl+s")
        await settle(
            pilot, lambda: "vic is a viewer: editing a handler needs an administrator" in screen_text(pilot)
        )
    desk.database.close()
