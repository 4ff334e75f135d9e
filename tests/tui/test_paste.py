"""Pastes: what a terminal sends for them, parsed as it comes, and what stands in the field."""

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.drivers import linux_driver, web_driver
from textual.message import Message

from tests.tui.kit.app import KitApp, shown, until
from tui.terminal.paste import END, START, PasteParser, pasted, pasted_line
from tui.widgets.composer import Composer
from tui.widgets.inputs import TextBox, TextInput


def read(*chunks: str) -> list[tuple[str, str]]:
    """The keys and pastes in what comes in these pieces."""
    parser, found = PasteParser(), list[Message]()
    for chunk in chunks:
        found += parser.feed(chunk)
    return [
        ("paste", each.text) if isinstance(each, events.Paste) else ("key", getattr(each, "key", repr(each)))
        for each in found
    ]


HOSTILE = "x\x1b[31mred\x1b[0m\ry\x13\x1b[A\x1b[<0;1;1M\x1b]52;c;aGk=\x07\x1b[200~z\x1b[20"


@given(st.lists(st.integers(0, 140), max_size=6).map(sorted))
def test_a_paste_is_one_text_however_it_is_cut(cuts: list[int]) -> None:
    data = f"a{START}{HOSTILE}{END}b\x1b[A{START}{END}{START}2{END}"
    edges = [0, *(cut for cut in cuts if cut < len(data)), len(data)]
    chunks = [data[first:last] for first, last in pairwise(edges) if first < last]
    assert read(*chunks) == [
        ("key", "a"), ("paste", HOSTILE), ("key", "b"), ("key", "up"), ("paste", ""), ("paste", "2"),
    ]  # fmt: skip


def test_keys_are_read_as_before() -> None:
    assert read("a", "\x1b[A", "\x1b", "[B", "\x1b[3~", "\r", "\x1b[2~", "\x1b[20~") == [
        ("key", key) for key in ("a", "up", "down", "delete", "enter", "insert", "f9")
    ]


def test_the_drivers_read_with_it() -> None:
    import tui.console.app  # noqa: F401  (installs it)

    assert linux_driver.XTermParser is PasteParser and web_driver.XTermParser is PasteParser  # type: ignore[comparison-overlap]


@pytest.mark.parametrize(
    ("sent", "text", "line"),
    [
        ("one\rtwo", "one\ntwo", "one two"),
        ("one\r\ntwo\r\n", "one\ntwo\n", "one two"),
        ("one\r\rtwo\r\rthree", "one\ntwo\nthree", "one two three"),  # CR LF, each made CR
        ("one\r\rtwo\rthree", "one\n\ntwo\nthree", "one two three"),  # an empty line
        ("one\n\ntwo", "one\n\ntwo", "one two"),
        ("one\vtwo\u2028three\ffour", "one\ntwo\nthree\nfour", "one two three four"),
        ("\x1b[31mred\x1b[0m\x1b]0;x\x07!", "red!", "red!"),
        ("a\x00b\x08c\x9b1md", "abcd", "abcd"),
        ("", "", ""),
        ("\r", "\n", ""),
    ],
)
def test_what_was_pasted(sent: str, text: str, line: str) -> None:
    assert pasted(sent) == text and pasted(text) == text
    assert pasted_line(sent) == line
    assert pasted_line(sent, "") == line.replace(" ", "")


@given(st.text())
def test_nothing_that_is_pasted_puts_a_control_into_a_field(text: str) -> None:
    for found in (pasted(text), pasted_line(text)):
        assert not set(found) & {*map(chr, range(9)), "\r", "\x0b", "\x0c", "\x1b", "\x7f", "\x9b"}
    assert "\n" not in pasted_line(text)


@pytest.mark.parametrize("make", [Composer, TextBox])
async def test_every_box_of_several_lines_takes_the_breaks_of_a_terminal(make: Any) -> None:
    widget = make()
    app = KitApp(widget)
    async with shown(app) as pilot:
        (widget.focus_text if isinstance(widget, Composer) else widget.focus)()
        await until(pilot, lambda: isinstance(app.focused, TextBox))
        for text in read_as_events(f"{START}PUMP 2\r\x1b[1mstopped\x1b[0m\rat 03:00{END}"):
            app.post_message(text)
        await until(pilot, lambda: widget.text)
        assert widget.text == "PUMP 2\nstopped\nat 03:00"
        await pilot.press("enter", "x")
        assert widget.text.endswith("03:00\nx")


async def test_a_line_takes_all_lines_and_a_secret_is_put_together() -> None:
    name, secret = TextInput(), TextInput(password=True)
    app = KitApp(name, secret)
    async with shown(app) as pilot:
        name.focus()
        await until(pilot, lambda: name.has_focus)
        app.post_message(events.Paste("Joe\r\x1b[1mHart\r"))
        await until(pilot, lambda: name.value)
        secret.focus()
        await until(pilot, lambda: secret.has_focus)
        app.post_message(events.Paste("c2VjcmV0\rLWtleQ==\r"))
        await until(pilot, lambda: secret.value)
        assert (name.value, secret.value) == ("Joe Hart", "c2VjcmV0LWtleQ==")


def read_as_events(data: str) -> list[Any]:
    return list(PasteParser().feed(data))


PROGRAM = """
import sys
from tui.terminal import paste
from textual.app import App
from tui.widgets.inputs import TextBox
paste.install()

class Shown(App[str]):
    def compose(self):
        yield TextBox()
    def on_text_area_changed(self, event):
        if event.text_area.text.endswith("END"):
            self.exit(event.text_area.text)

open(sys.argv[1], "w").write(repr(Shown().run()))
"""


def test_on_a_real_terminal(tmp_path: Path) -> None:
    from tests.processes.terminal import Terminal

    program, found = tmp_path / "shown.py", tmp_path / "found"
    program.write_text(PROGRAM)
    root = str(Path(__file__).parents[2])
    with_path = f"import sys; sys.path.insert(0, {root!r}); sys.argv = [{str(program)!r}, {str(found)!r}]"
    code = f"{with_path}; exec(open({str(program)!r}).read())"
    terminal = Terminal([sys.executable, "-c", code])
    try:
        terminal.shows("\x1b[?2004h")
        terminal.press(f"{START}one\rtwo\x13 \x1b[31mthree\r")
        terminal.press(f"four{END}END")
        terminal.ends()
    finally:
        terminal.close()
    assert found.read_text() == repr("one\ntwo three\nfourEND")
