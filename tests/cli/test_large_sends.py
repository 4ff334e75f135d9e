"""Whatever sends to more than 20 people asks once on a terminal, and never where nobody can answer."""

import os
import pty
import sys

import pytest

from storage.database import Database
from tests.cli.conftest import CommandLine
from tests.operations.arrange import make_people
from tests.tui.large_site import CROWD

KEY = "key-000000001f3a"


@pytest.fixture
def site(cli: CommandLine, database: Database) -> CommandLine:
    """A task and every stage of an alert send two parts to 21 people."""
    cli.ok("handler", "add", "Clickatell", "--api", "one", "--api-key-file", "-", stdin=KEY)
    make_people(database, CROWD, {"Everybody": list(CROWD)})
    to = ("--handler", "Clickatell", "--to", "group:Everybody", "--message", "x" * 200)
    cli.ok("task", "add", "Report", "--cron", "0 9 * * *", *to)
    cli.ok("alert", "add", "Fire")
    for stage in ("Created", "Claimed", "Actioned", "Escalated", "Restored", "Finalised"):
        cli.ok("alert", "action", "add", "Fire", stage, *to)
    return cli


WAYS: dict[str, tuple[tuple[str, ...], str]] = {
    "task run": (("task", "run", "Report"), "Run Report: send to 21 people, 42 parts in all?"),
    "handler enable": (
        ("handler", "enable", "Clickatell"),
        "Enable Clickatell: send to 21 people, 42 parts in all?",
    ),
    "alert raise": (("alert", "raise", "Fire"), "Raise Fire: send to 21 people, 42 parts in all?"),
    **{
        f"alert {word}": (
            ("alert", word, "1"),
            f"{said}: send to 21 people, 42 parts in all?",
        )
        for word, said in (
            ("claim", "Claim occurrence 1, Fire"),
            ("action-taken", "Action taken occurrence 1, Fire"),
            ("escalate", "Escalate occurrence 1, Fire"),
            ("restore", "Restore occurrence 1, Fire"),
            ("finalise", "Finalise occurrence 1, Fire"),
            ("send-again", "Send occurrence 1, Fire again"),
        )
    },
}


def sent(cli: CommandLine) -> int:
    return len(cli.ok("message", "list", "--json").json)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, site: CommandLine) -> tuple[tuple[str, ...], str, int]:
    """A command that sends, the question before it, and how many messages there were."""
    words, question = WAYS[request.param]
    if words[0] == "handler":
        site.ok("handler", "disable", "Clickatell")
        site.ok("task", "run", "Report")
    if words[0] == "alert" and words[1] != "raise":
        site.ok("alert", "raise", "Fire")
    if words[1] == "send-again":
        for message in site.ok("message", "list", "--json").json:
            site.ok("message", "cancel", message["id"])
    return words, question, sent(site)


def went(words: tuple[str, ...]) -> int:
    """How many messages a way sends; those that wait at a disabled handler are there already."""
    return 0 if words[0] == "handler" else 21


def test_no_is_the_answer_that_sends_nothing(
    site: CommandLine, way: tuple[tuple[str, ...], str, int]
) -> None:
    words, question, before = way
    for answer in ("n\n", "\n", ""):
        ended = site.at_terminal(answer, *words)
        assert ended.err.startswith(f"{question} [y/N] ")
        assert (ended.status, sent(site)) == (1, before)
        assert words[0] != "handler" or not site.ok("handler", "show", "Clickatell", "--json").one["enabled"]


def test_yes_sends(site: CommandLine, way: tuple[tuple[str, ...], str, int]) -> None:
    words, _, before = way
    assert site.at_terminal("y\n", *words).status == 0
    assert sent(site) == before + went(words)


def test_with_yes_nobody_is_asked(site: CommandLine, way: tuple[tuple[str, ...], str, int]) -> None:
    words, _, before = way
    ended = site.at_terminal("", *words, "--yes")
    assert (ended.status, sent(site)) == (0, before + went(words)) and "[y/N]" not in ended.err


def test_without_a_terminal_nobody_is_asked(site: CommandLine, way: tuple[tuple[str, ...], str, int]) -> None:
    words, _, before = way
    assert "[y/N]" not in site.ok(*words).err and sent(site) == before + went(words)


def test_a_small_send_is_not_asked_about(site: CommandLine) -> None:
    site.ok("user", "disable", next(iter(CROWD)))
    ended = site.at_terminal("", "task", "run", "Report")
    assert (ended.status, sent(site)) == (0, 20) and "[y/N]" not in ended.err


JOB = """
import os, sys
from tui.cli.output import somebody_is_there
out, background = int(sys.argv[1]), sys.argv[2] == "background"
job = os.fork() if background else 0
if job == 0:
    if background:
        os.setpgid(0, 0)
    os.write(out, b"yes" if somebody_is_there() else b"no")
else:
    os.waitpid(job, 0)
"""


@pytest.mark.parametrize(("where", "asked"), [("background", "no"), ("foreground", "yes")])
def test_a_job_in_the_background_is_not_stopped_at_a_question(where: str, asked: str) -> None:
    """It is another process group that the terminal listens to: a read would stop the job for good."""
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    pid, master = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", JOB, str(writing), where])
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert pipe.read() == asked
    os.waitpid(pid, 0)
    os.close(master)
