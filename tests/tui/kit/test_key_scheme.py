"""One key, one meaning: in the table of actions, in every dialog, editor, list and menu."""

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import TextArea

import tui
from tests.tui.textual_private import keys_left_to
from tui.keys.registry import REGISTRY, display_key
from tui.keys.scheme import EXCEPTIONS, SCHEME, meaning_of
from tui.widgets.composer import MessageBox
from tui.widgets.inputs import TextBox, TextInput

CONSOLE = Path(__file__).parents[3] / "docs" / "console.md"


def own_keys() -> Iterator[tuple[str, str, str]]:
    """(class, key, action's name) of every key that a class of the program takes for itself."""
    textuals = set(Binding.make_bindings([*Screen.BINDINGS, *TextArea.BINDINGS]))  # tab and the like; writing
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        if module.name.startswith("tui.cli"):
            continue
        for kind in vars(importlib.import_module(module.name)).values():
            if not (isinstance(kind, type) and issubclass(kind, DOMNode) and kind.__module__ == module.name):
                continue
            for bound in Binding.make_bindings(vars(kind).get("BINDINGS", ())):
                if bound in textuals:
                    continue
                name = bound.action.partition("(")[0].rpartition(".")[2]
                yield kind.__name__, bound.key, name


def as_it_stands_in_the_docs() -> str:
    rows = ["| key | means |", "|---|---|"]
    for each in SCHEME:
        keys = [f"`{display_key(key)}`" for key in each.keys]
        shown = f"{keys[0]} … {keys[-1]}" if len(keys) > 3 else " ".join(keys)
        rows.append(f"| {shown} | {each.meaning} |")
    return "\n".join(rows)


def test_a_key_stands_once_in_the_scheme() -> None:
    counted = Counter(key for each in SCHEME for key in each.keys)
    assert [key for key, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("action", [action for action in REGISTRY if action.key], ids=lambda each: each.id)
def test_each_action_of_the_table_keeps_to_the_scheme(action) -> None:
    name = action.action.partition("(")[0].rpartition(".")[2]
    for key in action.key.split(","):
        found = meaning_of(key)
        assert found is not None, f"{key} has no meaning yet: put {action.id} into the scheme"
        assert name in found.does, f"{key} means {found.meaning!r}, and is not for {action.id}"


def test_each_key_of_a_dialog_or_a_list_keeps_to_the_scheme() -> None:
    found = sorted(set(own_keys()))
    assert len(found) > 100
    wrong = []
    for kind, key, name in found:
        meaning = meaning_of(key)
        if (kind, key) not in EXCEPTIONS and (meaning is None or name not in meaning.does):
            wrong.append(f"{kind}: {key} does {name}, and means {meaning.meaning if meaning else 'nothing'}")
    assert wrong == []


def test_no_exception_outlives_its_use() -> None:
    used = {(kind, key) for kind, key, _ in own_keys()}
    assert set(EXCEPTIONS) <= used
    assert all(EXCEPTIONS.values())


def test_no_meaning_outlives_its_use() -> None:
    used = {(key, name) for _, key, name in own_keys()}
    used |= {
        (key, action.action.partition("(")[0].rpartition(".")[2])
        for action in REGISTRY
        for key in action.key.split(",")
    }
    names = {name for _, name in used}
    assert [each.keys for each in SCHEME if not each.does <= names] == []
    assert [key for each in SCHEME for key in each.keys if key not in {key for key, _ in used}] == []


def test_the_docs_show_the_scheme() -> None:
    assert as_it_stands_in_the_docs() in CONSOLE.read_text("utf-8")


def test_what_is_typed_in_leaves_the_function_keys_to_the_screen() -> None:
    for control in (TextInput, TextBox, MessageBox):
        keys = keys_left_to(control)
        assert not [key for key in keys if re.fullmatch(r"f[0-9]+", key)]
        assert {"left", "right", "ctrl+u"} <= keys  # those for writing stay
