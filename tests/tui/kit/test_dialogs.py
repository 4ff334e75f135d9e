"""Questions, help, and the command palette."""

from typing import Any

from textual.app import ComposeResult
from textual.command import CommandPalette
from textual.containers import Vertical
from textual.widgets import Input

from tests.tui.kit.app import KitApp, screen_text, shown, until
from tests.tui.kit.hostile import HOSTILE
from tests.tui.kit.sources import COLUMNS, KeySource
from tui.dialogs.confirm import MOST_CONSEQUENCES, Answer, Confirm, Question
from tui.dialogs.help import HelpScreen
from tui.keys.registry import REGISTRY
from tui.review.panel import ReviewPanel
from tui.widgets.paged_table import PagedTable
from tui.widgets.palette import target_of


class UsersSection(Vertical):
    PLACE = "users"
    BINDINGS = [*REGISTRY.bindings("users")]  # noqa: RUF012
    HELP = "The people that messages go to."

    def __init__(self, table: PagedTable) -> None:
        super().__init__()
        self.table, self.done = table, []

    def compose(self) -> ComposeResult:
        yield self.table

    def action_new(self) -> None:
        self.done.append("new")

    def action_delete(self) -> None:
        self.done.append("delete")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if action == "delete" else True


async def asked(app: KitApp, question: Question) -> list[str | None]:
    answers: list[str | None] = []
    await app.push_screen(question, answers.append)
    return answers


async def test_the_safe_answer_is_the_one_that_enter_and_escape_give() -> None:
    app = KitApp()
    async with shown(app) as pilot:
        for key in ("enter", "escape"):
            answers = await asked(
                app, Confirm("Delete A?", yes="Delete", no="Keep", hangs=["3 messages wait"])
            )
            await pilot.pause()
            assert "▲ 3 messages wait" in screen_text(app)
            await pilot.press(key)
            await until(pilot, lambda given=answers: given)
            assert answers == ["no"]
        answers = await asked(app, Confirm("Delete A?", yes="Delete"))
        await pilot.press("down", "enter")
        await until(pilot, lambda: answers)
        assert answers == ["yes"]


async def test_more_than_two_answers() -> None:
    choices = [
        Answer("again", "Send again"),
        Answer("arrived", "It arrived"),
        Answer("later", "Decide later"),
    ]
    app = KitApp()
    async with shown(app) as pilot:
        answers = await asked(app, Question("What became of it?", choices, safe="later"))
        await pilot.press("up", "enter")
        await until(pilot, lambda: answers)
        assert answers == ["arrived"]


async def test_a_question_with_hostile_text_and_many_consequences() -> None:
    app = KitApp()
    async with shown(app) as pilot:
        for text in HOSTILE.values():
            answers = await asked(app, Confirm(text[:300], yes=text, hangs=[text[:60]] * 20))
            await pilot.pause()
            shown_text = screen_text(app)
            assert not {"\x1b", "\x9b", "\u202e", "\x07"} & set(shown_text)
            await pilot.press("escape")
            await until(pilot, lambda given=answers: given)
        question = Confirm("Delete?", yes="Delete", hangs=[f"thing {index}" for index in range(20)])
        await asked(app, question)
        await pilot.pause()
        assert f"and {20 - MOST_CONSEQUENCES} more" in screen_text(app)
        assert "Cancel" in screen_text(app)


async def test_help_tells_of_the_focus_and_the_keys_that_work_there() -> None:
    table = PagedTable(COLUMNS, KeySource(range(3)))
    app = KitApp(UsersSection(table))
    async with shown(app, (80, 50)) as pilot:
        table.focus()
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.pause()
        text = screen_text(app)
        assert "Space selects rows" in text
        assert "Select or deselect the row" in text
        assert "Add a user" in text
        assert "Delete the user" not in text
        assert any(line.split()[:2] == ["n", "New"] for line in text.splitlines())
        await pilot.press("f1")
        await until(pilot, lambda: not isinstance(app.screen, HelpScreen))


async def test_f1_helps_in_a_field_where_a_question_mark_is_typed() -> None:
    field = Input()
    app = KitApp(field)
    async with shown(app) as pilot:
        await pilot.press("question_mark")
        assert field.value == "?"
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))


async def test_the_palette_runs_an_action_where_it_belongs() -> None:
    section = UsersSection(PagedTable(COLUMNS, KeySource(range(3))))
    app = KitApp(section)
    async with shown(app) as pilot:
        await until(pilot, lambda: section.table.is_read)
        section.table.focus()
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"users: new")
        await until(pilot, lambda: "Add a user  (n)" in screen_text(app))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: section.done)
        assert section.done == ["new"]


async def test_an_action_belongs_to_its_place_and_roles_hold() -> None:
    class Named(KitApp):
        def action_target(self, action: Any) -> Any:
            return self.query_one(ReviewPanel) if action.place == "panel" else None

    section = UsersSection(PagedTable(COLUMNS, KeySource(range(3))))
    app = Named(section, ReviewPanel())
    async with shown(app) as pilot:
        section.table.focus()
        await pilot.pause()
        assert target_of(REGISTRY["users.new"], app.screen) is section
        assert target_of(REGISTRY["users.delete"], app.screen) is None
        assert target_of(REGISTRY["handlers.new"], app.screen) is None
        assert target_of(REGISTRY["table.mark"], app.screen) is section.table
        assert target_of(REGISTRY["panel.live"], app.screen) is app.query_one(ReviewPanel)
        assert target_of(REGISTRY["app.quit"], app.screen) is app
