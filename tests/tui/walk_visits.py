"""Where a random walk goes: what is opened from every list, and the errands to what chance hardly finds.

An errand needs its own site or row: a message of unknown outcome, a file that can be imported, the first
steps of a new site, tasks that wait after a jump of the clock.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from storage import clock_hold
from storage.clock_hold import ClockHold
from storage.site import open_site
from tests.sample import take_as_live
from tests.tui.test_hostile import LISTS, STOPS

USERS_FILE, REFUSED_FILE = "users.csv", "refused.csv"
WRITTEN = "Gates open at {Name}"

MORE_STOPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "handlers": (("ctrl+p",), ("m",), ("slash",), ("tab",), ("n",), ("f1",)),
    "users": (("n",), ("m",), ("slash",), ("M", "f6", "down", "enter")),
    "groups": (("n",), ()),
    "fields": (("n",), ()),
    "alerts": (("n",), ()),
    "tasks": (("n",), ("enter", "f2", "n")),
    "occurrences": (("C",), ("A",), ("E",), ("F",), ("m",), ("f",)),
    "messages": (("r",), ("x",), ("y",), ("down", "down", "enter"), ("end", "enter")),
    "review": (("tab",), ("down", "enter"), ("down", "down", "down", "enter"), ("slash",)),
}


def openings() -> Iterator[tuple[str, tuple[str, ...]]]:
    """(list, keys) of everything that is opened."""
    for name in LISTS:
        for steps in STOPS[name] + MORE_STOPS.get(name, ()):
            yield name, tuple(step.partition(" ")[0] for step in steps)


class Site(StrEnum):
    """What a leg begins with."""

    SAMPLE = "the sample site"
    HELD = "a copy that is held"
    NEW = "a new site"
    WAITING = "tasks that wait after a jump of the clock"


TURNS = (Site.SAMPLE, Site.SAMPLE, Site.HELD, Site.SAMPLE, Site.NEW, Site.SAMPLE, Site.WAITING)


@dataclass(frozen=True, slots=True)
class Errand:
    """`steps` in `list` that reach the actions and screens `reaches`.

    A step is a key, with the screen or focused widget that it has to bring where it brings one;
    "paste TEXT"; "name ID", an action as the palette does it; or "wait ID" until an action has a key.
    `row` is SQL that gives the record under the cursor.
    """

    reaches: tuple[str, ...]
    list: str
    steps: tuple[str, ...]
    row: str = ""
    site: Site = Site.SAMPLE


def _in_state(state: str) -> str:
    return f"SELECT max(id) FROM message WHERE state = '{state}'"


_COMPOSER = ("enter AlertEditor", "f2 ActionList", "enter ActionEditor", "f2 MessageBox")
_FIRE_PANEL = "SELECT id FROM alert WHERE name = 'Fire panel'"
_READ = ("I FileInput", f"paste {USERS_FILE}", "enter PreviewTable")

ERRANDS = (
    Errand(("occurrences.open",), "occurrences", ("m ContextMenu", "enter OccurrenceDialog")),
    Errand(("messages.open",), "messages", ("m ContextMenu", "enter MessageDetail")),
    Errand(("message.arrived",), "messages", ("enter MessageDetail", "y"), _in_state("unknown")),
    Errand(("message.drop",), "messages", ("enter MessageDetail", "D"), _in_state("unknown")),
    Errand(("message.cancel",), "messages", ("enter MessageDetail", "x"), _in_state("queued")),
    Errand(
        ("message.owner",),
        "messages",
        ("enter MessageDetail", "o OccurrenceDialog"),
        "SELECT max(id) FROM message WHERE origin = 'alert'",
    ),
    Errand(("review.open",), "review", ("m ContextMenu", "enter EntryDetail")),
    Errand(
        ("entry.owner",),
        "review",
        ("enter EntryDetail", "o OccurrenceDialog"),
        "SELECT max(id) FROM review WHERE occurrence_id IS NOT NULL",
    ),
    Errand(("groups.users",), "groups", ("o",)),
    Errand(("groups.edit", "GroupEditor"), "groups", ("enter GroupEditor",)),
    Errand(
        ("fields.later",), "fields", ("J",), "SELECT id FROM custom_field ORDER BY id DESC LIMIT 1 OFFSET 1"
    ),
    Errand(("fields.edit",), "fields", ("enter FieldEditor",)),
    Errand(("alerts.raise", "RaiseAlert"), "alerts", ("r RaiseAlert",), _FIRE_PANEL),
    Errand(("fields.users",), "fields", ("o",)),
    Errand(("fields.earlier",), "fields", ("K",), "SELECT max(id) FROM custom_field"),
    Errand(("import.show", "import.apply"), "users", (*_READ, "f4", "ctrl+s MainScreen")),
    Errand(
        ("import.show",), "users", ("I FileInput", f"paste {REFUSED_FILE}", "enter PreviewTable", "f4", "f4")
    ),
    Errand(
        ("composer.field", "composer.previous", "composer.next"),
        "alerts",
        (*_COMPOSER, "wait composer.next", "f9", "f8", "f3 ContextMenu", "enter"),
        _FIRE_PANEL,
    ),
    Errand(
        ("AskText",),
        "messages",
        ("n SendMessage", "f2 MessageBox", f"paste {WRITTEN}", "f6 ContextMenu", "enter AskText"),
    ),
    Errand(("main.next_step",), "handlers", ("f7 HandlerEditor",), site=Site.NEW),
    Errand(("main.next_step",), "users", ("f7 HandlerEditor", "escape", "f7"), site=Site.NEW),
    Errand(("main.tasks_go_on",), "tasks", ("name main.tasks_go_on Confirm",), site=Site.WAITING),
    Errand(("main.adopt",), "tasks", ("name main.adopt",), site=Site.HELD),
)


def make(kind: Site, sample: Path, folder: Path) -> None:
    """The site of a leg, and beside it an operator's own folder with files to import."""
    if kind is not Site.NEW:
        shutil.copytree(sample, folder)
    if kind in (Site.SAMPLE, Site.WAITING):
        take_as_live(folder)
    database = open_site(folder)
    if kind is Site.WAITING:
        with database.write() as tx:
            clock_hold.put(tx, ClockHold(datetime.now(UTC) + timedelta(minutes=10), 10**9, None))
    database.close()
    files = folder / "own"
    files.mkdir()
    (files / USERS_FILE).write_text("Name,Mobile\nAnn Lee,+61 400 000 009\nBo Lee,+61 400 000 010\n", "utf-8")
    (files / REFUSED_FILE).write_text("Name,Mobile\nAnn Lee,+61 400 000 009\n,x\n", "utf-8")
