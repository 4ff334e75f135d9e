"""Occurrences: each time an alert was raised, its stage now, and the steps and notes of its life."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage import held, message_rows
from storage.database import Transaction
from storage.records import Message
from storage.tables import alerts, messages, occurrence_events, occurrences, submissions
from storage.vocabulary import (
    ACTIVE_STAGES,
    ANSWERED_STAGES,
    OPEN_STAGES,
    MessageState,
    PlanRest,
    Stage,
)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that an alert was raised. `given` are its values by field name, as given.

    `level` is the last level of its Escalated tab that was entered (0: none), `step` the last step of
    its plan that was made in this `round`, and `step_at` from when the next one's length counts.
    `steps` is how many its alert's plan has: 0 where there is none.
    """

    id: int
    alert_id: int
    alert: str
    priority: int
    key: str | None
    stage: Stage
    count: int
    owner: str | None
    given: dict[str, str] = field(default_factory=dict)
    raised_by: str | None = None
    raised_at: datetime | None = None
    changed_at: datetime | None = None
    ended_at: datetime | None = None
    sent_again_at: datetime | None = None
    sent_again_pause: timedelta | None = None
    level: int = 0
    step: int = 0
    round: int = 0
    step_id: int | None = None
    step_at: datetime | None = None
    answer_due_at: datetime | None = None
    plan_rest: PlanRest | None = None
    round_pause: timedelta | None = None
    claim_until: datetime | None = None
    claim_lasts: timedelta | None = None
    times_told: int = 0
    steps: int = 0
    kept_back: Stage | None = None  # the tab that a silence has kept from being sent
    settle_at: datetime | None = None  # when `settle_tab` is sent, if the occurrence stays as it is
    settle_tab: Stage | None = None

    @property
    def active(self) -> bool:
        return self.stage in ACTIVE_STAGES

    @property
    def planned(self) -> bool:
        """Whether its alert has an answer plan."""
        return self.steps > 0

    @property
    def unanswered(self) -> bool:
        """Whether its plan asks for somebody, and nobody looks after it."""
        return self.planned and self.stage in OPEN_STAGES


@dataclass(frozen=True, slots=True)
class OccurrenceEvent:
    """A step or a note in an occurrence's life."""

    id: int
    occurrence_id: int
    at: datetime
    what: str  # a stage, "Raised again", "Sent again", "Note", "Told again", "Nobody answered", …
    operator: str | None
    note: str
    queued: int
    left_out: int


_COUNTS = ("level", "step", "round", "times_told")
_JOINED = ("alert", "priority", "steps")
_OCCURRENCE = [
    sa.func.coalesce(occurrences.c[name], 0).label(name) if name in _COUNTS else occurrences.c[name]
    for name in Occurrence.__dataclass_fields__
    if name not in _JOINED
]
STEPS = sa.func.coalesce(sa.func.json_array_length(sa.type_coerce(alerts.c.plan, sa.Text)), 0)
SELECT = sa.select(
    *_OCCURRENCE, alerts.c.name.label("alert"), alerts.c.priority, STEPS.label("steps")
).join_from(occurrences, alerts, alerts.c.id == occurrences.c.alert_id)


def active_with_key(connection: sa.Connection | Transaction, alert_id: int, key: str) -> Occurrence | None:
    """The occurrence that a raise with this key only counts up, if there is one."""
    query = SELECT.where(
        occurrences.c.alert_id == alert_id,
        occurrences.c.key == key,
        occurrences.c.stage.in_(ACTIVE_STAGES),
    )
    row = connection.execute(query).mappings().first()
    return Occurrence(**row) if row else None


def latest_with_key(connection: sa.Connection | Transaction, alert_id: int, key: str) -> Occurrence | None:
    """The newest occurrence that was raised with this key, whatever its stage."""
    query = SELECT.where(occurrences.c.alert_id == alert_id, occurrences.c.key == key)
    row = connection.execute(query.order_by(occurrences.c.id.desc()).limit(1)).mappings().first()
    return Occurrence(**row) if row else None


def active_of(connection: sa.Connection | Transaction, alert_id: int) -> list[Occurrence]:
    """The active occurrences of one alert, the oldest first."""
    query = SELECT.where(occurrences.c.alert_id == alert_id, occurrences.c.stage.in_(ACTIVE_STAGES)).order_by(
        occurrences.c.id
    )
    return [Occurrence(**row) for row in connection.execute(query).mappings()]


def active_counts(connection: sa.Connection) -> dict[int, int]:
    """How many active occurrences each alert has; an alert without one is not in it."""
    query = (
        sa.select(occurrences.c.alert_id, sa.func.count())
        .where(occurrences.c.stage.in_(ACTIVE_STAGES))
        .group_by(occurrences.c.alert_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def active_by_key(connection: sa.Connection | Transaction, key: str) -> list[Occurrence]:
    """Active occurrences of any alert that were raised with this key."""
    query = SELECT.where(occurrences.c.key == key, occurrences.c.stage.in_(ACTIVE_STAGES))
    return [Occurrence(**row) for row in connection.execute(query.order_by(occurrences.c.id)).mappings()]


def get(connection: sa.Connection | Transaction, occurrence_id: int) -> Occurrence | None:
    row = connection.execute(SELECT.where(occurrences.c.id == occurrence_id)).mappings().first()
    return Occurrence(**row) if row else None


def get_all(connection: sa.Connection | Transaction, ids: Collection[int]) -> list[Occurrence]:
    """These occurrences, by id."""
    wanted = list(ids)
    found: list[Occurrence] = []
    for start in range(0, len(wanted), 500):
        query = SELECT.where(occurrences.c.id.in_(wanted[start : start + 500])).order_by(occurrences.c.id)
        found += [Occurrence(**row) for row in connection.execute(query).mappings()]
    return found


# The engine asks these at each round: they are made once.
_KEPT_BACK = SELECT.where(
    occurrences.c.kept_back.is_not(None), occurrences.c.stage.in_(OPEN_STAGES)
).order_by(occurrences.c.id)
_TO_SETTLE = SELECT.where(occurrences.c.settle_at <= sa.bindparam("now")).order_by(occurrences.c.settle_at)
_NEXT_TO_SETTLE = sa.select(sa.func.min(occurrences.c.settle_at, type_=occurrences.c.settle_at.type)).where(
    occurrences.c.settle_at.is_not(None)
)


def kept_back(connection: sa.Connection | Transaction) -> list[Occurrence]:
    """Open occurrences of which a silence has kept something back, the oldest first."""
    return [Occurrence(**row) for row in connection.execute(_KEPT_BACK).mappings()]


def to_settle(connection: sa.Connection | Transaction, now: datetime) -> list[Occurrence]:
    """Occurrences that have stayed as they are for long enough, the longest due first."""
    return [Occurrence(**row) for row in connection.execute(_TO_SETTLE, {"now": now}).mappings()]


def next_to_settle(connection: sa.Connection | Transaction) -> datetime | None:
    found: datetime | None = connection.execute(_NEXT_TO_SETTLE).scalar()
    return found


def newest(
    connection: sa.Connection,
    before_id: int | None,
    limit: int | None,
    *,
    alert_id: int | None = None,
    active_only: bool = False,
    unanswered_only: bool = False,
) -> list[Occurrence]:
    """A page of occurrences (all of them with `limit` None), the newest first."""
    query = SELECT.order_by(occurrences.c.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(occurrences.c.id < before_id)
    if alert_id is not None:
        query = query.where(occurrences.c.alert_id == alert_id)
    if active_only:
        query = query.where(occurrences.c.stage.in_(ACTIVE_STAGES))
    if unanswered_only:
        query = query.where(occurrences.c.stage.in_(OPEN_STAGES), alerts.c.plan.is_not(None))
    return [Occurrence(**row) for row in connection.execute(query).mappings()]


def count(connection: sa.Connection, *, active_only: bool = False) -> int:
    query = sa.select(sa.func.count()).select_from(occurrences)
    if active_only:
        query = query.where(occurrences.c.stage.in_(ACTIVE_STAGES))
    return connection.execute(query).scalar_one()


def begin(
    tx: Transaction,
    alert_id: int,
    key: str | None,
    given: dict[str, str],
    by: str | None,
    now: datetime,
    *,
    count: int = 1,
) -> int:
    """A new occurrence in stage Created; its id."""
    query = sa.insert(occurrences).values(
        alert_id=alert_id,
        key=key,
        stage=Stage.CREATED,
        count=count,
        given=given,
        raised_by=by,
        raised_at=now,
        changed_at=now,
    )
    return int(tx.execute(query.returning(occurrences.c.id)).scalar_one())


def change(tx: Transaction, occurrence_id: int, **values: Any) -> None:
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


def ends_of(
    connection: sa.Connection | Transaction, occurrence_ids: Collection[int]
) -> dict[int, tuple[Stage, datetime]]:
    """How and when each of these occurrences ended ("Restored" or "Finalised"); those that are over."""
    e, o = occurrence_events.c, occurrences.c
    over = o.id.in_(occurrence_ids) & o.stage.not_in(ACTIVE_STAGES)
    query = (
        sa.select(o.id, e.what, e.at)
        .join_from(occurrences, occurrence_events, e.occurrence_id == o.id)
        .where(over, e.what.in_((Stage.RESTORED, Stage.FINALISED)))
        .order_by(e.id.desc())
    )
    # The first end counts: an occurrence that was restored may have been finalised since.
    return {row.id: (Stage(row.what), row.at) for row in connection.execute(query)}


def answers_of(
    connection: sa.Connection | Transaction, occurrence_ids: Collection[int]
) -> dict[int, tuple[Stage, datetime]]:
    """How and when somebody took on each of these occurrences: those that are answered and have a plan."""
    e, o = occurrence_events.c, occurrences.c
    answered = o.id.in_(occurrence_ids) & o.stage.in_(ANSWERED_STAGES) & alerts.c.plan.is_not(None)
    query = (
        sa.select(o.id, e.what, e.at)
        .join_from(occurrences, alerts, alerts.c.id == o.alert_id)
        .join(occurrence_events, e.occurrence_id == o.id)
        .where(answered, e.what.in_(ANSWERED_STAGES))
        .order_by(e.id)
    )
    return {row.id: (Stage(row.what), row.at) for row in connection.execute(query)}


def waiting_messages(
    connection: sa.Connection | Transaction, occurrence_id: int, stages: Collection[str]
) -> list[Message]:
    """The queued messages of these tabs of an occurrence, by id."""
    query = message_rows.SELECT.where(
        submissions.c.occurrence_id == occurrence_id,
        submissions.c.stage.in_(stages),
        messages.c.state == MessageState.QUEUED,
    ).order_by(messages.c.id)
    return [message_rows.record_of(row) for row in connection.execute(query).mappings()]


def sent_by(connection: sa.Connection, occurrence_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """How many messages each occurrence has queued in all, and how many people it left out."""
    e = occurrence_events.c
    found: dict[int, tuple[int, int]] = {}
    for start in range(0, len(occurrence_ids), 500):
        query = (
            sa.select(e.occurrence_id, sa.func.sum(e.queued), sa.func.sum(e.left_out))
            .where(e.occurrence_id.in_(occurrence_ids[start : start + 500]))
            .group_by(e.occurrence_id)
        )
        found.update((row[0], (row[1], row[2])) for row in connection.execute(query))
    return found


def message_ids(connection: sa.Connection, occurrence_id: int) -> list[tuple[str, int]]:
    """The messages that an occurrence has queued: (stage, message id), in the order queued."""
    acts = connection.execute(
        sa.select(submissions.c.id, submissions.c.stage).where(submissions.c.occurrence_id == occurrence_id)
    ).all()
    stages = {row.id: row.stage for row in acts}
    query = sa.select(messages.c.submission_id, messages.c.id).where(messages.c.submission_id.in_(stages))
    found = connection.execute(query.order_by(messages.c.id)).all()
    own = [(stages[row.submission_id], row.id) for row in found]
    # One message for several occurrences, after quiet hours, tells of the beginning of each.
    several = [
        (str(Stage.CREATED), message_id) for message_id in held.standing_for(connection, occurrence_id)
    ]
    return sorted([*own, *several], key=lambda sent: sent[1])
