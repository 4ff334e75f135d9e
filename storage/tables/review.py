"""The review: what happened, in order, chained so that a change to the past shows."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from storage.sql_values import one_of
from storage.tables.base import STRICT, STRICT_HISTORY, identity, moment, number, text
from storage.vocabulary import Category, Level


class ReviewRow(SQLModel, table=True):
    """One entry. `digest` is of its content; `chain` binds it to all entries before it."""

    __tablename__ = "review"
    __table_args__ = (
        sa.CheckConstraint(one_of("category", Category)),
        sa.CheckConstraint(one_of("level", Level)),
        sa.Index("review_category", "category", "id"),
        sa.Index("review_at", "at"),
        sa.Index("review_handler", "handler_id", "id", sqlite_where=sa.text("handler_id IS NOT NULL")),
        sa.Index("review_user", "user_id", "id", sqlite_where=sa.text("user_id IS NOT NULL")),
        sa.Index("review_message", "message_id", "id", sqlite_where=sa.text("message_id IS NOT NULL")),
        sa.Index("review_kind", "kind", "id", sqlite_where=sa.text("kind IS NOT NULL")),
        STRICT_HISTORY,
    )
    id: int | None = identity()
    at: datetime = moment()
    category: str = text()
    level: str = text()
    body: str | None = text()
    operator: str | None = text(None)
    handler_id: int | None = number(None)
    handler: str | None = text(None)
    user_id: int | None = number(None)
    user: str | None = text(None)
    message_id: int | None = number(None)
    alert_id: int | None = number(None)
    alert: str | None = text(None)
    occurrence_id: int | None = number(None)
    task_id: int | None = number(None)
    task: str | None = text(None)
    digest: bytes = Field(sa_column=sa.Column("digest", sa.BLOB, nullable=False))
    chain: bytes = Field(sa_column=sa.Column("chain", sa.BLOB, nullable=False))
    key_id: int = number()
    kind: str | None = text(None)  # None: written before kinds were
    digest_version: int | None = number(None)  # None: the first, which does not cover the kind


class ReviewKeyRow(SQLModel, table=True):
    """The site keys that sign the chain, each encrypted with the secret key of its day."""

    __tablename__ = "review_key"
    __table_args__ = (STRICT,)
    id: int | None = identity()
    key: bytes = Field(sa_column=sa.Column("key", sa.BLOB, nullable=False))
    created_at: datetime = moment()


# Full text of the review; the rows themselves stay in `review`.
FULL_TEXT = (
    "CREATE VIRTUAL TABLE review_text USING fts5(body, content='review', content_rowid='id')",
    "CREATE TRIGGER review_text_added AFTER INSERT ON review BEGIN"
    " INSERT INTO review_text(rowid, body) VALUES (new.id, new.body); END",
    "CREATE TRIGGER review_text_removed AFTER DELETE ON review BEGIN"
    " INSERT INTO review_text(review_text, rowid, body) VALUES ('delete', old.id, old.body); END",
    "CREATE TRIGGER review_text_changed AFTER UPDATE OF body ON review BEGIN"
    " INSERT INTO review_text(review_text, rowid, body) VALUES ('delete', old.id, old.body);"
    " INSERT INTO review_text(rowid, body) VALUES (new.id, new.body); END",
)
