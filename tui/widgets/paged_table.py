"""A table for any number of records: select, sort, open, and ask for a menu."""

from typing import ClassVar, TypeAlias

from textual import events
from textual.binding import BindingType

from tui.keys.registry import REGISTRY
from tui.text.content import plain
from tui.widgets import table_messages as messages
from tui.widgets.columns import Column
from tui.widgets.marks import MOST_MARKS
from tui.widgets.row_source import ListSource, PageWanted, Row, RowSource
from tui.widgets.table_lines import GUTTER
from tui.widgets.table_view import HEADER_LINES, TableView

__all__ = ["Column", "ListSource", "PageWanted", "PagedTable", "Row", "RowSource"]

_LEFT_BUTTON, _RIGHT_BUTTON = 1, 3


class PagedTable(TableView):
    """A list of records in columns.

    The rows come page by page from a `RowSource`, which is asked again by `reload`; a list that
    is read again keeps the cursor on its record and the record on its line. What a person wants
    done is posted as a message: the table itself changes nothing but the cursor, the marks and
    the sort arrow.
    """

    HELP = """\
A list. The arrow keys, page up, page down, home and end move the cursor; enter opens the row \
under it. Space selects rows, so that one action can be done with many; shift with the arrow keys \
selects as it moves. m or a right click shows what can be done. A click on a title sorts, and \
another click on the same title sorts the other way round. Where the window is narrow, columns of \
less weight are left out."""

    PLACE = "table"

    BINDINGS: ClassVar[list[BindingType]] = [*REGISTRY.bindings("table")]

    RowHighlighted: TypeAlias = messages.RowHighlighted
    RowChosen: TypeAlias = messages.RowChosen
    MenuRequested: TypeAlias = messages.MenuRequested
    SortChanged: TypeAlias = messages.SortChanged
    MarksChanged: TypeAlias = messages.MarksChanged
    ReadFailed: TypeAlias = messages.ReadFailed
    ListRead: TypeAlias = messages.ListRead

    # Choosing

    @property
    def marked(self) -> tuple[int, ...]:
        """The keys of the marked records, in the order they were marked."""
        return self._marks.keys

    @property
    def chosen(self) -> tuple[int, ...]:
        """What an action works on: the marked records, or else the one under the cursor."""
        key = self.cursor_key
        return self.marked or (() if key is None else (key,))

    def clear_marks(self) -> None:
        """Unmark every record."""
        if self._marks.clear():
            self._marks_changed()

    def _marks_changed(self) -> None:
        self._repaint()
        self.refresh_bindings()
        self.post_message(self.MarksChanged(self, self.marked))

    def action_mark(self) -> None:
        key = self.cursor_key
        if key is not None:
            self._marks.toggle(key)
            self._marks_changed()

    def action_mark_up(self) -> None:
        self._mark_and_move(-1)

    def action_mark_down(self) -> None:
        self._mark_and_move(+1)

    def _mark_and_move(self, step: int) -> None:
        before = self.cursor_key
        self.move_to(self.cursor + step)
        self._marks.add(key for key in (before, self.cursor_key) if key is not None)
        self._marks_changed()

    def action_mark_all(self) -> None:
        """Mark every record of the list, or none when all are marked."""
        if self.count > MOST_MARKS:
            self.notify(
                f"{self.count:,} rows are too many to select at once (at most {MOST_MARKS:,}). "
                "Filter the list first.",
                severity="warning",
                markup=False,
            )
        elif self.count and len(self._marks) >= self.count:
            self.clear_marks()
        else:
            self.run_worker(self._mark_all(), group="marks", exclusive=True, exit_on_error=False)

    async def _mark_all(self) -> None:
        try:
            keys = await self.source.keys(MOST_MARKS)
        except Exception as error:
            self.post_message(self.ReadFailed(self, error))
        else:
            self._marks.add(keys)
            self._marks_changed()

    def action_clear_marks(self) -> None:
        self.clear_marks()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # Without marks escape belongs to whatever is around the table.
        return bool(self._marks) if action == "clear_marks" else True

    def action_choose(self) -> None:
        key = self.cursor_key
        if key is not None:
            self.post_message(self.RowChosen(self, key))

    # The menu and the clipboard

    def action_menu(self) -> None:
        """Ask for the menu just under the cursor."""
        if self.chosen:
            self.show_cursor()
            region = self.region
            line = self.cursor - self.scroll_offset.y + HEADER_LINES
            self.post_message(self.MenuRequested(self, self.chosen, region.x + GUTTER, region.y + line + 1))

    def action_copy(self) -> None:
        """Copy the row under the cursor, columns parted by tabs (OSC 52: it works over SSH)."""
        row = self.row_at(self.cursor)
        if row:
            cells = (plain(cell) if isinstance(cell, str) else cell for cell in row.cells)
            self.app.copy_to_clipboard("\t".join(cell.plain for cell in cells))
            self.notify("Row copied.")

    # Sorting

    def set_sort(self, column: str, descending: bool = False) -> None:
        """Show the arrow on this column; the rows stay as the source has them."""
        self.sort = (column, descending)
        self.refresh()

    def action_sort(self) -> None:
        """Sort by the next of the columns shown."""
        shown = [place.column.key for place in self._placed if place.column.sortable]
        if shown:
            now = self.sort[0] if self.sort else None
            self._sort_by(shown[(shown.index(now) + 1) % len(shown) if now in shown else 0], False)

    def action_reverse(self) -> None:
        if self.sort:
            column, descending = self.sort
            self._sort_by(column, not descending)

    def _sort_by(self, column: str, descending: bool) -> None:
        self.set_sort(column, descending)
        self.post_message(self.SortChanged(self, column, descending))

    # The mouse

    def on_click(self, event: events.Click) -> None:
        if event.y < HEADER_LINES:
            if event.button == _LEFT_BUTTON:
                self._click_title(event.x - GUTTER)
            return
        index = self.scroll_offset.y + event.y - HEADER_LINES
        if index < self.count:
            event.stop()
            self.cursor = index
            self._click_row(event)

    def _click_title(self, x: int) -> None:
        for place in self._placed:
            if place.start <= x < place.start + place.width and place.column.sortable:
                key = place.column.key
                by, descending = self.sort or (None, False)
                self._sort_by(key, by == key and not descending)

    def _click_row(self, event: events.Click) -> None:
        key = self.cursor_key
        if key is None:
            return
        if event.button == _RIGHT_BUTTON:
            keys = self.marked if key in self._marks else (key,)
            self.post_message(self.MenuRequested(self, keys, event.screen_x, event.screen_y))
        elif event.ctrl or event.x < GUTTER:
            self.action_mark()
        elif event.chain == 2:
            self.action_choose()
