"""How values lie in SQLite: TEXT, INTEGER, BLOB and REAL only, so that every table can be STRICT."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Integer, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_micros(at: datetime) -> int:
    """Whole microseconds since 1970 UTC; naive times are refused (`ValueError`)."""
    if at.tzinfo is None:
        raise ValueError("a stored time must know its zone")
    return (at - EPOCH) // MICROSECOND


def from_micros(value: int) -> datetime:
    """A number that no zone can show (altered by hand) is the first or the last time that all can."""
    if _FIRST <= value <= _LAST:
        return EPOCH + timedelta(microseconds=value)
    return EPOCH + timedelta(microseconds=min(max(value, _FIRST), _LAST))


_FIRST, _LAST = (to_micros(datetime(year, 1, 1, tzinfo=UTC)) for year in (2, 9999))


def kept(value: Any) -> Any:
    """A value as SQLite keeps it, for statements that go past the types below."""
    kind = type(value)
    if value is None or kind is int or kind is str or kind is bytes:
        return value
    if kind is datetime:
        return to_micros(value)
    if kind is bool:
        return int(value)
    if kind is timedelta:
        return value // MICROSECOND
    if isinstance(value, StrEnum):
        return value.value
    raise TypeError(f"{kind.__name__} has no place in a column")


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as integer microseconds UTC."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)


class Duration(TypeDecorator[timedelta]):
    """A length of time, kept as integer microseconds (the interface shows minutes)."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        return None if value is None else value // MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> timedelta | None:
        return None if value is None else timedelta(microseconds=value)


class Flag(TypeDecorator[bool]):
    """True or false, kept as 1 or 0."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        return None if value is None else bool(value)


class Money(TypeDecorator[Decimal]):
    """An amount, kept as text so that no figure is rounded."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


def as_json(value: Any) -> str:
    """A small list or object, as it is kept."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class JsonText(TypeDecorator[Any]):
    """A small list or object, kept as JSON text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else as_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Word(TypeDecorator[StrEnum]):
    """A word of the vocabulary, kept as its value; one altered by hand into another is read as it is."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words
        self._by_value: dict[str, StrEnum] = {str(word): word for word in words}

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return self._by_value.get(value, value)
