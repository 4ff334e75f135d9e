"""Reading the review: newest pages, what is new, words, and the chain's verdict."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.records import Review
from storage.search_words import search_words
from storage.tables import attempts, messages, reviews
from storage.vocabulary import Category, EntryKind, Level, MessageState, OutcomeKind

CHAIN = ("digest", "chain", "key_id", "digest_version")
ERASED = "(erased)"

# What tells of an entry from before kinds were written: its message's attempt that ended at that
# very moment, else what the message came to. Looked up for those entries only.
_OLD = sa.and_(reviews.c.kind.is_(None), reviews.c.message_id.is_not(None))
_OUTCOME = (
    sa.select(attempts.c.outcome)
    .where(attempts.c.message_id == reviews.c.message_id, attempts.c.finished_at == reviews.c.at)
    .limit(1)
    .scalar_subquery()
)
_STATE = sa.select(messages.c.state).where(messages.c.id == reviews.c.message_id).scalar_subquery()
COLUMNS = [
    *(column for column in reviews.c if column.name not in CHAIN),
    sa.case((_OLD, _OUTCOME)).label("outcome"),
    sa.case((_OLD, _STATE)).label("state"),
]


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """What to show. All that is set must fit. `words` is searched by SQLite's full text."""

    category: Category | None = None
    level: Level | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""
    handler_id: int | None = None
    user_id: int | None = None
    message_id: int | None = None
    task_id: int | None = None
    alert_id: int | None = None
    operator: str | None = None
    kind: EntryKind | None = None


EVERYTHING = ReviewFilter()


def _where(wanted: ReviewFilter) -> list[sa.ColumnElement[bool]]:
    c = reviews.c
    equal = {
        c.category: wanted.category and str(wanted.category),
        c.level: wanted.level and str(wanted.level),
        c.handler_id: wanted.handler_id,
        c.user_id: wanted.user_id,
        c.message_id: wanted.message_id,
        c.task_id: wanted.task_id,
        c.alert_id: wanted.alert_id,
        c.operator: wanted.operator,
        c.kind: wanted.kind and str(wanted.kind),
    }
    found = [column == value for column, value in equal.items() if value is not None]
    if wanted.since is not None:
        found.append(c.at >= wanted.since)
    if wanted.until is not None:
        found.append(c.at < wanted.until)
    if wanted.words.strip():
        match = sa.text("SELECT rowid FROM review_text WHERE review_text MATCH :words").bindparams(
            words=full_text(wanted.words)
        )
        found.append(c.id.in_(match.columns(sa.column("rowid", sa.Integer)).scalar_subquery()))
    return found


def full_text(words: str) -> str:
    """Every word must occur, the last may be unfinished; nothing typed is taken as query syntax."""
    quoted = ['"' + word.replace('"', '""') + '"' for word in search_words(words)]
    return " ".join(quoted) + "*"


def _record(row: sa.RowMapping) -> Review:
    values = dict(row)
    body, kind = values.pop("body"), values.pop("kind")
    outcome, state = values.pop("outcome"), values.pop("state")
    category, level = _category(values.pop("category")), _level(values.pop("level"))
    return Review(
        category,
        ERASED if body is None else body,
        level,
        kind=_kind(kind) if kind is not None else kind_told_by_message(category, level, outcome, state),
        erased=body is None,
        **values,
    )


# A row that was altered by hand shows all the same: `review_verify` finds it.


def _category(kept: str) -> Category:
    try:
        return Category(kept)
    except ValueError:
        return Category.SYSTEM


def _level(kept: str) -> Level:
    try:
        return Level(kept)
    except ValueError:
        return Level.ERROR


def _kind(kept: str) -> EntryKind | None:
    try:
        return EntryKind(kept)
    except ValueError:
        return None


_OF_STATE = {
    MessageState.FAILED: EntryKind.FAILED,
    MessageState.EXPIRED: EntryKind.EXPIRED,
    MessageState.UNKNOWN: EntryKind.UNKNOWN,
    MessageState.UNDELIVERED: EntryKind.UNDELIVERED,
}


def kind_told_by_message(
    category: Category, level: Level, outcome: OutcomeKind | None, state: MessageState | None
) -> EntryKind | None:
    """The kind of an entry that was written without one, from facts about the message it names.

    `outcome` is that of the attempt that ended when the entry was written, `state` the message's
    present state. None where they do not tell: the level is then all there is.
    """
    if category not in (Category.MESSAGE, Category.RETRY) or state is None:
        return None
    if outcome == OutcomeKind.UNKNOWN:
        return EntryKind.UNKNOWN
    if level is Level.INFO:
        if outcome == OutcomeKind.ACCEPTED:
            return EntryKind.ACCEPTED
        return EntryKind.DELIVERED if outcome is None and state == MessageState.DELIVERED else None
    if level is Level.WARNING:
        return EntryKind.RETRY if outcome not in (None, OutcomeKind.ACCEPTED) else None
    return _OF_STATE.get(state)


def after(
    connection: sa.Connection, last_id: int, limit: int, wanted: ReviewFilter = EVERYTHING
) -> list[Review]:
    """Entries newer than one, the oldest first."""
    query = sa.select(*COLUMNS).where(reviews.c.id > last_id, *_where(wanted)).order_by(reviews.c.id)
    return [_record(row) for row in connection.execute(query.limit(limit)).mappings()]


def before(
    connection: sa.Connection, first_id: int | None, limit: int, wanted: ReviewFilter = EVERYTHING
) -> list[Review]:
    """A page of entries older than one (or the newest page), the newest first."""
    query = sa.select(*COLUMNS).where(*_where(wanted)).order_by(reviews.c.id.desc()).limit(limit)
    if first_id is not None:
        query = query.where(reviews.c.id < first_id)
    return [_record(row) for row in connection.execute(query).mappings()]


def everything(
    connection: sa.Connection, wanted: ReviewFilter = EVERYTHING, page: int = 1000
) -> Iterator[Review]:
    """All that fits, the oldest first, a page at a time."""
    last = 0
    while found := after(connection, last, page, wanted):
        yield from found
        last = found[-1].id


def get(connection: sa.Connection, review_id: int) -> Review | None:
    row = connection.execute(sa.select(*COLUMNS).where(reviews.c.id == review_id)).mappings().first()
    return _record(row) if row else None


def last_id(connection: sa.Connection) -> int:
    return connection.execute(sa.select(sa.func.max(reviews.c.id))).scalar() or 0


def count(connection: sa.Connection, wanted: ReviewFilter = EVERYTHING) -> int:
    query = sa.select(sa.func.count()).select_from(reviews).where(*_where(wanted))
    return connection.execute(query).scalar_one()


def total(connection: sa.Connection, wanted: ReviewFilter = EVERYTHING) -> int:
    """How many entries fit. Without a filter from the ids, which follow one another: no row is counted."""
    if wanted == EVERYTHING:
        bounds = sa.select(sa.func.min(reviews.c.id).label("first"), sa.func.max(reviews.c.id).label("last"))
        row = connection.execute(bounds).one()
        return 0 if row.last is None else int(row.last - row.first + 1)
    return count(connection, wanted)


def page(
    connection: sa.Connection,
    wanted: ReviewFilter = EVERYTHING,
    *,
    offset: int = 0,
    limit: int = 200,
    older_than: int | None = None,
) -> list[Review]:
    """Part of the list, the newest first; by index where `older_than` (the row before it) is known."""
    if older_than is None and offset and wanted == EVERYTHING:
        older_than = last_id(connection) - offset + 1
    if older_than is not None or not offset:
        return before(connection, older_than, limit, wanted)
    ids = sa.select(reviews.c.id).where(*_where(wanted)).order_by(reviews.c.id.desc())
    query = sa.select(*COLUMNS).where(reviews.c.id.in_(ids.limit(limit).offset(offset)))
    return [_record(row) for row in connection.execute(query.order_by(reviews.c.id.desc())).mappings()]


def position(connection: sa.Connection, review_id: int, wanted: ReviewFilter = EVERYTHING) -> int | None:
    """The index of an entry in that list; None when it does not hold the entry."""
    fits = sa.select(reviews.c.id).where(reviews.c.id == review_id, *_where(wanted))
    if connection.execute(fits).first() is None:
        return None
    if wanted == EVERYTHING:
        return last_id(connection) - review_id
    newer = sa.select(sa.func.count()).select_from(reviews).where(reviews.c.id > review_id, *_where(wanted))
    return connection.execute(newer).scalar_one()


def ids(connection: sa.Connection, limit: int, wanted: ReviewFilter = EVERYTHING) -> list[int]:
    """The ids of the first entries of that list."""
    query = sa.select(reviews.c.id).where(*_where(wanted)).order_by(reviews.c.id.desc()).limit(limit)
    return list(connection.execute(query).scalars())


def operators(connection: sa.Connection, limit: int = 50) -> list[str]:
    """Who has entries among the newest ten thousand, by name."""
    newest = sa.select(reviews.c.operator).order_by(reviews.c.id.desc()).limit(10_000).subquery()
    query = sa.select(newest.c.operator).where(newest.c.operator.is_not(None)).distinct()
    return sorted(connection.execute(query.limit(limit)).scalars())
