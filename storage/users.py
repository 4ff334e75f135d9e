"""Users: people who can be sent to, their values, and pages of them for lists of any length."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from storage.database import Transaction
from storage.names import key_of
from storage.records import User
from storage.search_words import search_words
from storage.tables import custom_fields, group_members, groups, messages, user_values, users
from storage.vocabulary import UNDER_WAY

u = users.c
RECORD = [users.c[name] for name in User.__dataclass_fields__ if name not in ("values", "groups")]
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Whom to show; all that is set must fit.

    Each word of `words` must occur in the name, the notes, a value or a group's name, without
    regard to case. Words that make up a telephone number are looked for as one number.
    """

    words: str = ""
    group_id: int | None = None
    enabled: bool | None = None


class SortBy(StrEnum):
    ID = "id"
    NAME = "name"
    ENABLED = "enabled"
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class UserOrder:
    """`field_id` is the custom field to sort by where `by` is FIELD; who has no value comes last."""

    by: SortBy = SortBy.NAME
    field_id: int | None = None
    descending: bool = False


EVERYONE = UserFilter()
BY_NAME = UserOrder()
BY_ID = UserOrder(SortBy.ID)


def get(connection: sa.Connection, user_id: int) -> User | None:
    """By id, removed or not."""
    found = _records(connection, sa.select(*RECORD).where(u.id == user_id))
    return found[0] if found else None


def several(connection: sa.Connection, user_ids: Sequence[int]) -> dict[int, User]:
    """By id, removed or not, in the order asked for."""
    found: dict[int, User] = {}
    for start in range(0, len(user_ids), _CHUNK):
        chunk = user_ids[start : start + _CHUNK]
        found.update(
            (user.id, user) for user in _records(connection, sa.select(*RECORD).where(u.id.in_(chunk)))
        )
    return {user_id: found[user_id] for user_id in user_ids if user_id in found}


def by_name(connection: sa.Connection, name: str) -> list[User]:
    """Everyone of that name: users' names may repeat."""
    query = sa.select(*RECORD).where(u.name_key == key_of(name), u.removed_at.is_(None)).order_by(u.id)
    return _records(connection, query)


def page(
    connection: sa.Connection,
    wanted: UserFilter = EVERYONE,
    order: UserOrder = BY_NAME,
    *,
    offset: int = 0,
    limit: int = 200,
    after: int | None = None,
) -> list[User]:
    """Part of the list, each user with values and groups, in three queries.

    With `after` (the id of the row just before the page) a list sorted by name or id is read
    from there by index; otherwise `offset` rows are counted over.
    """
    query = sa.select(*RECORD).where(*_where(wanted)).order_by(*_order(order)).limit(limit)
    seek = _beyond(connection, order, after) if after is not None else None
    return _records(connection, query.where(seek) if seek is not None else query.offset(offset))


def count(connection: sa.Connection, wanted: UserFilter = EVERYONE) -> int:
    query = sa.select(sa.func.count()).select_from(users).where(*_where(wanted))
    return connection.execute(query).scalar_one()


def position(
    connection: sa.Connection, user_id: int, wanted: UserFilter = EVERYONE, order: UserOrder = BY_NAME
) -> int | None:
    """The index of a user in that list; None when it does not hold the user."""
    numbered = (
        sa.select(u.id, (sa.func.row_number().over(order_by=_order(order)) - 1).label("place"))
        .where(*_where(wanted))
        .subquery()
    )
    return connection.execute(sa.select(numbered.c.place).where(numbered.c.id == user_id)).scalar()


def ids(
    connection: sa.Connection,
    limit: int,
    wanted: UserFilter = EVERYONE,
    order: UserOrder = BY_NAME,
) -> list[int]:
    """The ids of the first users of that list."""
    query = sa.select(u.id).where(*_where(wanted)).order_by(*_order(order)).limit(limit)
    return list(connection.execute(query).scalars())


def everyone(connection: sa.Connection, wanted: UserFilter = EVERYONE, chunk: int = _CHUNK) -> Iterator[User]:
    """All that fits, the newest last, a page at a time."""
    last: int | None = 0
    while found := page(connection, wanted, BY_ID, limit=chunk, after=last):
        yield from found
        last = found[-1].id


def near_names(connection: sa.Connection, text: str, limit: int = 200) -> list[str]:
    """Names that might have been meant: with the same beginning, or holding one of the words."""
    key = key_of(text)
    like = [u.name_key.startswith(key[:2], autoescape=True)] if key else []
    like += [u.name_key.contains(word, autoescape=True) for word in key.split()[:5]]
    query = sa.select(u.name).where(u.removed_at.is_(None), sa.or_(sa.false(), *like)).limit(limit)
    return list(connection.execute(query).scalars())


def _order(order: UserOrder) -> list[sa.ColumnElement[Any]]:
    def turned(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return column.desc() if order.descending else column.asc()

    if order.by is SortBy.ID:
        return [turned(u.id)]
    if order.by is SortBy.ENABLED:
        return [turned(u.enabled), u.name_key, u.id]
    if order.by is SortBy.FIELD:
        value = _sortable_value(order.field_id)
        return [value.is_(None), turned(value), u.name_key, u.id]
    return [turned(u.name_key), turned(u.id)]


def _sortable_value(field_id: int | None) -> sa.ColumnElement[Any]:
    as_number = sa.cast(user_values.c.value, sa.REAL)
    shown = sa.case((custom_fields.c.type == "Number", as_number), else_=sa.func.lower(user_values.c.value))
    return (
        sa.select(shown)
        .join_from(user_values, custom_fields, custom_fields.c.id == user_values.c.field_id)
        .where(user_values.c.user_id == u.id, user_values.c.field_id == field_id)
        .scalar_subquery()
    )


def _beyond(connection: sa.Connection, order: UserOrder, after: int) -> sa.ColumnElement[bool] | None:
    """The condition "comes after that user", or None when the index cannot seek in this order."""
    if order.by is SortBy.ID:
        return u.id < after if order.descending else u.id > after
    if order.by is not SortBy.NAME:
        return None
    key = connection.execute(sa.select(u.name_key).where(u.id == after)).scalar()
    if key is None:
        return None
    here, there = sa.tuple_(u.name_key, u.id), sa.tuple_(sa.literal(key), sa.literal(after))
    return here < there if order.descending else here > there


def _where(wanted: UserFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [u.removed_at.is_(None)]
    if wanted.enabled is not None:
        found.append(u.enabled == wanted.enabled)
    if wanted.group_id is not None:
        mine = sa.select(group_members.c.user_id).where(group_members.c.group_id == wanted.group_id)
        found.append(u.id.in_(mine))
    found += [_holds(word) for word in _words(wanted.words)]
    return found


def _words(text: str) -> list[str]:
    digits = "".join(char for char in text if char not in " ()-./\u00a0")
    if len(digits) >= 5 and digits.isascii() and digits.removeprefix("+").isdigit():
        return [digits.lstrip("0")]  # as dialled at home or from abroad; stored numbers begin with +
    return search_words(key_of(text))


def _holds(word: str) -> sa.ColumnElement[bool]:
    valued = sa.select(user_values.c.user_id).where(
        user_values.c.user_id == u.id, user_values.c.value.icontains(word, autoescape=True)
    )
    grouped = (
        sa.select(group_members.c.user_id)
        .join_from(group_members, groups, groups.c.id == group_members.c.group_id)
        .where(group_members.c.user_id == u.id, groups.c.name_key.contains(word, autoescape=True))
    )
    return sa.or_(
        u.name_key.contains(word, autoescape=True),
        u.notes.icontains(word, autoescape=True),
        valued.exists(),
        grouped.exists(),
    )


def _records(connection: sa.Connection, query: sa.Select[Any]) -> list[User]:
    rows = connection.execute(query).mappings().all()
    found = [row["id"] for row in rows]
    values, belongs = _values_of(connection, found), _groups_of(connection, found)
    return [
        User(**row, values=values.get(row["id"], {}), groups=tuple(belongs.get(row["id"], ())))
        for row in rows
    ]


def _values_of(connection: sa.Connection, user_ids: Sequence[int]) -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = {}
    for start in range(0, len(user_ids), _CHUNK):
        query = (
            sa.select(user_values.c.user_id, user_values.c.field_id, user_values.c.value)
            .join_from(user_values, custom_fields, custom_fields.c.id == user_values.c.field_id)
            .where(
                user_values.c.user_id.in_(user_ids[start : start + _CHUNK]),
                custom_fields.c.removed_at.is_(None),
            )
            .order_by(custom_fields.c.position, custom_fields.c.id)
        )
        for user_id, field_id, value in connection.execute(query):
            found.setdefault(user_id, {})[field_id] = value
    return found


def _groups_of(connection: sa.Connection, user_ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for start in range(0, len(user_ids), _CHUNK):
        query = (
            sa.select(group_members.c.user_id, groups.c.name)
            .join_from(group_members, groups, groups.c.id == group_members.c.group_id)
            .where(
                group_members.c.user_id.in_(user_ids[start : start + _CHUNK]), groups.c.removed_at.is_(None)
            )
            .order_by(groups.c.name_key)
        )
        for user_id, name in connection.execute(query):
            found.setdefault(user_id, []).append(name)
    return found


def add(tx: Transaction, name: str, notes: str, enabled: bool, now: datetime) -> int:
    query = sa.insert(users).values(
        name=name,
        name_key=key_of(name),
        notes=notes,
        enabled=enabled,
        revision=1,
        created_at=now,
        changed_at=now,
    )
    return int(tx.execute(query.returning(u.id)).scalar_one())


def change(tx: Transaction, user_id: int, values: Mapping[str, Any], now: datetime) -> None:
    """Set columns and count the revision up. Also called with no columns when only values moved."""
    named = {"name_key": key_of(values["name"])} if "name" in values else {}
    query = sa.update(users).where(u.id == user_id)
    tx.execute(query.values(**values, **named, changed_at=now, revision=u.revision + 1))


def enable(tx: Transaction, user_ids: Sequence[int], enabled: bool, now: datetime) -> None:
    for start in range(0, len(user_ids), _CHUNK):
        tx.execute(
            sa.update(users)
            .where(u.id.in_(user_ids[start : start + _CHUNK]))
            .values(enabled=enabled, changed_at=now, revision=u.revision + 1)
        )


def set_values(tx: Transaction, user_id: int, values: Mapping[int, str | None]) -> None:
    """Set custom fields by id, in their stored form; None takes a value away."""
    for field_id, value in values.items():
        mine = (user_values.c.user_id == user_id) & (user_values.c.field_id == field_id)
        tx.execute(sa.delete(user_values).where(mine))
        if value is not None:
            tx.execute(sa.insert(user_values).values(user_id=user_id, field_id=field_id, value=value))


def remove(tx: Transaction, user_ids: Collection[int], now: datetime) -> None:
    """Mark as removed, so that history can name them; values and memberships go."""
    mine = list(user_ids)
    for start in range(0, len(mine), _CHUNK):
        chunk = mine[start : start + _CHUNK]
        tx.execute(sa.delete(group_members).where(group_members.c.user_id.in_(chunk)))
        tx.execute(sa.delete(user_values).where(user_values.c.user_id.in_(chunk)))
        tx.execute(
            sa.update(users)
            .where(u.id.in_(chunk))
            .values(removed_at=now, changed_at=now, revision=u.revision + 1)
        )


def waiting_messages(connection: sa.Connection, user_ids: Sequence[int]) -> dict[int, int]:
    """How many messages to these users are still on their way out; who has none is not in it."""
    found: dict[int, int] = {}
    for start in range(0, len(user_ids), _CHUNK):
        query = (
            sa.select(messages.c.user_id, sa.func.count())
            .where(messages.c.user_id.in_(user_ids[start : start + _CHUNK]))
            .where(messages.c.state.in_(UNDER_WAY))
            .group_by(messages.c.user_id)
        )
        found.update((user_id, waiting) for user_id, waiting in connection.execute(query))
    return found
