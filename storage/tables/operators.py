"""The people who work at the site, and the public keys by which sshd knows them."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage.sql_values import one_of
from storage.tables.base import STRICT, flag, identity, moment, number, reference, text, word
from storage.vocabulary import Role


class OperatorRow(SQLModel, table=True):
    __tablename__ = "operator"
    __table_args__ = (
        sa.CheckConstraint(one_of("role", Role)),
        sa.Index("operator_name", "name_key", unique=True, sqlite_where=sa.text("removed_at IS NULL")),
        STRICT,
    )
    id: int | None = identity()
    name: str = text()
    name_key: str = text()
    role: Role = word(Role)
    enabled: bool = flag()
    revision: int = number()
    created_at: datetime = moment()
    changed_at: datetime = moment()
    last_seen_at: datetime | None = moment(None)
    removed_at: datetime | None = moment(None)


class OperatorKeyRow(SQLModel, table=True):
    """One public key belongs to one operator only: it says who is there."""

    __tablename__ = "operator_key"
    __table_args__ = (
        sa.Index("operator_key_data", "data", unique=True),
        sa.Index("operator_key_of", "operator_id"),
        STRICT,
    )
    id: int | None = identity()
    operator_id: int = reference("operator.id")
    type: str = text()
    data: str = text()
    comment: str = text("")
    added_at: datetime = moment()
