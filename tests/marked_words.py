"""A run in which every sentence that the program makes begins with `§`.

A sentence is what a function that writes one gives, and what the fields of records hold that are
words for people. A program that decides by facts alone does the same with marked words as without.
"""

import ast
import dataclasses
import functools
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from scheduling.diagnose.finding import Finding
from scheduling.gateways.outcome import GatewayError, Outcome, QueryAnswer
from scheduling.lifecycle import Step
from scheduling.recipients import LeftOut
from scheduling.stages import Refusal
from scheduling.withdrawal import Ruling
from storage.adoption import Hold
from storage.outbox import AttemptResult, Submission
from storage.records import ReviewEntry
from tui.operations.errors import Refused

MARK = "§"
TOP_FOLDERS = ("scheduling", "storage", "tui", "tests")
PACKAGES = ("scheduling", "storage", "tui.operations")

# The fields of records that hold sentences.
WORDS: dict[type, tuple[str, ...]] = {
    AttemptResult: ("error",),
    Finding: ("tried", "found", "advice"),
    GatewayError: ("error", "advice"),
    Hold: ("reason",),
    LeftOut: ("reason",),
    Outcome: ("error", "warning", "advice"),
    QueryAnswer: ("error",),
    Refusal: ("reason",),
    Refused: ("message", "hint"),
    ReviewEntry: ("text",),
    Ruling: ("why",),
    Step: ("error",),
    Submission: ("why",),
}

# Functions that give text which is no sentence: names, values, schedules, SQL, messages to people.
NO_SENTENCE = re.compile(
    r"""
    (^|\.)_?check_ | \.to_cron$ | \._?printable$
    | ^scheduling\.(cron_syntax|phone|templates)\.
    | ^storage\.(sql_values|search_words|secrets|restore)\.
    | ^storage\.(handlers\.secret_of|key_lookup\.line)$
    | \.(_decoded|_group_names|_name|_value|clock_time|advice|spelled_out)$
    """,
    re.VERBOSE,
)
# Functions that make sentences, or parts of them, without a word of their own.
SENTENCES = ("scheduling.gateways.wording.said", "scheduling.lifecycle.reason_of")

GIVES_TEXT = ("str", "str | None", "list[str]", "tuple[str, ...]")
WORDED = re.compile(r"[a-z]{2,} |[a-z]:? [a-z]{2,}| [a-z]{2,}")


def marked(value: Any) -> Any:
    if isinstance(value, str):
        return f"{MARK}{value}" if value and not value.startswith(MARK) else value
    if isinstance(value, list | tuple):
        return type(value)(marked(item) for item in value)
    return value


def unmarked(value: Any) -> Any:
    """A value of JSON or of the database as it would be without marks."""
    if isinstance(value, str):
        return value.replace(MARK, "")
    if isinstance(value, dict):
        return {key: unmarked(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [unmarked(item) for item in value]
    return value


def modules() -> Iterator[ModuleType]:
    for name in PACKAGES:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if ".migrations" not in found.name:
                yield importlib.import_module(found.name)


def makers(module: ModuleType) -> Iterator[str]:
    """The names of a module's functions and methods that make sentences."""

    def look(body: list[ast.stmt], place: str) -> Iterator[str]:
        for node in body:
            if isinstance(node, ast.ClassDef):
                yield from look(node.body, f"{place}{node.name}.")
            elif isinstance(node, ast.FunctionDef) and _is_maker(
                node, f"{module.__name__}.{place}{node.name}"
            ):
                yield f"{place}{node.name}"

    yield from look(ast.parse(inspect.getsource(module)).body, "")


def _is_maker(node: ast.FunctionDef, name: str) -> bool:
    if name in SENTENCES:
        return True
    if node.returns is None or ast.unparse(node.returns) not in GIVES_TEXT or NO_SENTENCE.search(name):
        return False
    said = (item.value for item in ast.walk(node) if isinstance(item, ast.Constant))
    own = [text for text in said if isinstance(text, str) and text != ast.get_docstring(node, clean=False)]
    return any(WORDED.search(text) for text in own)


def mark_all(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Mark every sentence from now on; gives the names of the functions that make them."""
    found = [(module, name) for module in modules() for name in makers(module)]
    replaced: dict[Any, Any] = {}
    for module, name in found:
        *classes, last = name.split(".")
        owner: Any = functools.reduce(getattr, classes, module)
        made = vars(owner)[last]
        if isinstance(made, property):
            assert made.fget is not None
            monkeypatch.setattr(owner, last, property(_marking(made.fget)))
        elif isinstance(owner, type):
            monkeypatch.setattr(owner, last, _marking(made))
        else:
            replaced[made] = _marking(made)
    for kind, names in WORDS.items():
        monkeypatch.setattr(kind, "__init__", _marking_fields(kind, names))
    # Wherever a function was imported to, and records that were made when a module was.
    ours = [module for name, module in sys.modules.items() if name.split(".")[0] in TOP_FOLDERS]
    for module in ours:
        for name, value in list(vars(module).items()):
            if inspect.isfunction(value) and value in replaced:
                monkeypatch.setattr(module, name, replaced[value])
            elif type(value) in WORDS and dataclasses.is_dataclass(value):
                monkeypatch.setattr(module, name, dataclasses.replace(value))  # type: ignore[type-var]
    return [f"{module.__name__}.{name}" for module, name in found]


def _marking(make: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(make)
    def make_marked(*args: Any, **options: Any) -> Any:
        return marked(make(*args, **options))

    return make_marked


def _marking_fields(kind: Any, names: tuple[str, ...]) -> Callable[..., None]:
    begin = kind.__init__

    @functools.wraps(begin)
    def begin_marked(self: Any, *args: Any, **options: Any) -> None:
        begin(self, *args, **options)
        for name in names:
            object.__setattr__(self, name, marked(getattr(self, name)))
        if isinstance(self, Exception):
            self.args = tuple(marked(argument) for argument in self.args)

    return begin_marked
