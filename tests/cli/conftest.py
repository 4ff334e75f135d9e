"""A command line at a site of its own, run in this process."""

import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from storage.database import Database
from storage.site import open_site
from tui.cli import main
from tui.cli.lazy_group import LazyGroup
from tui.cli.main import execute

ROOT = main.get_command(main.app)
make_command = LazyGroup.get_command
MADE: dict[ModuleType, Any] = {}


def get_command_once(self: LazyGroup, ctx: Any, name: str) -> Any:
    """The command of a module, made once: making it takes as long as what most commands do.

    A module that is loaded anew, as for a gateway that only a test has, has a new command.
    """
    module = sys.modules.get(f"tui.cli.{name}")
    if module is None or module not in MADE:
        made = make_command(self, ctx, name)
        if made is None:
            return None
        module = sys.modules[f"tui.cli.{name}"]
        MADE[module] = made
    return MADE[module]


@pytest.fixture(autouse=True)
def quick_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "get_command", lambda app: ROOT)
    monkeypatch.setattr(LazyGroup, "get_command", get_command_once)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> list[dict[str, Any]]:
        """One object a line, as other programs read it."""
        return [json.loads(line) for line in self.lines]

    @property
    def one(self) -> dict[str, Any]:
        (found,) = self.json
        return found


class Terminal(io.StringIO):
    """Standard input or error that a person sits at."""

    def isatty(self) -> bool:
        return True


class CommandLine:
    """`cli("handler", "list", "--json")` runs `commsdesk --data FOLDER handler list --json`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(
        self, *arguments: object, stdin: str = "", operator: str | None = None, named: bool = True
    ) -> Ended:
        """`named` is False for a command that is told no data folder."""
        who = ["--operator", operator] if operator else []
        where = ["--data", str(self.folder)] if named else []
        stream = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
        with self._monkeypatch.context() as patched:
            patched.setattr("sys.stdin", stream)
            status = execute([*where, *who, *map(str, arguments)])
        caught = self._capsys.readouterr()
        return Ended(status, caught.out, caught.err)

    def at_terminal(self, answer: str, *arguments: object) -> Ended:
        """The same with a person who answers; what they see is in `err`."""
        screen = Terminal()
        with self._monkeypatch.context() as patched:
            patched.setattr("sys.stdin", Terminal(answer))
            patched.setattr("sys.stderr", screen)
            status = execute(["--data", str(self.folder), *map(str, arguments)])
        return Ended(status, self._capsys.readouterr().out, screen.getvalue())

    def ok(self, *arguments: object, stdin: str = "", operator: str | None = None) -> Ended:
        """The same, for a command that must end well."""
        ended = self(*arguments, stdin=stdin, operator=operator)
        assert ended.status == 0, ended
        return ended


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """The command line at a new, empty site."""
    return CommandLine(tmp_path / "site", monkeypatch, capsys)


@pytest.fixture
def database(cli: CommandLine) -> Iterator[Database]:
    """The same site's database, to arrange and to look."""
    opened = open_site(cli.folder)
    yield opened
    opened.close()
