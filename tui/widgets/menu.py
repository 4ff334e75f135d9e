"""A menu that floats over the screen, opened by a right click or the menu key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Offset
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.text.content import plain
from tui.widgets.reverse import KeepsReverse


@dataclass(frozen=True)
class MenuItem:
    """One line: the id it answers with, its title (outside text is made plain) and a key to remember.

    An item that is not `enabled` is shown greyed. `parted` draws a line above it.
    """

    id: str
    title: str
    key: str = ""
    enabled: bool = True
    parted: bool = False


class ContextMenu(KeepsReverse, OptionList):
    """What can be done with the records under the cursor. Closes on escape and when it loses the focus."""

    HELP = "A menu. The arrow keys choose, enter does it, escape closes the menu."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,m,menu", "close", "Close", show=False),
        Binding("k", "cursor_up", show=False),
        Binding("j", "cursor_down", show=False),
    ]

    DEFAULT_CSS = """
    ContextMenu {
        overlay: screen;
        position: absolute;
        constrain: inside inside;
        width: auto;
        min-width: 18;
        max-width: 60;
        height: auto;
        max-height: 16;
        padding: 0 1;
        border: round $border;
        background: $surface;
        &:focus { border: round $border; background-tint: $foreground 0%; }
        &:ansi { background: ansi_default; }
        &:nocolor > .option-list--option-highlighted { text-style: reverse; }
    }
    """

    class Chosen(Message):
        """An item was chosen for these records."""

        def __init__(self, menu: "ContextMenu", action_id: str, keys: tuple[int, ...]) -> None:
            super().__init__()
            self.menu, self.action_id, self.keys = menu, action_id, keys

        @property
        def control(self) -> "ContextMenu":
            return self.menu

    def __init__(self, items: Sequence[MenuItem], *, keys: tuple[int, ...] = (), title: str = "") -> None:
        super().__init__(*_options(items), markup=False)
        self.keys = keys
        self.border_title = plain(title, width=40)
        self._opener: Widget | None = None
        self._is_done = False

    @classmethod
    def open(
        cls,
        screen: Screen[Any],
        items: Sequence[MenuItem],
        at: tuple[int, int],
        *,
        keys: tuple[int, ...] = (),
        title: str = "",
    ) -> "ContextMenu":
        """Show the menu with its corner at a cell of the screen, moved so far that it is all in sight.

        Messages go to the widget that had the focus and so to whatever is around it; that widget
        has the focus again when the menu closes.
        """
        menu = cls(items, keys=keys, title=title)
        menu._opener = screen.focused
        menu.styles.offset = Offset(*at)
        screen.mount(menu)
        menu.focus()
        return menu

    def on_mount(self) -> None:
        self.highlighted = next(
            (index for index, option in enumerate(self.options) if not option.disabled), None
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        target = self._opener if self._opener and self._opener.is_attached else self.screen
        self.action_close()
        if event.option_id:
            target.post_message(self.Chosen(self, event.option_id, self.keys))

    def on_blur(self) -> None:
        self.action_close()

    def action_close(self) -> None:
        """Close without choosing."""
        if self._is_done:
            return
        self._is_done = True
        if self._opener and self._opener.is_attached and self.has_focus:
            self._opener.focus()
        self.remove()


def _options(items: Sequence[MenuItem]) -> list[Option | None]:
    titles = [plain(item.title, width=44) for item in items]
    widest = max((title.cell_length for title in titles), default=0)
    options: list[Option | None] = []
    for item, title in zip(items, titles, strict=True):
        if item.parted:
            options.append(None)
        prompt = title.pad_right(widest - title.cell_length)
        if item.key:
            prompt = Content.assemble(prompt, "  ", (item.key, "$text-muted"))
        options.append(Option(prompt, id=item.id, disabled=not item.enabled))
    return options
