"""Active alerts of which nobody was told: for `status`, the console's header and `doctor`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from scheduling import holds, told
from storage import hearing, occurrences
from storage import holds as stored
from storage.database import Transaction

MOST = 1_000  # occurrences looked into: beyond that the exact number helps nobody


@dataclass(frozen=True, slots=True)
class Unheard:
    """Occurrences that need a person. `unsure` are told only by messages held as of unknown outcome."""

    nobody_told: tuple[int, ...] = ()
    unsure: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.nobody_told)


def look(connection: sa.Connection | Transaction, now: datetime, excused: Collection[int] = ()) -> Unheard:
    """Active occurrences, in Created or Escalated, of which nobody is told although an action should.

    `excused` are those about which something is to be sent without anybody's doing, besides those that
    have an answer plan which will try again.
    """
    candidates = hearing.open_and_not_surely_told(connection, MOST)
    silenced = _silenced(connection, [each.occurrence_id for each in candidates], now)
    candidates = [each for each in candidates if each.occurrence_id not in silenced]
    facts = hearing.of_occurrences(connection, [each.occurrence_id for each in candidates])
    nobody, unsure = [], []
    for each in candidates:
        occurrence_id = each.occurrence_id
        if occurrence_id in excused:
            continue
        if told.nobody_knows(facts[occurrence_id], each.raised_at, now):
            if each.answer_due_at is None:
                nobody.append(occurrence_id)
        elif told.only_unsure(facts[occurrence_id], now):
            unsure.append(occurrence_id)
    return Unheard(tuple(nobody), tuple(unsure))


def _silenced(connection: sa.Connection | Transaction, ids: Collection[int], now: datetime) -> list[int]:
    """Those of these occurrences for which a silence holds: nobody is to be told of them now."""
    silences = [silence for silence in stored.silences(connection) if silence.holds_at(now)] if ids else []
    if not silences:
        return []
    found = occurrences.get_all(connection, ids)
    return [one.id for one in found if holds.silencing(silences, one.alert_id, one.key, now) is not None]


def said(number: int) -> str:
    """ "1 active alert of which nobody was told"."""
    return f"{number:,} active {'alert' if number == 1 else 'alerts'} of which nobody was told"


def unsure_said(number: int) -> str:
    """What an operator should decide."""
    noun = "alert is" if number == 1 else "alerts are"
    return f"{number:,} active {noun} told only by messages of unknown outcome: a person decides"
