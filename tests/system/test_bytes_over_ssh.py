"""The console over SSH with compression costs few bytes, and none while nothing happens."""

import pytest

from tests.benchmarks.bench_bytes import ESCAPE, OPEN, add_line, busy_site, measured
from tests.processes.support import until
from tests.system.console_over_ssh import console_over_ssh

# Each step ends when the wire has been quiet for a while: they are many, and the machine may be busy.
pytestmark = pytest.mark.timeout(600)

MOST_A_LINE, MOST_A_DIALOG = 1_000, 8_000
IDLE = 12.0  # seconds: more than two beats of the lease, which each write to the database


def test_idle_is_nothing_a_line_is_little_and_so_is_a_dialog() -> None:
    with busy_site() as site, console_over_ssh(site.folder, shows=OPEN) as console:
        for step, count in measured(site, console, IDLE):
            if step.startswith("idle"):
                assert count == 0, f"{step}: {console.terminal.seen[-300:]!r}"
            elif step.startswith("open"):
                assert 0 < count < MOST_A_DIALOG, f"{step}: {count}"
            elif step == "one review line":
                assert 0 < count < MOST_A_LINE, f"{step}: {count}"


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (160, 50)])
def test_the_screen_is_whole_after_it_was_sent_in_parts(columns: int, rows: int) -> None:
    """What was sent in parts is what is there when all of it is sent again."""
    with (
        busy_site() as site,
        console_over_ssh(site.folder, shows=OPEN, columns=columns, rows=rows) as console,
    ):
        for keys, shows in (("2", "Joe Hart 1"), ("\r", "Custom fields"), (ESCAPE, "Menu"), ("?", "focus")):
            console.cost(keys, shows)
        console.cost(ESCAPE, "Menu")
        console.cost("j" * 15)
        add_line(site, console, "Nights")
        in_parts = console.terminal.lines
        console.cost("\x0c")
        assert console.terminal.lines == in_parts
        before = len(console.terminal.seen)
        console.terminal.resize(columns - 7, rows - 3)
        until(lambda: len(console.terminal.seen) > before, "the smaller screen is drawn")
        console.quiet()
        assert any("Nights added" in line for line in console.terminal.lines)
