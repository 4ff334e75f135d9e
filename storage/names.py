"""When two names are the same: without regard to case, form of Unicode, or spaces around and between."""

import unicodedata


def key_of(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def tidy(name: str) -> str:
    """The name as it is kept: as typed, without spaces around it or line breaks in it."""
    return " ".join(name.split())
