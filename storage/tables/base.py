"""What every table shares: STRICT storage, and columns of our own types."""

from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Integer, Table, Text
from sqlmodel import Field, SQLModel

from storage.types import Duration, Flag, JsonText, Money, UtcTime, Word

STRICT = {"sqlite_strict": True}
# Ids of history are never used twice, even when the newest row was pruned.
STRICT_HISTORY = {"sqlite_strict": True, "sqlite_autoincrement": True}


def identity() -> Any:
    return Field(default=None, sa_column=Column("id", Integer, primary_key=True))


def text(default: Any = ..., **options: Any) -> Any:
    return Field(default=default, sa_type=Text, **options)


def word(words: type[StrEnum], default: Any = ..., **options: Any) -> Any:
    kind: Any = Word(words)
    return Field(default=default, sa_type=kind, **options)


def number(default: Any = ..., **options: Any) -> Any:
    return Field(default=default, sa_type=Integer, **options)


def flag(default: Any = ..., **options: Any) -> Any:
    return Field(default=default, sa_type=Flag, **options)


def moment(default: Any = ..., **options: Any) -> Any:
    return Field(default=default, sa_type=UtcTime, **options)


def duration(default: Any = ..., **options: Any) -> Any:
    return Field(default=default, sa_type=Duration, **options)


def money(default: Any = ..., **options: Any) -> Any:
    return Field(default=default, sa_type=Money, **options)


def json_text(default: Any = ..., **options: Any) -> Any:
    return Field(default=default, sa_type=JsonText, **options)


def reference(to: str, default: Any = ..., **options: Any) -> Any:
    return Field(default=default, sa_type=Integer, foreign_key=to, **options)


def table_of(model: type[SQLModel]) -> Table:
    """The SQLAlchemy table behind a model, for queries that hand out plain records."""
    return model.__table__  # type: ignore[attr-defined,no-any-return]
