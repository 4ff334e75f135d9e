"""The seen part of a list of any length: reading its pages, drawing its lines, moving the cursor."""

from collections.abc import Sequence
from typing import ClassVar

from textual.cache import LRUCache
from textual.geometry import Size, clamp
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.columns import Column, Placed, arrange
from tui.widgets.marks import Marks
from tui.widgets.reverse import KeepsReverse
from tui.widgets.row_reader import RowReader, View
from tui.widgets.row_source import Row, RowSource
from tui.widgets.table_lines import GUTTER, header_strip, row_strip, text_strip
from tui.widgets.table_messages import ListRead, ReadFailed, RowHighlighted

HEADER_LINES = 1


class TableView(KeepsReverse, ScrollView, can_focus=True):
    """Records in columns under a line of titles, one of them under the cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header",
        "table--cursor",
        "table--marked",
        "table--dim",
        "table--strong",
        "table--note",
        "table--error",
    }

    DEFAULT_CSS = """
    TableView {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        background: $background;
        color: $foreground;
        & > .table--header { color: $text-muted; }
        & > .table--note { color: $text-muted; }
        & > .table--error { color: $text-error; }
        & > .table--dim { color: $text-muted; }
        & > .table--strong { text-style: bold; }
        & > .table--marked { color: $text-accent; }
        & > .table--cursor { background: $block-cursor-blurred-background; }
        &:focus > .table--cursor { background: $block-cursor-background; text-style: bold; }
        &:ansi > .table--dim { text-style: dim; }
        &:ansi > .table--header { text-style: bold; }
        &:ansi > .table--cursor { text-style: underline; background: ansi_default; }
        &:ansi:focus > .table--cursor { text-style: reverse; background: ansi_default; }
        &:nocolor > .table--cursor { text-style: underline; }
        &:nocolor:focus > .table--cursor { text-style: reverse; }
    }
    """

    ALLOW_SELECT = False

    cursor: reactive[int] = reactive(0, repaint=False)
    """The index of the row under the cursor."""

    def __init__(
        self,
        columns: Sequence[Column],
        source: RowSource,
        *,
        empty: str = "Nothing here yet.",
        sort: tuple[str, bool] | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`empty` says what to do first; `sort` is the column the source is sorted by, and whether down."""
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.empty = empty
        self.sort = sort
        self.newest_first = False
        """Whether what is new appears at the top: then the top stays in sight when it is."""
        self._reader = RowReader(source)
        self._next_reader: RowReader | None = self._reader
        self._may_read = False
        self._reading = False
        self._error: str | None = None
        self._marks = Marks()
        self._placed: tuple[Placed, ...] = ()
        self._strips: LRUCache[tuple[int, bool, bool], Strip] = LRUCache(256)
        self._highlighted: int | None = None
        self._anew = False
        self._seek: int | None = None

    @property
    def source(self) -> RowSource:
        """Where the rows on the screen came from."""
        return self._reader.source

    @property
    def count(self) -> int:
        """How many rows the list had when it was last read."""
        return self._reader.pages.count

    @property
    def is_read(self) -> bool:
        """Whether what is shown is what the source last said, with nothing under way."""
        return self._reader.loaded and not self._reading and self._next_reader is None

    @property
    def rows_held(self) -> int:
        """How many rows are in memory."""
        return self._reader.pages.held()

    @property
    def cursor_key(self) -> int | None:
        """The key of the record under the cursor, None where there is none.

        None also from `begin_anew` until the list is read: nothing is done with a row of the old one.
        """
        return None if self._anew else self._reader.key(self.cursor)

    def row_at(self, index: int) -> Row | None:
        """The row at this index, None while it is being read."""
        return self._reader.pages.row(index)

    # Reading

    def reload(self) -> None:
        """Read the list again; nothing jumps."""
        self._next_reader = self._next_reader or self._reader
        self._start_reading()

    def begin_anew(self, seek: int | None = None) -> None:
        """Another list comes: its first row is under the cursor then, or the one with the key `seek`."""
        self._anew, self._seek = True, seek

    def set_source(
        self, source: RowSource, *, empty: str | None = None, columns: Sequence[Column] | None = None
    ) -> None:
        """Show another list, or the same in another order; the cursor follows its record.

        After `begin_anew` it does not. `columns` are those of its rows, where they are others.
        """
        self.empty = self.empty if empty is None else empty
        self._next_reader = RowReader(source, anew=self._anew, seek=self._seek, columns=columns)
        self._start_reading()

    def on_mount(self) -> None:
        self._may_read = True
        self._start_reading()

    def _start_reading(self) -> None:
        if self._may_read and not self._reading and (self._next_reader or self._missing_pages()):
            self._reading = True
            self.run_worker(self._read(), group="rows", exit_on_error=False)

    async def _read(self) -> None:
        try:
            while True:
                if reader := self._next_reader:
                    self._next_reader = None
                    await self._read_list(reader)
                elif missing := self._missing_pages():
                    if await self._reader.read_page(missing[0]):
                        self._repaint()
                        self._tell_highlight()
                else:
                    break
        except Exception as error:
            self._error = f"This list cannot be read: {error}"
            self._repaint()
            self.post_message(ReadFailed(self, error))
        finally:
            self._reading = False

    async def _read_list(self, reader: RowReader) -> None:
        view = await reader.read_anew(self._view, keys_from=self._reader)
        if self._next_reader not in (None, reader):
            return
        self._reader, self._error = reader, None
        if reader.anew:
            # The next reading of the same list follows the cursor's record again.
            self._anew, self._seek, reader.anew = False, None, False
        if reader.columns is not None and tuple(reader.columns) != self.columns:
            self.columns = tuple(reader.columns)
            self._placed = arrange(self.columns, self.scrollable_size.width - GUTTER)
        self._set_height()
        self.set_reactive(TableView.cursor, view.cursor)
        self.scroll_to(y=view.top, animate=False, force=True)
        self._repaint()
        self._tell_highlight()
        self.post_message(ListRead(self, self.count))

    def _missing_pages(self) -> list[int]:
        if self._error:
            return []
        view = self._view()
        return self._reader.pages.missing(view.top, view.top + max(1, view.height) - 1)

    def _view(self) -> View:
        top = self.scroll_offset.y
        return View(self.cursor, top, self.rows_shown, self.newest_first and top == 0)

    @property
    def rows_shown(self) -> int:
        """How many rows fit on the screen."""
        return max(0, self.scrollable_size.height - HEADER_LINES)

    # Drawing

    def on_resize(self) -> None:
        self._placed = arrange(self.columns, self.scrollable_size.width - GUTTER)
        self._set_height()
        self._repaint()
        self.show_cursor()
        self._start_reading()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def _set_height(self) -> None:
        self.virtual_size = Size(self.scrollable_size.width, self.count + HEADER_LINES)

    def _repaint(self) -> None:
        self._strips.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, height = self.scrollable_size
        index = self.scroll_offset.y + y - HEADER_LINES
        if y == 0:
            return self._header_strip(width)
        if self._error and y == height - 1:
            return text_strip(self._error, width, self.get_visual_style("table--error"))
        if index < self.count:
            return self._row_strip(index, width)
        if self.count == 0 and y == HEADER_LINES + 1 and not self._error:
            note = self.empty if self._reader.loaded else "Reading…"
            return text_strip(note, width, self.get_visual_style("table--note"))
        return Strip.blank(width, self.visual_style.rich_style)

    def _header_strip(self, width: int) -> Strip:
        by, descending = self.sort or (None, False)
        style = self.get_visual_style("table--header")
        return header_strip(self._placed, width, style, self.app.stylesheet.parse_style, by, descending)

    def _row_strip(self, index: int, width: int) -> Strip:
        row = self.row_at(index)
        cursor = index == self.cursor
        marked = row is not None and row.key in self._marks
        strip = self._strips.get((index, cursor, marked))
        if strip is None:
            names = [f"table--{mark}" for mark in ("dim", "strong") if row and mark in row.marks]
            names += ["table--marked"] * marked + ["table--cursor"] * cursor
            style, parse = self.get_visual_style(*names), self.app.stylesheet.parse_style
            strip = row_strip(row, self._placed, width, style, parse, cursor=cursor, marked=marked)
            self._strips[index, cursor, marked] = strip
        return strip

    # The cursor

    def move_to(self, index: int) -> None:
        """Put the cursor on the row with this index and show it."""
        self.cursor = index
        self.show_cursor()

    def show_cursor(self) -> None:
        """Scroll no further than needed to see the cursor."""
        top, rows = self.scroll_offset.y, self.rows_shown
        if rows and not top <= self.cursor < top + rows:
            self.scroll_to(
                y=self.cursor if self.cursor < top else self.cursor - rows + 1, animate=False, force=True
            )

    def validate_cursor(self, index: int) -> int:
        return clamp(index, 0, max(0, self.count - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        self.refresh_lines(old + HEADER_LINES)
        self.refresh_lines(new + HEADER_LINES)
        self._tell_highlight()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._start_reading()

    def _tell_highlight(self) -> None:
        key = self.cursor_key
        if key != self._highlighted:
            self._highlighted = key
            self.post_message(RowHighlighted(self, key))

    def action_up(self) -> None:
        self.move_to(self.cursor - 1)

    def action_down(self) -> None:
        self.move_to(self.cursor + 1)

    def action_page_up(self) -> None:
        self.move_to(self.cursor - max(1, self.rows_shown - 1))

    def action_page_down(self) -> None:
        self.move_to(self.cursor + max(1, self.rows_shown - 1))

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(self.count - 1)
