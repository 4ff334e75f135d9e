"""What the engine does at the ends of holds: releases what is held, and carries out tabs put off.

Each step is one transaction that checks the lease and reads the rows again; a key of its own makes a
second release of the same moment impossible. On a site that is held nothing here acts.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from scheduling import (
    answering,
    digests,
    fault_points,
    holding,
    holds,
    late_tabs,
    phone,
    recipients,
    site_zone,
)
from scheduling.clock import Clock
from scheduling.sms_text import measure
from scheduling.zones import zone_named
from storage import adoption, alerts, audience, handlers, held, leases, occurrences, outbox
from storage import holds as stored
from storage.database import Database, Transaction
from storage.errors import StorageError
from storage.held import Held, Waiting
from storage.holds import Silence
from storage.occurrences import Occurrence
from storage.outbox import Submission
from storage.records import Handler, MessageDraft, Recipient, ReviewEntry
from storage.vocabulary import OPEN_STAGES, Category, EntryKind, HeldState, HoldKind, Level, Origin, Stage

log = logging.getLogger(__name__)

OVER = "all of it was over by then"
AT_ONCE = 500


class Releaser:
    """Looks at what holds have kept. Blocks on the database: call it in a thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def tick(self, epoch: int, *, times_of_day: bool = True) -> int:
        """Make what is due under this lease; how many steps that were. Raises `LeaseLost`.

        Without `times_of_day` (the clock may be wrong) quiet hours go on.
        """
        now = self._clock.now()
        with self._database.read() as connection:
            waiting = held.due(connection, now)[:AT_ONCE]
            silences = stored.silences(connection)
            kept = _freed(connection, silences, now)[:AT_ONCE]
            settling = occurrences.to_settle(connection, now)[:AT_ONCE]
            over = [one.id for one in silences if one.ends_at <= now]
            if (waiting or kept or settling or over) and adoption.is_held(connection):
                return 0
        steps: list[Callable[[Transaction, datetime], None]] = []
        steps += [_settle(one.id) for one in settling]
        steps += [_unsilence(one.id) for one in kept]
        steps += [_end_silence(silence_id) for silence_id in over]
        steps += [_release(one) for one in waiting if times_of_day or one.kind is not HoldKind.QUIET]
        for step in steps:
            self._make(step, epoch)
        return len(steps)

    def next_due(self, *, times_of_day: bool = True) -> datetime | None:
        """When there is something to do next; what is due already was done."""
        now = self._clock.now()
        with self._database.read() as connection:
            times = [
                held.next_until(connection) if times_of_day else None,
                occurrences.next_to_settle(connection),
                *(one.ends_at for one in stored.silences(connection)),
            ]
        return min((at for at in times if at is not None and at > now), default=None)

    def _make(self, step: Callable[[Transaction, datetime], None], epoch: int) -> None:
        try:
            with self._database.write() as tx:
                leases.check(tx, epoch)
                if adoption.is_held(tx):
                    return
                step(tx, self._clock.now())
                fault_points.passing("before-release-commit")
            fault_points.passing("after-release-commit")
        except (StorageError, leases.LeaseLost):
            raise
        except Exception:  # one bad row never stops the rest
            log.exception("what a hold kept could not be released")


def _freed(connection: sa.Connection, silences: list[Silence], now: datetime) -> list[Occurrence]:
    """Open occurrences of which something was kept back by a silence that holds no more."""
    kept = occurrences.kept_back(connection)
    return [one for one in kept if holds.silencing(silences, one.alert_id, one.key, now) is None]


# Tabs


def _settle(occurrence_id: int) -> Callable[[Transaction, datetime], None]:
    def step(tx: Transaction, now: datetime) -> None:
        found = occurrences.get(tx, occurrence_id)
        if found is None or found.settle_at is None or found.settle_at > now:
            return
        alert = alerts.get(tx, found.alert_id)
        assert alert is not None
        late_tabs.settled(tx, alert, found, now)

    return step


def _unsilence(occurrence_id: int) -> Callable[[Transaction, datetime], None]:
    def step(tx: Transaction, now: datetime) -> None:
        found = occurrences.get(tx, occurrence_id)
        if found is None or found.kept_back is None or found.stage not in OPEN_STAGES:
            return
        silences = [
            one for one in stored.silences(tx, all_of=True) if one.is_about(found.alert_id, found.key)
        ]
        if holds.silencing(silences, found.alert_id, found.key, now) is not None:
            return
        alert = alerts.get(tx, found.alert_id)
        assert alert is not None
        due = max((one.ends_at for one in silences if one.ends_at <= now), default=now)
        late_tabs.silence_ended(tx, alert, found, due, now)

    return step


def _end_silence(silence_id: int) -> Callable[[Transaction, datetime], None]:
    """Write down that a silence is over; what it kept back has been carried out by then."""

    def step(tx: Transaction, now: datetime) -> None:
        found = stored.silence(tx, silence_id)
        if found is None or found.done or found.ends_at > now:
            return
        stored.change(tx, silence_id, removed_at=now)
        answering.go_on_after_silence(tx, found, now)
        about = found.alert or "all alerts"
        key = f" ({found.key})" if found.key else ""
        text = f"silence of {about}{key} ended{late_tabs.lateness(found.ends_at, now)}"
        tx.review(
            now,
            ReviewEntry(
                Category.ALERT, text, alert_id=found.alert_id, alert=found.alert, kind=EntryKind.SILENCED
            ),
        )

    return step


# Messages


def _release(wanted: Waiting) -> Callable[[Transaction, datetime], None]:
    def step(tx: Transaction, now: datetime) -> None:
        rows = held.for_person(tx, wanted)
        due = min((row.until for row in rows), default=None)
        if due is None or due > now:
            return
        holding_still = _still(tx, wanted, rows, now)
        if holding_still is not None:
            held.set_until(tx, [row.id for row in rows], holding_still)
            return
        release(tx, rows, due, now)

    return step


def _still(tx: Transaction, wanted: Waiting, rows: list[Held], now: datetime) -> datetime | None:
    """Until when these are held on: quiet hours and limits are worked out anew each time."""
    if wanted.kind is HoldKind.QUIET:
        quiet = holding.quiet_of(tx, stored.quiet_hours(tx), {wanted.user_id}, now)[wanted.user_id]
        return None if quiet is None else quiet.until
    limit = stored.limit(tx)
    if limit is None:
        return None
    at = holding.limit_of(tx, limit, rows[0].to, now).digest_at(now)
    return at if at > now else None


@dataclass(frozen=True, slots=True)
class _Way:
    """How a person is reached now, or why not."""

    handler: Handler | None
    number: str
    name: str | None
    problem: str | None = None


def release(tx: Transaction, rows: list[Held], due: datetime, now: datetime) -> int | None:
    """Send one person what is held for them at one handler, as one message; its id, if one is made."""
    first = rows[0]
    if not held.note_release(tx, first.kind, first.hold_id, first.person, first.handler_id, due, now):
        held.set_until(tx, [row.id for row in rows], now + timedelta(seconds=1))
        return None
    way = _way(tx, first)
    who = way.name or phone.readable(way.number)
    if way.problem is not None:
        _end(tx, rows, HeldState.DROPPED, now, reason=way.problem)
        text = f"{who} {way.problem}: what was held is dropped ({len(rows):,})"
        tx.review(now, _entry(first, text, Level.WARNING))
        return None
    ids = {row.occurrence_id for row in rows if row.occurrence_id is not None}
    gathered = digests.gather(rows, {one.id: one for one in occurrences.get_all(tx, ids)})
    late = late_tabs.lateness(due, now)
    if not gathered.matters(_tells_all(tx, first)):
        _end(tx, rows, HeldState.OVER, now, reason=OVER)
        tx.review(now, _entry(first, f"{who}: nothing sent of {len(rows):,} held, {OVER}{late}"))
        return None
    assert way.handler is not None
    message_id = _send(tx, rows, gathered, way.handler, way, due, now)
    tx.review(now, _entry(first, _released(who, rows, gathered, due) + late, message_id=message_id))
    return message_id


def _send(
    tx: Transaction,
    rows: list[Held],
    gathered: digests.Gathered,
    handler: Handler,
    way: _Way,
    due: datetime,
    now: datetime,
) -> int:
    until = due if rows[0].kind is HoldKind.QUIET else now
    digest = digests.compose(
        gathered, rows[0].since, until.astimezone(_zone(tx, rows[0])), handler.most_parts
    )
    draft = MessageDraft(
        handler_id=handler.id,
        to=way.number,
        text=digest.text,
        segments=measure(digest.text).parts,
        user_id=rows[0].user_id,
        user_name=way.name,
        expires_at=now + max(row.useful_life for row in rows),
    )
    (message_id,) = outbox.enqueue(tx, _submission(rows, gathered, digest, due), [draft], now)
    if rows[0].kind is HoldKind.LIMIT and (limit := stored.limit(tx)) is not None:
        keep = max(limit.per, holds.DIGESTS_APART)
        stored.take_places(tx, [way.number], now, keep=keep, digest=True)
    for one in gathered.open:
        if one.id in digest.named:
            answering.told_by_release(tx, one, now)
    active = {one.id for one in gathered.open}
    going = [row for row in rows if row.occurrence_id is None or row.occurrence_id in active]
    named = [row.id for row in going if row.occurrence_id in digest.named]
    others = [row.id for row in going if row.occurrence_id not in digest.named]
    held.end(tx, named, HeldState.RELEASED, now, message_id=message_id, named=True)
    held.end(tx, others, HeldState.RELEASED, now, message_id=message_id)
    over = [row.id for row in rows if row not in going]
    held.end(tx, over, HeldState.OVER, now, reason=OVER, message_id=message_id)
    return message_id


def _submission(
    rows: list[Held], gathered: digests.Gathered, digest: digests.Digest, due: datetime
) -> Submission:
    """Of one open occurrence where the message is of nothing else; of an alert where it names any."""
    until = "" if rows[0].kind is HoldKind.LIMIT else f" until {due.astimezone():%H:%M}"
    why = f"held{until}, released"
    urgent = [row.priority for row in rows if row.priority is not None]
    if len(gathered.open) == 1 and not gathered.texts:
        (only,) = gathered.open
        return Submission(
            Origin.ALERT,
            alert_id=only.alert_id,
            occurrence_id=only.id,
            stage=Stage.CREATED,
            priority=min(urgent, default=None),
            why=why,
            step_id=only.step_id,
        )
    if digest.named:
        return Submission(Origin.ALERT, priority=min(urgent, default=None), why=why)
    tasks = {row.task_id for row in rows if row.occurrence_id is None}
    return Submission(Origin.TASK, task_id=tasks.pop() if len(tasks) == 1 else None, why=why)


def _released(who: str, rows: list[Held], gathered: digests.Gathered, due: datetime) -> str:
    """ "Joe Hart: 3 held until 07:00, released in one message: 1 open, 1 over, 1 text"."""
    said = [
        f"{number:,} {word}"
        for number, word in (
            (len(gathered.open), "open"),
            (len(gathered.over), "over"),
            (len(gathered.texts), "text" if len(gathered.texts) == 1 else "texts"),
        )
        if number
    ]
    until = f" until {due.astimezone():%H:%M}" if rows[0].kind is HoldKind.QUIET else " by the limit"
    return f"{who}: {len(rows):,} held{until}, released in one message: {', '.join(said)}"


def _way(tx: Transaction, first: Held) -> _Way:
    handler = handlers.get(tx.connection, first.handler_id)
    if handler is None or handler.removed_at is not None:
        handler = _other_handler(tx, first)
    if first.user_id is None:
        problem = None if handler else "can be reached by no handler any more"
        return _Way(handler, first.to, first.user, problem)
    field_id = audience.telephone_field(tx, handler.telephone_field_id if handler else None)
    reached, missed = recipients.choose(
        audience.candidates(tx, [Recipient(user_id=first.user_id, name=first.user or "")], field_id)
    )
    if not reached:
        reason = missed[0].reason if missed else recipients.REMOVED
        return _Way(None, first.to, first.user, reason)
    if handler is None:
        return _Way(None, first.to, first.user, "can be reached by no handler any more")
    return _Way(handler, reached[0].number, reached[0].name)


def _other_handler(tx: Transaction, first: Held) -> Handler | None:
    """The handler of what else is held for the person, where the one that it was for was removed."""
    for row in held.listing(tx):
        if row.person == first.person and row.handler_id != first.handler_id:
            found = handlers.get(tx.connection, row.handler_id)
            if found is not None and found.removed_at is None:
                return found
    return None


def _zone(tx: Transaction, first: Held) -> ZoneInfo:
    zones = stored.zones_of(tx, [first.user_id]) if first.user_id is not None else {}
    quiet = next((one for one in stored.quiet_hours(tx) if one.id == first.hold_id), None)
    if quiet is None:
        return zone_named(site_zone.here().name)
    person = holds.Person(first.user_id, zone=zones.get(first.user_id or 0))
    return holds.zone_of(quiet, person, site_zone.here().name)


def _tells_all(tx: Transaction, first: Held) -> bool:
    return any(one.id == first.hold_id and one.tell_all for one in stored.quiet_hours(tx))


def _end(tx: Transaction, rows: Iterable[Held], state: HeldState, now: datetime, *, reason: str) -> None:
    held.end(tx, [row.id for row in rows], state, now, reason=reason)


def _entry(row: Held, text: str, level: Level = Level.INFO, *, message_id: int | None = None) -> ReviewEntry:
    return ReviewEntry(
        Category.MESSAGE,
        text,
        level,
        handler_id=row.handler_id,
        handler=row.handler,
        user_id=row.user_id,
        user=row.user,
        message_id=message_id,
        kind=EntryKind.RELEASED,
    )
