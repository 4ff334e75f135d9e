"""Scheduled tasks, their history, and the actions that tasks and alerts share."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage.sql_values import one_of, quoted
from storage.tables.base import STRICT, duration, flag, identity, moment, number, reference, text, word
from storage.vocabulary import RecipientKind, RunKind, RunState, Stage, WhenMissed

# A due time is fired once; by hand as often as someone wants.
ONCE = sa.text(f"kind <> {quoted(RunKind.MANUAL)}")


class TaskRow(SQLModel, table=True):
    """A schedule in its own zone.

    `cron` is empty for a task that runs once, at `next_due_at`, and for one at each hand-over of a roster.
    """

    __tablename__ = "task"
    __table_args__ = (
        sa.CheckConstraint(one_of("when_missed", WhenMissed)),
        sa.Index("task_name", "name_key", unique=True, sqlite_where=sa.text("removed_at IS NULL")),
        sa.Index(
            "task_due",
            "next_due_at",
            sqlite_where=sa.text("enabled = 1 AND removed_at IS NULL AND next_due_at IS NOT NULL"),
        ),
        STRICT,
    )
    id: int | None = identity()
    name: str = text()
    name_key: str = text()
    cron: str = text()
    zone: str = text()
    enabled: bool = flag()
    starts_at: datetime | None = moment(None)
    ends_at: datetime | None = moment(None)
    once_at: datetime | None = moment(None)
    when_missed: WhenMissed = word(WhenMissed)
    grace: timedelta = duration()
    most_catch_up: int = number()
    useful_life: timedelta | None = duration(None)
    notes: str = text("")
    next_due_at: datetime | None = moment(None)
    last_due_at: datetime | None = moment(None)
    last_run_at: datetime | None = moment(None)
    problem: str | None = text(None)
    revision: int = number()
    created_at: datetime = moment()
    changed_at: datetime = moment()
    removed_at: datetime | None = moment(None)
    roster_id: int | None = number(None)


class TaskRunRow(SQLModel, table=True):
    """One due time of a task and what became of it. Kept long: the row is what stops a second firing."""

    __tablename__ = "task_run"
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", RunKind)),
        sa.CheckConstraint(one_of("state", RunState)),
        sa.Index("task_run_due", "task_id", "due_at", unique=True, sqlite_where=ONCE),
        sa.Index("task_run_task", "task_id", "id"),
        STRICT,
    )
    id: int | None = identity()
    task_id: int = reference("task.id")
    due_at: datetime = moment()
    kind: RunKind = word(RunKind)
    state: RunState = word(RunState)
    fired_at: datetime = moment()
    epoch: int | None = number(None)
    queued: int = number(0)
    left_out: int = number(0)
    note: str = text("")


class ActionRow(SQLModel, table=True):
    """Send Communication Message, as a task or one stage of an alert does it."""

    __tablename__ = "action"
    __table_args__ = (
        sa.CheckConstraint("(task_id IS NULL) <> (alert_id IS NULL)"),
        sa.Index("action_task", "task_id", "position"),
        sa.Index("action_alert", "alert_id", "stage", "position"),
        STRICT,
    )
    id: int | None = identity()
    task_id: int | None = reference("task.id", None)
    alert_id: int | None = number(None)
    stage: Stage | None = word(Stage, None)
    position: int = number()
    handler_id: int = reference("handler.id")
    body: str = text()
    enabled: bool = flag(True)
    level: int | None = number(None)  # of the Escalated tab


class ActionRecipientRow(SQLModel, table=True):
    """One entry of an action's Recipients tab: a user, a group, a bare number, or a kind of people.

    Kind "told" is everyone told so far of the occurrence; "duty" is whoever a roster has on duty.
    """

    __tablename__ = "action_recipient"
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", RecipientKind)),
        sa.CheckConstraint(
            f"(roster_id IS NOT NULL) = (kind IS NOT NULL AND kind = {quoted(RecipientKind.DUTY)})"
        ),
        sa.CheckConstraint(
            "(user_id IS NOT NULL) + (group_id IS NOT NULL) + (number IS NOT NULL) + (kind IS NOT NULL) = 1"
        ),
        STRICT,
    )
    action_id: int = reference("action.id", primary_key=True)
    position: int = number(primary_key=True)
    user_id: int | None = reference("user.id", None)
    group_id: int | None = reference("user_group.id", None)
    kind: RecipientKind | None = word(RecipientKind, None)
    roster_id: int | None = number(None)
    number: str | None = text(None)
