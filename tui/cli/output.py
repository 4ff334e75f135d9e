"""What a command prints: lines for people made safe for the terminal, or JSON for programs."""

import json
import os
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tui.cli import table
from tui.text.plain import plain_str

# What JSON leaves as it is although a terminal may obey or hide it: C1 controls, format and
# bidirectional characters, line separators, lone surrogates, noncharacters.
_UNSAFE = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\U000e0000-\U000e0fff]"
)


def say(text: str) -> None:
    """A line on standard output. Outside text in it shows as one line and cannot steer the terminal."""
    print(plain_str(text))


def say_block(text: str) -> None:
    """Several lines on standard output, safe as `say` is; the text ends its last line itself."""
    print(plain_str(text, block=True), end="", flush=True)


def progress(text: str, end: str) -> None:
    """A line on standard error that the next one takes the place of (`end` is a carriage return)."""
    print(plain_str(text), end=end, file=sys.stderr, flush=True)


def note_block(text: str) -> None:
    """Several lines on standard error, safe as `say` is."""
    print(plain_str(text, block=True), end="", file=sys.stderr, flush=True)


def note(text: str) -> None:
    """A line on standard error, beside what the command prints."""
    print(plain_str(text), file=sys.stderr, flush=True)


def json_line(value: Mapping[str, Any]) -> str:
    """One JSON object on one line, readable and safe to show in a terminal."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return _UNSAFE.sub(_escaped, json.dumps(value, ensure_ascii=not utf8))


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    return f"\\u{0xD800 + ((code - 0x10000) >> 10):04x}\\u{0xDC00 + ((code - 0x10000) & 0x3FF):04x}"


def emit(value: Mapping[str, Any]) -> None:
    """A JSON object on standard output."""
    print(json_line(value))


def emit_all(values: Iterable[Mapping[str, Any]]) -> None:
    for value in values:
        emit(value)


def show_table(headers: Sequence[str], rows: Iterable[Sequence[object]], right: Collection[int] = ()) -> None:
    """A listing in columns. Headers and cells are made plain here; None shows as a dash."""
    safe = [["–" if cell is None else plain_str(str(cell)) for cell in row] for row in rows]
    for line in table.lines([plain_str(header) for header in headers], safe, right):
        print(line)


def show_facts(pairs: Iterable[tuple[str, object]]) -> None:
    """One thing in full; what is None or empty is left out."""
    safe = [(plain_str(name), "" if value is None else plain_str(str(value))) for name, value in pairs]
    for line in table.facts(safe):
        print(line)


def local_time(at: datetime | None, *, seconds: bool = True) -> str | None:
    """A moment as a person here reads it: local, with the date where it is not today."""
    if at is None:
        return None
    here, today = at.astimezone(), datetime.now().astimezone().date()
    clock = "%H:%M:%S" if seconds else "%H:%M"
    return here.strftime(clock if here.date() == today else f"%Y-%m-%d {clock}")


def steady() -> None:
    """Let no character that the terminal cannot show stop a command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def confirmed(question: str, *, yes: bool, without_terminal: bool) -> bool:
    """Ask once on a terminal that somebody is at; elsewhere `without_terminal` is the answer."""
    if yes:
        return True
    if not somebody_is_there():
        return without_terminal
    print(f"{plain_str(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def somebody_is_there() -> bool:
    """Whether a person can answer a question: standard input and error are a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty() and _in_foreground()


def _in_foreground() -> bool:
    """A job in the background would be stopped at the question, and nobody would see why."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return True
