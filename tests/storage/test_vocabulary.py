"""The words of the vocabulary are spelled in `storage/vocabulary.py` and nowhere else in the program."""

import ast
import inspect
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from storage import vocabulary

ROOT = Path(vocabulary.__file__).parents[1]
PRODUCT = ("scheduling", "storage", "tui", "demo_data")
SPELLED_HERE = ("storage/vocabulary.py", "storage/migrations/")

# What has such a word, by the name of the variable, column, argument or key.
FIELDS = {
    "category",
    "level",
    "light",
    "on_unknown",
    "origin",
    "outcome",
    "pause",
    "role",
    "stage",
    "state",
    "status",
    "when_missed",
}
WORDS = {
    str(word)
    for _, words in inspect.getmembers(vocabulary, inspect.isclass)
    if issubclass(words, StrEnum) and words is not StrEnum
    for word in words
}
ANY_FIELD, ANY_WORD = ("|".join(map(re.escape, sorted(some))) for some in (FIELDS, WORDS))
IN_SQL = re.compile(rf"\b({ANY_FIELD})\s*(=|<>|!=|IS|IS NOT|IN)\s*\(?'({ANY_WORD})'")


def literals(node: ast.AST | None) -> Iterator[str]:
    """The words of the vocabulary that stand in an expression, alone or as members of a tuple."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in WORDS:
        yield node.value
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for item in node.elts:
            yield from literals(item)
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def name_of(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return ""


def found_in(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Compare(left=left, comparators=others):
            sides = [left, *others]
            if any(name_of(side) in FIELDS for side in sides):
                for side in sides:
                    yield from literals(side)
        case ast.Call(func=ast.Attribute(value=column, attr="in_" | "not_in"), args=args):
            if name_of(column) in FIELDS:
                for argument in args:
                    yield from literals(argument)
        case ast.keyword(arg=str(name), value=value) if name in FIELDS:
            yield from literals(value)
        case ast.AnnAssign(target=target, value=value) if name_of(target) in FIELDS:
            yield from literals(value)
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and key.value in FIELDS:
                    yield from literals(value)
        case ast.Constant(value=str(text)):
            yield from (" ".join(hit) for hit in IN_SQL.findall(text))


def spelled_again(source: str) -> list[tuple[int, str]]:
    return sorted(
        (getattr(node, "lineno", 0), word) for node in ast.walk(ast.parse(source)) for word in found_in(node)
    )


@pytest.mark.parametrize("folder", PRODUCT)
def test_no_word_of_the_vocabulary_is_spelled_again(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {word!r}: use storage.vocabulary"
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not str(path.relative_to(ROOT)).startswith(SPELLED_HERE)
        for line, word in spelled_again(path.read_text("utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "found.state == 'queued'",
        "found['state'] != 'queued'",
        "m.state.in_(('queued', 'sending'))",
        "values(state='unknown')",
        "{'pause': 'busy'}",
        "x = \"SELECT 1 FROM message WHERE state = 'queued'\"",
        "x = f\"WHERE state IN ('queued', {more})\"",
        "status: str = 'Starting'",
        "values(state='queued' if waits else 'sending')",
    ],
)
def test_the_search_finds_what_it_looks_for(source: str) -> None:
    assert spelled_again(source)
