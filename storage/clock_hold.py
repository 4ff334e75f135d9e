"""Scheduled tasks wait because the clock jumped: kept in the database, so that every process sees it,
the next holder of the lease goes on waiting, and an operator in another process can end it."""

import json
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.database import Transaction
from storage.tables import site_values
from storage.types import from_micros, to_micros

NAME = "clock_hold"


@dataclass(frozen=True, slots=True)
class ClockHold:
    """`until` is for people, by the wall clock; `until_boot` (seconds of that boot) is what counts."""

    until: datetime
    until_boot: float
    boot: int | None


_KEPT = sa.select(site_values.c.value).where(site_values.c.name == NAME)


def hold_of(connection: sa.Connection | Transaction) -> ClockHold | None:
    """The hold that is on the tasks, if one is. One look at a small table."""
    kept = connection.execute(_KEPT).scalar()
    if kept is None:
        return None
    found = json.loads(kept)
    return ClockHold(from_micros(found["until"]), found["until_boot"], found["boot"])


def put(tx: Transaction, hold: ClockHold) -> None:
    lift(tx)
    kept = {"until": to_micros(hold.until), "until_boot": hold.until_boot, "boot": hold.boot}
    tx.execute(sa.insert(site_values).values(name=NAME, value=json.dumps(kept)))


def lift(tx: Transaction) -> bool:
    """Let tasks go on. Whether they were held."""
    return tx.execute(sa.delete(site_values).where(site_values.c.name == NAME)).rowcount > 0
