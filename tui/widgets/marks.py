"""Which records of a list are selected."""

from collections.abc import Iterable

MOST_MARKS = 50_000
"""More than this is not selected by hand: a filter says better what is meant."""


class Marks:
    """Keys of records, in the order they were marked. They outlive pages and re-reading."""

    def __init__(self) -> None:
        self._keys: dict[int, None] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def keys(self) -> tuple[int, ...]:
        return tuple(self._keys)

    def toggle(self, key: int) -> None:
        """Mark what is not marked, unmark what is."""
        if key in self._keys:
            del self._keys[key]
        else:
            self._keys[key] = None

    def add(self, keys: Iterable[int]) -> None:
        """Mark these too."""
        self._keys.update(dict.fromkeys(keys))

    def clear(self) -> bool:
        """Unmark all; whether there were any."""
        had = bool(self._keys)
        self._keys.clear()
        return had
