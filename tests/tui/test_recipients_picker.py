"""Choosing recipients at a real site."""

import pytest
import sqlalchemy as sa
from textual.screen import Screen

from storage.records import Recipient
from storage.tables import users
from tests.operations.arrange import ANN, JOE, THEN, make_people
from tests.tui.double import double
from tests.tui.kit.hostile import HOSTILE
from tests.tui.support import make_desk, screen_text, settle
from tui.operations.desk import Desk
from tui.text.plain import plain_str
from tui.widgets.recipients_picker import RecipientsPicker, SearchInput


@pytest.fixture
def desk(tmp_path):  # type: ignore[no-untyped-def]
    made = make_desk(tmp_path / "site")
    yield made
    made.database.close()


class Around(Screen[None]):
    """A screen with nothing but the picker."""

    def __init__(self, picker: RecipientsPicker) -> None:
        super().__init__()
        self.picker = picker
        self.resolved = 0

    def compose(self):  # type: ignore[no-untyped-def]
        yield self.picker

    def on_recipients_picker_resolved(self) -> None:
        self.resolved += 1


async def opened(pilot, recipients=()):  # type: ignore[no-untyped-def]
    picker = RecipientsPicker(pilot.app, recipients)
    screen = Around(picker)
    await pilot.app.push_screen(screen)
    await settle(pilot, lambda: screen.resolved and picker.found.is_read)
    picker.focus_search()
    return picker


async def test_users_groups_and_numbers_are_found_added_and_taken_out(desk: Desk) -> None:
    ids = make_people(desk.database, {"Joe Hart": JOE, "Ann Lee": ANN}, {"Night shift": ["Ann Lee"]})
    async with double(desk) as pilot:
        picker = await opened(pilot)
        await pilot.press(*"nig")
        await pilot.press("enter")
        await settle(pilot, lambda: picker.recipients)
        assert picker.recipients == (Recipient(group_id=ids["Night shift"], name="Night shift"),)
        await pilot.press(*"+61400000000")
        await settle(pilot, lambda: "Enter adds +61 400 000 000 · Australia · mobile" in screen_text(pilot))
        await pilot.press("enter")
        await settle(pilot, lambda: len(picker.recipients) == 2)
        assert picker.recipients[1].number == "+61400000000"
        await settle(pilot, lambda: len(picker.reach.reached) == 2)
        text = screen_text(pilot)
        assert "Recipients: 2 people" in text
        assert "group of 1" in text
        # The list holds all again: the group, Ann and Joe. Enter adds, and takes out again.
        await pilot.press("down", "end")
        await settle(pilot, lambda: picker.found.cursor_key == ids["Joe Hart"])
        await pilot.press("enter")
        await settle(pilot, lambda: len(picker.reach.reached) == 3)
        await pilot.press("enter")
        await settle(pilot, lambda: len(picker.reach.reached) == 2)


async def test_a_wrong_number_is_told_and_nothing_is_added(desk: Desk) -> None:
    async with double(desk) as pilot:
        picker = await opened(pilot)
        await pilot.press(*"+44", "enter")
        await settle(pilot, lambda: "✗" in screen_text(pilot))
        assert "has too few digits" in screen_text(pilot)
        assert picker.recipients == ()
        assert picker.query_one(SearchInput).value == "+44"
        picker.query_one(SearchInput).value = "nobody"
        await pilot.press("enter")
        await settle(pilot, lambda: "✗ Nobody and no group is named nobody." in screen_text(pilot))


async def test_several_numbers_at_once(desk: Desk) -> None:
    async with double(desk) as pilot:
        picker = await opened(pilot)
        picker.query_one(SearchInput).value = f"{JOE}, +44 7700 900124"
        await pilot.press("enter")
        await settle(pilot, lambda: len(picker.recipients) == 2)
        assert [recipient.number for recipient in picker.recipients] == [JOE, ANN]


async def test_who_is_left_out_and_why(desk: Desk) -> None:
    ids = make_people(
        desk.database, {"Joe": None, "Ann": ANN, "Bob": JOE}, {"All": ["Joe", "Bob"]}, disabled=["Ann"]
    )
    chosen = [Recipient(user_id=ids["Ann"], name="Ann"), Recipient(group_id=ids["All"], name="All")]
    async with double(desk) as pilot:
        picker = await opened(pilot, chosen)
        assert "▲ 2 left out: Ann is disabled; Joe has no telephone number" in screen_text(pilot)
        assert [person.name for person in picker.reach.reached] == ["Bob"]


async def test_without_a_telephone_field_it_says_what_to_do(desk: Desk) -> None:
    async with double(desk) as pilot:
        await opened(pilot, [Recipient(user_id=1, name="Joe")])
        await settle(pilot, lambda: "No Telephone Number field yet" in screen_text(pilot))


async def test_ten_thousand_users_are_searched_in_pages(desk: Desk) -> None:
    first = make_people(desk.database, {"Joe": JOE})["Joe"] + 1
    rows = [
        {
            "name": f"Person {n:05d}",
            "name_key": f"person {n:05d}",
            "enabled": True,
            "notes": "",
            "revision": 1,
        }
        for n in range(9_999)
    ]
    with desk.database.write() as tx:
        tx.execute(sa.insert(users).values(created_at=THEN, changed_at=THEN), rows)
    async with double(desk) as pilot:
        picker = await opened(pilot)
        assert picker.found.count == 10_000
        assert picker.found.rows_held <= 200
        await pilot.press("down", "end")
        await settle(pilot, lambda: picker.found.cursor_key == first + 9_998)
        picker.focus_search()
        await pilot.press(*"08765", "enter")
        await settle(pilot, lambda: picker.recipients)
        assert picker.recipients[0].user_id == first + 8_765


async def test_hostile_names(desk: Desk) -> None:
    names = {f"{name} {text[:500]}".encode(errors="replace").decode(): JOE for name, text in HOSTILE.items()}
    ids = make_people(desk.database, names, {"[/red] \x1b[31m": list(names)})
    chosen = [Recipient(user_id=ids[name], name=name) for name in names]
    async with double(desk) as pilot:
        await opened(pilot, chosen)
        await pilot.pause()
        text = screen_text(pilot)
        assert plain_str(text, block=True) == text
