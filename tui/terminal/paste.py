"""Pastes as terminals send them: text whatever stands in it, with the line breaks of the text.

A terminal sends CR for a line break, with or without the marks of a bracketed paste. Textual's
parser reads escape sequences inside a paste as keys, which act at once: ctrl+s in a paste would
send. Here everything between the marks is text.
"""

import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from textual import events
from textual.message import Message

from storage.texts import line_breaks, without_controls
from tui.terminal.textual_private import XTermParser, awaits_more

START, END = "\x1b[200~", "\x1b[201~"
_DOUBLED = re.compile("\r+")


def pasted(text: str) -> str:
    """What was pasted, as text: line feeds for its line breaks, and nothing that a terminal obeys.

    Some terminals turn CR LF into CR CR. Where all breaks come in pairs they are taken for that.
    """
    runs = [len(run) for run in _DOUBLED.findall(text)]
    if runs and "\n" not in text and all(length % 2 == 0 for length in runs):
        text = text.replace("\r\r", "\r")
    return without_controls(line_breaks(text.replace("\f", "\n")))


def pasted_line(text: str, between: str = " ") -> str:
    """The same for a field of one line: its lines are joined, so that none of them is lost."""
    lines = (line.strip() for line in pasted(text).split("\n"))
    return between.join(line for line in lines if line)


class PasteParser(XTermParser):
    """Reads what a terminal sends; a bracketed paste becomes one `Paste`."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._held: str | None = None  # the paste so far, None outside of one
        self._begun = ""  # a beginning of START at the end of what was read last

    def feed(self, data: str) -> Iterable[Message]:
        if not data:  # the end of the input
            yield from super().feed(data)
            return
        while data:
            if self._held is not None:
                data = yield from self._inside(data)
            else:
                data = yield from self._outside(data)

    def _outside(self, data: str) -> Any:
        begun, self._begun = self._begun, ""
        if begun and (begun + data).startswith(START):
            # The base has the beginning of the mark already: it is given a paste without text.
            rest = START[len(begun) :]
            yield from self._but_empty(super().feed(rest + END))
            self._held = ""
            return data[len(rest) :]
        before, mark, after = data.partition(START)
        if not mark:
            self._begun = _beginning(begun + data) if len(begun + data) < len(START) else _beginning(data)
        if before:
            yield from super().feed(before)
        if mark:
            self._held = ""
        return after

    def _inside(self, data: str) -> Any:
        held = (self._held or "") + data
        # The end mark may have begun in what was held already.
        at = held.find(END, max(0, len(self._held or "") - len(END)))
        if at < 0:
            self._held = held
            return ""
        self._held = None
        yield events.Paste(pasted_raw(held[:at]))
        return held[at + len(END) :]

    def _but_empty(self, found: Iterable[Message]) -> Iterable[Message]:
        return (each for each in found if not (isinstance(each, events.Paste) and not each.text))

    def tick(self) -> Iterable[Message]:
        waited = awaits_more(self)
        yield from super().tick()
        if waited and not awaits_more(self):
            self._begun = ""  # the escape was a key


def pasted_raw(text: str) -> str:
    """NUL never stands in a paste; all else is for the field to judge."""
    return text.replace("\x00", "")


def _beginning(data: str) -> str:
    """The longest end of the data that START begins with."""
    return next((START[:size] for size in range(len(START) - 1, 0, -1) if data.endswith(START[:size])), "")


def install() -> None:
    """Have Textual's drivers read with it. They name their parser themselves, in their own modules."""
    for name in ("linux_driver", "web_driver"):
        try:
            driver: Any = import_module(f"textual.drivers.{name}")
        except ImportError:  # no termios: there is no such terminal here
            continue
        driver.XTermParser = PasteParser
