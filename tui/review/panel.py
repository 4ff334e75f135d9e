"""The live review: entries as they happen, under every section."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Size, clamp
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from tui.keys.registry import REGISTRY
from tui.review.lines import PROBLEMS, ReviewLine, review_content, short_time
from tui.widgets.content_strip import content_strip
from tui.widgets.reverse import KeepsReverse

__all__ = ["ReviewLine", "ReviewPanel"]

FLUSH_SECONDS = 0.25
MOST_LINES = 1000
_TITLE_LINES = 1


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ReviewPanel(KeepsReverse, ScrollView, can_focus=True):
    """A log that follows its end until someone scrolls up, and then says how many entries wait.

    `append` gathers entries; one timer puts them on the screen every quarter of a second, so a
    burst costs one redraw. Only the newest entries are kept.
    """

    HELP = """\
The live review: what happens, as it happens, whichever process does it. It follows the newest \
entry. Scrolling up stops that, and the title then says how many new entries wait; End goes to \
them and follows again. Enter opens the entry under the cursor. l stops and starts following, p \
shows all entries or only problems (warnings, errors, retries, failures, unknown outcomes)."""

    PLACE = "panel"

    BINDINGS: ClassVar[list[BindingType]] = [*REGISTRY.bindings("panel")]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "review--title",
        "review--rule",
        "review--waiting",
        "review--cursor",
    }

    DEFAULT_CSS = """
    ReviewPanel {
        height: 8;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        background: $background;
        color: $foreground;
        & > .review--rule { color: $border-blurred; }
        & > .review--title { color: $text-muted; }
        &:focus > .review--title { color: $text-accent; text-style: bold; }
        & > .review--waiting { color: $text-warning; text-style: bold; }
        & > .review--cursor { background: $block-cursor-background; }
        &:ansi > .review--cursor { text-style: reverse; background: ansi_default; }
        &:nocolor > .review--cursor { text-style: reverse; }
    }
    """

    ALLOW_SELECT = False

    following: reactive[bool] = reactive(True)
    """Whether the newest entry is kept in sight."""

    only_problems: reactive[bool] = reactive(False)
    """Whether entries that only inform are left out."""

    class EntryChosen(Message):
        """Enter or a double click on an entry."""

        def __init__(self, panel: "ReviewPanel", entry_id: int) -> None:
            super().__init__()
            self.panel, self.entry_id = panel, entry_id

        @property
        def control(self) -> "ReviewPanel":
            return self.panel

    class Arrived(Message):
        """Post this to the panel from any thread to append entries."""

        def __init__(self, lines: Sequence[ReviewLine]) -> None:
            super().__init__()
            self.lines = lines

    def __init__(
        self,
        *,
        zone: tzinfo | None = None,
        now: Callable[[], datetime] = _utc_now,
        most_lines: int = MOST_LINES,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Times are shown in `zone` (None: the machine's); `now` decides what is today."""
        super().__init__(id=id, classes=classes)
        self._zone, self._now = zone, now
        self._gathered: deque[ReviewLine] = deque(maxlen=most_lines)
        self._lines: deque[ReviewLine] = deque(maxlen=most_lines)
        self._shown: list[ReviewLine] = []
        self._waiting = 0
        self._cursor_id: int | None = None
        self._timer: Timer | None = None
        self._strips: LRUCache[tuple[int, bool], Strip] = LRUCache(256)

    # Entries

    @property
    def shown(self) -> Sequence[ReviewLine]:
        """The entries that can be scrolled to, oldest first."""
        return tuple(self._shown)

    @property
    def waiting(self) -> int:
        """New entries since following stopped."""
        return self._waiting

    def append(self, lines: Iterable[ReviewLine]) -> None:
        """Add entries, oldest first; they are on the screen within a quarter of a second."""
        self._gathered.extend(lines)
        if self._timer:
            self._timer.resume()

    def clear(self) -> None:
        """Forget every entry."""
        self._gathered.clear()
        self._lines.clear()
        self._waiting, self._cursor_id = 0, None
        self._choose_shown()

    def on_review_panel_arrived(self, event: Arrived) -> None:
        event.stop()
        self.append(event.lines)

    def on_mount(self) -> None:
        self._timer = self.set_interval(FLUSH_SECONDS, self._flush, pause=not self._gathered)

    def _flush(self) -> None:
        if self._timer:
            self._timer.pause()
        if not self._gathered:
            return
        new = list(self._gathered)
        self._gathered.clear()
        self._lines.extend(new)
        if not self.following:
            self._waiting += sum(map(self._is_wanted, new))
        self._choose_shown()

    def _is_wanted(self, line: ReviewLine) -> bool:
        return not self.only_problems or line.kind in PROBLEMS

    def _choose_shown(self) -> None:
        """Take over what is kept; the entries in sight stay on their lines unless we follow."""
        top = self.scroll_offset.y
        top_id = self._shown[top].id if top < len(self._shown) else None
        self._shown = [line for line in self._lines if self._is_wanted(line)]
        self._strips.clear()
        self._set_height()
        if self.following:
            self._to_end()
        elif top_id is not None:
            self.scroll_to(y=self._index_of(top_id), animate=False, force=True)
        self.refresh()

    def _index_of(self, entry_id: int) -> int:
        """Where this entry is, or the first one kept after it."""
        return next((index for index, line in enumerate(self._shown) if line.id >= entry_id), 0)

    def _set_height(self) -> None:
        self.virtual_size = Size(self.scrollable_size.width, len(self._shown) + _TITLE_LINES)

    @property
    def _rows(self) -> int:
        return max(0, self.scrollable_size.height - _TITLE_LINES)

    # Following

    def _to_end(self) -> None:
        self._waiting = 0
        self._cursor_id = self._shown[-1].id if self._shown else None
        self.scroll_to(y=max(0, len(self._shown) - self._rows), animate=False, force=True)

    def watch_following(self, following: bool) -> None:
        if following and self.is_mounted:
            self._to_end()
        self.refresh()

    def watch_only_problems(self) -> None:
        if self.is_mounted:
            self._choose_shown()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        at_end = round(new_value) >= len(self._shown) - self._rows
        if new_value < old_value and not at_end:
            self.following = False

    def watch_show_vertical_scrollbar(self, shown: bool) -> None:
        if shown:  # it was scrolled before there was a bar to tell where to
            self.vertical_scrollbar.position = self.scroll_y

    def on_mouse_scroll_down(self) -> None:
        self.call_after_refresh(self._follow_at_end)

    def _follow_at_end(self) -> None:
        if self.is_vertical_scroll_end:
            self.following = True

    # Drawing

    def on_resize(self) -> None:
        self._strips.clear()
        self._set_height()
        if self.following:
            self._to_end()

    def on_focus(self) -> None:
        self._strips.clear()

    on_blur = on_focus

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_size.width
        if y == 0:
            return self._title_strip(width)
        index = self.scroll_offset.y + y - _TITLE_LINES
        if index >= len(self._shown):
            return Strip.blank(width, self.visual_style.rich_style)
        line = self._shown[index]
        cursor = self.has_focus and line.id == self._cursor_id
        strip = self._strips.get((line.id, cursor))
        if strip is None:
            content = review_content(line, self._now(), width - 1, self._zone)
            style = self.get_visual_style(*(["review--cursor"] if cursor else []))
            strip = content_strip(content, width, style, self.app.stylesheet.parse_style)
            self._strips[line.id, cursor] = strip
        return strip

    def _title_strip(self, width: int) -> Strip:
        title = self.get_visual_style("review--title")
        rule = self.get_visual_style("review--rule")
        live = ("● live", title) if self.following else ("‖ held", title)
        if self._waiting:
            plural = "entry" if self._waiting == 1 else "entries"
            live = (f"{self._waiting} new {plural}: press End", self.get_visual_style("review--waiting"))
        right = Content.assemble(
            (" ", rule),
            live,
            (" ── ", rule),
            ("problems" if self.only_problems else "all", title),
            (" ──", rule),
        )
        left = Content.assemble(("── ", rule), ("Review", title), (" ", rule))
        fill = "─" * max(0, width - left.cell_length - right.cell_length)
        content = Content.assemble(left, (fill, rule), right)
        return content_strip(content[1:], width, self.visual_style, self.app.stylesheet.parse_style)

    # The cursor

    @property
    def cursor(self) -> int:
        """The index of the entry under the cursor."""
        return 0 if self._cursor_id is None else self._index_of(self._cursor_id)

    @property
    def cursor_line(self) -> ReviewLine | None:
        """The entry under the cursor."""
        return self._shown[self.cursor] if self._shown else None

    def _move_to(self, index: int) -> None:
        if not self._shown:
            return
        index = clamp(index, 0, len(self._shown) - 1)
        self.following = index == len(self._shown) - 1
        self._cursor_id = self._shown[index].id
        top = self.scroll_offset.y
        if not top <= index < top + self._rows:
            self.scroll_to(y=index if index < top else index - self._rows + 1, animate=False, force=True)
        self.refresh()

    def action_up(self) -> None:
        self._move_to(self.cursor - 1)

    def action_down(self) -> None:
        self._move_to(self.cursor + 1)

    def action_page_up(self) -> None:
        self._move_to(self.cursor - max(1, self._rows - 1))

    def action_page_down(self) -> None:
        self._move_to(self.cursor + max(1, self._rows - 1))

    def action_first(self) -> None:
        self._move_to(0)

    def action_last(self) -> None:
        self.following = True
        self._to_end()
        self.refresh()

    def action_live(self) -> None:
        self.following = not self.following

    def action_all(self) -> None:
        self.only_problems = not self.only_problems

    def action_choose(self) -> None:
        if line := self.cursor_line:
            self.post_message(self.EntryChosen(self, line.id))

    def action_copy(self) -> None:
        """Copy the entry under the cursor (OSC 52: it works over SSH)."""
        if line := self.cursor_line:
            time = short_time(line.at, self._now(), self._zone)
            self.app.copy_to_clipboard(f"{time} {line.category} {line.text}")
            self.notify("Entry copied.")

    def on_click(self, event: events.Click) -> None:
        index = self.scroll_offset.y + event.y - _TITLE_LINES
        if event.y >= _TITLE_LINES and index < len(self._shown):
            self._move_to(index)
            if event.chain == 2:
                self.action_choose()
        elif event.y == 0:
            self._click_title(event.x)

    def _click_title(self, x: int) -> None:
        switch = len("problems" if self.only_problems else "all") + len(" ──")
        if x >= self.scrollable_size.width - switch - 1:
            self.action_all()
        elif x > self.scrollable_size.width // 3:
            self.action_live()
