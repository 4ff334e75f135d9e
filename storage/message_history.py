"""Reading the outbox: pages, one message with its attempts, counts, delivery reports due."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.outbox import FROM, SELECT, m, record_of
from storage.records import Attempt, Message, MessageState
from storage.tables import attempts, submissions, users


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """What to show of the outbox. `words` is looked for in name, number and text."""

    state: MessageState | None = None
    handler_id: int | None = None
    user_id: int | None = None
    task_id: int | None = None
    alert_id: int | None = None
    occurrence_id: int | None = None
    submission_id: int | None = None
    words: str = ""


ALL = MessageFilter()


def _where(wanted: MessageFilter) -> list[sa.ColumnElement[bool]]:
    s = submissions.c
    equal = {
        m.state: wanted.state and str(wanted.state),
        m.handler_id: wanted.handler_id,
        m.user_id: wanted.user_id,
        m.submission_id: wanted.submission_id,
        s.task_id: wanted.task_id,
        s.alert_id: wanted.alert_id,
        s.occurrence_id: wanted.occurrence_id,
    }
    found = [column == value for column, value in equal.items() if value is not None]
    for word in wanted.words.split():
        number = "".join(ch for ch in word if ch.isdigit())
        found.append(
            sa.or_(
                m.user_name.icontains(word, autoescape=True),
                m.body.icontains(word, autoescape=True),
                m.to_number.contains(number or word, autoescape=True),
            )
        )
    return found


def newest(
    connection: sa.Connection, before_id: int | None, limit: int, wanted: MessageFilter = ALL
) -> list[Message]:
    """A page of messages older than one (or the newest page), the newest first."""
    query = SELECT.where(*_where(wanted)).order_by(m.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(m.id < before_id)
    return [record_of(row) for row in connection.execute(query).mappings()]


def after(connection: sa.Connection, last_id: int, limit: int, wanted: MessageFilter = ALL) -> list[Message]:
    """Messages newer than one, the oldest first."""
    query = SELECT.where(m.id > last_id, *_where(wanted)).order_by(m.id).limit(limit)
    return [record_of(row) for row in connection.execute(query).mappings()]


def get(connection: sa.Connection, message_id: int) -> Message | None:
    row = connection.execute(SELECT.where(m.id == message_id)).mappings().first()
    return record_of(row) if row else None


def attempts_of(connection: sa.Connection, message_id: int) -> list[Attempt]:
    columns = [attempts.c[name] for name in Attempt.__dataclass_fields__]
    query = sa.select(*columns).where(attempts.c.message_id == message_id).order_by(attempts.c.n)
    return [Attempt(**row) for row in connection.execute(query).mappings()]


def count(connection: sa.Connection, wanted: MessageFilter = ALL) -> int:
    query = sa.select(sa.func.count()).select_from(FROM).where(*_where(wanted))
    return connection.execute(query).scalar_one()


def counts_by_state(connection: sa.Connection) -> dict[MessageState, int]:
    query = sa.select(m.state, sa.func.count()).group_by(m.state)
    return {MessageState(state): number for state, number in connection.execute(query)}


def reports_due(connection: sa.Connection, now: datetime, limit: int) -> list[Message]:
    """Accepted messages whose delivery should be asked about now."""
    query = SELECT.where(m.report_due_at <= now, m.state == "accepted").order_by(m.report_due_at)
    return [record_of(row) for row in connection.execute(query.limit(limit)).mappings()]


def user_still_there(connection: sa.Connection, user_id: int) -> bool:
    query = sa.select(users.c.id).where(users.c.id == user_id, users.c.removed_at.is_(None))
    return connection.execute(query).first() is not None
