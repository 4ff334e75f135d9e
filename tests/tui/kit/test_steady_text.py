"""A text that is the same, or as large, moves nothing else on the screen."""

from textual.app import App, ComposeResult
from textual.content import Content

from tests.tui.support import settle
from tests.tui.textual_private import note_layouts, strips_of
from tui.widgets.inputs import TextInput
from tui.widgets.steady_text import SteadyText


class Page(App[None]):
    CSS = "#fixed { height: 1; } #grows { height: auto; width: 20; }"

    def compose(self) -> ComposeResult:
        yield TextInput()
        yield SteadyText("a", id="fixed")
        yield SteadyText(Content("one line"), id="grows")


async def test_only_another_size_is_laid_out_again() -> None:
    app = Page()
    async with app.run_test() as pilot:
        fixed, grows = app.query_one("#fixed", SteadyText), app.query_one("#grows", SteadyText)
        await settle(pilot, lambda: grows.size.height == 1)
        await pilot.pause()
        laid: list[object] = []
        note_layouts(app, laid)
        fixed.update("b" * 50)
        grows.update(Content("line one"))
        await pilot.press("x", "y")
        assert str(grows.render()) == "line one" and str(fixed.render()) == "b" * 50
        assert not laid
        grows.update(Content("first\nsecond"))
        await settle(pilot, lambda: grows.size.height == 2)
        assert laid
        grows.update(Content("alone"))
        await settle(pilot, lambda: grows.size.height == 1)


async def test_the_same_words_in_another_colour_are_drawn() -> None:
    app = Page()
    async with app.run_test() as pilot:
        grows = app.query_one("#grows", SteadyText)
        grows.update(Content.styled("one line", "red"))
        await pilot.pause()
        (segment, *_) = [each for each in strips_of(app)[grows.region.y] if each.text.strip()]
        assert segment.style is not None and segment.style.color is not None
        assert segment.style.color.get_truecolor()[0] > 100
