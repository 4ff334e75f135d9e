"""What is on a screen as plain text that a person can read in a diff: its lines, then how they look."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from tests.tui.textual_private import strips_of

LOOKS = ("bold", "dim", "italic", "underline", "reverse", "strike")
SEEN_ON_BLANKS = ("underline", "reverse", "strike")


def drawn(app: Any) -> str:
    """The screen's lines without blanks at their ends, a rule, and the looks of each line from left to right.

    A look is `length attributes foreground on background`. Lines that look alike one after the
    other are told once. Blanks have no foreground: they belong to what stands before them.
    """
    strips = [list(strip) for strip in strips_of(app)]
    lines = ["".join(segment.text for segment in strip).rstrip() for strip in strips]
    looks = [" | ".join(f"{length} {look}" for look, length in _looks(strip)) for strip in strips]
    return "\n".join([*lines, "─" * app.size.width, *_told_once(looks), ""])


def _looks(segments: list[Segment]) -> Iterator[tuple[str, int]]:
    runs: list[tuple[str, int]] = []
    for segment in segments:
        style = segment.style or Style()
        look = _look(style)
        blank = not segment.text.strip() and not any(getattr(style, name) for name in SEEN_ON_BLANKS)
        if runs and (runs[-1][0] == look or (blank and _ground(runs[-1][0]) == _hex(style.bgcolor))):
            runs[-1] = (runs[-1][0], runs[-1][1] + segment.cell_length)
        else:
            runs.append((f"on {_hex(style.bgcolor)}" if blank else look, segment.cell_length))
    return iter(runs)


def _look(style: Style) -> str:
    marks = [name for name in LOOKS if getattr(style, name)]
    return " ".join([*marks, _hex(style.color), "on", _hex(style.bgcolor)])


def _ground(look: str) -> str:
    return "" if any(name in look for name in SEEN_ON_BLANKS) else look.rpartition(" ")[2]


def _hex(color: Color | None) -> str:
    if color is None:
        return "-"
    return color.triplet.hex if color.triplet else color.name


def _told_once(looks: list[str]) -> Iterator[str]:
    first = 1
    for look, same in groupby(looks):
        last = first + len(list(same)) - 1
        yield f"{first}: {look}" if first == last else f"{first}-{last}: {look}"
        first = last + 1
