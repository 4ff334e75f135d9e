"""Alerts and their occurrences: what operators declare, and what happened each time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage.database import Transaction
from storage.names import key_of
from storage.records import Action
from storage.tables import alert_fields, alerts, occurrence_events, occurrences
from storage.tasks import actions_of

ACTIVE_STAGES = ("Created", "Claimed", "Actioned", "Escalated")


@dataclass(frozen=True, slots=True)
class AlertField:
    """A field that is given when the alert is raised. Without a default it may be missing."""

    name: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert with its fields and the actions of all its stages. Priority 1 is the highest."""

    id: int
    name: str
    priority: int
    description: str
    enabled: bool
    system: str | None
    useful_life: timedelta | None
    revision: int
    fields: tuple[AlertField, ...] = ()
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that an alert was raised. `given` are its values by field name, as given."""

    id: int
    alert_id: int
    alert: str
    priority: int
    key: str | None
    stage: str
    count: int
    owner: str | None
    given: dict[str, str] = field(default_factory=dict)
    raised_by: str | None = None
    raised_at: datetime | None = None
    changed_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def active(self) -> bool:
        return self.stage in ACTIVE_STAGES


@dataclass(frozen=True, slots=True)
class OccurrenceEvent:
    """A step or a note in an occurrence's life."""

    id: int
    occurrence_id: int
    at: datetime
    what: str
    operator: str | None
    note: str
    queued: int
    left_out: int


_OWN = [alerts.c[name] for name in Alert.__dataclass_fields__ if name not in ("fields", "actions")]
_OCCURRENCE = [
    occurrences.c[name] for name in Occurrence.__dataclass_fields__ if name not in ("alert", "priority")
]
_OCCURRENCES = sa.select(*_OCCURRENCE, alerts.c.name.label("alert"), alerts.c.priority).join_from(
    occurrences, alerts, alerts.c.id == occurrences.c.alert_id
)


def _records(connection: sa.Connection | Transaction, query: sa.Select[Any]) -> list[Alert]:
    rows = [dict(row) for row in connection.execute(query).mappings()]
    ids = [row["id"] for row in rows]
    declared: dict[int, list[AlertField]] = {}
    wanted = sa.select(alert_fields).where(alert_fields.c.alert_id.in_(ids))
    for row in connection.execute(wanted.order_by(alert_fields.c.alert_id, alert_fields.c.position)):
        declared.setdefault(row.alert_id, []).append(AlertField(row.name, row.default_value))
    owned = actions_of(connection, alerts_too=ids)
    return [
        Alert(**row, fields=tuple(declared.get(row["id"], ())), actions=tuple(owned.get(row["id"], ())))
        for row in rows
    ]


def listing(connection: sa.Connection | Transaction) -> list[Alert]:
    """All alerts by id."""
    return _records(connection, sa.select(*_OWN).where(alerts.c.removed_at.is_(None)).order_by(alerts.c.id))


def get(connection: sa.Connection | Transaction, alert_id: int) -> Alert | None:
    """By id, removed or not."""
    found = _records(connection, sa.select(*_OWN).where(alerts.c.id == alert_id))
    return found[0] if found else None


def by_name(connection: sa.Connection | Transaction, name: str) -> Alert | None:
    query = sa.select(*_OWN).where(alerts.c.name_key == key_of(name), alerts.c.removed_at.is_(None))
    found = _records(connection, query)
    return found[0] if found else None


def for_system(connection: sa.Connection | Transaction, system: str) -> list[Alert]:
    """The enabled alerts that the program itself raises for this cause."""
    query = sa.select(*_OWN).where(
        alerts.c.system == system, alerts.c.enabled == 1, alerts.c.removed_at.is_(None)
    )
    return _records(connection, query.order_by(alerts.c.id))


def add(tx: Transaction, values: Mapping[str, Any], now: datetime) -> int:
    """A new alert from column values; its id."""
    query = sa.insert(alerts).values(
        **values, name_key=key_of(values["name"]), revision=1, created_at=now, changed_at=now
    )
    return int(tx.execute(query.returning(alerts.c.id)).scalar_one())


def change(tx: Transaction, alert_id: int, values: Mapping[str, Any], now: datetime) -> None:
    named = {"name_key": key_of(values["name"])} if "name" in values else {}
    tx.execute(
        sa.update(alerts)
        .where(alerts.c.id == alert_id)
        .values(**values, **named, changed_at=now, revision=alerts.c.revision + 1)
    )


def set_fields(tx: Transaction, alert_id: int, declared: Iterable[AlertField]) -> None:
    """Replace the declared fields."""
    tx.execute(sa.delete(alert_fields).where(alert_fields.c.alert_id == alert_id))
    rows = [
        {"alert_id": alert_id, "position": place, "name": item.name, "default_value": item.default}
        for place, item in enumerate(declared)
    ]
    if rows:
        tx.execute(sa.insert(alert_fields), rows)


def active_with_key(connection: sa.Connection | Transaction, alert_id: int, key: str) -> Occurrence | None:
    """The occurrence that a raise with this key only counts up, if there is one."""
    query = _OCCURRENCES.where(
        occurrences.c.alert_id == alert_id,
        occurrences.c.key == key,
        occurrences.c.stage.in_(ACTIVE_STAGES),
    )
    row = connection.execute(query).mappings().first()
    return Occurrence(**row) if row else None


def active_by_key(connection: sa.Connection | Transaction, key: str) -> list[Occurrence]:
    """Active occurrences of any alert that were raised with this key."""
    query = _OCCURRENCES.where(occurrences.c.key == key, occurrences.c.stage.in_(ACTIVE_STAGES))
    return [Occurrence(**row) for row in connection.execute(query.order_by(occurrences.c.id)).mappings()]


def occurrence(connection: sa.Connection | Transaction, occurrence_id: int) -> Occurrence | None:
    row = connection.execute(_OCCURRENCES.where(occurrences.c.id == occurrence_id)).mappings().first()
    return Occurrence(**row) if row else None


def newest_occurrences(
    connection: sa.Connection,
    before_id: int | None,
    limit: int,
    *,
    alert_id: int | None = None,
    active_only: bool = False,
) -> list[Occurrence]:
    """A page of occurrences, the newest first."""
    query = _OCCURRENCES.order_by(occurrences.c.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(occurrences.c.id < before_id)
    if alert_id is not None:
        query = query.where(occurrences.c.alert_id == alert_id)
    if active_only:
        query = query.where(occurrences.c.stage.in_(ACTIVE_STAGES))
    return [Occurrence(**row) for row in connection.execute(query).mappings()]


def count_occurrences(connection: sa.Connection, *, active_only: bool = False) -> int:
    query = sa.select(sa.func.count()).select_from(occurrences)
    if active_only:
        query = query.where(occurrences.c.stage.in_(ACTIVE_STAGES))
    return connection.execute(query).scalar_one()


def begin_occurrence(
    tx: Transaction, alert_id: int, key: str | None, given: dict[str, str], by: str | None, now: datetime
) -> int:
    """A new occurrence in stage Created."""
    query = sa.insert(occurrences).values(
        alert_id=alert_id,
        key=key,
        stage="Created",
        count=1,
        given=given,
        raised_by=by,
        raised_at=now,
        changed_at=now,
    )
    return int(tx.execute(query.returning(occurrences.c.id)).scalar_one())


def change_occurrence(tx: Transaction, occurrence_id: int, **values: Any) -> None:
    tx.execute(sa.update(occurrences).where(occurrences.c.id == occurrence_id).values(**values))


def add_event(
    tx: Transaction,
    occurrence_id: int,
    what: str,
    now: datetime,
    *,
    operator: str | None = None,
    note: str = "",
    queued: int = 0,
    left_out: int = 0,
) -> None:
    tx.execute(
        sa.insert(occurrence_events).values(
            occurrence_id=occurrence_id,
            at=now,
            what=what,
            operator=operator,
            note=note,
            queued=queued,
            left_out=left_out,
        )
    )


def events_of(connection: sa.Connection, occurrence_id: int) -> list[OccurrenceEvent]:
    """The life of an occurrence, the oldest first."""
    columns = [occurrence_events.c[name] for name in OccurrenceEvent.__dataclass_fields__]
    query = sa.select(*columns).where(occurrence_events.c.occurrence_id == occurrence_id)
    rows = connection.execute(query.order_by(occurrence_events.c.id)).mappings()
    return [OccurrenceEvent(**row) for row in rows]
