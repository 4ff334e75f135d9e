"""`commsdesk send`: exit statuses and what is said, with and without an engine."""

import io
from collections.abc import Iterator

import pytest

from demo_data.clickatell.settings import SAMPLE_API_KEY
from demo_data.clickatell.threaded import ThreadedClickatell
from scheduling.engine import Engine
from scheduling.engine_thread import EngineThread
from storage.database import Database
from tests.cli.conftest import CommandLine
from tests.operations.arrange import ANN, JOE, make_people, run_engine_here

SEND = ("send", "--handler", "Clickatell")


@pytest.fixture
def site(cli: CommandLine) -> CommandLine:
    """A site with one handler, which nobody serves."""
    cli.ok("handler", "add", "Clickatell", "--api", "one", "--api-key-file", "-", stdin=SAMPLE_API_KEY)
    return cli


def texts(cli: CommandLine) -> list[str]:
    return [message["text"] for message in cli.ok("message", "list", "--json").json]


def test_without_an_engine_it_is_queued_and_says_so(site: CommandLine) -> None:
    ended = site(*SEND, "--to", "+61 400 000 000", "Hello")
    assert ended.status == 0
    assert ended.out == "… +61 400 000 000: queued (message 1)\n"
    assert ended.err == f"queued, but no engine is running on {site.folder}: start commsdesk run\n"


def test_waiting_without_an_engine_is_1_and_it_stays_queued(site: CommandLine) -> None:
    ended = site(*SEND, "--to", "+61400000000", "--wait", "0.05", "--json", "Hello")
    assert ended.status == 1 and ended.one["state"] == "queued"
    assert "no engine is running" in ended.err


def test_with_an_engine_there_is_nothing_to_add(site: CommandLine, database: Database) -> None:
    run_engine_here(database)
    assert site.ok(*SEND, "--to", "+61400000000", "Hello").err == ""


def test_json_has_one_object_a_recipient(site: CommandLine, database: Database) -> None:
    make_people(database, {"Joe": JOE, "Ann": ANN}, {"Shift": ["Joe", "Ann"]})
    first, second = site.ok(*SEND, "--to", "group:Shift", "--json", "Hello").json
    assert (first["user"], first["to"], first["handler"]) == ("Ann", ANN, "Clickatell")
    assert (second["user"], second["origin"], second["attempts"]) == ("Joe", "manual", 0)


def test_someone_named_who_cannot_be_reached(site: CommandLine, database: Database) -> None:
    make_people(database, {"Joe": JOE, "Ann": None})
    ended = site(*SEND, "--to", "Joe", "--to", "Ann", "x")
    assert (ended.status, ended.out) == (1, "")
    assert "Ann has no telephone number" in ended.err and texts(site) == []


def test_members_left_out_are_named_and_the_rest_goes(site: CommandLine, database: Database) -> None:
    make_people(database, {"Joe": JOE, "Ann": None}, {"Shift": ["Joe", "Ann"]})
    ended = site.ok(*SEND, "--to", "Shift", "x")
    assert "left out: Ann has no telephone number (Shift)" in ended.err
    assert len(texts(site)) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--to", "Nobody", "x"), "Nobody"),
        (("--to", "0400 000 000", "x"), "0400"),
        (("--to", "+61", "x"), "+61"),
        (("--to", "+61400000000", ""), "Message is empty"),
        (("--to", "+61400000000", "x" * 500), "4 parts"),
        (("--to", "+61400000000", "--fields", "{Nmae}"), "did you mean {Name}"),
    ],
)
def test_what_is_refused(site: CommandLine, words: tuple[str, ...], sentence: str) -> None:
    ended = site(*SEND, *words)
    assert ended.status == 1 and sentence in ended.err and ended.err.count("\n") == 1
    assert texts(site) == []


def test_missing_options_are_wrong_usage(site: CommandLine) -> None:
    assert site("send", "--handler", "Clickatell", "x").status == 2
    assert site("send", "--to", "+61400000000", "x").status == 2
    assert site(*SEND, "--to", "+61400000000").status == 2


def test_the_text_is_literal_unless_fields_are_asked_for(site: CommandLine, database: Database) -> None:
    make_people(database, {"Joe Hart": JOE})
    site.ok(*SEND, "--to", "Joe Hart", "Hi {First Name}")
    site.ok(*SEND, "--to", "Joe Hart", "--fields", "Hi {First Name}")
    assert texts(site) == ["Hi {First Name}", "Hi Joe"]


def test_two_dashes_end_the_options(site: CommandLine) -> None:
    site.ok(*SEND, "--to", "+61400000000", "--", "--help me")
    assert texts(site) == ["--help me"]


def test_standard_input_loses_one_line_end(site: CommandLine) -> None:
    site.ok(*SEND, "--to", "+61400000000", "-", stdin="Zoë\nline two\n\n")
    assert texts(site) == ["Zoë\nline two\n"]


def test_standard_input_must_be_text(site: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.cli.send import read_text
    from tui.operations.errors import Refused

    for raw, words in ((b"\xff\xfe", "UTF-8"), (b"x" * 1_000_001, "too long")):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
        with pytest.raises(Refused, match=words):
            read_text("-")


@pytest.mark.parametrize(("answer", "sent"), [("y\n", 21), ("\n", 0), ("n\n", 0)])
def test_more_than_twenty_are_asked_about_on_a_terminal(site: CommandLine, answer: str, sent: int) -> None:
    numbers = [word for n in range(21) for word in ("--to", f"+4477009001{n:02}")]
    ended = site.at_terminal(answer, *SEND, *numbers, "x")
    assert ended.err.startswith("Send to 21 people, 21 parts in all, through Clickatell? [y/N]")
    assert (ended.status, len(texts(site))) == (0 if sent else 1, sent)


def test_without_a_terminal_or_with_yes_nobody_is_asked(site: CommandLine) -> None:
    numbers = [word for n in range(21) for word in ("--to", f"+4477009001{n:02}")]
    site.ok(*SEND, *numbers, "x")
    site.ok(*SEND, *numbers, "--yes", "y")
    assert len(texts(site)) == 42


@pytest.fixture
def served(cli: CommandLine, database: Database) -> Iterator[tuple[CommandLine, ThreadedClickatell]]:
    """A site with a handler at a local Clickatell and an engine that sends."""
    with ThreadedClickatell() as running:
        url = running.clickatell.base_url
        words = ("handler", "add", "Clickatell", "--api", "one", "--api-key-file", "-", "--base-url", url)
        cli.ok(*words, stdin=SAMPLE_API_KEY)
        engine = EngineThread(lambda: Engine(database, kind="run", operator="test", version="0"))
        engine.start()
        yield cli, running
        engine.stop()
        assert engine.join(30)


def test_waiting_shows_clickatells_id(served: tuple[CommandLine, ThreadedClickatell]) -> None:
    cli, running = served
    ended = cli(*SEND, "--to", "+61400000000", "--wait", "30", "--json", "Hello")
    assert ended.status == 0, ended
    (received,) = running.clickatell.inbox
    assert (ended.one["state"], ended.one["gateway_id"]) == ("accepted", received.gateway_id)
    shown = cli.ok(*SEND, "--to", "+61400000000", "--wait", "30", "Hello again")
    assert shown.out.startswith("✓ +61 400 000 000: accepted, ")
    log = cli.ok("message", "show", "1", "--json").one["attempt_log"]
    assert [(attempt["n"], attempt["outcome"]) for attempt in log] == [(1, "accepted")]
    assert set(log[0]) >= {"n", "started_at", "finished_at", "outcome", "http_status", "code", "error"}


def test_a_refused_number_is_1_and_says_why(served: tuple[CommandLine, ThreadedClickatell]) -> None:
    cli, running = served
    running.clickatell.faults.next("unauthorized")
    cli.ok("handler", "edit", "Clickatell", "--stop-retrying-after", "0")
    ended = cli(*SEND, "--to", "+61400000000", "--wait", "30", "Hello")
    assert ended.status == 1
    assert ended.out.startswith("✗ +61 400 000 000: failed: 1 ")


@pytest.mark.parametrize(
    "text", ["a\r\nb\r\n", "a\rb\r", "a\r\r\nb\n", "\ufeffa\vb", "\x1b[1ma\x1b[0m\nb\x07"]
)
def test_no_text_puts_a_carriage_return_or_a_control_on_a_phone(site: CommandLine, text: str) -> None:
    words = ("send", "--handler", "Clickatell", "--to", "+61400000000")
    site.ok(*words, "-", stdin=text)
    site.ok(*words, text.removeprefix("\ufeff").rstrip("\r\n"))
    assert [message["text"] for message in site.ok("message", "list", "--json").json] == ["a\nb", "a\nb"]
