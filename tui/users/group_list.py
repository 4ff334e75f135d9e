"""Ticking groups in a list."""

from collections.abc import Collection, Mapping
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.text.content import plain
from tui.widgets.form import FieldTouched
from tui.widgets.reverse import KeepsReverse

MOST_LINES = 8

_BOXES = {True: "[x]", False: "[ ]", None: "[-]"}


class GroupList(KeepsReverse, OptionList):
    """All groups by name, each ticked or not. Posts `FieldTouched`.

    `value` is the set of the ticked names. Where the list stands for several users a group may
    also be one that only `some` belong to; that stays as it is until it is ticked or cleared.
    """

    HELP = "The groups. The arrow keys move; space or enter ticks a group, or takes the tick away."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "select", "Tick", show=False),
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
    ]

    DEFAULT_CSS = """
    GroupList {
        height: auto;
        max-height: 8;
        border: none;
        padding: 0 1;
        background: $surface;
        scrollbar-size-vertical: 1;
        &:focus { border: none; background: $panel; background-tint: $foreground 0%; }
        &:ansi { background: ansi_default; }
        &:nocolor > .option-list--option-highlighted { text-style: reverse; }
    }
    """

    def __init__(
        self,
        names: Collection[str],
        ticked: Collection[str],
        *,
        some: Mapping[str, str] | None = None,
        id: str | None = None,
    ) -> None:
        """`some` are the groups that only some belong to, with what is said behind the name."""
        self._some = dict(some or {})
        self._states: dict[str, bool | None] = {
            name: None if name in self._some else name in ticked
            for name in sorted({*names, *ticked}, key=str.casefold)
        }
        super().__init__(*(Option(self._label(name)) for name in self._states), markup=False, id=id)

    @property
    def value(self) -> frozenset[str]:
        """The names that are ticked."""
        return frozenset(name for name, state in self._states.items() if state)

    @value.setter
    def value(self, names: Collection[str]) -> None:
        for name in self._states:
            self._set(name, name in names)

    @property
    def cleared(self) -> frozenset[str]:
        """The names that are not ticked."""
        return frozenset(name for name, state in self._states.items() if state is False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        name = list(self._states)[event.option_index]
        self._set(name, not self._states[name])
        self.post_message(FieldTouched())

    def _set(self, name: str, state: bool) -> None:
        if self._states[name] is not state:
            self._states[name] = state
            self.replace_option_prompt_at_index(list(self._states).index(name), self._label(name))

    def _label(self, name: str) -> Content:
        state = self._states[name]
        note = self._some.get(name, "") if state is None else ""
        label = Content.assemble(_BOXES[state], " ", plain(name, width=44))
        return Content.assemble(label, "  ", plain(note).stylize("$text-muted")) if note else label
