"""How many bytes the console costs over SSH: `python -m tests.benchmarks.bench_bytes` (as root).

A real sshd on loopback, its client on a terminal of 120 by 40, and a relay between them that counts
what passes in both directions, with all that SSH itself adds. The engine is a process of its own.
Nothing is subtracted.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo_data.clickatell import ThreadedClickatell
from tests.processes.support import Site, until
from tests.system.console_over_ssh import ConsoleOverSsh, console_over_ssh
from tui.operations import fields, groups
from tui.operations.desk import Desk

PEOPLE = 60
IDLE_SECONDS = 20.0
WAYS = {
    "slow, compressed": (["--link", "slow"], True),
    "slow": (["--link", "slow"], False),
    "fast, compressed": (["--link", "fast"], True),
    "fast": (["--link", "fast"], False),
}
OPEN = "running, balance"  # in the live review: the site is open and read
ESCAPE, CTRL_P, PAGE_DOWN = "\x1b", "\x10", "\x1b[6~"
DIALOGS = (
    ("editor of a user", "\r", "Custom fields"),
    ("menu", "m", "Send Message"),
    ("Send Message", "M", "Recipients"),
    ("commands", CTRL_P, "Search for"),
    ("help", "?", "Help for what has the focus"),
    ("question", "d", "Delete"),
)
"""What is opened: its name, the key for it, and words that it shows."""


@contextmanager
def busy_site() -> Iterator[Site]:
    """A site with people, a handler that runs, and an engine that leads and has come to rest."""
    with tempfile.TemporaryDirectory() as kept, ThreadedClickatell() as clickatell:
        site = Site(Path(kept) / "site", clickatell)
        try:
            site.handler()
            fields.add(desk_of(site), "Mobile", "Telephone Number")
            lines = "".join(f"Joe Hart {n},+44770090{n:04d}\n" for n in range(PEOPLE))
            assert site.cli("user", "import", "-", stdin=f"Name,Mobile\n{lines}").returncode == 0
            site.leader()
            until(lambda: any("running" in entry.text for entry in site.review), "the handler runs")
            yield site
        finally:
            site.close()


def desk_of(site: Site) -> Desk:
    return Desk(site.database, "ana")


def add_line(site: Site, console: ConsoleOverSsh, name: str) -> int:
    """What it costs when someone else does something: one line of the live review."""
    before = console.relay.both
    groups.add(desk_of(site), name)
    console.terminal.on_screen(f"{name} added")
    console.quiet()
    return console.relay.both - before


def measured(site: Site, console: ConsoleOverSsh, idle: float = IDLE_SECONDS) -> Iterator[tuple[str, int]]:
    """What is done, and its bytes."""
    yield "start", console.relay.both
    yield f"idle, {idle:g} s", console.idle(idle)
    yield "another section", console.cost("2", "Joe Hart 1")
    yield "cursor down", console.cost("j")
    yield "page down", console.cost(PAGE_DOWN)
    yield "one review line", add_line(site, console, "Nights")
    for name, keys, shows in DIALOGS:
        yield f"open {name}", console.cost(keys, shows)
        if keys == "\r":
            yield f"idle in a field, {idle:g} s", console.idle(idle)
            yield "a letter typed", console.cost("x")
            console.cost("\x7f")
        yield f"close {name}", console.cost(ESCAPE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds to do nothing")
    idle = parser.parse_args().idle
    found: dict[str, dict[str, int]] = {}
    for way, (options, compressed) in WAYS.items():
        with (
            busy_site() as site,
            console_over_ssh(site.folder, *options, shows=OPEN, compressed=compressed) as console,
        ):
            for step, count in measured(site, console, idle):
                found.setdefault(step, {})[way] = count
    print("| bytes in both directions | " + " | ".join(WAYS) + " |")
    print("|---|" + "---:|" * len(WAYS))
    for step, counts in found.items():
        print(f"| {step} | " + " | ".join(f"{counts[way]:,}" for way in WAYS) + " |")


if __name__ == "__main__":
    main()
