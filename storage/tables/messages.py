"""The outbox: a row per message and recipient, and a row per attempt to send it."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage import sql_values as sql
from storage.tables.base import (
    STRICT,
    STRICT_HISTORY,
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
from storage.vocabulary import WITHDRAWN, MessageState, OnUnknown, Origin, OutcomeKind, Stage

QUEUED = sa.text(f"state = {sql.QUEUED}")
FRESH = sa.text(f"state = {sql.QUEUED} AND first_attempt_at IS NULL AND next_attempt_at IS NOT NULL")
TRIED = sa.text(f"state = {sql.QUEUED} AND first_attempt_at IS NOT NULL")
BEHIND = sa.text(f"state = {sql.QUEUED} AND behind_since IS NOT NULL")
UNDER_WAY = sa.text(f"order_group IS NOT NULL AND state IN ({sql.WAITING})")
# Of unknown outcome and for a person to decide: one that was withdrawn asks nobody.
UNDECIDED = sa.text(f"state = {sql.UNKNOWN} AND error_code IS NOT {sql.quoted(WITHDRAWN)}")
FAILED = sa.text(sql.one_of("state", (MessageState.FAILED, MessageState.EXPIRED, MessageState.UNDELIVERED)))


class SubmissionRow(SQLModel, table=True):
    """One act of sending: what was asked for, by whom, and who was left out."""

    __tablename__ = "submission"
    __table_args__ = (
        sa.Index("submission_occurrence", "occurrence_id", sqlite_where=sa.text("occurrence_id IS NOT NULL")),
        STRICT_HISTORY,
    )
    id: int | None = identity()
    origin: Origin = word(Origin)
    operator: str | None = text(None)
    created_at: datetime = moment()
    task_id: int | None = reference("task.id", None)
    run_id: int | None = reference("task_run.id", None)
    alert_id: int | None = number(None)
    occurrence_id: int | None = number(None)
    stage: Stage | None = word(Stage, None)
    left_out: list[dict[str, str]] = json_text()
    why: str | None = text(None)  # why the program made it; None where a person did


class MessageRow(SQLModel, table=True):
    """A message to one person. `rank` is the claim order: smaller goes first."""

    __tablename__ = "message"
    __table_args__ = (
        sa.CheckConstraint(sql.one_of("state", MessageState)),
        sa.CheckConstraint(sql.one_of("origin", Origin)),
        sa.CheckConstraint("lane IN (0, 1)"),
        sa.Index("message_fresh", "handler_id", "lane", "rank", "id", sqlite_where=FRESH),
        sa.Index("message_due", "handler_id", "lane", "next_attempt_at", "rank", "id", sqlite_where=TRIED),
        sa.Index("message_waiting", "next_attempt_at", sqlite_where=QUEUED),
        sa.Index(
            "message_unattempted",
            "expires_at",
            sqlite_where=FRESH,
        ),
        sa.Index(
            "message_window",
            "window_closes_at",
            sqlite_where=TRIED,
        ),
        sa.Index("message_behind", "expires_at", sqlite_where=BEHIND),
        sa.Index("message_order", "order_group", "to_number", "handler_id", "id", sqlite_where=UNDER_WAY),
        sa.Index("message_to", "to_number", "id", sqlite_where=sa.text("order_group IS NOT NULL")),
        sa.Index("message_sending", "attempt_id", sqlite_where=sa.text(f"state = {sql.SENDING}")),
        sa.Index("message_state", "state", "id"),
        sa.Index("message_undecided", "id", sqlite_where=UNDECIDED),
        sa.Index("message_failed", "finished_at", "state", sqlite_where=FAILED),
        sa.Index("message_user", "user_id", "id"),
        sa.Index("message_submission", "submission_id"),
        sa.Index("message_told_by", "told_by", sqlite_where=sa.text("told_by IS NOT NULL")),
        sa.Index("message_report_due", "report_due_at", sqlite_where=sa.text("report_due_at IS NOT NULL")),
        STRICT_HISTORY,
    )
    id: int | None = identity()
    client_message_id: str = text(unique=True)
    submission_id: int = reference("submission.id")
    handler_id: int = reference("handler.id")
    user_id: int | None = reference("user.id", None)
    user_name: str | None = text(None)
    to_number: str = text()
    body: str = text()
    origin: Origin = word(Origin)
    lane: int = number()  # 0 alerts, 1 everything else: a batch never mixes them
    rank: int = number()
    segments: int = number()
    state: MessageState = word(MessageState)
    on_unknown: OnUnknown | None = word(OnUnknown, None)
    queued_at: datetime = moment()
    expires_at: datetime = moment()
    first_attempt_at: datetime | None = moment(None)
    last_planned_at: datetime | None = moment(None)
    next_attempt_at: datetime | None = moment(None)
    window_closes_at: datetime | None = moment(None)
    finished_at: datetime | None = moment(None)
    retry_rate: timedelta | None = duration(None)
    stop_retrying_after: timedelta | None = duration(None)
    attempts: int = number(0)
    plan_attempts: int = number(0)  # attempts of the present plan: a resend starts a new one
    unknowns: int = number(0)
    may_arrive_twice: bool = flag(False)
    query_first: bool = flag(False)
    attempt_id: int | None = number(None)
    gateway_id: str | None = text(None)
    error_code: str | None = text(None)
    error: str | None = text(None)
    resend_of: int | None = reference("message.id", None)
    report_due_at: datetime | None = moment(None)
    reports_asked: int = number(0)
    told_by: int | None = number(None)  # it waits for this message's answer: nobody is told without it
    clock_boot: int | None = number(None)  # storage/written_by.py: the clock that its due moments go by
    clock_offset: int | None = number(None)
    order_group: int | None = number(None)  # the occurrence's id; 0 by hand; NULL: no order is kept
    behind_since: datetime | None = moment(None)  # waits for an older message: it has no next attempt
    next_planned_at: datetime | None = moment(None)  # the planned attempt that an extra one comes before
    freed_after: int | None = number(None)  # planned attempts made when the way was last found free
    resent_at: datetime | None = moment(None)  # by a person: the order does not bind it
    step_id: int | None = number(None)  # the newest step of the answer plan that tells its person by it


class AttemptRow(SQLModel, table=True):
    """One try: written before the request leaves, completed after the answer."""

    __tablename__ = "attempt"
    __table_args__ = (
        sa.CheckConstraint(sql.one_of("outcome", OutcomeKind)),
        sa.UniqueConstraint("message_id", "n"),
        STRICT,
    )
    id: int | None = identity()
    message_id: int = reference("message.id")
    n: int = number()
    epoch: int = number()
    instance_id: str = text()
    started_at: datetime = moment()
    finished_at: datetime | None = moment(None)
    outcome: OutcomeKind | None = word(OutcomeKind, None)
    http_status: int | None = number(None)
    code: str | None = text(None)
    error: str | None = text(None)
    gateway_id: str | None = text(None)
