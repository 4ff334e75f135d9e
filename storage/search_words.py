"""The words of a search, as people type them."""

from storage.errors import StorageError

MOST = 40
"""More words than a person types; each one is a condition of the query."""


class TooManyWords(StorageError):
    """A search has more words than one query can have conditions."""


def search_words(text: str) -> list[str]:
    """The words of `text`, all of which must occur. Raises `TooManyWords` above `MOST`."""
    words = text.replace("\x00", " ").split()
    if len(words) > MOST:
        raise TooManyWords(f"the search has {len(words):,} words: use at most {MOST}")
    return words
