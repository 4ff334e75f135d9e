"""The key file: which keys a person wants for which actions.

`keys.toml` in the data folder holds lines such as `"table.sort" = "b"`. A mistake in it is
reported and passed over; the console starts in any case.
"""

import difflib
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from textual.keys import KEY_NAME_REPLACEMENTS, Keys

from tui.keys.registry import REGISTRY, Registry
from tui.keys.table import SHARED_KEYS, STACKS
from tui.terminal.textual_private import key_of_character
from tui.text.plain import plain_str

# Older terminals send the same byte for both.
SAME_BYTE = {
    "ctrl+h": "backspace",
    "ctrl+i": "tab",
    "ctrl+j": "enter",
    "ctrl+m": "enter",
    "ctrl+left_square_bracket": "escape",
}
_MODIFIERS = {"ctrl", "shift", "alt", "super", "hyper", "meta"}
_NAMED = {key.value for key in Keys} | set(KEY_NAME_REPLACEMENTS.values()) | {"menu", "space"}


@dataclass(frozen=True)
class Keymap:
    """Keys by action id, for `App.set_keymap`, and one sentence for each thing wrong in the file."""

    keys: Mapping[str, str]
    problems: tuple[str, ...] = ()


def load_keymap(path: Path, registry: Registry = REGISTRY) -> Keymap:
    """Read the key file; a file that is not there is an empty one."""
    try:
        text = path.read_text("utf-8")
        wanted = dict(_flat(tomllib.loads(text)))
    except FileNotFoundError:
        return Keymap({})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return Keymap({}, (f"{path.name} cannot be read: {plain_str(str(error))}. The preset keys hold.",))
    return check_keymap(wanted, registry)


def check_keymap(wanted: Mapping[str, object], registry: Registry = REGISTRY) -> Keymap:
    """Those of the wanted keys that can hold together with all others, and what is wrong with the rest."""
    keys: dict[str, str] = {}
    problems: list[str] = []
    for action_id, value in wanted.items():
        try:
            keys[_known(action_id, registry)] = _checked(action_id, value)
        except ValueError as error:
            problems.append(str(error))
    # Undoing one change can only bring a preset key back, which may clash with another change.
    while clash := next(clashes(registry, keys), None):
        key, first, second = clash
        loser = second if second in keys else first
        problems.append(
            f"The key {key} is given to both {first} and {second}; {loser} keeps {registry[loser].key!r}."
        )
        del keys[loser]
    return Keymap(keys, tuple(problems))


def clashes(registry: Registry, keys: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """(key, action id, action id) wherever two actions would answer to one key in one place.

    Only pairs in which at least one key was changed are looked at, in the order of the table.
    """
    for stack in STACKS:
        taken: dict[str, str] = {}
        for action in (action for place in stack for action in registry.in_place(place)):
            for key in _split(keys.get(action.id, action.key)):
                other = taken.setdefault(key, action.id)
                if other == action.id or frozenset({other, action.id}) in SHARED_KEYS:
                    continue
                if other in keys or action.id in keys:
                    yield key, other, action.id


def preset_clashes(registry: Registry) -> list[tuple[str, str, str]]:
    """Clashes among the preset keys themselves: a mistake in the table."""
    return list(clashes(registry, {action.id: action.key for action in registry}))


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """`table.sort = …` without quotes is a nested table in TOML and means the same."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _known(action_id: str, registry: Registry) -> str:
    if action_id in registry:
        return action_id
    near = difflib.get_close_matches(action_id, [action.id for action in registry], n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise ValueError(f"There is no action {plain_str(action_id)!r}.{hint}")


def _checked(action_id: str, value: object) -> str:
    listed = value if isinstance(value, list) else [value]
    keys = [key for key in listed if isinstance(key, str)]
    if len(keys) < len(listed):
        raise ValueError(f"{action_id}: write a key in quotes, or several in square brackets.")
    names = [_key_name(action_id, part) for text in keys for part in _split_typed(text)]
    if not names:
        raise ValueError(f"{action_id}: no key is named.")
    return ",".join(names)


def _key_name(action_id: str, typed: str) -> str:
    *modifiers, base = typed.rsplit("+", 1) if len(typed) > 1 else [typed]
    prefix = [part for text in modifiers for part in text.lower().split("+")]
    base = key_of_character(base) if len(base) == 1 else base.lower()
    name = "+".join([*prefix, base])
    if not (set(prefix) <= _MODIFIERS and base.isprintable() and _is_key(base)):
        raise ValueError(f"{action_id}: there is no key {plain_str(typed)!r}.")
    if name in SAME_BYTE:
        raise ValueError(
            f"{action_id}: many terminals cannot tell {plain_str(typed)} from {SAME_BYTE[name]}."
        )
    return name


def _is_key(base: str) -> bool:
    if len(base) == 1 or base in _NAMED:
        return True
    try:
        unicodedata.lookup(base.replace("_", " "))
    except KeyError:
        return False
    return True


def _split(keys: str) -> list[str]:
    return [
        key_of_character(key.strip()) if len(key.strip()) == 1 else key.strip()
        for key in keys.split(",")
        if key.strip()
    ]


def _split_typed(text: str) -> list[str]:
    """A comma parts keys, except where it is the whole text and so is itself the key."""
    return [text] if len(text) == 1 else [part.strip() for part in text.split(",") if part.strip()]
