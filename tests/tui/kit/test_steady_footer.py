"""The keys at the bottom: made anew when they change, and only then."""

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import Input
from textual.widgets._footer import FooterKey

from tests.tui.support import settle
from tui.widgets.steady_footer import SteadyFooter


class Marked(Input):
    """An input with a key of its own."""

    BINDINGS = (Binding("f5", "mark", "Mark"),)


class Form(App[None]):
    BINDINGS = (Binding("f2", "save", "Save"),)
    may_save = True

    def compose(self) -> ComposeResult:
        yield Input(id="first")
        yield Input(id="second")
        yield Marked(id="third")
        yield SteadyFooter(show_command_palette=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if action == "save" and not self.may_save else True


def keys(app: Form) -> list[FooterKey]:
    return list(app.query(FooterKey))


async def test_the_keys_stay_as_the_focus_moves_and_change_with_what_can_be_done() -> None:
    app = Form()
    async with app.run_test() as pilot:
        await settle(pilot, lambda: [key.description for key in keys(app)] == ["Save"])
        before = keys(app)
        await pilot.press("tab")
        assert app.focused is app.query_one("#second")
        assert keys(app) == before, "the very same widgets"
        await pilot.press("tab")
        await settle(pilot, lambda: [key.description for key in keys(app)] == ["Mark", "Save"])
        await pilot.press("shift+tab")
        await settle(pilot, lambda: [key.description for key in keys(app)] == ["Save"])
        app.may_save = False
        app.refresh_bindings()
        await settle(pilot, lambda: [key.has_class("-disabled") for key in keys(app)] == [True])
