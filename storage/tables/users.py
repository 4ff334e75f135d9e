"""The people of the site: custom fields, users, their values, and groups."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage.sql_values import one_of
from storage.tables.base import STRICT, flag, identity, json_text, moment, number, reference, text, word
from storage.vocabulary import FieldType

LIVE = sa.text("removed_at IS NULL")


class CustomFieldRow(SQLModel, table=True):
    __tablename__ = "custom_field"
    __table_args__ = (
        sa.CheckConstraint(one_of("type", FieldType)),
        sa.Index("custom_field_name", "name_key", unique=True, sqlite_where=LIVE),
        STRICT,
    )
    id: int | None = identity()
    name: str = text()
    name_key: str = text()
    type: FieldType = word(FieldType)
    position: int = number()
    required: bool = flag(False)
    help: str = text("")
    choices: list[str] = json_text()
    created_at: datetime = moment()
    removed_at: datetime | None = moment(None)


class UserRow(SQLModel, table=True):
    """A person who can be sent to. Users' names may repeat."""

    __tablename__ = "user"
    __table_args__ = (sa.Index("user_name", "name_key"), STRICT)
    id: int | None = identity()
    name: str = text()
    name_key: str = text()
    enabled: bool = flag()
    notes: str = text("")
    revision: int = number()
    created_at: datetime = moment()
    changed_at: datetime = moment()
    removed_at: datetime | None = moment(None)


class UserValueRow(SQLModel, table=True):
    """One custom field of one user, in its stored form (a telephone number as E.164)."""

    __tablename__ = "user_value"
    __table_args__ = (STRICT,)
    user_id: int = reference("user.id", primary_key=True)
    field_id: int = reference("custom_field.id", primary_key=True)
    value: str = text()


class GroupRow(SQLModel, table=True):
    __tablename__ = "user_group"
    __table_args__ = (sa.Index("user_group_name", "name_key", unique=True, sqlite_where=LIVE), STRICT)
    id: int | None = identity()
    name: str = text()
    name_key: str = text()
    notes: str = text("")
    revision: int = number(1)
    created_at: datetime = moment()
    removed_at: datetime | None = moment(None)


class GroupMemberRow(SQLModel, table=True):
    __tablename__ = "group_member"
    __table_args__ = (sa.Index("group_member_user", "user_id"), STRICT)
    group_id: int = reference("user_group.id", primary_key=True)
    user_id: int = reference("user.id", primary_key=True)
