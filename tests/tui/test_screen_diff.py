"""Sending only what differs: the terminal shows the same as if all had been sent, for fewer bytes."""

import random

import pyte
import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from tui.terminal.screen_diff import TerminalCells
from tui.terminal.slow_link import is_slow
from tui.terminal.textual_private import ChopsUpdate, CompositorUpdate, LayoutUpdate

WIDTH, HEIGHT = 40, 6
CONSOLE = Console(color_system="256", force_terminal=True, width=WIDTH)
STYLES = [Style(), Style(color="red"), Style(bold=True, bgcolor="blue"), Style(reverse=True)]
WIDE = "漢字😀"


class Terminal:
    """A terminal and what was written on it."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.stream = pyte.Stream(self.screen)
        self.written = 0

    def write(self, update: CompositorUpdate | None) -> None:
        text = update.render_segments(CONSOLE) if update else ""
        self.written += len(text)
        self.stream.feed(text)

    @property
    def cells(self) -> list[list[object]]:
        return [[self.screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]


def text(chance: random.Random, cells: int, wide: bool) -> list[Segment]:
    """A line of so many cells in a few styles."""
    segments = []
    while cells:
        here = chance.randint(1, min(cells, 12))
        letters = [chance.choice("ab ─●") for _ in range(here)]
        if wide and here > 1 and chance.random() < 0.5:
            letters[:2] = [chance.choice(WIDE)]
        segments.append(Segment("".join(letters), chance.choice(STYLES)))
        cells -= here
    return segments


def full(chance: random.Random, before: list[list[Segment]], wide: float) -> LayoutUpdate:
    """The whole screen, with some lines as they were."""
    for y in range(HEIGHT):
        if not before[y] or chance.random() < 0.4:
            before[y] = text(chance, WIDTH, chance.random() < wide)
    return LayoutUpdate([[Strip(list(line))] for line in before], Region(0, 0, WIDTH, HEIGHT))


def part(chance: random.Random, before: list[list[Segment]], wide: float) -> ChopsUpdate:
    """The right side of one line, and a span that is wholly new."""
    y, x = chance.randrange(HEIGHT), chance.randrange(1, WIDTH - 4)
    drawn = text(chance, WIDTH - x, chance.random() < wide)
    before[y] = []
    chops: list[dict[int, Strip | None]] = [{} for _ in range(HEIGHT)]
    chops[y] = {0: None, x: Strip(drawn)}
    return ChopsUpdate(chops, [(y, x, WIDTH)], [[x, WIDTH] for _ in range(HEIGHT)])


@pytest.mark.parametrize("wide", [0, 0.3])
@pytest.mark.parametrize("seed", range(30))
def test_the_terminal_shows_the_same(seed: int, wide: float) -> None:
    chance = random.Random(seed)
    plain, sparing, shown = Terminal(), Terminal(), TerminalCells()
    before: list[list[Segment]] = [[] for _ in range(HEIGHT)]
    for step in range(20):
        update: CompositorUpdate = (
            full(chance, before, wide) if step == 0 or chance.random() < 0.6 else part(chance, before, wide)
        )
        plain.write(update)
        sparing.write(shown.changes(update))
        assert sparing.screen.display == plain.screen.display
        assert sparing.cells == plain.cells
    assert sparing.written < plain.written


def line_of(words: str) -> LayoutUpdate:
    return LayoutUpdate([[Strip([Segment(words.ljust(WIDTH), STYLES[0])])]], Region(0, 0, WIDTH, 1))


def test_what_is_there_is_not_sent_again_until_it_is_forgotten() -> None:
    shown = TerminalCells()
    assert shown.changes(line_of("Fire door"))
    assert shown.changes(line_of("Fire door")) is None
    changed = shown.changes(line_of("Fire doom"))
    assert changed is not None and "m" in changed.render_segments(CONSOLE)
    assert "Fire" not in changed.render_segments(CONSOLE)
    shown.forget()
    again = shown.changes(line_of("Fire doom"))
    assert again is not None and "Fire doom" in again.render_segments(CONSOLE)


def test_a_line_of_wide_letters_is_sent_whole_and_once() -> None:
    shown = TerminalCells()
    assert shown.changes(line_of("漢字"))
    assert shown.changes(line_of("漢字")) is None
    assert shown.changes(line_of("Fire door"))
    assert shown.changes(line_of("漢字"))


def test_auto_is_slow_under_ssh_only_and_a_setting_wins() -> None:
    under_ssh = {"SSH_CONNECTION": "10.0.0.2 51000 10.0.0.1 22"}
    assert is_slow("auto", under_ssh) and is_slow("auto", {"SSH_TTY": "/dev/pts/1"})
    assert not is_slow("auto", {}) and not is_slow("fast", under_ssh) and is_slow("slow", {})
