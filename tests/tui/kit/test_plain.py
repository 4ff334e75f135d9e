"""Outside text made safe."""

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from rich.cells import cell_len

from tests.tui.kit.hostile import HOSTILE, hostile_text
from tui.text.content import plain, plain_block
from tui.text.plain import MOST_COMBINING, editable_str, plain_str

HARMFUL = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def harmful(text: str) -> list[str]:
    return [hex(ord(char)) for char in text if unicodedata.category(char) in HARMFUL]


@given(hostile_text)
def test_nothing_that_acts_or_hides_is_left(text: str) -> None:
    safe = plain_str(text)
    assert harmful(safe) == []
    assert plain_str(safe) == safe
    safe.encode("utf-8")


@given(hostile_text)
def test_a_block_keeps_line_breaks_and_tabs_only(text: str) -> None:
    safe = plain_str(text, block=True)
    assert harmful(safe.replace("\n", "").replace("\t", "")) == []
    assert plain_str(safe, block=True) == safe


def test_every_character_that_acts_or_hides_is_replaced() -> None:
    every = (chr(code) for code in range(sys.maxunicode + 1))
    left = [
        hex(ord(char))
        for char in every
        if unicodedata.category(char) in HARMFUL and harmful(plain_str(f"a{char}"))
    ]
    assert left == []


def test_what_is_shown_instead() -> None:
    assert plain_str("\x1b[31m\x00\x7f") == "␛[31m␀␡"
    assert plain_str("a\u202eb\u200bc\x9bd\ud800") == "a�b�c�d�"
    assert plain_str("one\ntwo\r\nthree\tx") == "one⏎two⏎three x"
    assert plain_str("one\ntwo\r\nthree\tx", block=True) == "one\ntwo\nthree\tx"
    assert plain_str("Zoë 国际 👍 [red]") == "Zoë 国际 👍 [red]"


def test_marks_do_not_pile_up_nor_stand_alone() -> None:
    piled = plain_str("Z" + "\u0300" * 50)
    assert piled.count("\u0300") == MOST_COMBINING
    assert plain_str("\u0301x").startswith("◌")


@given(hostile_text)
def test_content_is_never_markup(text: str) -> None:
    for content in (plain(text), plain_block(text)):
        assert content.spans == []
    assert plain(text).plain == plain_str(text)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("width", [0, 1, 2, 7, 30])
def test_cut_to_a_width(text: str, width: int) -> None:
    content = plain(text, width=width)
    assert cell_len(content.plain) <= width
    if cell_len(plain_str(text)) > width > 0:
        assert content.plain.endswith("…")


def test_a_field_for_typing_keeps_joiners_and_shows_what_acts() -> None:
    family, persian = "👩‍👩‍👧", "می‌خواهم"
    assert editable_str(family) == family
    assert editable_str(persian) == persian
    assert editable_str("a\x1b[31m\u202eb\ud800") == "a␛[31m�b�"
    assert editable_str("a\nb") == "a⏎b"
    assert editable_str("a\r\nb", block=True) == "a\nb"


def test_the_command_line_gets_it_without_textual() -> None:
    code = "import sys, tui.text.plain; print([m for m in ('textual', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
