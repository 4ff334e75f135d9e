"""Reading the outbox: pages, one message with its attempts, counts, delivery reports due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage import message_search
from storage.message_rows import FROM, READ, SELECT, m, record_of
from storage.records import Attempt, Message
from storage.sql_values import UNKNOWN, quoted
from storage.tables import alerts, attempts, messages, submissions, tasks
from storage.types import to_micros
from storage.vocabulary import WITHDRAWN, WITHDRAWN_STATES, MessageState


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """What to show of the outbox. `words` is looked for in what a row shows: see `message_search`.

    `problems` are messages that failed, are of unknown outcome, or wait after an attempt.
    """

    state: MessageState | None = None
    handler_id: int | None = None
    user_id: int | None = None
    task_id: int | None = None
    alert_id: int | None = None
    occurrence_id: int | None = None
    submission_id: int | None = None
    words: str = ""
    problems: bool = False
    withdrawn: bool = False  # only those not sent (again) because their occurrence went on


ALL = MessageFilter()


def _where(wanted: MessageFilter) -> list[sa.ColumnElement[bool]]:
    s = submissions.c
    equal = {
        m.state: wanted.state,
        m.handler_id: wanted.handler_id,
        m.user_id: wanted.user_id,
        m.submission_id: wanted.submission_id,
        s.task_id: wanted.task_id,
        s.alert_id: wanted.alert_id,
        s.occurrence_id: wanted.occurrence_id,
    }
    found = [column == value for column, value in equal.items() if value is not None]
    if wanted.withdrawn:
        found += [m.state.in_(WITHDRAWN_STATES), m.error_code == WITHDRAWN]
    if wanted.problems:
        found.append(message_search.is_problem())
    found += message_search.conditions(wanted.words)
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


def count(connection: sa.Connection, wanted: MessageFilter = ALL, *, newer_than: int = 0) -> int:
    """How many fit; of those with an id above `newer_than`."""
    query = sa.select(sa.func.count()).select_from(_from(wanted)).where(*_where(wanted))
    if newer_than:
        query = query.where(m.id > newer_than)
    return connection.execute(query).scalar_one()


def last_id(connection: sa.Connection) -> int:
    """The id of the newest message; 0 where there is none."""
    return connection.execute(sa.select(sa.func.max(m.id))).scalar() or 0


def total(connection: sa.Connection) -> int:
    """How many messages there are: from their ids, which follow one another, so no row is counted."""
    first, last = (sa.select(end(m.id)).scalar_subquery() for end in (sa.func.min, sa.func.max))
    return int(connection.execute(sa.select(sa.func.coalesce(last - first + 1, 0))).scalar_one())


def _from(wanted: MessageFilter) -> sa.FromClause:
    """The messages alone where that is enough: a million rows are counted without a join."""
    through = (wanted.task_id, wanted.alert_id, wanted.occurrence_id)
    return messages if all(owner is None for owner in through) else FROM


def page(
    connection: sa.Connection,
    wanted: MessageFilter = ALL,
    *,
    offset: int = 0,
    limit: int = 200,
    older_than: int | None = None,
    total: int | None = None,
) -> list[Message]:
    """Part of the list, the newest first.

    `older_than` is the id of the row just before the part: then it is read from there by index.
    Else `offset` rows are counted over, from the nearer end where the `total` is known.
    """
    ids = sa.select(m.id).select_from(_from(wanted)).where(*_where(wanted))
    if older_than is not None:
        ids = ids.where(m.id < older_than).order_by(m.id.desc()).limit(limit)
    elif total is not None and offset > total // 2:
        last = max(0, total - offset - limit)
        ids = ids.order_by(m.id).limit(min(limit, total - offset)).offset(last)
    else:
        ids = ids.order_by(m.id.desc()).limit(limit).offset(offset)
    query = SELECT.where(m.id.in_(ids)).order_by(m.id.desc())
    return [record_of(row) for row in connection.execute(query).mappings()]


def position(connection: sa.Connection, message_id: int, wanted: MessageFilter = ALL) -> int | None:
    """The index of a message in that list; None when it does not hold the message."""
    fits = sa.select(sa.func.count()).select_from(_from(wanted)).where(*_where(wanted))
    if not connection.execute(fits.where(m.id == message_id)).scalar_one():
        return None
    return connection.execute(fits.where(m.id > message_id)).scalar_one()


def ids(connection: sa.Connection, limit: int, wanted: MessageFilter = ALL) -> list[int]:
    """The ids of the first messages of that list."""
    query = sa.select(m.id).select_from(_from(wanted)).where(*_where(wanted))
    return list(connection.execute(query.order_by(m.id.desc()).limit(limit)).scalars())


def waiting_at(connection: sa.Connection, handler_ids: Sequence[int]) -> tuple[int, int, int]:
    """People, messages and parts that wait at these handlers, as they go out once one sends."""
    person = sa.func.coalesce(m.user_id, m.to_number)
    query = sa.select(
        sa.func.count(person.distinct()), sa.func.count(), sa.func.coalesce(sa.func.sum(m.segments), 0)
    ).where(m.state == MessageState.QUEUED, m.handler_id.in_(handler_ids))
    return tuple(connection.execute(query).one())


def counts_by_state(connection: sa.Connection) -> dict[MessageState, int]:
    query = sa.select(m.state, sa.func.count()).group_by(m.state)
    return {row[0]: row[1] for row in connection.execute(query)}


COUNT_UNDECIDED = sa.text(
    "SELECT count(*) FROM message INDEXED BY message_undecided"
    f" WHERE state = {UNKNOWN} AND error_code IS NOT {quoted(WITHDRAWN)}"
)


def count_undecided(connection: sa.Connection) -> int:
    """Messages of unknown outcome that a person must decide about; those withdrawn ask nobody."""
    return int(connection.execute(COUNT_UNDECIDED).scalar_one())


REPORTS_DUE = (
    f"message.report_due_at <= ? AND message.state = {quoted(MessageState.ACCEPTED)}"
    " ORDER BY message.report_due_at LIMIT ?"
)


def reports_due(connection: sa.Connection, now: datetime, limit: int) -> list[Message]:
    """Accepted messages whose delivery should be asked about now."""
    return READ.where(connection, REPORTS_DUE, (to_micros(now), limit))


def owner_of(connection: sa.Connection, message: Message) -> str:
    """The name of the task or alert that sent it; empty for one sent by hand."""
    if message.task_id is not None:
        query = sa.select(tasks.c.name).where(tasks.c.id == message.task_id)
    elif message.alert_id is not None:
        query = sa.select(alerts.c.name).where(alerts.c.id == message.alert_id)
    else:
        return ""
    return str(connection.execute(query).scalar() or "")
