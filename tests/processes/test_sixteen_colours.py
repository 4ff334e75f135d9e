"""In a terminal with 16 colours the theme is one that has them: what was accepted is green."""

import re

import pytest

from storage.vocabulary import MessageState
from tests.processes.support import PROGRAM, Site, until
from tests.processes.terminal import TERM, Terminal

SGR = re.compile(rb"\x1b\[([0-9;]*)m")
GREEN = {32, 92}


def colours(seen: bytes) -> set[int]:
    """Every parameter of every colour that was set, those of 256 colours and of truecolor left out."""
    found = set()
    for listed in SGR.findall(seen):
        numbers = [int(each or 0) for each in listed.split(b";")]
        if 38 in numbers or 48 in numbers:
            found.add(38)
        else:
            found |= set(numbers)
    return found


def coloured(site: Site, term: str, *options: str) -> bytes:
    """What the console writes while a message is accepted."""
    terminal = Terminal([*PROGRAM, "--data", str(site.folder), *options], term=term)
    try:
        terminal.shows("accepted")
        until(lambda: MessageState.ACCEPTED in site.states, "it is accepted")
        terminal.shows("Running")
        return terminal.seen
    finally:
        terminal.close()


@pytest.mark.parametrize("term", ["xterm", "screen", "linux"])
def test_the_terminals_own_colours_are_chosen_there(site: Site, term: str) -> None:
    site.queue(site.handler(), 1)
    found = colours(coloured(site, term))
    assert found & GREEN, "what was accepted is green"
    assert 38 not in found


def test_a_setting_wins(site: Site) -> None:
    (site.folder / "settings.toml").write_text('theme = "dark"\n')
    site.queue(site.handler(), 1)
    assert not colours(coloured(site, "xterm")) & GREEN


def test_more_colours_are_used_where_there_are_more(site: Site) -> None:
    site.queue(site.handler(), 1)
    assert 38 in colours(coloured(site, TERM))
