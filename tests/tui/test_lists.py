"""What lists, header, tabs and questions say at three in the morning, and where the cursor stands."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduling.diagnose.finding import Finding, Result
from storage.records import Message
from tests.engine.support import queue
from tests.operations.arrange import JOE, make_handler, make_people, set_message, to
from tests.tui.sections.people import desk_at, go_to, rows_are
from tests.tui.support import console, screen_text, settle, shown
from tui.console.preferences import Preferences
from tui.dialogs.confirm import Answer, Confirm, Question
from tui.dialogs.diagnosis import place_of
from tui.messages.send_message import SendMessage
from tui.operations import alerts, occurrences, tasks, users
from tui.operations import messages as operations
from tui.operations.action_form import ActionForm
from tui.operations.alerts import AlertForm
from tui.operations.desk import Desk
from tui.operations.tasks import TaskForm
from tui.review.panel import ReviewPanel
from tui.text.content import middle_cut, plain

NOW = datetime.now(UTC)


class _Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path) as made:
        yield made


def queued(desk: Desk, count: int, handler: int | None = None) -> list[int]:
    return queue(desk.database, _Now(), handler or make_handler(desk), count)  # type: ignore[arg-type]


def failed(desk: Desk, key: int) -> None:
    values = {"error_code": "25", "error": "invalid number", "finished_at": _Now().now()}
    set_message(desk.database, key, state="failed", next_attempt_at=None, **values)


def raised(desk: Desk, name: str = "Fire") -> int:
    known = {view.alert.name: view.alert.id for view in alerts.listing(desk)}
    alert_id = known.get(name) or alerts.add(desk, AlertForm(name=name)).alert.id
    return occurrences.raise_alert(desk, alert_id).occurrence.id


def message(desk: Desk, key: int) -> Message:
    return operations.view(desk, key).message


# What asks for a person


async def test_open_alerts_and_failures_are_counted_where_they_are_seen(desk: Desk) -> None:
    failed(desk, queued(desk, 2)[0])
    raised(desk)
    raised(desk, "Pump")
    async with console(desk, section="users", size=(110, 24)) as pilot:
        await settle(pilot, lambda: "▲ 2 alerts open" in screen_text(pilot))
        text = screen_text(pilot)
        assert "1 waiting, ✗ 1 failed today" in text and "nothing waits" not in text
        assert "3 Alerts ▲2" in text and "5 Messages ✗1" in text


async def test_what_is_answered_is_counted_apart(desk: Desk) -> None:
    from storage.vocabulary import Stage

    occurrences.step(desk, raised(desk), Stage.CLAIMED)
    async with console(desk, section="users") as pilot:
        await settle(pilot, lambda: "● 1 answered" in screen_text(pilot))
        assert "3 Alerts ●1" in screen_text(pilot)


@pytest.mark.parametrize(("bell", "rings"), [(True, 1), (False, 0)])
async def test_a_new_alert_rings_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, bell: bool, rings: int
) -> None:
    raised(desk)
    heard: list[None] = []
    preferences = Preferences(everyone={"bell": bell})
    async with console(desk, section="users", preferences=preferences, size=(110, 24)) as pilot:
        monkeypatch.setattr(pilot.app, "bell", lambda: heard.append(None))
        await settle(pilot, lambda: "▲ 1 alert open" in screen_text(pilot))
        assert not heard, "what is open already is no news"
        raised(desk, "Pump")
        await settle(pilot, lambda: "▲ 2 alerts open" in screen_text(pilot))
        queued(desk, 1)
        await settle(pilot, lambda: "1 waiting" in screen_text(pilot))
        assert len(heard) == rings


async def test_a_console_opens_on_open_alerts(desk: Desk) -> None:
    raised(desk)
    async with console(desk) as pilot:
        await settle(pilot, lambda: pilot.app._main.current.id == "occurrences")
        await rows_are(pilot, 1)
        await pilot.press("2")
        await settle(pilot, lambda: pilot.app._main.current.id == "users")


# Where the cursor stands


async def test_another_filter_puts_the_cursor_on_the_first_row(desk: Desk) -> None:
    keys = queued(desk, 300)
    for key in (keys[3], keys[40], keys[290]):
        failed(desk, key)
    async with console(desk, section="messages") as pilot:
        section = await rows_are(pilot, 300)
        await pilot.press("end")
        await settle(pilot, lambda: section.table.cursor_key == keys[0])
        section.show_state("failed")
        assert section.table.chosen == (), "until the list is read no key reaches a row of the old one"
        await rows_are(pilot, 3)
        assert section.table.cursor_key == keys[290]
        await settle(pilot, lambda: "3 of 300" in screen_text(pilot))
        await pilot.press("down")
        section.show_state("")
        await rows_are(pilot, 300)
        assert section.table.cursor == 0
        await pilot.press("end", "slash", *"invalid", "enter")
        await rows_are(pilot, 3)
        assert section.table.cursor_key == keys[290]
        await settle(pilot, lambda: "3 of 300" in screen_text(pilot))


async def test_after_a_save_the_cursor_is_on_the_new_row(desk: Desk) -> None:
    make_people(desk.database, {f"Person {n:02}": JOE for n in range(60)})
    async with console(desk, section="users") as pilot:
        section = await rows_are(pilot, 60)
        saved = users.add(desk, "Person 555")
        pilot.app._main.saved(saved)
        assert section.table.chosen == ()
        await rows_are(pilot, 61)
        await settle(pilot, lambda: section.table.cursor_key == saved.user.id)
        assert "Person 555" in screen_text(pilot), "and it is in sight"


# Messages


async def test_one_key_shows_problems_with_their_reasons(desk: Desk) -> None:
    keys = queued(desk, 3)
    failed(desk, keys[1])
    async with console(desk, section="messages") as pilot:
        section = await rows_are(pilot, 3)
        await pilot.press("p")
        await rows_are(pilot, 1)
        text = screen_text(pilot)
        assert "Reason" in text and "25 invalid number" in text and "Only problems" in text
        await pilot.press("p")
        await rows_are(pilot, 3)
        assert "Reason" not in screen_text(pilot)
        assert section.table.row_at(0) is not None


async def test_from_a_user_one_key_leads_to_their_messages(desk: Desk) -> None:
    people = make_people(desk.database, {"Joe Hart": JOE, "Ann Lee": None})
    keys = queued(desk, 3)
    set_message(desk.database, keys[1], user_id=people["Joe Hart"], user_name="Joe Hart")
    async with console(desk, section="users") as pilot:
        await rows_are(pilot, 2)
        await go_to(pilot, "Joe Hart")
        await pilot.press("v")
        await settle(pilot, lambda: pilot.app._main.current.id == "messages")
        section = await rows_are(pilot, 1)
        assert section.table.cursor_key == keys[1]
        await settle(pilot, lambda: "Only to Joe Hart" in screen_text(pilot))


async def test_the_question_before_a_resend_shows_text_and_reason(desk: Desk) -> None:
    keys = queued(desk, 2)
    for key in keys:
        failed(desk, key)
    set_message(desk.database, keys[1], body="Pump 2 stopped", queued_at=NOW - timedelta(days=7))
    async with console(desk, section="messages", size=(110, 30)) as pilot:
        await rows_are(pilot, 2)
        await pilot.press("r")
        await shown(pilot, Confirm)
        text = screen_text(pilot)
        week_ago = (NOW - timedelta(days=7)).astimezone()
        assert "“Pump 2 stopped”" in text and "25 invalid number" in text
        assert f"queued {week_ago.day} {week_ago:%b}" in text
        await pilot.press("n")
        await settle(pilot, lambda: not isinstance(pilot.app.screen, Confirm))
        assert message(desk, keys[1]).state == "failed"
        await pilot.press("ctrl+a", "r")
        await shown(pilot, Confirm)
        assert "2 × 25 invalid number" in screen_text(pilot)
        await pilot.press("y")
        await settle(pilot, lambda: all(message(desk, key).state == "queued" for key in keys))


async def test_the_message_tab_names_who_it_goes_to(desk: Desk) -> None:
    make_handler(desk)
    make_people(desk.database, {"Joe Hart": JOE})
    async with console(desk, section="users") as pilot:
        await rows_are(pilot, 1)
        await pilot.press("M")
        dialog = await shown(pilot, SendMessage)
        assert dialog.tabs.active == "message"
        await settle(pilot, lambda: "To Joe Hart" in screen_text(pilot))


# Questions


async def test_questions_take_y_and_n(desk: Desk) -> None:
    async with console(desk, section="users") as pilot:
        for key, answer in (("y", "yes"), ("n", "no"), ("escape", "no")):
            given: list[Any] = []
            pilot.app.push_screen(Confirm("Delete it?", yes="Delete"), given.append)
            await shown(pilot, Confirm)
            await pilot.press(key)
            await settle(pilot, lambda given=given: given)
            assert given == [answer]
        three = (Answer("a", "A"), Answer("b", "B"), Answer("c", "C"))
        pilot.app.push_screen(Question("Which?", three, safe="c"), given.append)
        await shown(pilot, Question)
        await pilot.press("y")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Question), "which of several is not said with y"


def test_diagnose_puts_failures_first() -> None:
    order = [Result.OK, Result.WARNING, Result.PROBLEM, Result.OK, Result.PROBLEM, Result.WARNING]
    found: list[Finding] = []
    for number, result in enumerate(order):
        finding = Finding(str(number), result, "", "")
        found.insert(place_of(found, finding), finding)
    assert [finding.check for finding in found] == ["2", "4", "1", "5", "0", "3"]


# The live review


async def test_the_panel_gives_its_room_away(desk: Desk) -> None:
    async with console(desk, section="users") as pilot:
        panel = pilot.app.screen.query_one(ReviewPanel)
        await settle(pilot, lambda: panel.display and panel.region.height > 0)
        await pilot.press("z")
        await settle(pilot, lambda: panel.region.height == 0)
        await pilot.press("z")
        await settle(pilot, lambda: panel.region.height > 0)
        await pilot.press("6")
        await settle(pilot, lambda: pilot.app._main.current.id == "review" and panel.region.height == 0)
        await pilot.press("2")
        await settle(pilot, lambda: panel.region.height > 0)


@pytest.mark.parametrize(("rows", "there"), [(19, False), (20, True)])
async def test_a_low_screen_belongs_to_the_list(desk: Desk, rows: int, there: bool) -> None:
    async with console(desk, section="users", size=(80, rows)) as pilot:
        panel = pilot.app.screen.query_one(ReviewPanel)
        assert (panel.region.height > 0) is there


# Tasks, and names in the header


async def test_times_of_tasks_name_their_zone(desk: Desk) -> None:
    action = ActionForm(handler_id=make_handler(desk), recipients=tuple(to(JOE)), text="x")
    for name, zone in (("Here", "UTC"), ("Sydney", "Australia/Sydney"), ("Bahia", "America/Bahia")):
        tasks.add(desk, TaskForm(name=name, cron="0 9 * * *", zone=zone, actions=(action,)))
    async with console(desk, section="tasks", size=(130, 30)) as pilot:
        await rows_are(pilot, 3)
        text = screen_text(pilot)
        assert "09:00 UTC" in text and "09:00 UTC-03" in text
        assert "09:00 AEDT" in text or "09:00 AEST" in text


@pytest.mark.parametrize(
    ("name", "width", "cut"),
    [
        ("Clickatell day", 20, "Clickatell day"),
        ("Clickatell for the day", 12, "Clicka…e day"),
        ("Clickatell night", 9, "Clic…ight"),
        ("日本語の長い名前です", 9, "日本…です"),
        ("ab", 1, "…"),
    ],
)
def test_a_name_is_cut_in_its_middle(name: str, width: int, cut: str) -> None:
    found = middle_cut(plain(name), width)
    assert found.cell_length <= width and found.plain == cut
