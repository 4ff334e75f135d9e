"""Reading occurrences as a list: pages of those that are active, or of all that were raised."""

from dataclasses import dataclass

import sqlalchemy as sa

from storage.occurrences import SELECT, Occurrence
from storage.search_words import search_words
from storage.tables import alerts, occurrences
from storage.vocabulary import ACTIVE_STAGES, OPEN_STAGES

o = occurrences.c


@dataclass(frozen=True, slots=True)
class OccurrenceFilter:
    """What to show. `words` are looked for in the alert's name, the key, the stage and the owner."""

    active_only: bool = False
    alert_id: int | None = None
    words: str = ""


ALL = OccurrenceFilter()

# What is unanswered comes first, then what nobody looks after, then what matters most; elsewhere simply
# the newest.
_OPEN = o.stage.in_(OPEN_STAGES)
_UNATTENDED = sa.case((_OPEN & alerts.c.plan.is_not(None), 0), (_OPEN, 1), else_=2)
_URGENT = (_UNATTENDED, alerts.c.priority, o.id.desc())


def _where(wanted: OccurrenceFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.active_only:
        found.append(o.stage.in_(ACTIVE_STAGES))
    if wanted.alert_id is not None:
        found.append(o.alert_id == wanted.alert_id)
    for word in search_words(wanted.words):
        places = (alerts.c.name, o.key, o.stage, o.owner)
        found.append(sa.or_(*(place.icontains(word, autoescape=True) for place in places)))
    return found


def _order(wanted: OccurrenceFilter) -> tuple[sa.ColumnElement[object], ...]:
    return _URGENT if wanted.active_only else (o.id.desc(),)


def count(connection: sa.Connection, wanted: OccurrenceFilter = ALL) -> int:
    query = sa.select(sa.func.count()).select_from(occurrences)
    if wanted.words:
        query = query.join(alerts, alerts.c.id == o.alert_id)
    return connection.execute(query.where(*_where(wanted))).scalar_one()


def page(
    connection: sa.Connection,
    wanted: OccurrenceFilter = ALL,
    *,
    offset: int = 0,
    limit: int = 200,
    older_than: int | None = None,
) -> list[Occurrence]:
    """Part of the list: active ones by urgency, all by time, the newest first.

    `older_than` is the id of the row just before the part: then all are read from there by index.
    """
    query = SELECT.where(*_where(wanted)).order_by(*_order(wanted)).limit(limit)
    if older_than is not None and not wanted.active_only:
        query = query.where(o.id < older_than)
    else:
        query = query.offset(offset)
    return [Occurrence(**row) for row in connection.execute(query).mappings()]


def position(connection: sa.Connection, occurrence_id: int, wanted: OccurrenceFilter = ALL) -> int | None:
    """The index of an occurrence in that list; None when it is not in it."""
    fits = sa.select(o.id).join(alerts, alerts.c.id == o.alert_id).where(*_where(wanted))
    if connection.execute(fits.where(o.id == occurrence_id)).first() is None:
        return None
    if wanted.active_only:
        return list(connection.execute(fits.order_by(*_order(wanted))).scalars()).index(occurrence_id)
    newer = sa.select(sa.func.count()).select_from(fits.where(o.id > occurrence_id).subquery())
    return connection.execute(newer).scalar_one()


def ids(connection: sa.Connection, limit: int, wanted: OccurrenceFilter = ALL) -> list[int]:
    """The ids of the first occurrences of that list."""
    query = sa.select(o.id).join(alerts, alerts.c.id == o.alert_id).where(*_where(wanted))
    return list(connection.execute(query.order_by(*_order(wanted)).limit(limit)).scalars())
