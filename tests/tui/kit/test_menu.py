"""The floating menu."""

import pytest

from tests.tui.kit.app import KitApp, screen_text, shown, until
from tests.tui.kit.hostile import HOSTILE
from tests.tui.kit.sources import COLUMNS, KeySource
from tui.review.panel import ReviewPanel
from tui.widgets.menu import ContextMenu, MenuItem
from tui.widgets.paged_table import PagedTable

ITEMS = (
    MenuItem("edit", "Edit", "⏎"),
    MenuItem("test", "Test", "t", enabled=False),
    MenuItem("delete", "Delete", "d", parted=True),
)


class MenuApp(KitApp):
    items = ITEMS

    def on_paged_table_menu_requested(self, event: PagedTable.MenuRequested) -> None:
        ContextMenu.open(self.screen, self.items, (event.x, event.y), keys=event.keys, title="row")


def menus(app: KitApp) -> list[ContextMenu]:
    return list(app.screen.query(ContextMenu))


async def test_it_opens_at_the_row_answers_and_gives_the_focus_back() -> None:
    table = PagedTable(COLUMNS, KeySource(range(30)))
    # The panel comes first, so that the focus would go there by itself.
    app = MenuApp(ReviewPanel(), table)
    async with shown(app) as pilot:
        table.focus()
        await until(pilot, lambda: table.is_read)
        await pilot.press("down", "m")
        await until(pilot, lambda: menus(app) and menus(app)[0].has_focus)
        assert menus(app)[0].region.offset == (3, table.region.y + 3)
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.of(ContextMenu.Chosen))
        chosen = app.of(ContextMenu.Chosen)[0]
        assert (chosen.action_id, chosen.keys) == ("delete", (1,))
        await until(pilot, lambda: not menus(app) and table.has_focus)


@pytest.mark.parametrize("way", ["escape", "tab"])
async def test_it_closes_without_an_answer(way: str) -> None:
    table = PagedTable(COLUMNS, KeySource(range(30)))
    app = MenuApp(table)
    async with shown(app) as pilot:
        await until(pilot, lambda: table.is_read)
        await pilot.press("m")
        await until(pilot, lambda: menus(app))
        await pilot.press(way)
        await until(pilot, lambda: not menus(app) and table.has_focus)
        assert not app.of(ContextMenu.Chosen)


async def test_at_the_edge_it_stays_on_the_screen() -> None:
    table = PagedTable(COLUMNS, KeySource(range(30)))
    app = MenuApp(table)
    async with shown(app) as pilot:
        await until(pilot, lambda: table.is_read)
        await pilot.click(table, offset=(78, 22), button=3)
        await until(pilot, lambda: menus(app) and menus(app)[0].region.width)
        assert app.screen.region.contains_region(menus(app)[0].region)


async def test_hostile_titles() -> None:
    table = PagedTable(COLUMNS, KeySource(range(3)))
    app = MenuApp(table)
    app.items = [MenuItem(str(index), text) for index, text in enumerate(HOSTILE.values())]
    async with shown(app) as pilot:
        await until(pilot, lambda: table.is_read)
        await pilot.press("m")
        await until(pilot, lambda: menus(app))
        await pilot.pause()
        text = screen_text(app)
        assert not {"\x1b", "\x9b", "\u202e"} & set(text)
        assert "[@click=app.quit]press me[/]" in text
