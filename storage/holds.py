"""Holds as they are set: quiet hours, silences and limits. What they hold back is in `storage.held`."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from storage.database import Transaction
from storage.names import key_of
from storage.tables import (
    alerts,
    custom_fields,
    group_members,
    groups,
    holds,
    limit_places,
    user_values,
    users,
)
from storage.vocabulary import HoldKind

h = holds.c
T = TypeVar("T")
ZONE_FIELD = "Zone"  # a custom field of this name holds a person's own zone


@dataclass(frozen=True, slots=True)
class Quiet:
    """Quiet hours of a user, of a group, or (with neither) of everyone. `about` is the name."""

    id: int
    user_id: int | None
    group_id: int | None
    about: str
    windows: tuple[str, ...]
    zone: str | None
    through: int
    tell_all: bool


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence of an alert, or (without one) of all. `length` is set where it was given for a while."""

    id: int
    alert_id: int | None
    alert: str | None
    key: str | None
    from_at: datetime
    until_at: datetime
    length: timedelta | None
    reason: str
    by: str | None
    ended_at: datetime | None = None
    ended_by: str | None = None
    done: bool = False  # what follows its end has been carried out

    @property
    def ends_at(self) -> datetime:
        return self.until_at if self.ended_at is None else min(self.until_at, self.ended_at)

    def holds_at(self, at: datetime) -> bool:
        return self.from_at <= at < self.ends_at

    def is_about(self, alert_id: int, key: str | None) -> bool:
        return self.alert_id in (None, alert_id) and self.key in (None, key)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many messages to a number in so long; alerts of priority `through` and higher pass."""

    id: int
    most: int
    per: timedelta
    through: int


_QUIET = (
    sa.select(
        h.id,
        h.user_id,
        h.group_id,
        users.c.name.label("user"),
        groups.c.name.label("group"),
        h.windows,
        h.zone,
        h.through,
        h.tell_all,
    )
    .select_from(holds)
    .outerjoin(users, users.c.id == h.user_id)
    .outerjoin(groups, groups.c.id == h.group_id)
    .where(h.kind == HoldKind.QUIET, h.removed_at.is_(None))
    .order_by(h.id)
)


def quiet_hours(connection: sa.Connection | Transaction) -> list[Quiet]:
    """All quiet hours that are set, the oldest first."""
    return [
        Quiet(
            row.id,
            row.user_id,
            row.group_id,
            row.user or row.group or "everyone",
            tuple(row.windows or ()),
            row.zone,
            row.through,
            row.tell_all,
        )
        for row in connection.execute(_QUIET)
    ]


def groups_of(connection: sa.Connection | Transaction, user_ids: Collection[int]) -> dict[int, set[int]]:
    """The groups that each of these users belongs to."""
    found: dict[int, set[int]] = {}
    for page in _pages(user_ids):
        query = sa.select(group_members.c.user_id, group_members.c.group_id).where(
            group_members.c.user_id.in_(page)
        )
        for row in connection.execute(query):
            found.setdefault(row.user_id, set()).add(row.group_id)
    return found


def zones_of(connection: sa.Connection | Transaction, user_ids: Collection[int]) -> dict[int, str]:
    """The zones that these users have in the site's *Zone* field, if it has one; those who have one."""
    found: dict[int, str] = {}
    for page in _pages(user_ids):
        query = (
            sa.select(user_values.c.user_id, user_values.c.value)
            .join_from(user_values, custom_fields, custom_fields.c.id == user_values.c.field_id)
            .where(
                user_values.c.user_id.in_(page),
                custom_fields.c.name_key == key_of(ZONE_FIELD),
                custom_fields.c.removed_at.is_(None),
            )
        )
        found |= {row.user_id: row.value for row in connection.execute(query)}
    return found


def _pages(values: Collection[T]) -> Iterable[list[T]]:
    wanted = list(values)
    return (wanted[start : start + 500] for start in range(0, len(wanted), 500))


_SILENCE = sa.select(
    h.id,
    h.alert_id,
    alerts.c.name.label("alert"),
    h.key,
    h.from_at,
    h.until_at,
    h.length,
    h.reason,
    h.made_by.label("by"),
    h.ended_at,
    h.ended_by,
    h.removed_at.is_not(None).label("done"),
).select_from(holds.outerjoin(alerts, alerts.c.id == h.alert_id))


# The engine asks for these at each round: they are made once.
_ALL_SILENCES = _SILENCE.where(h.kind == HoldKind.SILENCE).order_by(h.id)
_SILENCES = _ALL_SILENCES.where(h.removed_at.is_(None))


def silences(connection: sa.Connection | Transaction, *, all_of: bool = False) -> list[Silence]:
    """Silences whose end has not been carried out yet (else all that ever were), the oldest first."""
    query = _ALL_SILENCES if all_of else _SILENCES
    return [Silence(**row) for row in connection.execute(query).mappings()]


def silence(connection: sa.Connection | Transaction, silence_id: int) -> Silence | None:
    query = _SILENCE.where(h.kind == HoldKind.SILENCE, h.id == silence_id)
    row = connection.execute(query).mappings().first()
    return Silence(**row) if row else None


def limit(connection: sa.Connection | Transaction) -> Limit | None:
    """The limit that is set, if one is."""
    query = sa.select(h.id, h.most, h.per, h.through).where(h.kind == HoldKind.LIMIT, h.removed_at.is_(None))
    row = connection.execute(query.order_by(h.id.desc())).first()
    return Limit(row.id, row.most, row.per, row.through) if row else None


def add(tx: Transaction, kind: HoldKind, values: Mapping[str, Any], by: str | None, now: datetime) -> int:
    """A new hold from column values; its id."""
    query = sa.insert(holds).values(kind=kind, made_by=by, created_at=now, **values)
    return int(tx.execute(query.returning(h.id)).scalar_one())


def change(tx: Transaction, hold_id: int, **values: Any) -> None:
    tx.execute(sa.update(holds).where(h.id == hold_id).values(**values))


# The places of a limit


def places_of(
    connection: sa.Connection | Transaction, numbers: Collection[str], since: datetime
) -> dict[str, list[datetime]]:
    """When messages that count were made to each of these numbers after a moment, the oldest first."""
    p = limit_places.c
    found: dict[str, list[datetime]] = {}
    for page in _pages(numbers):
        query = sa.select(p.number, p.at).where(p.number.in_(page), p.at > since)
        for row in connection.execute(query.order_by(p.at, p.id)):
            found.setdefault(row.number, []).append(row.at)
    return found


def last_digests(connection: sa.Connection | Transaction, numbers: Collection[str]) -> dict[str, datetime]:
    """When the last message of what a limit held was made to each of these numbers."""
    p = limit_places.c
    found: dict[str, datetime] = {}
    for page in _pages(numbers):
        query = (
            sa.select(p.number, sa.func.max(p.at, type_=p.at.type).label("at"))
            .where(p.number.in_(page), p.digest == sa.true())
            .group_by(p.number)
        )
        found |= {row.number: row.at for row in connection.execute(query)}
    return found


def take_places(
    tx: Transaction, numbers: Iterable[str], now: datetime, *, keep: timedelta, digest: bool = False
) -> None:
    """Count a message to each of these numbers, and forget what is older than `keep`."""
    rows = [{"number": number, "at": now, "digest": digest} for number in numbers]
    if rows:
        tx.execute(sa.delete(limit_places).where(limit_places.c.at < now - keep))
        tx.execute(sa.insert(limit_places), rows)
