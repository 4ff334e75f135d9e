"""The table of actions and the key file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.kit.app import KitApp, shown, until
from tests.tui.kit.hostile import hostile_text
from tests.tui.kit.sources import COLUMNS, KeySource
from tui.keys.key_map import SAME_BYTE, check_keymap, clashes, load_keymap, preset_clashes
from tui.keys.registry import REGISTRY, display_key
from tui.widgets.paged_table import PagedTable


def test_the_preset_keys_hold_together() -> None:
    assert preset_clashes(REGISTRY) == []
    keys = {key for action in REGISTRY for key in action.key.split(",")}
    assert not keys & set(SAME_BYTE)


def test_every_action_says_what_it_does() -> None:
    for action in REGISTRY:
        assert action.title
        assert action.description
        assert action.label == f"{action.area}: {action.title}"
        assert REGISTRY[action.id] is action


def test_bindings_come_from_the_table() -> None:
    bindings = {binding.id: binding for binding in REGISTRY.bindings("table")}
    assert bindings["table.menu"].key == "m,menu,shift+f10"
    assert bindings["table.menu"].show is True
    assert bindings["table.mark"].show is False
    assert "app.theme" not in {binding.id for binding in REGISTRY.bindings("app")}


def test_keys_as_people_read_them() -> None:
    shown_keys = [display_key(key) for key in ("ctrl+s", "question_mark", "slash", "enter", "S", "shift+f10")]
    assert shown_keys == ["^s", "?", "/", "⏎", "S", "shift+f10"]


def test_a_key_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    assert load_keymap(path).problems == ()
    path.write_text(
        '"table.sort" = "f6"\ntable.mark = ["F10", "insert"]\n[main]\nfilter = "ctrl+f"\n', "utf-8"
    )
    keymap = load_keymap(path)
    assert keymap.problems == ()
    assert keymap.keys == {"table.sort": "f6", "table.mark": "f10,insert", "main.filter": "ctrl+f"}


@pytest.mark.parametrize("content", [b"table.sort = o", b"\xff\xfe", b"[[[", b'a = "\x00"'])
def test_a_key_file_that_cannot_be_read_is_one_problem(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.toml"
    path.write_bytes(content)
    keymap = load_keymap(path)
    assert keymap.keys == {}
    assert len(keymap.problems) == 1
    assert "keys.toml cannot be read" in keymap.problems[0]
    assert load_keymap(tmp_path).problems


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ({"table.srt": "o"}, "There is no action 'table.srt'. Did you mean table.sort?"),
        ({"table.sort": "ctrl+blah"}, "table.sort: there is no key 'ctrl+blah'."),
        ({"table.sort": "hyped+x"}, "table.sort: there is no key 'hyped+x'."),
        ({"table.sort": "ctrl+h"}, "table.sort: many terminals cannot tell ctrl+h from backspace."),
        ({"table.sort": "ctrl+["}, "table.sort: many terminals cannot tell ctrl+[ from escape."),
        ({"table.sort": 5}, "table.sort: write a key in quotes, or several in square brackets."),
        ({"table.sort": ["o", None]}, "table.sort: write a key in quotes, or several in square brackets."),
        ({"table.sort": []}, "table.sort: no key is named."),
        ({"table.sort": ""}, "table.sort: no key is named."),
        ({"table.sort": "?"}, "The key question_mark is given to both table.sort and app.help"),
        ({"table.sort": "f6", "table.mark": "f6"}, "The key f6 is given to both"),
        ({"users.new": "space"}, "The key space is given to both table.mark and users.new"),
    ],
)
def test_a_mistake_is_reported_and_passed_over(wanted: dict[str, object], problem: str) -> None:
    keymap = check_keymap({**wanted, "panel.live": "f9"})
    assert [sentence for sentence in keymap.problems if sentence.startswith(problem)]
    assert len(keymap.problems) == 1
    assert keymap.keys["panel.live"] == "f9"


def test_two_actions_may_change_keys_and_different_places_may_share_one() -> None:
    assert check_keymap({"table.sort": "m", "table.menu": "s"}).problems == ()
    assert check_keymap({"users.new": "f6", "handlers.new": "f6"}).problems == ()


@given(
    st.dictionaries(
        st.sampled_from([action.id for action in REGISTRY]), hostile_text | st.sampled_from("nmsd?/o,")
    )
)
def test_whatever_the_file_says_no_key_is_given_twice(wanted: dict[str, object]) -> None:
    keymap = check_keymap(wanted)
    assert list(clashes(REGISTRY, keymap.keys)) == []
    assert all(sentence.isprintable() for sentence in keymap.problems)


async def test_a_changed_key_works_and_the_preset_one_no_longer() -> None:
    table = PagedTable(COLUMNS, KeySource(range(10)))
    app = KitApp(table)
    async with shown(app) as pilot:
        await until(pilot, lambda: table.is_read)
        app.set_keymap(check_keymap({"table.mark": "f6"}).keys)
        await pilot.press("space")
        assert table.marked == ()
        await pilot.press("f6")
        assert table.marked == (0,)
