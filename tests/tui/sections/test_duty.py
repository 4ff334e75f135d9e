"""The section Duty: who is on, covering and taking over, holes, and rosters among the recipients."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.records import duty_recipient
from storage.vocabulary import Role
from tests.people import add_handler
from tests.tui.sections.people import add_people, cells, desk_at, rows_are
from tests.tui.support import console, screen_text, settle
from tui.editors.task import TaskEditor
from tui.messages.send_message import SendMessage
from tui.operations import duty, rosters, tasks, users
from tui.operations.action_form import ActionForm
from tui.operations.desk import Desk
from tui.operations.roster_form import RuleForm
from tui.operations.task_form import TaskForm
from tui.rosters.cover import CoverEditor, TakeOver
from tui.rosters.month import RosterMonth
from tui.widgets.recipients_picker import RecipientsPicker
from tui.widgets.section_bar import Badge, SectionBar

ZOE = "Zoe Orr"
IN_TURN = ("Joe Hart", "Ann Lee")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path) as made:
        add_people(made)
        users.add(made, ZOE, values={"Mobile": "+447400123499"})
        yield made


@pytest.fixture
def night(desk: Desk) -> int:
    """Two of the people, a day each."""
    made = rosters.add(desk, "Night", zone="Europe/London")
    rosters.add_rule(desk, made.id, RuleForm(people=IN_TURN, turn="1d"))
    return made.id


def on_now(desk: Desk, roster_id: int) -> str:
    (view,) = desk.read(duty.views, desk.now())
    return duty.shift_people(view.roster, view.shift)


async def test_it_shows_who_is_on_and_the_month_behind_it(desk: Desk, night: int) -> None:
    async with console(desk) as pilot:
        await pilot.press("7")
        await rows_are(pilot, 1)
        assert cells(pilot)[0][:2] == ("Night", on_now(desk, night))
        assert "✓ none" in screen_text(pilot)
        await pilot.press("enter")
        await settle(pilot, lambda: isinstance(pilot.app.screen, RosterMonth))
        await settle(pilot, lambda: "rule 1" in screen_text(pilot))


async def test_n_covers_and_t_takes_over(desk: Desk, night: int) -> None:
    async with console(desk) as pilot:
        await pilot.press("7")
        await rows_are(pilot, 1)
        for key, screen, times in (("n", CoverEditor, {"start": "now", "end": "+2h"}), ("t", TakeOver, {})):
            await pilot.press(key)
            await settle(pilot, lambda screen=screen: isinstance(pilot.app.screen, screen))
            editor = pilot.app.screen
            assert isinstance(editor, CoverEditor | TakeOver)
            for field, value in {"by": ZOE, **times}.items():
                editor.form.set_value(field, value)
            await pilot.press("ctrl+s")
            await settle(pilot, lambda: not isinstance(pilot.app.screen, CoverEditor | TakeOver))
            await settle(pilot, lambda: on_now(desk, night) == ZOE)
        await settle(pilot, lambda: cells(pilot)[0][1] == ZOE)
    assert len(rosters.get(desk, night).covers) == 2


async def test_what_cannot_be_is_said_at_its_field(desk: Desk, night: int) -> None:
    async with console(desk) as pilot:
        await pilot.press("7")
        await rows_are(pilot, 1)
        await pilot.press("n")
        await settle(pilot, lambda: isinstance(pilot.app.screen, CoverEditor))
        editor = pilot.app.screen
        assert isinstance(editor, CoverEditor)
        editor.form.set_value("by", ZOE)
        editor.form.set_value("end", "some day")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "is no time" in screen_text(pilot))
    assert rosters.get(desk, night).covers == ()


async def test_a_hole_is_marked(desk: Desk, night: int) -> None:
    users.set_enabled(desk, [user.id for user in users.page(desk)], False)
    async with console(desk) as pilot:
        await pilot.press("7")
        await rows_are(pilot, 1)
        await settle(pilot, lambda: "✗ nobody" in screen_text(pilot))


async def test_a_viewer_only_looks(desk: Desk, night: int) -> None:
    async with console(Desk(desk.database, "vic", Role.VIEWER)) as pilot:
        await pilot.press("7")
        await rows_are(pilot, 1)
        await pilot.press("t")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, TakeOver)


@pytest.mark.parametrize(
    "badges", [{}, dict.fromkeys(("alerts", "messages", "handlers"), Badge("▲", 200, "red"))]
)
async def test_the_sections_fit_the_narrowest_screen(desk: Desk, badges: dict[str, Badge]) -> None:
    async with console(desk, size=(80, 24)) as pilot:
        bar = pilot.app.screen.query_one(SectionBar)
        bar.badges = badges
        assert bar.render().cell_length <= 80
        assert all(str(number) in bar.render().plain for number in range(1, 8))


async def test_a_task_at_hand_overs_is_edited_as_one(desk: Desk, night: int) -> None:
    """With its roster, in the roster's zone; the plain form and the cron field are not shown."""
    form = ActionForm(
        handler_id=add_handler(desk.database),
        recipients=(duty_recipient(night, "Night"),),
        text="{On Duty} until {Duty Until}",
    )
    saved = tasks.add(desk, TaskForm(name="Hand-over", zone="UTC", actions=(form,), roster_id=night))
    assert saved.task.zone == "Europe/London" and saved.task.next_due_at is not None
    async with console(desk, section="tasks") as pilot:
        await rows_are(pilot, 1)
        assert "at hand-over" in screen_text(pilot)
        await pilot.press("enter")
        await settle(pilot, lambda: isinstance(pilot.app.screen, TaskEditor))
        editor = pilot.app.screen
        assert isinstance(editor, TaskEditor)
        assert (editor.form.value("kind"), editor.form.value("roster")) == ("hand-over", night)
        assert not editor.form.is_shown("cron")
        editor.form.set_value("name", "At hand-over")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: not isinstance(pilot.app.screen, TaskEditor))
    (task,) = tasks.listing(desk)
    assert (task.name, task.roster_id, task.cron, task.zone) == ("At hand-over", night, "", "Europe/London")
    assert task.next_due_at == saved.task.next_due_at


async def test_a_roster_is_among_the_recipients_that_are_found(desk: Desk, night: int) -> None:
    add_handler(desk.database)
    async with console(desk, section="users") as pilot:
        await rows_are(pilot, 4)
        await pilot.press("M")
        await settle(pilot, lambda: isinstance(pilot.app.screen, SendMessage))
        picker = pilot.app.screen.query_one(RecipientsPicker)
        picker.recipients = ()
        picker.add(duty_recipient(night, "Night"))
        await settle(pilot, lambda: [each.name for each in picker.reach.reached] == [on_now(desk, night)])
        source = picker._make_source("night")
        first = await source.first()
        assert first is not None and first.roster_id == night
