"""Text as a hostile or unlucky outside world sends it."""

import unicodedata

from hypothesis import strategies as st

HOSTILE = {
    "rich markup": "balance [/red] due [bold]x",
    "textual link": "[@click=app.quit]press me[/]",
    "unclosed": "[[[",
    "colour": "\x1b[31mred\x1b[0m",
    "cursor home": "\x1b[H\x1b[2Jgone",
    "osc 52": "\x1b]52;c;c2VjcmV0\x07",
    "osc title": "\x1b]0;owned\x1b\\",
    "c1 csi": "\x9b31mred",
    "override": "safe\u202egnp.exe",
    "isolates": "\u2066a\u2067b\u2069",
    "nul": "a\x00b",
    "bell backspace": "a\x07\x08\x08b",
    "carriage return": "12345\rX",
    "lines": "one\ntwo\r\nthree\u2028four",
    "tabs": "a\tb",
    "zero width": "pay\u200bpal\ufeff",
    "tag characters": "hi\U000e0041\U000e0042",
    "emoji": "👩‍👩‍👧 🇬🇧 👍🏽 ❤️",
    "wide": "国际短信通知中心",
    "rtl": "יוסי כהן محمد",
    "zalgo": "Z" + "\u0315\u0300" * 40,
    "mark first": "\u0301first",
    "lone surrogate": "a\ud800b",
    "long": "x" * 10_000,
    "long hostile": "\x1b[31m\u202e[/]" * 2_000,
    "empty": "",
}

MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def as_name(text: str) -> str:
    """What of a text may stand in a name: controls and marks that turn the direction are refused there.

    (Names that a file holds all the same are the matter of `tests/tui/test_hostile.py`.)
    """
    return "".join("~" if unicodedata.category(char) == "Cc" or char in MARKS else char for char in text)


hostile_text = st.one_of(
    st.sampled_from(list(HOSTILE.values())),
    st.text(st.characters(), max_size=60),
    st.text(
        st.sampled_from("\x1b[]()@;\\\x00\x07\x08\r\n\t\x9b\u202e\u200b\ud800\u0301a国👩/$"), max_size=60
    ),
)
