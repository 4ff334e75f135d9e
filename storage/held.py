"""Messages that a hold keeps from being made: rows of their own, not in the outbox."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage.database import Transaction
from storage.sql_values import quoted
from storage.tables import alerts, handlers, held, held_releases, messages, submissions, tasks
from storage.texts import for_phone
from storage.vocabulary import HeldState, HoldKind, Origin, Stage

e = held.c
HELD = quoted(HeldState.HELD)


@dataclass(frozen=True, slots=True)
class NewHeld:
    """A message that is not made now, for one person; its submission's facts are beside it."""

    kind: HoldKind
    hold_id: int
    user_id: int | None
    user: str | None
    to: str
    handler_id: int
    text: str
    segments: int
    useful_life: timedelta
    why: str
    since: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """A held message. `named`: the message that released it names its occurrence."""

    id: int
    state: HeldState
    kind: HoldKind
    hold_id: int
    user_id: int | None
    user: str | None
    to: str
    handler_id: int
    handler: str
    origin: Origin
    operator: str | None
    task_id: int | None
    task: str | None
    run_id: int | None
    alert_id: int | None
    alert: str | None
    occurrence_id: int | None
    stage: Stage | None
    priority: int | None
    text: str
    segments: int
    useful_life: timedelta
    why: str
    since: str
    held_at: datetime
    until: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    end_reason: str | None = None
    message_id: int | None = None
    named: bool = False

    @property
    def recipient(self) -> str:
        """The name if there is one, and the number."""
        return f"{self.user} {self.to}" if self.user else self.to

    @property
    def person(self) -> str:
        """Whoever it is for, as one word: a user by id, else the number."""
        return f"user {self.user_id}" if self.user_id is not None else self.to


_RENAMED: dict[str, Any] = {
    "user": e.user_name.label("user"),
    "to": e.to_number.label("to"),
    "text": e.body.label("text"),
    "until": e.until_at.label("until"),
    "handler": handlers.c.name.label("handler"),
    "task": tasks.c.name.label("task"),
    "alert": alerts.c.name.label("alert"),
}
_SELECT = sa.select(
    *[_RENAMED[name] if name in _RENAMED else e[name] for name in Held.__dataclass_fields__]
).select_from(
    held.join(handlers, handlers.c.id == e.handler_id)
    .outerjoin(tasks, tasks.c.id == e.task_id)
    .outerjoin(alerts, alerts.c.id == e.alert_id)
)


def _records(connection: sa.Connection | Transaction, query: sa.Select[Any]) -> list[Held]:
    return [Held(**row) for row in connection.execute(query).mappings()]


def add(
    tx: Transaction,
    rows: Sequence[NewHeld],
    now: datetime,
    *,
    origin: Origin,
    operator: str | None,
    task_id: int | None,
    run_id: int | None,
    alert_id: int | None,
    occurrence_id: int | None,
    stage: Stage | None,
    priority: int | None,
) -> list[int]:
    """Keep what is held, in this order; gives the ids."""
    made = []
    for row in rows:
        query = sa.insert(held).values(
            state=HeldState.HELD,
            kind=row.kind,
            hold_id=row.hold_id,
            user_id=row.user_id,
            user_name=row.user,
            to_number=row.to,
            handler_id=row.handler_id,
            origin=origin,
            operator=operator,
            task_id=task_id,
            run_id=run_id,
            alert_id=alert_id,
            occurrence_id=occurrence_id,
            stage=stage,
            priority=priority,
            body=for_phone(row.text),
            segments=row.segments,
            useful_life=row.useful_life,
            why=row.why,
            since=row.since,
            held_at=now,
            until_at=row.until,
            named=False,
        )
        made.append(int(tx.execute(query.returning(e.id)).scalar_one()))
    return made


def get(connection: sa.Connection | Transaction, held_id: int) -> Held | None:
    return next(iter(_records(connection, _SELECT.where(e.id == held_id))), None)


def listing(
    connection: sa.Connection | Transaction,
    *,
    all_of: bool = False,
    before_id: int | None = None,
    limit: int | None = None,
) -> list[Held]:
    """What is held (else all that ever was), the newest first."""
    query = _SELECT.order_by(e.id.desc()).limit(limit)
    if not all_of:
        query = query.where(e.state == HeldState.HELD)
    if before_id is not None:
        query = query.where(e.id < before_id)
    return _records(connection, query)


def made_since(connection: sa.Connection | Transaction, held_id: int) -> list[Held]:
    """What has been held since another one, in this order."""
    return _records(connection, _SELECT.where(e.id > held_id).order_by(e.id))


def count(connection: sa.Connection | Transaction) -> int:
    """How many are held. The word is written out, so that the index is used."""
    return int(connection.execute(sa.text(f"SELECT count(*) FROM held WHERE state = {HELD}")).scalar_one())


def numbers_with_held(
    connection: sa.Connection | Transaction, kind: HoldKind, numbers: Collection[str]
) -> set[str]:
    """Those of these numbers for which something is held by such a hold."""
    found: set[str] = set()
    wanted = list(numbers)
    for start in range(0, len(wanted), 500):
        query = sa.select(e.to_number).where(
            e.to_number.in_(wanted[start : start + 500]), e.kind == kind, e.state == HeldState.HELD
        )
        found |= set(connection.execute(query).scalars())
    return found


def of_occurrence(connection: sa.Connection | Transaction, occurrence_id: int) -> list[Held]:
    """What was ever held of an occurrence, the oldest first."""
    return _records(connection, _SELECT.where(e.occurrence_id == occurrence_id).order_by(e.id))


def held_of_occurrence(connection: sa.Connection | Transaction, occurrence_id: int) -> list[Held]:
    """What is held of an occurrence now, the oldest first."""
    query = _SELECT.where(e.occurrence_id == occurrence_id, e.state == HeldState.HELD)
    return _records(connection, query.order_by(e.id))


# Releasing


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is held for one person at one handler by one kind of hold, and when the first of it is due."""

    kind: HoldKind
    user_id: int | None
    to: str
    handler_id: int
    until: datetime


# The engine asks these at each round: they are made once.
_UNTIL = sa.func.min(e.until_at, type_=e.until_at.type).label("until")
_NEXT_UNTIL = sa.text(f"SELECT min(until_at) AS at FROM held WHERE state = {HELD}").columns(
    at=e.until_at.type
)
_DUE = (
    sa.select(e.kind, e.user_id, sa.func.min(e.to_number).label("to"), e.handler_id, _UNTIL)
    .where(sa.text(f"held.state = {HELD}"), e.until_at <= sa.bindparam("now"))
    .group_by(e.kind, e.user_id, sa.func.coalesce(sa.cast(e.user_id, sa.Text), e.to_number), e.handler_id)
    .order_by(_UNTIL)
)


def next_until(connection: sa.Connection | Transaction) -> datetime | None:
    """When the next of what is held is due."""
    found: datetime | None = connection.execute(_NEXT_UNTIL).scalar()
    return found


def due(connection: sa.Connection | Transaction, now: datetime) -> list[Waiting]:
    """For whom something is due, the longest due first."""
    return [Waiting(**row) for row in connection.execute(_DUE, {"now": now}).mappings()]


def for_person(connection: sa.Connection | Transaction, wanted: Waiting) -> list[Held]:
    """All that is held for a person at a handler by such a hold, due or not, the oldest first."""
    whose = e.user_id == wanted.user_id if wanted.user_id is not None else e.to_number == wanted.to
    query = _SELECT.where(
        e.state == HeldState.HELD, e.kind == wanted.kind, whose, e.handler_id == wanted.handler_id
    )
    if wanted.user_id is None:
        query = query.where(e.user_id.is_(None))
    return _records(connection, query.order_by(e.id))


def set_until(tx: Transaction, ids: Iterable[int], until: datetime) -> None:
    tx.execute(sa.update(held).where(e.id.in_(list(ids))).values(until_at=until))


def end(
    tx: Transaction,
    ids: Iterable[int],
    state: HeldState,
    now: datetime,
    *,
    by: str | None = None,
    reason: str | None = None,
    message_id: int | None = None,
    named: bool = False,
) -> None:
    """What becomes of held messages."""
    tx.execute(
        sa.update(held)
        .where(e.id.in_(list(ids)))
        .values(state=state, ended_at=now, ended_by=by, end_reason=reason, message_id=message_id, named=named)
    )


def note_release(
    tx: Transaction,
    kind: HoldKind,
    hold_id: int,
    person: str,
    handler_id: int,
    due_at: datetime,
    now: datetime,
) -> bool:
    """Write a release down; False where it was made before."""
    values = {
        "kind": kind,
        "hold_id": hold_id,
        "person": person,
        "handler_id": handler_id,
        "due_at": due_at,
    }
    same = [held_releases.c[name] == value for name, value in values.items()]
    if tx.execute(sa.select(held_releases.c.made_at).where(*same)).first() is not None:
        return False
    tx.execute(sa.insert(held_releases).values(**values, made_at=now))
    return True


# Messages that stand for several occurrences


_NAMED = (
    sa.select(e.message_id, e.occurrence_id)
    .join_from(held, messages, messages.c.id == e.message_id)
    .join(submissions, submissions.c.id == messages.c.submission_id)
    .where(e.named == sa.true(), submissions.c.occurrence_id.is_(None))
)


def named_by(connection: sa.Connection | Transaction, message_ids: Collection[int]) -> dict[int, set[int]]:
    """The occurrences that each of these messages names, those that stand for several."""
    found: dict[int, set[int]] = {}
    wanted = list(message_ids)
    for start in range(0, len(wanted), 500):
        for row in connection.execute(_NAMED.where(e.message_id.in_(wanted[start : start + 500]))):
            found.setdefault(row.message_id, set()).add(row.occurrence_id)
    return found


def standing_for(connection: sa.Connection | Transaction, occurrence_id: int) -> list[int]:
    """The messages that name this occurrence beside others, by id."""
    query = _NAMED.where(e.occurrence_id == occurrence_id).order_by(e.message_id)
    return list(dict.fromkeys(row.message_id for row in connection.execute(query)))


def carry_texts(connection: sa.Connection | Transaction, message_ids: Collection[int]) -> set[int]:
    """Those of these messages that also carry what belongs to no occurrence: a task's text."""
    query = sa.select(e.message_id).where(e.message_id.in_(list(message_ids)), e.occurrence_id.is_(None))
    return set(connection.execute(query).scalars())
