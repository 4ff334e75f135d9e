"""Rosters: who is on duty when. Rules in their order, covers, and the holidays of the site."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage.sql_values import one_of
from storage.tables.base import STRICT, identity, json_text, moment, number, reference, text, word
from storage.vocabulary import TurnUnit


class RosterRow(SQLModel, table=True):
    """A roster in its zone. Who is on where no rule holds: the fallback, a user or a group, if any."""

    __tablename__ = "roster"
    __table_args__ = (
        sa.CheckConstraint("fallback_user_id IS NULL OR fallback_group_id IS NULL"),
        sa.Index("roster_name", "name_key", unique=True, sqlite_where=sa.text("removed_at IS NULL")),
        STRICT,
    )
    id: int | None = identity()
    name: str = text()
    name_key: str = text()
    zone: str = text()
    fallback_user_id: int | None = reference("user.id", None)
    fallback_group_id: int | None = reference("user_group.id", None)
    revision: int = number()
    created_at: datetime = moment()
    changed_at: datetime = moment()
    removed_at: datetime | None = moment(None)


class RosterRuleRow(SQLModel, table=True):
    """People in turn on some days. Times of day are minutes after midnight on the wall of the roster's zone.

    `people` are lists of user ids, one list a turn. `kept` are those who stay on until the hand-over
    after an edit that would have put others on at once.
    """

    __tablename__ = "roster_rule"
    __table_args__ = (
        sa.CheckConstraint(one_of("unit", TurnUnit)),
        sa.Index("roster_rule_of", "roster_id", "position"),
        STRICT,
    )
    id: int | None = identity()
    roster_id: int = reference("roster.id")
    position: int = number()
    people: list[list[int]] = json_text()
    every: int = number()
    unit: TurnUnit = word(TurnUnit)
    weekday: int = number()  # of the hand-over, Monday is 0; only weeks look at it
    hand_over: int = number()
    since: str = text()  # a date
    days: list[str] = json_text()
    start: int = number()
    end: int = number()
    kept: list[int] | None = json_text(None)
    kept_from: datetime | None = moment(None)
    kept_until: datetime | None = moment(None)


class RosterCoverRow(SQLModel, table=True):
    """Others instead of those whose turn it is, for a while. Without `for_user_id` whoever it would be."""

    __tablename__ = "roster_cover"
    __table_args__ = (sa.Index("roster_cover_of", "roster_id", "ends_at"), STRICT)
    id: int | None = identity()
    roster_id: int = reference("roster.id")
    starts_at: datetime = moment()
    ends_at: datetime = moment()
    people: list[int] = json_text()
    for_user_id: int | None = reference("user.id", None)
    note: str = text("")
    made_by: str | None = text(None)
    made_at: datetime = moment()
    removed_at: datetime | None = moment(None)


class HolidayRow(SQLModel, table=True):
    """A date that is no ordinary weekday."""

    __tablename__ = "holiday"
    __table_args__ = (STRICT,)
    day: str = text(primary_key=True)
    name: str = text()
