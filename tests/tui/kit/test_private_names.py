"""Only one file of the tests knows what Textual keeps to itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import textual

import tui

TESTS = Path(__file__).parents[2]
KNOWS = TESTS / "tui" / "textual_private.py"
OWN = re.compile(r"\bself\.(_[a-z]\w*)|\bdef (_[a-z]\w*)\(self")


def private_to(package: Path) -> set[str]:
    """The private names that the classes of a package give their objects."""
    found = (OWN.findall(path.read_text("utf-8")) for path in package.rglob("*.py"))
    return {name for pairs in found for pair in pairs for name in pair if name}


def used(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The private names asked of anything but the object itself, and private modules of Textual."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and re.match(r"_[a-z]", node.attr):
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield node.lineno, node.attr
        elif isinstance(node, ast.ImportFrom) and re.match(r"textual\.(.+\.)?_", node.module or ""):
            yield node.lineno, str(node.module)


def test_private_names_of_textual_stand_in_one_file() -> None:
    (textuals,) = map(Path, textual.__path__)
    (ours,) = map(Path, tui.__path__)
    theirs = private_to(textuals) - private_to(ours)
    found = [
        f"{path.relative_to(TESTS)}:{line} {name}"
        for path in sorted((TESTS / "tui").rglob("*.py"))
        if path != KNOWS
        for line, name in used(ast.parse(path.read_text("utf-8")))
        if name in theirs or name.startswith("textual.")
    ]
    assert found == []


def test_the_check_knows_some_of_them() -> None:
    (textuals,) = map(Path, textual.__path__)
    assert {"_compositor", "_driver", "_notifications", "_parse_action"} <= private_to(textuals)
