"""Text as it may be kept and sent: one kind of line break, and nothing that steers a terminal."""

import re

# CR LF made twice out of one (CR CR LF) is one break too. VT is what word processors break a line with.
_BREAKS = re.compile("\r+\n|[\r\v\x85\u2028\u2029]")
# What a terminal obeys: control sequences, operating system commands and their like.
_SEQUENCES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"
    "|\x1b[ -/]+[0-~]"
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def line_breaks(text: str) -> str:
    """The text with a line feed for each line break, however it was written."""
    return _BREAKS.sub("\n", text)


def without_controls(text: str) -> str:
    """The text without terminal sequences and control characters; tabs, line and form feeds stay."""
    if text.isprintable():
        return text
    return _CONTROLS.sub("", _SEQUENCES.sub("", text))


def storable(text: str) -> str:
    """Text that SQLite can keep: half a surrogate pair is not text, and shows as a question mark."""
    return text if text.isascii() else _SURROGATES.sub("?", text)


def for_phone(text: str) -> str:
    """The text as a phone may get it. Done twice it changes nothing more."""
    if text.isascii() and text.isprintable():
        return text
    return storable(without_controls(line_breaks(text)))
