"""The section Messages: the list, one message, and what is done with them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage import message_history, outbox
from storage.message_history import MessageFilter
from storage.records import Message
from storage.vocabulary import MessageState, Origin, OutcomeKind
from tests.engine.support import queue
from tests.operations.arrange import JOE, make_handler, set_message
from tests.tui.kit.hostile import HOSTILE
from tests.tui.support import console, make_desk, screen_text, settle, shown, told
from tui.dialogs.confirm import Confirm
from tui.messages.detail import MessageDetail
from tui.messages.source import Counter
from tui.operations.desk import Desk
from tui.text.plain import plain_str


@pytest.fixture
def desk(tmp_path):  # type: ignore[no-untyped-def]
    made = make_desk(tmp_path / "site")
    yield made
    made.database.close()


class _Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


def messages(desk: Desk, count: int) -> list[int]:
    """Messages to Person 0, 1, … through one handler."""
    return queue(desk.database, _Now(), make_handler(desk), count)  # type: ignore[arg-type]


def message(desk: Desk, message_id: int) -> Message:
    with desk.database.read() as connection:
        found = message_history.get(connection, message_id)
    assert found is not None
    return found


def tried(desk: Desk, message_id: int, outcome: OutcomeKind | str, **result: Any) -> None:
    """An attempt as the engine writes it."""
    with desk.database.write() as tx:
        handler_id = message_history.get(tx.connection, message_id).handler_id  # type: ignore[union-attr]
        (taken,) = outbox.claim(
            tx,
            handler_id,
            1,
            1,
            rate=timedelta(minutes=1),
            stop=timedelta(minutes=5),
            epoch=1,
            instance_id="test",
            now=datetime.now(UTC),
            only=[message_id],
        )
        assert taken.attempt_id is not None
        outbox.finish_attempts(
            tx, [outbox.AttemptResult(taken.attempt_id, OutcomeKind(outcome), datetime.now(UTC), **result)]
        )


async def section_of(pilot: Any, count: int) -> Any:
    await settle(pilot, lambda: pilot.app._main.current.table.count == count)
    return pilot.app._main.current


async def test_empty_says_what_to_do_first(desk: Desk) -> None:
    async with console(desk, section="messages") as pilot:
        await settle(pilot, lambda: "No messages yet. Press n to write one." in screen_text(pilot))


async def test_states_attempts_and_the_filter(desk: Desk) -> None:
    first, second, third = messages(desk, 3)
    tried(desk, second, "busy", http_status=429, code="43", error="Rate limit")
    set_message(desk.database, second, state="queued", next_attempt_at=datetime.now(UTC) + timedelta(hours=9))
    set_message(desk.database, third, state="unknown")
    async with console(desk, section="messages", size=(160, 50)) as pilot:
        section = await section_of(pilot, 3)
        await settle(pilot, lambda: "?  unknown" in screen_text(pilot))
        text = screen_text(pilot)
        assert text.index("Person 2") < text.index("Person 1") < text.index("Person 0"), "the newest first"
        assert "↻  retry" in text
        assert "1 of 5" in text
        assert "·  waiting" in text
        await pilot.press("f")
        await settle(pilot, lambda: "all messages" in screen_text(pilot))
        await pilot.press("down", "enter")
        await section_of(pilot, 2)
        await settle(pilot, lambda: "Only ·  waiting" in screen_text(pilot))
        section.show_state("expired")
        await settle(pilot, lambda: "No message is expired. Press f to show all." in screen_text(pilot))
        section.show_state("")
        await section_of(pilot, 3)
        await pilot.press("slash", *"900000")
        await section_of(pilot, 1)
        assert section.table.cursor_key == first


async def test_one_message_with_every_attempt(desk: Desk) -> None:
    (key,) = messages(desk, 1)
    tried(desk, key, "busy", http_status=429, code="43", error="Rate [/limit] \x1b[31m")
    async with console(desk, section="messages") as pilot:
        await section_of(pilot, 1)
        await pilot.press("enter")
        dialog = await shown(pilot, MessageDetail)
        text = screen_text(pilot)
        assert "Person 0" in text
        assert "Pump 0 stopped" in text
        assert "↻  busy" in text
        assert "429" in text
        assert "Rate [/limit] ␛[31m" in text
        # It is looked at again by itself.
        set_message(desk.database, key, state="failed", error="No answer", error_code="9")
        await settle(pilot, lambda: "✗  failed" in screen_text(pilot))
        assert "9 No answer" in screen_text(pilot)
        assert not dialog.check_action("cancel", ())
        assert not dialog.check_action("arrived", ())
        assert not dialog.check_action("user", ())
        await pilot.press("escape")
        await settle(pilot, lambda: not isinstance(pilot.app.screen, MessageDetail))


async def test_an_unknown_message_is_settled_in_plain_words(desk: Desk) -> None:
    again, came, left = messages(desk, 3)
    for key in (again, came, left):
        set_message(desk.database, key, state="unknown", attempts=3, next_attempt_at=None)
    async with console(desk, section="messages") as pilot:
        section = await section_of(pilot, 3)
        await settle(pilot, lambda: section.table.cursor_key == left)
        await pilot.press("enter")
        await shown(pilot, MessageDetail)
        text = screen_text(pilot)
        assert "send it again: it may then arrive twice" in text
        assert "it arrived: nothing more is sent" in text
        await pilot.press("D")
        await settle(pilot, lambda: message(desk, left).state is MessageState.CANCELLED)
        await pilot.press("escape")
        await settle(pilot, lambda: pilot.app.screen is pilot.app._main)
        await pilot.press("down", "y")
        await settle(pilot, lambda: message(desk, came).state is MessageState.ACCEPTED)
        await settle(pilot, lambda: section.table.is_read and section.table.cursor_key == came)
        await pilot.press("down", "r")
        await shown(pilot, Confirm)
        assert "It may arrive twice" in screen_text(pilot)
        await pilot.press("down", "enter")
        await settle(pilot, lambda: message(desk, again).state is MessageState.QUEUED)
        assert message(desk, again).may_arrive_twice


async def test_cancel_one_and_several_and_say_what_cannot_be(desk: Desk) -> None:
    keys = messages(desk, 3)
    set_message(desk.database, keys[0], state="accepted")
    async with console(desk, section="messages") as pilot:
        await section_of(pilot, 3)
        await pilot.press("x")
        await settle(pilot, lambda: message(desk, keys[2]).state is MessageState.CANCELLED)
        await pilot.press("ctrl+a")
        await settle(pilot, lambda: len(pilot.app._main.current.table.marked) == 3)
        await pilot.press("x")
        await shown(pilot, Confirm)
        assert "Cancel 3 messages?" in screen_text(pilot)
        await pilot.press("down", "enter")
        await settle(pilot, lambda: message(desk, keys[1]).state is MessageState.CANCELLED)
        await settle(pilot, lambda: any("and 1 more like it" in sentence for sentence in told(pilot)))


async def test_send_again_makes_a_new_message_of_one_that_went(desk: Desk) -> None:
    failed, went = messages(desk, 2)
    set_message(desk.database, failed, state="failed", next_attempt_at=None)
    set_message(desk.database, went, state="delivered", next_attempt_at=None)
    async with console(desk, section="messages") as pilot:
        section = await section_of(pilot, 2)
        await pilot.press("r")
        await shown(pilot, Confirm)
        assert "It was delivered: a second message is made" in screen_text(pilot)
        await pilot.press("escape")
        await settle(pilot, lambda: pilot.app.screen is pilot.app._main)
        await pilot.press("r")
        await shown(pilot, Confirm)
        await pilot.press("down", "enter")
        await section_of(pilot, 3)
        await settle(pilot, lambda: section.table.is_read)
        assert message(desk, section.table.row_at(0).key).resend_of == went
        assert message(desk, failed).state is MessageState.FAILED


async def test_a_right_click_shows_what_can_be_done(desk: Desk) -> None:
    messages(desk, 1)
    async with console(desk, section="messages") as pilot:
        section = await section_of(pilot, 1)
        await pilot.click(section.table, offset=(10, 1), button=3)
        await settle(pilot, lambda: "Send again" in screen_text(pilot) and "╭" in screen_text(pilot))
        assert "It arrived" in screen_text(pilot)


async def test_a_long_list_is_held_in_pages(desk: Desk) -> None:
    keys = messages(desk, 5_000)
    async with console(desk, section="messages") as pilot:
        section = await section_of(pilot, 5_000)
        assert section.table.rows_held <= 200
        await pilot.press("end")
        await settle(pilot, lambda: section.table.cursor_key == keys[0])
        assert section.table.rows_held <= 600


async def test_hostile_text_in_every_column(desk: Desk) -> None:
    handler_id = make_handler(desk, name="[/red] handler")
    from storage.records import MessageDraft

    drafts = [
        MessageDraft(handler_id, JOE, text[:600], 1, None, f"{name} {text[:40]}", datetime.now(UTC))
        for name, text in HOSTILE.items()
        if "\ud800" not in text
    ]
    with desk.database.write() as tx:
        keys = outbox.enqueue(tx, outbox.Submission(Origin.MANUAL), drafts, datetime.now(UTC))
    set_message(desk.database, keys[-1], state="failed", error="\x1b]52;c;x\x07[/red]", error_code="[b]")
    async with console(desk, section="messages", size=(160, 50)) as pilot:
        await section_of(pilot, len(drafts))
        await settle(pilot, lambda: "␛]52;c;x␇[/red]" in screen_text(pilot))
        assert plain_str(screen_text(pilot), block=True) == screen_text(pilot)


async def test_keys_go_to_the_section_that_is_shown_however_fast_it_was_asked_for(desk: Desk) -> None:
    messages(desk, 1)
    async with console(desk) as pilot:
        main = pilot.app._main
        main.action_section("messages")
        main.action_section("handlers")
        await settle(pilot, lambda: main.query("MessagesSection PagedTable"))
        await pilot.pause()
        assert main.current.id == "handlers"
        assert main.current.table.has_focus
        assert main.query_one("#sections").current == "handlers"


async def test_a_new_message_appears_at_the_top_and_the_cursor_stays_on_its_own(desk: Desk) -> None:
    keys = messages(desk, 5)
    async with console(desk, section="messages") as pilot:
        section = await section_of(pilot, 5)
        await settle(pilot, lambda: section.table.cursor_key == keys[-1])
        queue(desk.database, _Now(), message(desk, keys[0]).handler_id, 1)  # type: ignore[arg-type]
        await section_of(pilot, 6)
        assert section.table.scroll_offset.y == 0
        assert section.table.cursor_key == keys[-1]
        assert section.table.cursor == 1


def test_a_search_is_counted_anew_only_where_something_is_new(desk: Desk) -> None:
    keys = messages(desk, 3)
    counter, words, other = (
        Counter(lambda: 0.0),
        MessageFilter(words="stopped"),
        MessageFilter(words="Person"),
    )

    def counted(wanted: MessageFilter) -> int:
        with desk.database.read() as connection:
            return counter.count(connection, wanted)

    assert counted(words) == 3
    queue(desk.database, _Now(), message(desk, keys[0]).handler_id, 2)  # type: ignore[arg-type]
    assert counted(words) == 5
    assert counted(words) == 5
    assert counted(other) == 5
    assert counted(MessageFilter(words="nothing like it")) == 0
    set_message(desk.database, keys[0], state="failed")
    assert counted(MessageFilter(words="stopped", state=MessageState.FAILED)) == 1
