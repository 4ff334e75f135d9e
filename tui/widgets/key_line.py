"""The keys at the bottom of a screen, as many as fit: none is cut in the middle."""

from dataclasses import dataclass
from typing import Any

from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

KEPT = frozenset({"menu", "filter", "save", "send", "leave", "turn", "help", "command_palette"})
"""What is left out last, by the names of the actions."""

KEY = "bold $footer-key-foreground on $footer-key-background"
TITLE = "$footer-description-foreground on $footer-description-background"


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key, and what it does at this moment. `label` is as wide as it is on the screen."""

    key: str
    label: Content
    action: str
    can: bool
    tooltip: str

    @property
    def name(self) -> str:
        """The action without its place and its arguments."""
        return self.action.partition("(")[0].rpartition(".")[2]


class KeyLine(Widget, can_focus=False):
    """One widget for all keys; Textual's own makes a widget for each, anew whenever the focus moves.

    Where it is narrow the last keys are left out: the menu and the help have them all. A click on
    a key is the key.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyLine { dock: bottom; height: 1; color: $footer-foreground; background: $footer-background; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[ShownKey, ...] = ()

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def on_unmount(self) -> None:
        self.screen.bindings_updated_signal.unsubscribe(self)

    def _bindings_changed(self, screen: Screen[Any]) -> None:
        # Textual tells of every move of the focus; most change no key.
        if screen.app.app_focus and self.is_attached and (keys := self._wanted()) != self._keys:
            self._keys = keys
            self.refresh()

    def _wanted(self) -> tuple[ShownKey, ...]:
        found: dict[str, ShownKey] = {}
        for _, binding, can, tooltip in self.screen.active_bindings.values():
            if binding.show and binding.action not in found:
                label = self._label(self.app.get_key_display(binding), binding.description, can)
                said = tooltip or binding.description
                found[binding.action] = ShownKey(binding.key, label, binding.action, can, said)
        return tuple(found.values())

    @staticmethod
    def _label(key: str, title: str, can: bool) -> Content:
        dim = "" if can else " dim"
        return Content.assemble((key, KEY + dim), (f" {title}", TITLE + dim), " ")

    @property
    def fitting(self) -> tuple[ShownKey, ...]:
        """The keys that are shown."""
        keys = list(self._keys)
        # The last space may be beyond the edge.
        while len(keys) > 1 and sum(key.label.cell_length for key in keys) - 1 > self.size.width:
            less = [place for place, key in enumerate(keys) if key.name not in KEPT]
            del keys[less[-1] if less else -1]
        return tuple(keys)

    def key_at(self, x: int) -> ShownKey | None:
        """The key that stands in a column."""
        end = 0
        for key in self.fitting:
            end += key.label.cell_length
            if x < end:
                return key
        return None

    def render(self) -> Content:
        return Content.assemble(*(key.label for key in self.fitting)).rstrip()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        key = self.key_at(event.x)
        self.tooltip = key.tooltip if key else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        key = self.key_at(event.x)
        if key is not None and key.can:
            self.app.simulate_key(key.key)
        elif key is not None:
            self.app.bell()
