"""Bad input to every command, found by walking their tree: a clear line, status 1 or 2, nothing changed.

A command that is added tomorrow is swept with it; nothing has to be entered here for that.
`make long-tests` feeds more odd texts.
"""

import io
import shutil
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from storage import sqlite
from storage.database import ChangeWatch
from tests.cli.bad_values import LINKS, MORE_ODD, NEEDED, ODD, THERE, TWICE, put_in, right_value, wrong_values
from tui.cli import main
from tui.cli.main import execute
from tui.ssh import installation

ROOT = get_command(main.app)
Words = tuple[str, ...]


def _walk(command: Any, path: Words = (), parent: Any = None) -> Iterator[tuple[Words, Any]]:
    if not isinstance(command, TyperGroup):
        yield path, command
        return
    if command.invoke_without_command:
        yield path, command
    context = command.make_context(path[-1] if path else "commsdesk", [], parent, resilient_parsing=True)
    for name in command.list_commands(context):
        yield from _walk(command.get_command(context, name), (*path, name), context)


COMMANDS = dict(_walk(ROOT))
# They last until they are stopped: only what they must refuse is fed to them.
LASTING = {(), ("demo",), ("run",), ("simulator",), ("web",)}
# What they find may be trouble, said in more than a line.
# Refused at this site, where nothing is paused and everybody was told.
NO_OCCASION = {("handler", "go-on"), ("alert", "send-again")}
FINDING = {("status",), ("doctor",), ("handler", "test"), ("review", "verify"), ("restore",), ("adopt",)}


class Sweep:
    """One site; what a command changed is put back before the next."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.site = folder, folder / "site"
        (folder / "key.txt").write_text("key-000000001f3a\n")
        (folder / "people.csv").write_text("Name,Mobile\nNew Person,+447700900999\n")
        (folder / "holidays.csv").write_text("Date,Name\n2026-12-26,Boxing Day\n")
        for words in ARRANGED:
            status, said = self(*(put_in(word, folder) for word in words))
            assert status == 0, (words, said)
        file = self.site / "commsdesk.sqlite3"
        self._there = sqlite.connect(file)
        self._kept = folder / "kept.sqlite3"
        self._there.execute("VACUUM INTO ?", (str(self._kept),))
        self._watch = ChangeWatch(file)
        self._files = self._listed()

    def __call__(self, *words: str) -> tuple[int, str]:
        """How the command ended, and what it said on standard error."""
        said, shown = io.StringIO(), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with pytest.MonkeyPatch.context() as patched, redirect_stderr(said), redirect_stdout(shown):
            # What is written without a folder's name, or as root for sshd, is written here and seen.
            patched.chdir(self.folder)
            patched.setattr(installation, "PRESET", self.folder / "lib")
            patched.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
            # Made once: a command's options are the same each time.
            patched.setattr(main, "get_command", lambda app: ROOT)
            status = execute(["--data", str(self.site), *words])
        return status, said.getvalue()

    def nothing_changed(self) -> bool:
        """Whether not one transaction was committed, and no file came or went."""
        return not self._watch.changed() and self._listed() == self._files

    def put_back(self) -> None:
        (self.folder / "new").unlink(missing_ok=True)
        shutil.rmtree(self.folder / "lib", ignore_errors=True)
        kept = sqlite.driver.connect(str(self._kept))
        kept.backup(self._there)
        kept.close()
        self._watch.changed()
        self._files = self._listed()

    def close(self) -> None:
        self._watch.close()
        self._there.close()

    def _listed(self) -> set[str]:
        sides = ("-wal", "-shm")
        return {str(each) for each in self.folder.rglob("*") if not each.name.endswith(sides)}


SENDS = ("--handler", THERE["handler"], "--to", THERE["user"], "--message", "m")
API = ("--api", "one", "--api-key-file", "{key}", "--base-url", "http://127.0.0.1:9")
ARRANGED = (
    ("field", "add", "Mobile", "--type", "Telephone Number"),
    ("field", "add", THERE["field"], "--type", "Text"),
    ("user", "add", THERE["user"], "--set", "Mobile=+447700900123"),
    ("user", "add", TWICE, "--set", "Mobile=+447700900124"),
    ("user", "add", TWICE, "--set", "Mobile=+447700900125"),
    ("group", "add", THERE["group"]),
    ("group", "join", THERE["group"], THERE["user"]),
    ("handler", "add", THERE["handler"], *API),
    ("alert", "add", THERE["alert"], "--field", "Zone"),
    ("alert", "action", "add", THERE["alert"], "Created", *SENDS),
    ("alert", "action", "add", THERE["alert"], "Created", *SENDS),
    ("task", "add", THERE["task"], *SENDS, "--cron", "0 8 * * *"),
    ("task", "add", "Night report", *SENDS, "--cron", "0 22 * * *"),
    ("task", "action", "add", "Night report", *SENDS),
    ("template", "add", THERE["template"], "Hello {Name}"),
    ("alert", "raise", THERE["alert"], "--key", "k"),
    ("roster", "add", THERE["roster"], "--zone", "UTC"),
    ("roster", "rule", "add", THERE["roster"], "--people", THERE["user"]),
    ("roster", "cover", THERE["roster"], "--from", "2031-01-01", "--to", "2031-01-02", "--by", THERE["user"]),
    ("roster", "holiday", "add", "2026-12-25", "Christmas Day"),
)


@pytest.fixture(scope="module")
def the_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sweep]:
    made = Sweep(tmp_path_factory.mktemp("sweep"))
    yield made
    made.close()


@pytest.fixture
def sweep(the_site: Sweep) -> Iterator[Sweep]:
    yield the_site
    shutil.rmtree(the_site.site / "logs", ignore_errors=True)
    if not the_site.nothing_changed():
        the_site.put_back()


def words_for(path: Words, folder: Path, changed: Mapping[str, str]) -> list[str]:
    """The command with all it needs, these parameters with these values."""
    needed = NEEDED.get(" ".join(path), {})
    options, arguments = [], []
    for param in COMMANDS[path].params:
        value = changed.get(param.name, needed.get(param.name))
        if value is None and param.required:
            value = right_value(path, param)
        if value is None:
            continue
        value = put_in(value, folder)
        if param.param_type_name == "argument":
            arguments.append(value)
        else:
            options.append(f"{param.opts[0]}={value}")
    return [*path, *options, *(["--", *arguments] if arguments else [])]


def is_clean(status: int, said: str) -> bool:
    """Whether it was refused as everything here is: one line, or the usage; nothing unforeseen."""
    lines = said.splitlines()
    if "Traceback" in said or "unexpectedly" in said:
        return False
    if status == 1:
        return len(lines) == 1 and lines[0].startswith("commsdesk: ")
    return status == 2 and any(line.startswith("Usage: ") for line in lines)


SAID_AS = {
    "to": {"recipient", "number", "user", "telephone", "calling code"},
    "message_id": {"message"},
    "occurrence_id": {"occurrence"},
    "against": {"backup"},
    "set": {"field", "mobile"},
    "api_key_file": {"API Key"},
    "password_file": {"Password"},
    "telephone_field": {"field"},
    "cron": {"expression"},
    "once_at": {"once"},
    "hand_over": {"hand-over"},
    "stages": {"stage"},
    "steps": {"plan"},
    "leave": {"group"},
    "file": {"folder", "backup"},
}


def names(path: Words, param: Any, said: str) -> bool:
    """Whether what was said names the option, the field, or the kind of thing that is meant."""
    words = {*param.opts, param.name.replace("_", " "), (param.metavar or param.name).strip("[].")}
    if param.name in LINKS or param.name in ("name", "names", "users", "new_name"):
        words |= {path[0], "user", "group", "name"}
    return any(word.lower() in said.lower() for word in words | SAID_AS.get(param.name, set()))


def taking_values(path: Words) -> list[Any]:
    return [param for param in COMMANDS[path].params if not getattr(param, "is_flag", False)]


OF_EACH = pytest.mark.parametrize("path", [*COMMANDS], ids=lambda path: " ".join(path) or "commsdesk")


@OF_EACH
def test_what_cannot_be_right_is_refused_and_named(path: Words, sweep: Sweep) -> None:
    wrong = []
    for param in taking_values(path):
        for value in wrong_values(path, param):
            status, said = sweep(*words_for(path, sweep.folder, {param.name: value}))
            refused = is_clean(status, said) and names(path, param, said)
            if not (refused and sweep.nothing_changed()):
                wrong.append((param.name, value[:60], status, said[:300]))
                sweep.put_back()
    assert not wrong, "\n".join(map(str, wrong))


@OF_EACH
@pytest.mark.parametrize("fed", [ODD, pytest.param(MORE_ODD, marks=pytest.mark.long)], ids=["", "more"])
def test_nothing_stumbles_over_odd_text(path: Words, fed: tuple[str, ...], sweep: Sweep) -> None:
    wrong = []
    for param in taking_values(path) if path not in LASTING else ():
        for value in fed if param.name != "wait" else ():  # it would
            status, said = sweep(*words_for(path, sweep.folder, {param.name: value}))
            clean = status == 0 or (is_clean(status, said) and sweep.nothing_changed()) or path in FINDING
            if not clean or "unexpectedly" in said:
                wrong.append((param.name, value[:60], status, said[:300]))
            if not sweep.nothing_changed() or status == 0:
                sweep.put_back()
    assert not wrong, "\n".join(map(str, wrong))
    assert not (sweep.site / "logs" / "errors.log").exists()


@OF_EACH
def test_the_right_values_are_right(path: Words, sweep: Sweep) -> None:
    """Or a wrong value would be refused for another reason."""
    if path in LASTING | FINDING | NO_OCCASION or path[0] not in THERE:
        return
    status, said = sweep(*words_for(path, sweep.folder, {}))
    # What hangs on a thing is asked about before it is removed.
    assert status == 0 or (path[-1] == "remove" and ("--yes" in said or "--force" in said)), said


def test_bytes_that_are_no_text_are_refused_at_once(sweep: Sweep) -> None:
    """As an argument that is not UTF-8 reaches Python."""
    status, said = sweep("group", "add", "caf\udce9")
    assert status == 2 and said.startswith("commsdesk: ") and said.count("\n") == 1
    assert "UTF-8" in said and sweep.nothing_changed()


CONTRADICTIONS = (
    (("task", "add", "T", *SENDS, "--cron", "0 8 * * *", "--once-at", "2027-01-01 10:00"), "--once-at"),
    (("alert", "restore", "1", "--key", "k"), "--key"),
    (("user", "edit", THERE["user"], "--set", "Mobile=+447700900127", "--unset", "Mobile"), "Mobile"),
    (("user", "edit", THERE["user"], "--set", "Mobile=+447700900127", "--set", "Mobile="), "Mobile"),
    (("handler", "edit", THERE["handler"], "--password-file", "{key}"), "--password-file"),
    (("handler", "add", "H", "--api", "xml", "--api-key-file", "{key}"), "--api-key-file"),
)


@pytest.mark.parametrize(("words", "named"), CONTRADICTIONS, ids=lambda value: str(value[:3]))
def test_options_that_contradict_each_other_are_refused(sweep: Sweep, words: Words, named: str) -> None:
    status, said = sweep(*(put_in(word, sweep.folder) for word in words))
    assert is_clean(status, said) and named in said, said
    assert sweep.nothing_changed()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("Name\nNew\n".encode("utf-16-le"), "line 1"),
        (b"\x00\x01\xff\xfe" * 500, "line 1"),
        (b"Name\nZo\xeb\n", "line 2"),
        (b"", "empty"),
        (b'Name,Mobile\nA,1\nB,"2\n', "line 3"),
        (b"Name,Nothing known\nA,1\n", "Nothing known"),
    ],
    ids=["UTF-16 unmarked", "binary", "Latin-1", "empty", "open quote", "unknown column"],
)
def test_a_file_that_is_no_table_is_refused_by_its_line(
    sweep: Sweep, tmp_path: Path, content: bytes, named: str
) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    status, said = sweep("user", "import", str(file))
    assert is_clean(status, said) and named in said, said
    assert sweep.nothing_changed()


def test_a_table_marked_as_utf_16_is_read(sweep: Sweep, tmp_path: Path) -> None:
    """As spreadsheets write Unicode text."""
    file = tmp_path / "people.csv"
    file.write_bytes("Name\nZoë\n".encode("utf-16"))
    assert sweep("user", "import", str(file))[0] == 0
