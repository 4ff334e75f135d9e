"""The keys at the bottom of the screen, as many as fit: none is cut in the middle."""

from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from tui.widgets.steady_footer import SteadyFooter

KEPT = frozenset(
    {
        "menu", "filter", "help", "app.help", "command_palette", "app.command_palette",
        "save", "send", "leave", "turn", "turn(1)",
    }
)  # fmt: skip


class FittingFooter(SteadyFooter):
    """Where it is narrow the last keys are left out but those kept: the menu and the help have them all."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
        self._room = 0
        self._keys: list[tuple[str, str, str, bool]] = []

    def bindings_changed(self, screen: Screen[Any]) -> None:
        """Textual tells of every move of the focus, and under a dialog draws the whole screen for it."""
        active = self.screen.active_bindings.values()
        keys = [(each.key, each.description, each.action, can) for _, each, can, _ in active if each.show]
        if not self._bindings_ready or keys != self._keys:
            if screen.app.app_focus:
                self._keys = keys
            super().bindings_changed(screen)

    def compose(self) -> ComposeResult:
        keys = list(super().compose())
        while len(keys) > 1 and sum(map(_cells, keys)) > self.size.width:
            less = [place for place, key in enumerate(keys) if getattr(key, "action", "") not in KEPT]
            del keys[less[-1] if less else -1]
        yield from keys

    def what_shows(self) -> tuple[object, ...]:
        return self.size.width, super().what_shows()

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width != self._room:
            self._room = event.size.width
            self.call_after_refresh(self.recompose)


def _cells(key: Widget) -> int:
    shown = f"{getattr(key, 'key_display', '')} {getattr(key, 'description', '')}"
    return len(shown) + 1
