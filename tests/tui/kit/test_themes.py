"""The colours, and doing without."""

import pytest
from rich.style import Style
from textual.color import Color

from tests.tui.kit.app import KitApp, Settings, shown, until
from tests.tui.kit.sources import COLUMNS, KeySource
from tests.tui.textual_private import as_sent, strips_of
from tui.terminal import themes
from tui.widgets.paged_table import PagedTable


def ratio(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2.2."""

    def light(color: Color) -> float:
        parts = [value / 255 for value in (color.r, color.g, color.b)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [themes.DARK, themes.LIGHT], ids=lambda theme: theme.name)
def test_every_text_can_be_read_on_every_ground(theme) -> None:
    colours = theme.to_color_system().generate()
    names = ["foreground", "text-muted", "text-accent", "text-error", "text-warning", "text-success"]
    for ground in ("background", "surface", "block-cursor-background", "block-cursor-blurred-background"):
        for name in names:
            found = ratio(Color.parse(colours[name]), Color.parse(colours[ground]))
            least = 3 if ground.startswith("block") else 4.5
            assert found >= least, (name, ground, found)


def styles(app: KitApp) -> list[Style]:
    return [segment.style for line in strips_of(app) for segment in line if segment.style]


async def drawn(app: KitApp, table: PagedTable) -> tuple[set[str], bool]:
    """The kinds of colour on the screen as sent to the terminal, and whether the cursor is reversed."""
    async with shown(app) as pilot:
        await until(pilot, lambda: table.is_read)
        await pilot.press("down")
        filtered = [segment for line in strips_of(app) for segment in as_sent(app, list(line))]
        kinds = {
            color.type.name for segment in filtered if segment.style
            for color in (segment.style.color, segment.style.bgcolor) if color
        }  # fmt: skip
        return kinds, any(segment.style and segment.style.reverse for segment in filtered)


async def test_the_terminal_theme_sends_only_the_sixteen_colours() -> None:
    table = PagedTable(COLUMNS, KeySource(range(5)))
    kinds, reverse = await drawn(KitApp(table, theme="terminal"), table)
    assert kinds <= {"DEFAULT", "STANDARD"}
    assert reverse


async def test_no_color_sends_none_and_the_cursor_still_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    table = PagedTable(COLUMNS, KeySource(range(5)))
    kinds, reverse = await drawn(KitApp(table, theme="dark"), table)
    assert kinds == {"DEFAULT"}
    assert reverse


async def test_a_theme_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    app = KitApp()
    async with shown(app):
        assert themes.apply(app, Settings("nord")) is None
        assert app.theme == "nord"
        problem = themes.apply(app, Settings("pink"))
        assert problem == "There is no theme 'pink'. Choose one of: auto, dark, light, terminal."
        assert app.theme == themes.DARK.name
