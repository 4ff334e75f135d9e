"""The keys at the bottom: as many as fit, what can be done now, and a click on one is the key."""

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import Input

from tests.tui.support import settle
from tui.widgets.key_line import KeyLine


class Marked(Input):
    """An input with a key of its own."""

    BINDINGS = (Binding("f5", "mark", "Mark"),)


class Form(App[None]):
    BINDINGS = (
        Binding("f2", "keep", "Save", tooltip="Keep it"),
        Binding("ctrl+p", "command_palette", "Find"),
    )
    may_save = True
    saved = 0

    def compose(self) -> ComposeResult:
        yield Input(id="first")
        yield Input(id="second")
        yield Marked(id="third")
        yield KeyLine()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if action == "keep" and not self.may_save else True

    def action_keep(self) -> None:
        self.saved += 1


def line(app: Form) -> str:
    return app.query_one(KeyLine).render().plain


async def test_the_keys_change_with_the_focus_and_with_what_can_be_done() -> None:
    app = Form()
    async with app.run_test() as pilot:
        await settle(pilot, lambda: line(app) == "f2 Save ^p Find")
        await pilot.press("tab", "tab")
        await settle(pilot, lambda: line(app) == "f5 Mark f2 Save ^p Find")
        await pilot.press("shift+tab")
        await settle(pilot, lambda: line(app) == "f2 Save ^p Find")
        app.may_save = False
        app.refresh_bindings()
        await settle(pilot, lambda: [key.can for key in app.query_one(KeyLine).fitting] == [False, True])


async def test_nothing_is_drawn_for_a_move_that_changes_no_key() -> None:
    app = Form()
    async with app.run_test() as pilot:
        await settle(pilot, lambda: line(app))
        drawn: list[object] = []
        keys = app.query_one(KeyLine)
        keys.refresh = lambda *area, **what: drawn.append(area)  # type: ignore[assignment,return-value]
        await pilot.press("tab")
        assert app.focused is app.query_one("#second")
        await pilot.pause()
        assert not drawn


async def test_a_click_on_a_key_is_the_key_and_the_mouse_is_told_what_it_does() -> None:
    app = Form()
    async with app.run_test() as pilot:
        await settle(pilot, lambda: line(app))
        await pilot.hover(KeyLine, offset=(1, 0))
        assert app.query_one(KeyLine).tooltip == "Keep it"
        await pilot.click(KeyLine, offset=(5, 0))
        await settle(pilot, lambda: app.saved == 1)
        await pilot.click(KeyLine, offset=(40, 0))
        app.may_save = False
        app.refresh_bindings()
        await settle(pilot, lambda: not app.query_one(KeyLine).fitting[0].can)
        await pilot.click(KeyLine, offset=(5, 0))
        await pilot.pause()
        assert app.saved == 1


async def test_where_it_is_narrow_the_commands_stay() -> None:
    app = Form()
    async with app.run_test(size=(12, 6)) as pilot:
        await settle(pilot, lambda: line(app) == "^p Find")
