"""Finding a secret in a text, however the text spells it.

A gateway may echo a key percent-encoded, as XML or JSON escapes, in Base64 without its padding,
in capitals, broken over lines, or only its beginning. So the text is looked at as it is and after
each round of un-escaping, without blanks and without regard to case, and every run of `RUN`
characters of a secret is found in it. Linear in the length of the text.
"""

import base64
import html
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote_to_bytes
from xml.sax.saxutils import escape

MASK = "••••"
RUN = 8  # so many consecutive characters of a secret never show
SHORTEST = 4  # without its blanks, a run of fewer characters would be found in ordinary words
ROUNDS = 4  # escapes of escapes of escapes

_ESCAPES = re.compile(
    r"(?P<percent>(?:%[0-9a-fA-F]{2})+)"
    r"|(?P<quoted>(?:=[0-9a-fA-F]{2})+)"
    r"|(?P<unit>(?:(?:\\u|%u)[0-9a-fA-F]{4})+)"
    r"|\\(?:u\{(?P<braced>[0-9a-fA-F]{1,6})\}|U(?P<long>[0-9a-fA-F]{8})|x(?P<hex>[0-9a-fA-F]{2}))"
    r"|(?P<entity>&(?:#[0-9]{1,12}|#[xX][0-9a-fA-F]{1,12}|[A-Za-z][A-Za-z0-9]{1,31});?)"
    r"|\\(?P<plain>[^uUx])"
)
_PLAIN = re.compile("[0-9A-Za-z]*")  # no escape is in it, and nothing that folding drops or changes
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ALIKE = str.maketrans("-_", "+/")  # the two alphabets of Base64


def mask(text: str, secrets: Collection[str]) -> str:
    """The text with each secret, and each run of `RUN` characters of one, replaced by dots."""
    known = frozenset(secrets)
    for spelling in _longest_first(known):
        text = text.replace(spelling, MASK)
    wanted = _wanted(known)
    # Ids, mostly: the whole look takes 50 µs, a third of what a call spends on a message.
    if _PLAIN.fullmatch(text) and not _shows(text.casefold(), wanted):
        return text
    found = sorted(_spans(text, wanted)) if wanted else []
    if not found:
        return text
    parts: list[str] = []
    end = 0
    for first, last in found:
        if first > end or not parts:
            parts += [text[end:first], MASK]
        end = max(end, last)
    return "".join([*parts, text[end:]])


def _shows(folded: str, wanted: dict[int, frozenset[str]]) -> bool:
    """Whether a run stands in a text that is folded, with no escape in it."""
    return any(
        not runs.isdisjoint([folded[at : at + length] for at in range(len(folded) - length + 1)])
        for length, runs in wanted.items()
    )


def holds(text: str, secrets: Collection[str]) -> bool:
    """Whether a secret, or a run of one, stands in the text in any spelling."""
    return mask(text, secrets) != text


def spellings(secrets: Collection[str]) -> set[str]:
    """The usual ways in which these secrets are written in a text, whole; empty ones are left out."""
    found: set[str] = set()
    for secret in filter(None, secrets):
        octets = secret.encode("utf-8", "replace")
        encoded = {quote(octets), quote(octets, safe=""), quote_plus(octets)}
        found |= {secret, secret.strip(), escape(secret), escape(secret, {'"': "&quot;", "'": "&apos;"})}
        found |= encoded | {base64.b64encode(octets).decode("ascii")}
        found.add(secret.encode("unicode_escape").decode("ascii"))
    return found - {""}


@lru_cache(maxsize=64)
def _longest_first(secrets: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(spellings(secrets), key=len, reverse=True))


@dataclass(frozen=True, slots=True)
class _View:
    """A text after some un-escaping: for each character, where in the first text it came from."""

    text: str
    spans: list[tuple[int, int]]


def _spans(text: str, wanted: dict[int, frozenset[str]]) -> Iterator[tuple[int, int]]:
    for view in _views(text):
        folded = _folded(view)
        for length, runs in wanted.items():
            for at in range(len(folded.text) - length + 1):
                if folded.text[at : at + length] in runs:
                    yield folded.spans[at][0], folded.spans[at + length - 1][1]


def _views(text: str) -> Iterator[_View]:
    view = _View(text, [(at, at + 1) for at in range(len(text))])
    for _ in range(ROUNDS):
        yield view
        if "+" in view.text:
            yield _View(view.text.replace("+", " "), view.spans)
        further = _unescaped(view)
        if further.text == view.text:
            return
        view = further
    yield view


def _unescaped(view: _View) -> _View:
    """One round of un-escaping."""
    letters: list[str] = []
    spans: list[tuple[int, int]] = []
    end = 0
    for match in _ESCAPES.finditer(view.text):
        letters.append(view.text[end : match.start()])
        spans += view.spans[end : match.start()]
        meant = _meant(match)
        letters.append(meant)
        spans += [(view.spans[match.start()][0], view.spans[match.end() - 1][1])] * len(meant)
        end = match.end()
    letters.append(view.text[end:])
    spans += view.spans[end:]
    return _View("".join(letters), spans)


def _meant(match: re.Match[str]) -> str:
    kind, text = match.lastgroup, match[0]
    if kind in ("percent", "quoted"):
        octets = unquote_to_bytes(text.replace("=", "%"))
        try:
            return octets.decode()
        except UnicodeDecodeError:
            return octets.decode("latin-1")
    if kind == "unit":
        units = [int(text[at + 2 : at + 6], 16) for at in range(0, len(text), 6)]
        octets = b"".join(unit.to_bytes(2, "big") for unit in units)
        return octets.decode("utf-16-be", "replace")
    if kind in ("braced", "long", "hex"):
        code = int(match[kind], 16)
        return chr(code) if code <= 0x10FFFF else "\ufffd"
    if kind == "entity":
        return html.unescape(text)
    return _LETTERS.get(match["plain"], match["plain"])


def _folded(view: _View) -> _View:
    """Without blanks, backslashes and invisible characters, and without regard to case."""
    letters: list[str] = []
    spans: list[tuple[int, int]] = []
    for letter, span in zip(view.text, view.spans, strict=True):
        folded = _fold(letter)
        letters.append(folded)
        spans += [span] * len(folded)
    return _View("".join(letters), spans)


def _fold(text: str) -> str:
    """Letter by letter, so that every part of a text folds as it does in the whole."""
    if not text.isascii():
        text = "".join(unicodedata.normalize("NFKC", letter) for letter in text)
    # A backslash may be a character of the secret, or stand before any other.
    text = text.replace("\\", "")
    kept = (letter for letter in text if not letter.isspace() and unicodedata.category(letter)[0] != "C")
    return "".join(kept).casefold().translate(_ALIKE)


@lru_cache(maxsize=64)
def _wanted(secrets: frozenset[str]) -> dict[int, frozenset[str]]:
    """What to look for, folded, by length: every run of `RUN` characters, or a shorter secret whole."""
    found: dict[int, set[str]] = {}
    for spelling, run in _readable(secrets):
        for start in range(max(1, len(spelling) - run + 1)):
            folded = _fold(spelling[start : start + run])
            if len(folded) >= SHORTEST:
                found.setdefault(len(folded), set()).add(folded)
    return {length: frozenset(runs) for length, runs in found.items()}


def _readable(secrets: Collection[str]) -> Iterable[tuple[str, int]]:
    """Each secret as it reads after any number of un-escapings, and in Base64 and hexadecimal digits."""
    for secret in filter(None, secrets):
        for view in _views(secret):
            yield view.text, RUN
        octets = secret.encode("utf-8", "replace")
        if len(octets) < SHORTEST:
            continue
        yield octets.hex(), RUN * 2
        for before in range(3):  # what stands before it, as a user name does, shifts the digits
            digits = base64.b64encode(bytes(before) + octets).decode("ascii").rstrip("=")
            first = -(-before * 8 // 6)
            yield digits[first : (before + len(octets)) * 8 // 6], RUN
