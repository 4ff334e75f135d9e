"""What a text costs as SMS: alphabet, places, parts; how it is cut; how XML carries it.

Tables and limits: GSM 03.38 (3GPP TS 23.038) and its 160/153 and 70/67 places. A text
with one character outside the GSM tables goes as Unicode (UTF-16 units) as a whole.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from storage.texts import for_phone, line_breaks

# GSM 03.38 default alphabet, in the order of its codes; code 1B is the escape and stands for no character.
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
# GSM 03.38 extension table: the escape and a code, so two places each.
_EXTENSION = "\f^{}\\[~]|€"

_GSM_COST = dict.fromkeys(_BASIC, 1) | dict.fromkeys(_EXTENSION, 2)
_ELLIPSIS = "..."
# Typographic signs, which programs and gateways write and GSM does not have.
_PLAIN_SIGNS = str.maketrans(
    {
        "\u2026": "...",
        "\u2022": "*",
        "\u00b7": "-",
        "\u2192": "->",
        "\u00a0": " ",
        "\u202f": " ",
        "\ufffd": "?",
    }
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u2018\u2019\u201a\u2039\u203a", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"')
)
_MOST_NAMED = 5
_BACKTICK = "`"

Encoding = Literal["GSM", "Unicode"]


class _Limits(NamedTuple):
    single: int  # places in a message of one part
    each: int  # places in each of several parts


_LIMITS: dict[Encoding, _Limits] = {"GSM": _Limits(160, 153), "Unicode": _Limits(70, 67)}


@dataclass(frozen=True, slots=True)
class Costly:
    """A character that makes the text dearer. `index` is its place in the text, `reason` a sentence."""

    index: int
    char: str
    reason: str


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of a text as SMS.

    `units` are septet places for GSM and UTF-16 units for Unicode. `units_left_in_part` is
    what the last part still takes; with one part that is up to 160 or 70. An empty text
    has no part. `costly` names the first few characters, each once, that force Unicode,
    or (in a GSM text) that count double.
    """

    encoding: Encoding
    units: int
    parts: int
    units_left_in_part: int
    costly: tuple[Costly, ...]


def normalise(text: str) -> str:
    """The text as a phone may get it: one line feed a line break, no controls, no halves of characters.

    Everything that becomes a message goes through here once its values are in it, and once more as
    it is queued.
    """
    return for_phone(text)


def gsm_signs(text: str) -> str:
    """The text with typographic signs as GSM has them: for words of the program's own in a message."""
    return text.translate(_PLAIN_SIGNS)


def measure(text: str) -> Measure:
    """The size of `text` as it stands; pass what `normalise` returns to measure what is sent."""
    encoding: Encoding = "GSM" if all(char in _GSM_COST for char in text) else "Unicode"
    costs = _costs(text, encoding)
    units = sum(costs)
    parts, left = _fill(costs, units, _LIMITS[encoding])
    return Measure(encoding, units, parts, left, tuple(_costly(text, encoding)))


def _costs(text: str, encoding: Encoding) -> list[int]:
    if encoding == "GSM":
        return [_GSM_COST[char] for char in text]
    return [2 if ord(char) > 0xFFFF else 1 for char in text]


def _fill(costs: list[int], units: int, limits: _Limits) -> tuple[int, int]:
    """Parts, and places left in the last one. An escape pair or surrogate pair never straddles parts."""
    if units <= limits.single:
        return (1 if units else 0), limits.single - units
    parts, used = 1, 0
    for cost in costs:
        if used + cost > limits.each:
            parts, used = parts + 1, 0
        used += cost
    return parts, limits.each - used


def _costly(text: str, encoding: Encoding) -> Iterator[Costly]:
    named: set[str] = set()
    for index, char in enumerate(text):
        if char in named or len(named) == _MOST_NAMED:
            continue
        if encoding == "Unicode" and char not in _GSM_COST:
            reason = "is not in the SMS alphabet, so the whole message goes as Unicode: 70 places, not 160"
        elif encoding == "GSM" and _GSM_COST[char] == 2:
            reason = "takes two places"
        else:
            continue
        named.add(char)
        yield Costly(index, char, f"{name_of(char)} {reason}")


def name_of(char: str) -> str:
    """A character as people can find it: "’ (right single quotation mark)"; by name where it cannot show."""
    code = f"U+{ord(char):04X}"
    name = _CONTROL_NAMES.get(char) or unicodedata.name(char, "").lower()
    shows = char.isprintable() and not char.isspace() and not unicodedata.combining(char)
    if shows:
        return f"{char} ({name or code})"
    return f"{name} ({code})" if name else code


_CONTROL_NAMES = {
    "\t": "tab",
    "\n": "line feed",
    "\r": "carriage return",
    "\f": "form feed",
    "\x1b": "escape",
}


def shorten(text: str, most_parts: int) -> tuple[str, bool]:
    """The text, cut with "..." where it would take more than `most_parts` parts; and whether it was cut.

    Never cuts inside what people see as one character. Raises `ValueError` for `most_parts` below 1.
    """
    if most_parts < 1:
        raise ValueError("the most parts of a message must be 1 or more")
    if measure(text).parts <= most_parts:
        return text, False
    # A longer beginning never takes fewer parts, so the longest one that fits can be bisected.
    ends = [0, *clusters(text)]
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[: ends[middle]] + _ELLIPSIS).parts <= most_parts:
            low = middle
        else:
            high = middle - 1
    return text[: ends[low]] + _ELLIPSIS, True


def clusters(text: str) -> Iterator[int]:
    """Where each character as people see it ends: marks, joined emoji and flags stay whole.

    A small part of the rules of Unicode Standard Annex 29: enough never to change what is
    read, without its tables.
    """
    flag_halves = 0
    for index in range(1, len(text)):
        before, char = text[index - 1], text[index]
        flag_halves = flag_halves + 1 if _is_flag_half(before) else 0
        if not _joined(before, char, flag_halves):
            yield index
    if text:
        yield len(text)


def _joined(before: str, char: str, flag_halves: int) -> bool:
    if before == "\r" and char == "\n":
        return True
    if _extends(char) or before == _ZERO_WIDTH_JOINER:
        return not (before.isspace() and before in "\r\n")
    if _is_flag_half(char):
        return flag_halves % 2 == 1
    if unicodedata.combining(before) == _VIRAMA and unicodedata.category(char) == "Lo":
        return True
    return 0xD800 <= ord(before) <= 0xDBFF and 0xDC00 <= ord(char) <= 0xDFFF


_ZERO_WIDTH_JOINER = "\u200d"
_ZERO_WIDTH_NON_JOINER = "\u200c"
_VIRAMA = 9  # canonical combining class of the sign that joins two Indic consonants


def _extends(char: str) -> bool:
    if char in (_ZERO_WIDTH_JOINER, _ZERO_WIDTH_NON_JOINER):
        return True
    if unicodedata.category(char) in ("Mn", "Me", "Mc"):
        return True
    code = ord(char)
    return (
        0x1F3FB <= code <= 0x1F3FF  # skin tones
        or 0xE0020 <= code <= 0xE007F  # tags of regional flags
        or 0x1160 <= code <= 0x11FF  # Hangul vowels and finals
        or 0xD7B0 <= code <= 0xD7FB
    )


def _is_flag_half(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF


def _is_surrogate(char: str) -> bool:
    return 0xD800 <= ord(char) <= 0xDFFF


def xml_text(text: str) -> tuple[bool, str]:
    """The XML API's `unicode` flag and `text` value. Halves of surrogate pairs become U+FFFD.

    Characters that are both ASCII and GSM go plain (to be escaped for XML by the caller);
    any other text goes as UTF-16BE code units in hex, so that the document stays ASCII and
    the gateway's choice of character set cannot matter. The form feed is no XML character.
    """
    text = "".join("\ufffd" if _is_surrogate(char) else char for char in line_breaks(text))
    if all(char == "\n" or (" " <= char <= "~" and char != _BACKTICK) for char in text):
        return False, text
    return True, text.encode("utf-16-be").hex().upper()
