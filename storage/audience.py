"""Whom a list of recipients reaches: users, members of groups and bare numbers, with their numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from storage.database import Transaction, rows_of
from storage.records import Recipient
from storage.sql_values import quoted
from storage.tables import custom_fields, group_members, groups, user_values, users
from storage.vocabulary import FieldType


@dataclass(frozen=True, slots=True)
class Candidate:
    """Someone who might be reached. `number` is E.164, or None when there is none.

    `group` names the group that brought the person in, None for a person named directly.
    `values` are the person's custom fields by name.
    """

    user_id: int | None
    name: str | None
    enabled: bool
    number: str | None
    group: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    removed: bool = False


TELEPHONE_FIELDS = (
    f"SELECT id FROM custom_field WHERE type = {quoted(FieldType.TELEPHONE_NUMBER)} AND removed_at IS NULL"
    " ORDER BY position, id"
)


def telephone_field(connection: sa.Connection | Transaction, chosen: int | None) -> int | None:
    """The handler's telephone field if it still exists, else the site's first one, else None."""
    found = [row[0] for row in rows_of(connection, TELEPHONE_FIELDS)]
    if chosen in found:
        return chosen
    return found[0] if found else None


def someone_has_number(connection: sa.Connection, field_id: int) -> bool:
    """Whether any user, disabled or not, has a value in this telephone field."""
    query = (
        sa.select(sa.literal(1))
        .select_from(user_values.join(users, users.c.id == user_values.c.user_id))
        .where(user_values.c.field_id == field_id, users.c.removed_at.is_(None))
        .limit(1)
    )
    return connection.execute(query).first() is not None


def candidates(
    connection: sa.Connection | Transaction, recipients: Sequence[Recipient], field_id: int | None
) -> list[Candidate]:
    """Everyone named, in the order named, each user once; members of a group by name."""
    by_group = _members(connection, [r.group_id for r in recipients if r.group_id is not None])
    wanted = {r.user_id for r in recipients if r.user_id is not None}
    wanted |= {user_id for _, members in by_group.values() for user_id in members}
    people = _people(connection, sorted(wanted), field_id)
    found: list[Candidate] = []
    seen: set[int] = set()
    for recipient in recipients:
        if recipient.number is not None:
            found.append(Candidate(None, None, True, recipient.number))
            continue
        if recipient.group_id is not None:
            group, ids = by_group.get(recipient.group_id, (recipient.name, []))
        else:
            group, ids = None, [recipient.user_id] if recipient.user_id is not None else []
        for user_id in ids:
            if user_id in seen or user_id not in people:
                continue
            seen.add(user_id)
            name, enabled, removed, number, values = people[user_id]
            found.append(Candidate(user_id, name, enabled, number, group, values, removed))
    return found


def _members(connection: sa.Connection | Transaction, ids: Sequence[int]) -> dict[int, tuple[str, list[int]]]:
    if not ids:
        return {}
    query = (
        sa.select(groups.c.id, groups.c.name, group_members.c.user_id)
        .select_from(groups)
        .outerjoin(group_members, group_members.c.group_id == groups.c.id)
        .outerjoin(users, users.c.id == group_members.c.user_id)
        .where(groups.c.id.in_(ids), groups.c.removed_at.is_(None))
        .where(sa.or_(users.c.id.is_(None), users.c.removed_at.is_(None)))
        .order_by(groups.c.id, users.c.name_key, users.c.id)
    )
    found: dict[int, tuple[str, list[int]]] = {}
    for row in connection.execute(query):
        members = found.setdefault(row.id, (row.name, []))[1]
        if row.user_id is not None:
            members.append(row.user_id)
    return found


def _people(
    connection: sa.Connection | Transaction, ids: Sequence[int], field_id: int | None
) -> dict[int, tuple[str, bool, bool, str | None, dict[str, str]]]:
    found: dict[int, tuple[str, bool, bool, str | None, dict[str, str]]] = {}
    for start in range(0, len(ids), 500):
        page = ids[start : start + 500]
        for row in connection.execute(sa.select(users).where(users.c.id.in_(page))):
            found[row.id] = (row.name, row.enabled, row.removed_at is not None, None, {})
        values = (
            sa.select(user_values, custom_fields.c.name)
            .join_from(user_values, custom_fields, custom_fields.c.id == user_values.c.field_id)
            .where(user_values.c.user_id.in_(page), custom_fields.c.removed_at.is_(None))
        )
        for row in connection.execute(values):
            name, enabled, removed, _, known = found[row.user_id]
            known[row.name] = row.value
            if row.field_id == field_id:
                found[row.user_id] = (name, enabled, removed, row.value, known)
    return found
