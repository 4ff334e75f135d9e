"""The console's actions by id and by place, with the keys that hold now."""

from collections.abc import Iterable, Iterator, Mapping

from textual.binding import Binding
from textual.keys import format_key

from tui.keys.action import Action
from tui.keys.table import ACTIONS

_SHOWN = {"escape": "esc", "pageup": "pgup", "pagedown": "pgdn", "delete": "del", "space": "space"}


def display_key(key: str) -> str:
    """A key as the footer, the help and the menus write it: `^s`, `?`, `⏎`."""
    *modifiers, base = key.strip().split("+")
    shown = _SHOWN.get(base) or format_key(base)
    caret = "^" if "ctrl" in modifiers else ""
    return "+".join([*(each for each in modifiers if each != "ctrl"), caret + shown])


class Registry:
    """The actions by id and by place, with the keys that hold now."""

    def __init__(self, actions: Iterable[Action] = ACTIONS) -> None:
        self._actions = {action.id: action for action in actions}
        self._keys: dict[str, str] = {}

    def __iter__(self) -> Iterator[Action]:
        return iter(self._actions.values())

    def __contains__(self, action_id: object) -> bool:
        return action_id in self._actions

    def __getitem__(self, action_id: str) -> Action:
        return self._actions[action_id]

    def get(self, action_id: str | None) -> Action | None:
        """The action with this id, or None."""
        return self._actions.get(action_id) if action_id else None

    def use(self, keys: Mapping[str, str]) -> None:
        """Let these keys (by action id) hold instead of the preset ones."""
        self._keys = dict(keys)

    def key_of(self, action_id: str) -> str:
        """The keys of an action, parted by commas; empty when it has none."""
        return self._keys.get(action_id, self._actions[action_id].key)

    def shown_keys(self, action_id: str) -> tuple[str, ...]:
        """The keys of an action as people read them."""
        return tuple(display_key(key) for key in self.key_of(action_id).split(",") if key)

    def in_place(self, place: str) -> tuple[Action, ...]:
        """The actions of one place, in the order of the table."""
        return tuple(action for action in self if action.place == place)

    def bindings(self, place: str) -> list[Binding]:
        """`BINDINGS` of a widget, screen or app that is this place.

        The preset keys are bound; `App.set_keymap` with the keys of the key file changes them
        by id.
        """
        return [
            Binding(
                key=action.key,
                action=action.action,
                description=action.title,
                show=action.footer,
                tooltip=action.description,
                id=action.id,
            )
            for action in self.in_place(place)
            if action.key
        ]


REGISTRY = Registry()
