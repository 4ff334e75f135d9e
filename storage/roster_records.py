"""A roster as storage hands it out: plain frozen values, all that deciding who is on duty needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from storage.vocabulary import DutyDay, TurnUnit

EVERY_DAY = frozenset(set(DutyDay) - {DutyDay.HOLIDAY})


@dataclass(frozen=True, slots=True)
class Rule:
    """People in turn, each entry one user or several together, on some days from `start` to `end`.

    Times of day are minutes after midnight on the wall of the roster's zone; an `end` not after
    `start` is on the next day. A turn is `every` days or weeks; `since` is a date whose turn is the
    first entry's. From `kept_from` to `kept_until` those in `kept` are on, whoever's turn it is.
    """

    id: int
    people: tuple[tuple[int, ...], ...]
    every: int
    unit: TurnUnit
    weekday: int
    hand_over: int
    since: date
    days: frozenset[DutyDay] = EVERY_DAY
    start: int = 0
    end: int = 0
    kept: tuple[int, ...] | None = None
    kept_from: datetime | None = None
    kept_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """`people` instead of `instead_of`, or of whoever is on (None). Without people nobody is."""

    id: int
    start: datetime
    end: datetime
    people: tuple[int, ...]
    instead_of: int | None = None
    note: str = ""
    made_by: str | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """A roster, its rules in their order and its covers, the oldest first.

    `fallback` are the users who are on where no rule holds, by now. `names` are of everyone in it.
    `unreachable` says of users why they cannot be reached; whoever is not in it can be.
    """

    id: int
    name: str
    zone: str
    fallback_user: int | None = None
    fallback_group: int | None = None
    fallback_name: str | None = None
    fallback: tuple[int, ...] = ()
    rules: tuple[Rule, ...] = ()
    covers: tuple[Cover, ...] = ()
    holidays: Mapping[date, str] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    unreachable: Mapping[int, str] = field(default_factory=dict)
    revision: int = 1

    @property
    def people(self) -> tuple[int, ...]:
        """Everyone who can be on duty by it, each once."""
        named = [user_id for rule in self.rules for entry in rule.people for user_id in entry]
        kept = [user_id for rule in self.rules for user_id in rule.kept or ()]
        covering = [user_id for cover in self.covers for user_id in cover.people]
        return tuple(dict.fromkeys([*named, *kept, *covering, *self.fallback]))
