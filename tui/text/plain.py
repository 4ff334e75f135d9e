"""Text from outside made safe for a terminal, without loading the console.

Names, numbers, messages and gateway errors may hold escape sequences, control characters,
bidirectional overrides or characters that show nothing at all. Here each of those becomes one
visible sign, so that what a person reads is what the text holds and the terminal obeys nothing.
"""

import re

from storage.texts import line_breaks

MOST_COMBINING = 4
"""Combining marks kept on one character; more would climb over the lines above and below."""

_REPLACEMENT = "�"

# Unicode categories Cc (C1 part), Cf, Cs, Zl, Zp, plus what is "default ignorable" or a noncharacter.
_SILENT = (
    "\x80-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef"
    "\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17))
)
# U+FE0E and U+FE0F only choose between the text and the emoji form, and terminals disagree on the width.
_VARIATION = "\ufe0e\ufe0f"
_COMBINING = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f"
)

_UNSAFE = re.compile(f"\r\n|[\x00-\x1f\x7f{_SILENT}{_VARIATION}]")
_PILED = re.compile(f"([{_COMBINING}]{{{MOST_COMBINING}}})[{_COMBINING}]+")
_BASELESS = re.compile(f"(^|[\n⏎])(?=[{_COMBINING}])")

_SHOWN = {chr(code): chr(0x2400 + code) for code in range(0x20)} | {
    "\x7f": "␡",
    "\ufe0e": "",
    "\ufe0f": "",
}
_LINE = _SHOWN | {"\r\n": "⏎", "\n": "⏎", "\t": " ", "\u2028": "⏎", "\u2029": "⏎"}
_BLOCK = _SHOWN | {"\r\n": "\n", "\n": "\n", "\t": "\t", "\u2028": "\n", "\u2029": "\n"}


def plain_str(text: str, *, block: bool = False) -> str:
    """The text with nothing in it that a terminal would obey or hide.

    ESC shows as `␛`, other C0 controls by their control pictures, C1 controls, bidirectional
    controls, zero-width and other format characters and lone surrogates as `�`. In one-line form
    (the default) a line break shows as `⏎` and a tab as a space; with `block` both are kept.
    The result can always be encoded as UTF-8, and going through twice changes nothing.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = _BLOCK if block else _LINE
    safe = _UNSAFE.sub(lambda found: shown.get(found[0], _REPLACEMENT), text)
    if safe.isascii():
        return safe
    return _BASELESS.sub(r"\1◌", _PILED.sub(rf"\1{_REPLACEMENT}", safe))


_OBEYED = re.compile(
    "\r\n|[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ud800-\udfff]"
)


def editable_str(text: str, *, block: bool = False) -> str:
    """The text as it may stand in a field where it is edited.

    What a terminal would obey shows as in `plain_str`; joiners and variation selectors stay,
    because Persian words and many emoji are written with them.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = _BLOCK if block else _LINE
    text = line_breaks(text)
    return _OBEYED.sub(lambda found: shown.get(found[0], _REPLACEMENT), text)
