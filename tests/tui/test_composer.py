"""The composer as people see it."""

import pytest

from scheduling.recipients import Reached
from tests.tui.kit.app import KitApp, screen_text, shown, until
from tests.tui.kit.hostile import HOSTILE
from tui.text.plain import editable_str
from tui.widgets.composer import COUNTED_AT_ONCE, EMPTY, Composer

JOE = Reached(1, "Joe Hart", "+447700900123", {"Bay": "7"})
ANN = Reached(2, "Ann Lee", "+447700900124", {})


async def test_what_it_costs_follows_the_keys_and_enter_only_begins_a_line() -> None:
    composer = Composer()
    app = KitApp(composer)
    async with shown(app) as pilot:
        composer.set_people((JOE, ANN))
        composer.focus_text()
        assert composer.problem == EMPTY
        await pilot.press("h", "i", "enter")
        composer.insert("’")
        await until(pilot, lambda: "Unicode" in screen_text(app))
        assert composer.text == "hi\n’"
        assert composer.problem is None
        text = screen_text(app)
        assert "4 characters · Unicode · 1 part, 66 left · 2 people, 2 parts in all" in text
        assert "▲ ’ (right single quotation mark) makes it Unicode: 70 places a part" in text


async def test_a_text_that_is_too_long_is_a_problem_by_hand_and_a_warning_for_alerts() -> None:
    composer = Composer("x" * 200, most_parts=1, sender="Night desk")
    app = KitApp(composer)
    async with shown(app) as pilot:
        sentence = "Message is too long: 2 parts; Night desk sends at most 1: shorten it"
        assert composer.problem == sentence
        await until(pilot, lambda: f"✗ {sentence}" in screen_text(app))
        composer.set_limits(1, "Night desk", cut=True)
        await until(pilot, lambda: "▲ 2 parts: Night desk sends at most 1, so it is cut" in screen_text(app))
        assert composer.problem is None
        composer.set_limits(2)
        await until(pilot, lambda: "cut there" not in screen_text(app))


async def test_fields_are_checked_chosen_and_shown_as_each_recipient_gets_them() -> None:
    composer = Composer("Bay {Bey}", fields=["Name", "First Name", "Bay"])
    app = KitApp(composer)
    async with shown(app) as pilot:
        composer.set_people((JOE, ANN))
        assert composer.problem == "Unknown field {Bey}: did you mean {Bay}?"
        composer.text = "Bay {Bay} "
        composer.focus_text()
        await until(pilot, lambda: "‹ 1 of 2 › Joe Hart · 1 part" in screen_text(app))
        assert "\nBay 7" in screen_text(app)
        await pilot.press("f9")
        await until(pilot, lambda: "‹ 2 of 2 › Ann Lee" in screen_text(app))
        assert "\nBay -" in screen_text(app)
        assert "▲ no value for {Bay} for some: it shows as -" in screen_text(app)
        composer._box.move_cursor(composer._box.document.end)
        await pilot.press("f3")
        await until(pilot, lambda: "{First Name}" in screen_text(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: composer.text == "Bay {Bay} {First Name}")
        assert composer.rendered(ANN) == "Bay - Ann"


async def test_without_fields_braces_are_text_and_it_is_said() -> None:
    composer = Composer("Bay {Bay}")
    app = KitApp(composer)
    async with shown(app) as pilot:
        composer.set_people((JOE,))
        composer.focus_text()
        await until(pilot, lambda: "{Bay} goes out as it is typed" in screen_text(app))
        assert composer.problem is None
        assert composer.rendered(JOE) == "Bay {Bay}"
        await pilot.press("f3", "f9")
        assert composer.text == "Bay {Bay}"


async def test_many_recipients_with_fields_are_counted_on_a_thread() -> None:
    people = [Reached(n, f"Person {n}", f"+4477009{n:05d}", {"Bay": "x" * n}) for n in range(300)]
    assert len(people) > COUNTED_AT_ONCE
    composer = Composer("{Bay}", fields=["Bay"])
    app = KitApp(composer)
    async with shown(app) as pilot:
        composer.set_people(people)
        await until(pilot, lambda: composer.cost.people == 300)
        assert composer.cost.characters == 299
        assert composer.cost.total_parts == 161 + 139 * 2


async def test_another_text_can_be_taken_back() -> None:
    composer = Composer("mine")
    app = KitApp(composer)
    async with shown(app) as pilot:
        composer.replace_text("kept")
        composer.focus_text()
        assert composer.text == "kept"
        await pilot.press("ctrl+z")
        assert composer.text == "mine"


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_text_names_and_values(name: str) -> None:
    hostile = HOSTILE[name]
    person = Reached(1, hostile, "+447700900123", {"Bay": hostile})
    composer = Composer(f"{hostile} {{Bay}}", fields=["Bay"], sender=hostile, most_parts=1)
    app = KitApp(composer)
    async with shown(app) as pilot:
        composer.set_people((person,))
        await until(pilot, lambda: composer.cost.people == 1)
        await pilot.pause()
        text = screen_text(app)
        assert editable_str(text, block=True) == text
