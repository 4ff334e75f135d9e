"""When two names are the same: without regard to case, form of Unicode, spaces, or what cannot be seen."""

import re
import unicodedata

# Byte order marks, zero-width spaces, soft hyphens, direction marks: nobody sees or types them.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
)
# Joiners stand inside Persian words and emoji; at an edge they join nothing.
_EDGES = "\u200c\u200d"


def visible(name: str) -> str:
    """The name without characters that cannot be seen."""
    if name.isascii():
        return name
    return _UNSEEN.sub("", name).strip(_EDGES)


def key_of(name: str) -> str:
    """The form by which names are compared and found."""
    return " ".join(unicodedata.normalize("NFKC", visible(name)).casefold().split())


def tidy(name: str) -> str:
    """The name as it is kept: as typed, without spaces around it, line breaks, or what cannot be seen."""
    return " ".join(visible(" ".join(name.split())).split())
