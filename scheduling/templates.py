"""`{Field}` in messages: checked when saved, filled in when sent.

`{{` and `}}` stand for one brace each. Names are matched without regard to case and
surrounding space. Values are put in once: braces inside a value stay as they are.
"""

import difflib
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

MISSING = "-"
"""Stands for a value that is missing: a sign that GSM has, for one outside it makes the SMS twice as dear."""
NAME = "Name"
FIRST_NAME = "First Name"

_LONGEST_QUOTE = 40


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message filled in. `missing` are the fields without a value, as written, each once."""

    text: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """`kind` is "text" (value to show), "field" (its name) or "stray" (a brace without its partner)."""

    kind: str
    value: str
    index: int


def fields_in(text: str) -> tuple[str, ...]:
    """The field names used, as first written, each once."""
    names: dict[str, str] = {}
    for piece in _pieces(text):
        if piece.kind == "field" and piece.value.strip():
            names.setdefault(_key(piece.value), piece.value.strip())
    return tuple(names.values())


def check(text: str, known: Collection[str]) -> list[str]:
    """What is wrong with a message, a sentence each; empty when it can be saved."""
    problems: dict[str, None] = {}
    keys = {_key(name): name for name in known}
    for piece in _pieces(text):
        if piece.kind == "stray":
            problems[_stray(piece)] = None
        elif piece.kind == "field" and not piece.value.strip():
            problems["Empty field {}: put a field's name between the braces."] = None
        elif piece.kind == "field" and _key(piece.value) not in keys:
            problems[_unknown(piece.value.strip(), keys)] = None
    return list(problems)


def render(text: str, values: Mapping[str, str]) -> Rendered:
    """The message with its values. Never raises: a stray brace stays, a missing value shows as a dash."""
    by_key = {_key(name): value for name, value in values.items()}
    parts: list[str] = []
    missing: dict[str, str] = {}
    for piece in _pieces(text):
        if piece.kind != "field":
            parts.append(piece.value)
            continue
        value = by_key.get(_key(piece.value), "")
        if not value.strip():
            missing.setdefault(_key(piece.value), piece.value.strip())
            value = MISSING
        parts.append(value)
    return Rendered("".join(parts), tuple(missing.values()))


def user_values(name: str, fields: Mapping[str, str]) -> dict[str, str]:
    """What a user gives to a message: Name, First Name and each custom field.

    First Name is the custom field of that name where it holds something, else the first
    word of the name. A custom field cannot take the place of Name.
    """
    values = {NAME: name, FIRST_NAME: (name.split() or [""])[0].rstrip(",")}
    built_in = {_key(label): label for label in values}
    for label, value in fields.items():
        own = built_in.get(_key(label))
        if own is None:
            values[label] = value
        elif own == FIRST_NAME and value.strip():
            values[FIRST_NAME] = value
    return values


def _pieces(text: str) -> Iterator[_Piece]:
    at = 0
    while at < len(text):
        char = text[at]
        if char not in "{}":
            end = _next_brace(text, at)
            yield _Piece("text", text[at:end], at)
        elif text.startswith(char * 2, at):
            end = at + 2
            yield _Piece("text", char, at)
        else:
            end = _next_brace(text, at + 1)
            if char == "{" and text.startswith("}", end):
                yield _Piece("field", text[at + 1 : end], at)
                end += 1
            else:
                end = at + 1
                yield _Piece("stray", char, at)
        at = end


def _next_brace(text: str, at: int) -> int:
    found = [place for place in (text.find("{", at), text.find("}", at)) if place >= 0]
    return min(found, default=len(text))


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip()).casefold()


def _stray(piece: _Piece) -> str:
    partner = "}" if piece.value == "{" else "{"
    return (
        f"The {piece.value} at character {piece.index + 1} has no {partner}: "
        f"write {piece.value * 2} for a brace that is meant as text."
    )


def _unknown(name: str, keys: Mapping[str, str]) -> str:
    shown = name if len(name) <= _LONGEST_QUOTE else name[: _LONGEST_QUOTE - 1] + "…"
    near = difflib.get_close_matches(_key(name), keys, n=1, cutoff=0.6)
    if near:
        return f"Unknown field {{{shown}}}: did you mean {{{keys[near[0]]}}}?"
    if not keys:
        return f"Unknown field {{{shown}}}: no fields can be used here."
    choices = ", ".join(f"{{{known}}}" for known in list(keys.values())[:12])
    return f"Unknown field {{{shown}}}: use {choices}{' …' if len(keys) > 12 else ''}."
