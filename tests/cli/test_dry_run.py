"""`--dry-run [--at T]`: the real path, of which nothing stays; what it names is what is then queued."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo_data.clickatell.settings import SAMPLE_API_KEY
from storage.database import Database
from tests.cli.conftest import CommandLine
from tests.operations.arrange import ANN, JOE, make_people


@pytest.fixture
def site(cli: CommandLine, database: Database) -> CommandLine:
    """A handler, two people of a group (one without a number), an alert with two tabs, and a task."""
    cli.ok("handler", "add", "Clickatell", "--api", "one", "--api-key-file", "-", stdin=SAMPLE_API_KEY)
    make_people(database, {"Joe": JOE, "Ann": None}, {"Shift": ["Joe", "Ann"]})
    cli.ok("alert", "add", "Fire door", "--field", "Door")
    of = ("--handler", "Clickatell", "--to", "Shift")
    cli.ok("alert", "action", "add", "Fire door", "Created", *of, "--message", "{Door} opens, {Raised At}")
    cli.ok("alert", "action", "add", "Fire door", "Claimed", *of, "--message", "{Claimed By} looks after it")
    cli.ok("task", "add", "Rounds", "--cron", "0 6 * * *", *of, "--message", "Rounds, {Name}")
    return cli


@contextlib.contextmanager
def nothing_changes(folder: Path) -> Iterator[None]:
    """No commit of the file, and no row more in any of its tables."""
    with contextlib.closing(sqlite3.connect(folder / "commsdesk.sqlite3")) as watch:
        before = _seen(watch)
        yield
        assert _seen(watch) == before


def _seen(watch: sqlite3.Connection) -> dict[str, object]:
    tables = [
        "message",
        "submission",
        "review",
        "occurrence",
        "occurrence_event",
        "task_run",
        "sqlite_sequence",
    ]
    found: dict[str, object] = {
        name: watch.execute(f"SELECT count(*) FROM {name}").fetchone() for name in tables
    }
    return found | {"data_version": watch.execute("PRAGMA data_version").fetchone()}


RAISE = ("alert", "raise", "Fire door", "--set", "Door=Gate 3")


@pytest.mark.parametrize(
    "act",
    [
        RAISE,
        ("send", "--handler", "Clickatell", "--to", "Shift", "Hello"),
        ("task", "run", "Rounds"),
    ],
    ids=lambda act: " ".join(act[:2]),
)
def test_what_it_names_is_what_is_then_queued(site: CommandLine, act: tuple[str, ...]) -> None:
    with nothing_changes(site.folder):
        found = site.ok(*act, "--dry-run", "--json").json
    would, left = found
    assert (left["would"], left["user"], left["why"]) == ("leave out", "Ann", "has no telephone number")
    site.ok(*act)
    (queued,) = site.ok("message", "list", "--json").json
    assert queued["id"] == 1, "no id was used up"
    same = ("user", "to", "handler", "text", "segments")
    would["segments"] = would["parts"]
    assert {name: would[name] for name in same} == {name: queued[name] for name in same}
    assert would["would"] == "send" and would["encoding"] == "GSM" and would["until"] is None


def test_it_runs_with_that_moment_as_now(site: CommandLine) -> None:
    with nothing_changes(site.folder):
        would = site.ok(*RAISE, "--dry-run", "--at", "2026-12-25T12:00", "--json").json[0]
    assert would["text"] == "Gate 3 opens, 25 Dec 12:00"


def test_a_step_of_an_occurrence(site: CommandLine) -> None:
    site.ok(*RAISE)
    with nothing_changes(site.folder):
        ended = site.ok("alert", "claim", 1, "--dry-run", "--json")
    assert ended.json[0]["text"].endswith("looks after it")
    assert ended.json[0]["why"].startswith("Fire door claimed")
    assert site.ok("alert", "occurrence", 1, "--json").one["stage"] == "Created"


def test_for_people(site: CommandLine) -> None:
    ended = site.ok("alert", "raise", "Fire door", "--set", "Gate=3", "--dry-run", "--at", "2026-12-25 12:00")
    assert ended.lines == [
        "would send: Joe +44 7700 900123, Clickatell, 1 part GSM (Fire door raised): - opens, 25 Dec 12:00",
        "would leave out: Ann has no telephone number",
        "dry run: nothing was sent",
    ]
    assert "no value for {Door}" in ended.err
    assert "not declared, kept all the same: Gate" in ended.err
    assert "no engine is running" in ended.err


def test_where_nobody_gets_anything_the_status_is_1(site: CommandLine) -> None:
    site.ok(*RAISE, "--key", "g3")
    with nothing_changes(site.folder):
        ended = site(*RAISE, "--key", "g3", "--dry-run")
        assert (ended.status, ended.out) == (1, "dry run: it would send nothing\n")
        assert site("send", "--handler", "Clickatell", "--to", "Ann", "Hello", "--dry-run").status == 1


def test_a_handler_that_may_not_send_now(site: CommandLine) -> None:
    site.ok("handler", "disable", "Clickatell")
    assert "Clickatell is disabled: 1 message would wait" in site.ok(*RAISE, "--dry-run").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--at", "+1h"), "--at goes with --dry-run"),
        (("--dry-run", "--at", "noon"), 'At: "noon" is no time'),
        (("--dry-run", "--wait", "3"), "--wait waits for what is sent"),
    ],
)
def test_bad_input(site: CommandLine, words: tuple[str, ...], said: str) -> None:
    with nothing_changes(site.folder):
        ended = site("send", "--handler", "Clickatell", "--to", "Joe", "Hello", *words)
    assert ended.status in (1, 2) and said in " ".join(ended.err.split())


def test_a_number_of_its_own(site: CommandLine) -> None:
    would = site.ok("send", "--handler", "Clickatell", "--to", ANN, "Ω and ы", "--dry-run", "--json").one
    assert (would["user"], would["to"], would["encoding"], would["why"]) == (None, ANN, "Unicode", None)
