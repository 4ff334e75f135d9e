"""How many parts the gateway makes of a text, and so how often it charges.

It has its own tables: a mistake in the client's counting must show here, not repeat itself.
"""

# GSM 03.38 default alphabet without ESC, and the characters of its extension table.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_GSM = _BASIC | _EXTENDED


def count_parts(text: str, unicode: bool = False) -> int:
    """Parts of a text: 160 places in one and 153 in each of several, or 70 and 67 UTF-16 units.

    `unicode` asks for the second also where GSM 03.38 would do. A pair (ESC and code, or two
    surrogates) is never parted.
    """
    if not unicode and _GSM.issuperset(text):
        return _fill([2 if character in _EXTENDED else 1 for character in text], 160, 153)
    return _fill([2 if ord(character) > 0xFFFF else 1 for character in text], 70, 67)


def as_gsm(text: str) -> str:
    """What a phone shows of plain text: a character outside GSM 03.38 arrives as `?`."""
    if _GSM.issuperset(text):
        return text
    return "".join(character if character in _GSM else "?" for character in text)


def _fill(widths: list[int], alone: int, each: int) -> int:
    if sum(widths) <= alone:
        return 1
    parts, room = 1, each
    for width in widths:
        if width > room:
            parts, room = parts + 1, each
        room -= width
    return parts
