"""Nothing that people typed steers the terminal of whoever reads a command's output."""

import ast
from pathlib import Path

import pytest

import tui.cli
from tests.cli.conftest import CommandLine
from tui.cli.output import show_facts, show_table

TITLE = "\x1b]0;owned\x07"
STEERING = ("\x1b", "\x07", "\x9b", "\u202e", "\u2066")


def harmless(text: str) -> bool:
    return not any(char in text for char in STEERING)


def test_headers_and_names_of_facts_are_plain(capsys: pytest.CaptureFixture[str]) -> None:
    show_table((f"{TITLE}Mobile", "Name"), [("x", "y")])
    show_facts([(f"{TITLE}Zone", "North")])
    assert harmless(capsys.readouterr().out)


@pytest.mark.parametrize("bad", ["\x1b[31mTel", "Tel\x07", "Te\x9bl", "T\x00el"])
@pytest.mark.parametrize(
    "command",
    [
        ("field", "add", "{}", "--type", "Text"),
        ("group", "add", "{}"),
        ("user", "add", "{}"),
        ("template", "add", "{}", "x"),
        ("operator", "add", "{}", "--role", "viewer"),
        ("alert", "add", "{}"),
        ("alert", "add", "Fire", "--field", "{}"),
    ],
)
def test_a_name_that_steers_a_terminal_is_refused(
    cli: CommandLine, bad: str, command: tuple[str, ...]
) -> None:
    ended = cli(*(word.format(bad) for word in command))
    assert ended.status == 1 and "Name holds a control character" in ended.err
    assert harmless(ended.err)


@pytest.mark.parametrize("unseen", ["Tel\u202e", "\u2066Tel", "\u200bTel"])
def test_what_turns_a_name_round_is_left_out_of_it(cli: CommandLine, unseen: str) -> None:
    made = cli("group", "add", unseen)
    assert made.status == 0 and harmless(made.out + made.err)
    assert cli.ok("group", "list", "--json").one["name"] == "Tel"


@pytest.mark.parametrize(
    "words",
    [
        ["\u202egro"],
        ["group", "\u202elist"],
        ["group", "list", "--\u202ex"],
        ["task", "next", "--from", "\u202e"],
    ],
)
def test_usage_errors_hold_no_character_that_turns_text_round(cli: CommandLine, words: list[str]) -> None:
    ended = cli(*words)
    assert ended.status in (1, 2) and ended.err and harmless(ended.err)


def test_what_an_alert_was_raised_with_is_shown_plain(cli: CommandLine) -> None:
    cli.ok("alert", "add", "Fire", "--field", "Zone")
    raised = cli("alert", "raise", "Fire", "--set", f"{TITLE}=x", "--set", f"Zone={TITLE}", "--key", TITLE)
    assert raised.status == 0 and harmless(raised.out + raised.err)
    shown = cli.ok("alert", "occurrence", "1")
    assert harmless(shown.out + shown.err)
    assert harmless(cli.ok("alert", "occurrences", "--json").out)
    assert harmless(cli.ok("review").out)


# SVG for a program, and exports for programs: neither is for a terminal.
OTHERWISE = {"output.py": None, "picture.py": 1, "simulator.py": 1}


def test_everything_printed_goes_through_one_door() -> None:
    for path in sorted(Path(tui.cli.__file__).parent.glob("*.py")):
        calls = [
            node
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call)
            and ast.unparse(node.func).rpartition(".")[2] in ("print", "echo", "write")
            and ast.unparse(node.func).partition(".")[0] in ("print", "typer", "click", "sys")
        ]
        allowed = OTHERWISE.get(path.name, 0)
        assert allowed is None or len(calls) == allowed, path.name
