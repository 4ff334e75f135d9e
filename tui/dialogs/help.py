"""Help for what has the focus: what it is, and every key that works there now."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen

from tui.keys.registry import REGISTRY, display_key
from tui.text.content import plain_block
from tui.widgets.key_line import KeyLine
from tui.widgets.steady_text import SteadyText

_OTHER = "more"
_KEY_CELLS = 18
_TITLE_CELLS = 18


@dataclass(frozen=True)
class KeyRow:
    """A line of the table: the keys, what they do in a word, and in a sentence."""

    area: str
    keys: tuple[str, ...]
    title: str
    description: str


def help_text(node: DOMNode) -> str:
    """The `HELP` of the node, or of the nearest one around it that has one."""
    for each in node.ancestors_with_self:
        text = getattr(each, "HELP", None)
        if text:
            return str(text)
    return "Press a key from the list below, or ctrl+p to find a command by its name."


def key_rows(screen: "Screen[Any]") -> list[KeyRow]:
    """The keys that work on the screen now, those of one action together, in the order of the table."""
    found: dict[str, list[str]] = {}
    others: dict[tuple[str, str], list[str]] = {}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if not active.enabled:
            continue
        if REGISTRY.get(binding.id):
            found.setdefault(str(binding.id), []).append(display_key(key))
        elif binding.description and not binding.system:
            others.setdefault((binding.description, binding.tooltip), []).append(display_key(key))
    rows = [
        KeyRow(action.area, tuple(found[action.id]), action.title, action.description)
        for action in REGISTRY
        if action.id in found
    ]
    return rows + [KeyRow(_OTHER, tuple(keys), title, tip) for (title, tip), keys in others.items()]


class HelpScreen(Screen[None]):
    """What the focused part is for, and its keys. Any of the help keys or escape closes it."""

    HELP = "This is the help. The arrow keys scroll, escape closes it."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "close", "Close", key_display="esc")
    ]

    DEFAULT_CSS = """
    HelpScreen {
        align-horizontal: center;
        background: $background;
        & VerticalScroll { width: 100%; max-width: 100; padding: 1 2; scrollbar-size-vertical: 1; }
        & Static { height: auto; width: 100%; }
        & .help--area { color: $text-accent; text-style: bold; padding: 1 0 0 0; }
    }
    """

    def __init__(self, text: str, rows: list[KeyRow]) -> None:
        super().__init__()
        self.text, self.rows = text, rows

    @classmethod
    def for_focus(cls, screen: "Screen[Any]") -> "HelpScreen":
        """The help for what has the focus on a screen."""
        return cls(help_text(screen.focused or screen), key_rows(screen))

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield SteadyText(plain_block(self.text))
            for area in dict.fromkeys(row.area for row in self.rows):
                yield SteadyText(Content(area.capitalize()), classes="help--area")
                yield SteadyText(Content("\n").join(_lines(self.rows, area)))
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_close(self) -> None:
        self.dismiss(None)


def _lines(rows: list[KeyRow], area: str) -> Iterator[Content]:
    for row in rows:
        if row.area == area:
            keys = Content("  ".join(row.keys)).truncate(_KEY_CELLS, ellipsis=True, pad=True)
            title = Content(row.title)
            if row.description:
                title = title.truncate(_TITLE_CELLS, ellipsis=True, pad=True)
            yield Content.assemble(keys.stylize("bold"), " ", title, " ", (row.description, "$text-muted"))
