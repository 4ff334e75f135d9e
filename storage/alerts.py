"""Alerts, their declared fields and the actions of their stages, as operators set them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage import actions
from storage.database import Transaction
from storage.names import key_of
from storage.records import Action
from storage.tables import alert_fields, alerts
from storage.vocabulary import PlanThen, Stage, StepKind

STAGES = tuple(Stage)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class AlertField:
    """A field that is given when the alert is raised. Without a default it may be missing."""

    name: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class PlanStep:
    """A step of an answer plan: due so long after the one before it."""

    after: timedelta
    what: StepKind

    @property
    def after_mins(self) -> int:
        return self.after // MINUTE


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert with its fields and the actions of all its stages. Priority 1 is the highest.

    `plan` is its answer plan; an alert without one informs. `claim_lasts` is how long a claim holds.
    """

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
    plan: tuple[PlanStep, ...] = ()
    plan_then: PlanThen = PlanThen.STOP
    claim_lasts: timedelta | None = None
    settle: timedelta | None = None  # how long it must stay before a raise or an end after a short one counts


_OWN = [alerts.c[name] for name in Alert.__dataclass_fields__ if name not in ("fields", "actions")]


def plan_column(plan: Iterable[PlanStep]) -> list[dict[str, Any]] | None:
    """The steps of a plan as its column keeps them; None for none."""
    return [{"after_mins": step.after_mins, "what": str(step.what)} for step in plan] or None


def _plan(kept: list[dict[str, Any]] | None) -> tuple[PlanStep, ...]:
    return tuple(PlanStep(step["after_mins"] * MINUTE, StepKind(step["what"])) for step in kept or ())


def _records(connection: sa.Connection | Transaction, query: sa.Select[Any]) -> list[Alert]:
    rows = [dict(row) for row in connection.execute(query).mappings()]
    ids = [row["id"] for row in rows]
    declared: dict[int, list[AlertField]] = {}
    wanted = sa.select(alert_fields).where(alert_fields.c.alert_id.in_(ids))
    for row in connection.execute(wanted.order_by(alert_fields.c.alert_id, alert_fields.c.position)):
        declared.setdefault(row.alert_id, []).append(AlertField(row.name, row.default_value))
    owned = actions.listing(connection, alerts_too=ids)
    for each in rows:
        each |= {"plan": _plan(each["plan"]), "plan_then": each["plan_then"] or PlanThen.STOP}
    return [
        Alert(
            **row,
            fields=tuple(declared.get(row["id"], ())),
            actions=tuple(sorted(owned.get(row["id"], ()), key=_place)),
        )
        for row in rows
    ]


def _place(action: Action) -> tuple[int, int]:
    return STAGES.index(action.stage or STAGES[0]), action.position


def listing(connection: sa.Connection | Transaction) -> list[Alert]:
    """All alerts by id."""
    return _records(connection, sa.select(*_OWN).where(alerts.c.removed_at.is_(None)).order_by(alerts.c.id))


def get(connection: sa.Connection | Transaction, alert_id: int) -> Alert | None:
    """By id, removed or not."""
    found = _records(connection, sa.select(*_OWN).where(alerts.c.id == alert_id))
    return found[0] if found else None


def several(connection: sa.Connection | Transaction, ids: Collection[int]) -> dict[int, Alert]:
    """Those of these ids that there are, removed or not."""
    if not ids:
        return {}
    return {found.id: found for found in _records(connection, sa.select(*_OWN).where(alerts.c.id.in_(ids)))}


def present(connection: sa.Connection | Transaction, alert_id: int) -> Alert | None:
    """By id, None where it was removed."""
    found = _records(
        connection, sa.select(*_OWN).where(alerts.c.id == alert_id, alerts.c.removed_at.is_(None))
    )
    return found[0] if found else None


def by_name(connection: sa.Connection | Transaction, name: str) -> Alert | None:
    query = sa.select(*_OWN).where(alerts.c.name_key == key_of(name), alerts.c.removed_at.is_(None))
    found = _records(connection, query)
    return found[0] if found else None


def for_system(connection: sa.Connection | Transaction, system: str) -> list[Alert]:
    """The alerts, enabled or not, that the program itself raises for this cause."""
    query = sa.select(*_OWN).where(alerts.c.system == system, alerts.c.removed_at.is_(None))
    return _records(connection, query.order_by(alerts.c.id))


def system_ids(connection: sa.Connection | Transaction) -> set[int]:
    """The ids of all alerts that the program itself raises."""
    return set(connection.execute(sa.select(alerts.c.id).where(alerts.c.system.is_not(None))).scalars())


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
