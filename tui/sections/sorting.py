"""Putting a short list in the order that a person has chosen."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def ordered(
    items: Iterable[T], order: tuple[str, bool] | None, sorts: Mapping[str, Callable[[T], Any]]
) -> list[T]:
    """The items by the column of `order`, descending if it says so; as they are without one."""
    found = list(items)
    if order is None or order[0] not in sorts:
        return found
    return sorted(found, key=sorts[order[0]], reverse=order[1])
