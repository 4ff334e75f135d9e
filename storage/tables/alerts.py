"""Alerts, their declared fields, and what happened each time one was raised."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage.sql_values import one_of
from storage.tables.base import (
    STRICT,
    duration,
    flag,
    identity,
    json_text,
    moment,
    number,
    reference,
    text,
    word,
)
from storage.vocabulary import ACTIVE_STAGES, MadeStep, PlanRest, PlanThen, Stage

ACTIVE = one_of("stage", ACTIVE_STAGES)


class AlertRow(SQLModel, table=True):
    """An alert as its editor shows it. `system` names what the program itself raises it for."""

    __tablename__ = "alert"
    __table_args__ = (
        sa.CheckConstraint("priority BETWEEN 1 AND 9"),
        sa.CheckConstraint("system IN ('handler in error', 'balance low', 'message failed', 'unanswered')"),
        sa.CheckConstraint(one_of("plan_then", PlanThen)),
        sa.Index("alert_name", "name_key", unique=True, sqlite_where=sa.text("removed_at IS NULL")),
        STRICT,
    )
    id: int | None = identity()
    name: str = text()
    name_key: str = text()
    priority: int = number()
    description: str = text("")
    enabled: bool = flag()
    system: str | None = text(None)
    useful_life: timedelta | None = duration(None)
    revision: int = number()
    created_at: datetime = moment()
    changed_at: datetime = moment()
    removed_at: datetime | None = moment(None)
    plan: list[dict[str, Any]] | None = json_text(None)  # the steps of its answer plan; none: it informs
    plan_then: PlanThen | None = word(PlanThen, None)
    claim_lasts: timedelta | None = duration(None)
    settle: timedelta | None = duration(None)


class AlertFieldRow(SQLModel, table=True):
    """A field that an alert declares: given when it is raised, used in its messages."""

    __tablename__ = "alert_field"
    __table_args__ = (STRICT,)
    alert_id: int = reference("alert.id", primary_key=True)
    position: int = number(primary_key=True)
    name: str = text()
    default_value: str | None = text(None)


class OccurrenceRow(SQLModel, table=True):
    """One time that an alert was raised. `given` holds the values it was raised with, as given."""

    __tablename__ = "occurrence"
    __table_args__ = (
        sa.CheckConstraint(one_of("stage", Stage)),
        sa.Index(
            "occurrence_active_key",
            "alert_id",
            "key",
            unique=True,
            sqlite_where=sa.text(f"key IS NOT NULL AND {ACTIVE}"),
        ),
        sa.Index("occurrence_alert", "alert_id", "id"),
        sa.Index("occurrence_active", "stage", "id", sqlite_where=sa.text(ACTIVE)),
        sa.Index("occurrence_answer_due", "answer_due_at", sqlite_where=sa.text("answer_due_at IS NOT NULL")),
        sa.Index("occurrence_claim_until", "claim_until", sqlite_where=sa.text("claim_until IS NOT NULL")),
        sa.Index("occurrence_kept_back", "id", sqlite_where=sa.text("kept_back IS NOT NULL")),
        sa.Index("occurrence_settle", "settle_at", sqlite_where=sa.text("settle_at IS NOT NULL")),
        STRICT,
    )
    id: int | None = identity()
    alert_id: int = reference("alert.id")
    key: str | None = text(None)
    stage: Stage = word(Stage)
    count: int = number()
    owner: str | None = text(None)
    given: dict[str, str] = json_text()
    raised_by: str | None = text(None)
    raised_at: datetime = moment()
    changed_at: datetime = moment()
    ended_at: datetime | None = moment(None)
    sent_again_at: datetime | None = moment(None)
    sent_again_pause: timedelta | None = duration(None)
    level: int | None = number(None)  # the last level that was entered
    step: int | None = number(None)  # the last step of its plan that was made
    round: int | None = number(None)
    step_id: int | None = number(None)  # the row of the newest step
    step_at: datetime | None = moment(None)  # from when the next step's length counts
    answer_due_at: datetime | None = moment(None)
    plan_rest: PlanRest | None = word(PlanRest, None)
    round_pause: timedelta | None = duration(None)
    claim_until: datetime | None = moment(None)
    claim_lasts: timedelta | None = duration(None)
    times_told: int | None = number(None)
    kept_back: Stage | None = word(Stage, None)  # the tab that a silence has kept from being sent
    settle_at: datetime | None = moment(None)  # when the tab below is sent, if it stays as it is
    settle_tab: Stage | None = word(Stage, None)


class OccurrenceStepRow(SQLModel, table=True):
    """A step of an occurrence's answer plan that was made. The row is what stops a second making.

    `step` is null for an escalation by hand that stands for no step of the plan.
    """

    __tablename__ = "occurrence_step"
    __table_args__ = (
        sa.Index("occurrence_step_once", "occurrence_id", "round", "step", unique=True),
        STRICT,
    )
    id: int | None = identity()
    occurrence_id: int = reference("occurrence.id")
    round: int = number()
    step: int | None = number(None)
    what: MadeStep = word(MadeStep)
    level: int = number()
    due_at: datetime | None = moment(None)
    made_at: datetime = moment()
    epoch: int | None = number(None)


class OccurrenceEventRow(SQLModel, table=True):
    """A step in an occurrence's life, or a note: who, when, and what it sent."""

    __tablename__ = "occurrence_event"
    __table_args__ = (sa.Index("occurrence_event_of", "occurrence_id", "id"), STRICT)
    id: int | None = identity()
    occurrence_id: int = reference("occurrence.id")
    at: datetime = moment()
    what: str = text()  # a stage, "Raised again" or "Note"
    operator: str | None = text(None)
    note: str = text("")
    queued: int = number(0)
    left_out: int = number(0)


class MessageTemplateRow(SQLModel, table=True):
    """A text kept for the Send Message dialog."""

    __tablename__ = "message_template"
    __table_args__ = (
        sa.Index(
            "message_template_name", "name_key", unique=True, sqlite_where=sa.text("removed_at IS NULL")
        ),
        STRICT,
    )
    id: int | None = identity()
    name: str = text()
    name_key: str = text()
    body: str = text()
    created_at: datetime = moment()
    removed_at: datetime | None = moment(None)
