"""Holds (quiet hours, silences, limits), what they hold back, and the places that limits count."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage.sql_values import one_of, quoted
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
from storage.vocabulary import HeldState, HoldKind, Origin, Stage

PRESENT = sa.text("removed_at IS NULL")
HELD = sa.text(f"state = {quoted(HeldState.HELD)}")
IN_A_MESSAGE = sa.text("message_id IS NOT NULL")


class HoldRow(SQLModel, table=True):
    """One hold. Which columns count depends on its kind; those of the others are empty."""

    __tablename__ = "hold"
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", HoldKind)),
        sa.Index("hold_present", "kind", sqlite_where=PRESENT),
        STRICT_HISTORY,
    )
    id: int | None = identity()
    kind: HoldKind = word(HoldKind)
    user_id: int | None = reference("user.id", None)  # quiet: neither user nor group means everyone
    group_id: int | None = reference("user_group.id", None)
    windows: list[str] | None = json_text(None)
    zone: str | None = text(None)
    through: int | None = number(None)  # alerts of this priority and higher pass
    tell_all: bool = flag(False)
    alert_id: int | None = reference("alert.id", None)  # silence: none means all alerts
    key: str | None = text(None)
    from_at: datetime | None = moment(None)
    until_at: datetime | None = moment(None)
    length: timedelta | None = duration(None)  # where it was given for a while: moves with a clock jump
    reason: str = text("")
    ended_at: datetime | None = moment(None)  # earlier than it was to
    ended_by: str | None = text(None)
    most: int | None = number(None)  # limit
    per: timedelta | None = duration(None)
    made_by: str | None = text(None)
    created_at: datetime = moment()
    removed_at: datetime | None = moment(None)  # a silence: when its end was carried out


class HeldRow(SQLModel, table=True):
    """A message that was not made: who would have got what, about what, and what became of it."""

    __tablename__ = "held"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", HeldState)),
        sa.CheckConstraint(one_of("kind", HoldKind)),
        sa.Index("held_until", "until_at", sqlite_where=HELD),
        sa.Index("held_to", "to_number", "handler_id", sqlite_where=HELD),
        sa.Index("held_occurrence", "occurrence_id", sqlite_where=sa.text("occurrence_id IS NOT NULL")),
        sa.Index("held_message", "message_id", sqlite_where=IN_A_MESSAGE),
        STRICT_HISTORY,
    )
    id: int | None = identity()
    state: HeldState = word(HeldState)
    kind: HoldKind = word(HoldKind)
    hold_id: int = reference("hold.id")
    user_id: int | None = reference("user.id", None)
    user_name: str | None = text(None)
    to_number: str = text()
    handler_id: int = reference("handler.id")
    origin: Origin = word(Origin)
    operator: str | None = text(None)
    task_id: int | None = reference("task.id", None)
    run_id: int | None = reference("task_run.id", None)
    alert_id: int | None = number(None)
    occurrence_id: int | None = number(None)
    stage: Stage | None = word(Stage, None)
    priority: int | None = number(None)
    body: str = text()
    segments: int = number()
    useful_life: timedelta = duration()
    why: str = text()  # why it is held
    since: str = text("")  # when the hold began, as the message at its end says it
    held_at: datetime = moment()
    until_at: datetime = moment()
    ended_at: datetime | None = moment(None)
    ended_by: str | None = text(None)
    end_reason: str | None = text(None)
    message_id: int | None = reference("message.id", None)  # the message that released it
    named: bool = flag(False)  # whether that message names its occurrence


class HeldReleaseRow(SQLModel, table=True):
    """A release that was made: the key makes a second one impossible."""

    __tablename__ = "held_release"
    __table_args__ = (STRICT,)
    kind: HoldKind = word(HoldKind, primary_key=True)
    hold_id: int = number(primary_key=True)
    person: str = text(primary_key=True)
    handler_id: int = number(primary_key=True)
    due_at: datetime = moment(primary_key=True)
    made_at: datetime = moment()
    message_id: int | None = number(None)


class LimitPlaceRow(SQLModel, table=True):
    """A message that counts against the limit of its number."""

    __tablename__ = "limit_place"
    __table_args__ = (sa.Index("limit_place_of", "number", "at"), STRICT)
    id: int | None = identity()
    number: str = text()
    at: datetime = moment()
    digest: bool = flag(False)
