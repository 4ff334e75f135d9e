"""Who was told what, in which order: facts of a site and its gateway, and what may not be among them.

Clocks are set while a round goes on, so commits are put in order by what a transaction can see of
another: attempts are numbered in the order of their claims, and triggers that a round adds to its own
database keep how far the numbers were when an occurrence was over.
"""

import collections
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from storage.database import Database
from storage.tables import attempts, handlers, messages, submissions

BEGINNING = ("Created", "Escalated", "Claimed", "Actioned")

WATCH = (
    "CREATE TABLE observed_over (occurrence_id INTEGER PRIMARY KEY, last_attempt INTEGER NOT NULL) STRICT",
    "CREATE TABLE observed_life (message_id INTEGER PRIMARY KEY, queued REAL NOT NULL, expired REAL) STRICT",
    "CREATE TRIGGER observe_over AFTER UPDATE OF stage ON occurrence"
    " WHEN NEW.stage IN ('Restored', 'Finalised') AND OLD.stage NOT IN ('Restored', 'Finalised')"
    " BEGIN INSERT INTO observed_over VALUES (NEW.id, coalesce((SELECT max(id) FROM attempt), 0)); END",
    # SQLite asks the machine for the time, whatever the program's clock is told.
    "CREATE TRIGGER observe_queued AFTER INSERT ON message"
    " BEGIN INSERT INTO observed_life VALUES (NEW.id, julianday('now') * 86400.0, NULL); END",
    "CREATE TRIGGER observe_expired AFTER UPDATE OF state ON message WHEN NEW.state = 'expired'"
    " BEGIN UPDATE observed_life SET expired = julianday('now') * 86400.0 WHERE message_id = NEW.id; END",
)
# Seconds of a life that may be missing: a process that stands still between reading its clock and
# writing has begun the life already, and the product takes up to two seconds of that for no jump.
MAY_MISS, OF_SHORT_LIVES = 2.5, 0.25


def watch(database: Database) -> None:
    """Let the site keep what the verdict needs."""
    with database.write() as tx:
        for statement in WATCH:
            tx.connection.exec_driver_sql(statement)


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt: `id` in the order of the claims, `call` alike for those of one claim."""

    id: int
    call: tuple[object, ...]
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """One message. `arrivals` are places in the order in which phones got anything."""

    id: int
    to: str
    handler: int
    occurrence: int | None = None
    stage: str | None = None
    by_hand: bool = False
    tries: tuple[Try, ...] = ()
    arrivals: tuple[int, ...] = ()
    holds: bool = False  # an unknown outcome waits for a person, and holds nobody up

    @property
    def lane(self) -> tuple[object, ...] | None:
        """What it must keep its place in; None for what nothing binds."""
        if self.occurrence is None and not self.by_hand:
            return None
        return self.to, self.handler, self.occurrence

    @property
    def unknown(self) -> bool:
        return any(each.unknown for each in self.tries)


def overtaken(sent: Iterable[Sent]) -> list[str]:
    """Pairs in which the newer went before the older, or with it in one call."""
    lanes = collections.defaultdict(list)
    for each in sorted(sent, key=lambda one: one.id):
        if each.lane is not None:
            lanes[each.lane].append(each)
    found = []
    for members in lanes.values():
        for older, newer in itertools.combinations(members, 2):
            if not older.tries or not newer.tries:
                continue
            pair = f"message {older.id} by {newer.id}, to {older.to}"
            if {each.call for each in older.tries} & {each.call for each in newer.tries}:
                found.append(f"overtaken, in one call: {pair}")
            elif older.tries[-1].id > newer.tries[0].id and not (older.holds and older.unknown):
                found.append(f"overtaken, attempted before: {pair}")
            elif older.unknown:
                continue  # it may be decided on at the gateway whenever that likes
            elif older.arrivals and newer.arrivals and older.arrivals[0] > newer.arrivals[0]:
                found.append(f"overtaken, arrived before: {pair}")
    return found


def outlived(sent: Iterable[Sent], over: Mapping[int, int]) -> list[str]:
    """Messages of a beginning that were attempted once it was over. `over`: the last attempt until then."""
    return [
        f"outlived: message {each.id} ({each.stage}) was attempted when occurrence {each.occurrence} was over"
        for each in sent
        if each.stage in BEGINNING
        and each.occurrence in over
        and any(one.id > over[each.occurrence] for one in each.tries)
    ]


def unheard(sent: Sequence[Sent]) -> list[str]:
    """Messages of an end to people who cannot have heard of the beginning."""
    heard = {(each.occurrence, each.to) for each in sent if each.stage in BEGINNING and each.tries}
    return [
        f"message {each.id} tells {each.to} of the end of occurrence {each.occurrence} alone"
        for each in sent
        if each.stage == "Restored" and each.tries and (each.occurrence, each.to) not in heard
    ]


def read(connection: sa.Connection, arrived: Mapping[str, Sequence[int]]) -> list[Sent]:
    """The messages of a site. `arrived` are places of arrival by the client's own id."""
    tries: dict[int, list[Try]] = collections.defaultdict(list)
    a = attempts.c
    query = sa.select(a.id, a.message_id, a.epoch, a.started_at, a.outcome).order_by(a.id)
    for row in connection.execute(query):
        tries[row.message_id].append(Try(row.id, (row.epoch, row.started_at), row.outcome == "unknown"))
    m, s = messages.c, submissions.c
    rows = connection.execute(
        sa.select(
            m.id, m.client_message_id, m.to_number, m.handler_id, m.origin, s.occurrence_id, s.stage,
            handlers.c.on_unknown,
        )
        .select_from(messages)
        .join(submissions, s.id == m.submission_id)
        .join(handlers, handlers.c.id == m.handler_id)
    )  # fmt: skip
    return [
        Sent(
            row.id,
            row.to_number,
            row.handler_id,
            row.occurrence_id,
            row.stage,
            row.origin == "manual",
            tuple(tries[row.id]),
            tuple(arrived.get(row.client_message_id, ())),
            row.on_unknown == "hold",
        )
        for row in rows
    ]


def observed_over(connection: sa.Connection) -> dict[int, int]:
    """The last attempt before each occurrence was over, on a site that was watched."""
    if not _is_watched(connection):
        return {}
    return {
        row[0]: row[1]
        for row in connection.exec_driver_sql("SELECT occurrence_id, last_attempt FROM observed_over")
    }


def expired_early(connection: sa.Connection) -> list[str]:
    """Messages that expired before their handler's useful life had passed, by the machine's own clock."""
    if not _is_watched(connection):
        return []
    rows = connection.exec_driver_sql(
        "SELECT message_id, expired - queued, handler.useful_life / 1e6 FROM observed_life"
        " JOIN message ON message.id = message_id JOIN handler ON handler.id = message.handler_id"
        " WHERE expired - queued <"
        f" handler.useful_life / 1e6 - min({MAY_MISS}, handler.useful_life / 1e6 * {OF_SHORT_LIVES})"
    )
    return [f"message {row[0]} expired after {row[1]:.1f} s of {row[2]:g}" for row in rows]


def _is_watched(connection: sa.Connection) -> bool:
    return sa.inspect(connection).has_table("observed_over")
