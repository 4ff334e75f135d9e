"""Rosters, their rules and covers, and the holidays of the site."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from storage import groups
from storage.database import Transaction
from storage.names import key_of
from storage.roster_records import Cover, Roster, Rule
from storage.tables import (
    action_recipients,
    holidays,
    roster_covers,
    roster_rules,
    rosters,
    tasks,
    users,
)
from storage.tables import groups as user_groups
from storage.vocabulary import DutyDay

Connection = sa.Connection | Transaction
LIVE = rosters.c.removed_at.is_(None)


def listing(connection: Connection, *, ending_after: datetime | None = None) -> list[Roster]:
    """All rosters by id, without covers that ended before."""
    return _records(connection, sa.select(rosters).where(LIVE).order_by(rosters.c.id), ending_after)


def get(connection: Connection, roster_id: int, *, ending_after: datetime | None = None) -> Roster | None:
    """By id; None where it was removed."""
    found = _records(connection, sa.select(rosters).where(rosters.c.id == roster_id, LIVE), ending_after)
    return found[0] if found else None


def by_name(connection: Connection, name: str) -> Roster | None:
    found = _records(connection, sa.select(rosters).where(rosters.c.name_key == key_of(name), LIVE), None)
    return found[0] if found else None


def names(connection: Connection) -> list[tuple[int, str]]:
    """Ids and names of all rosters, by name."""
    query = sa.select(rosters.c.id, rosters.c.name).where(LIVE).order_by(rosters.c.name_key)
    return [(row.id, row.name) for row in connection.execute(query)]


def _records(connection: Connection, query: sa.Select[Any], ending_after: datetime | None) -> list[Roster]:
    rows = connection.execute(query).all()
    ids = [row.id for row in rows]
    rules = _rules(connection, ids)
    covers = _covers(connection, ids, ending_after)
    days = holiday_listing(connection) if rows else {}
    found = [
        Roster(
            row.id,
            row.name,
            row.zone,
            row.fallback_user_id,
            row.fallback_group_id,
            _fallback_name(connection, row.fallback_user_id, row.fallback_group_id),
            _fallback(connection, row.fallback_user_id, row.fallback_group_id),
            tuple(rules.get(row.id, ())),
            tuple(covers.get(row.id, ())),
            days,
            revision=row.revision,
        )
        for row in rows
    ]
    known = _names(connection, found)
    return [replace(roster, names=known) for roster in found]


def _rules(connection: Connection, ids: Sequence[int]) -> dict[int, list[Rule]]:
    query = sa.select(roster_rules).where(roster_rules.c.roster_id.in_(ids))
    found: dict[int, list[Rule]] = {}
    for row in connection.execute(query.order_by(roster_rules.c.roster_id, roster_rules.c.position)):
        rule = Rule(
            row.id,
            tuple(tuple(entry) for entry in row.people),
            row.every,
            row.unit,
            row.weekday,
            row.hand_over,
            date.fromisoformat(row.since),
            frozenset(DutyDay(day) for day in row.days),
            row.start,
            row.end,
            None if row.kept is None else tuple(row.kept),
            row.kept_from,
            row.kept_until,
        )
        found.setdefault(row.roster_id, []).append(rule)
    return found


def _covers(
    connection: Connection, ids: Sequence[int], ending_after: datetime | None
) -> dict[int, list[Cover]]:
    c = roster_covers.c
    query = sa.select(roster_covers).where(c.roster_id.in_(ids), c.removed_at.is_(None)).order_by(c.id)
    if ending_after is not None:
        query = query.where(c.ends_at > ending_after)
    found: dict[int, list[Cover]] = {}
    for row in connection.execute(query):
        found.setdefault(row.roster_id, []).append(_cover(row))
    return found


def _cover(row: Any) -> Cover:
    return Cover(
        row.id, row.starts_at, row.ends_at, tuple(row.people), row.for_user_id, row.note, row.made_by
    )


def _fallback(connection: Connection, user_id: int | None, group_id: int | None) -> tuple[int, ...]:
    if user_id is not None:
        return (user_id,)
    if group_id is None:
        return ()
    return tuple(member for member, _ in groups.members(connection, group_id))


def _fallback_name(connection: Connection, user_id: int | None, group_id: int | None) -> str | None:
    if user_id is not None:
        return connection.execute(sa.select(users.c.name).where(users.c.id == user_id)).scalar()
    if group_id is None:
        return None
    return connection.execute(sa.select(user_groups.c.name).where(user_groups.c.id == group_id)).scalar()


def _names(connection: Connection, found: Sequence[Roster]) -> dict[int, str]:
    wanted = {user_id for roster in found for user_id in roster.people}
    wanted |= {cover.instead_of for roster in found for cover in roster.covers if cover.instead_of}
    return names_of(connection, sorted(wanted))


def names_of(connection: Connection, user_ids: Sequence[int]) -> dict[int, str]:
    """Names of users by id, removed ones too."""
    query = sa.select(users.c.id, users.c.name).where(users.c.id.in_(user_ids))
    return {row.id: row.name for row in connection.execute(query)}


def add(tx: Transaction, values: Mapping[str, Any], now: datetime) -> int:
    """A new roster from column values; its id."""
    query = sa.insert(rosters).values(
        **values, name_key=key_of(values["name"]), revision=1, created_at=now, changed_at=now
    )
    return int(tx.execute(query.returning(rosters.c.id)).scalar_one())


def change(tx: Transaction, roster_id: int, values: Mapping[str, Any], now: datetime) -> None:
    """Set columns, none too, and count the revision up."""
    named = {"name_key": key_of(values["name"])} if "name" in values else {}
    tx.execute(
        sa.update(rosters)
        .where(rosters.c.id == roster_id)
        .values(**values, **named, changed_at=now, revision=rosters.c.revision + 1)
    )


def set_rules(tx: Transaction, roster_id: int, wanted: Sequence[Rule]) -> None:
    """Make the roster's rules these, in this order. A rule keeps its id; one whose id is 0 is new."""
    kept = [rule.id for rule in wanted if rule.id]
    mine = roster_rules.c.roster_id == roster_id
    tx.execute(sa.delete(roster_rules).where(mine, roster_rules.c.id.not_in(kept)))
    for place, rule in enumerate(wanted):
        values = _columns(rule, place)
        if rule.id:
            tx.execute(sa.update(roster_rules).where(mine, roster_rules.c.id == rule.id).values(**values))
        else:
            tx.execute(sa.insert(roster_rules).values(roster_id=roster_id, **values))


def _columns(rule: Rule, place: int) -> dict[str, Any]:
    return {
        "position": place,
        "people": [list(entry) for entry in rule.people],
        "every": rule.every,
        "unit": rule.unit,
        "weekday": rule.weekday,
        "hand_over": rule.hand_over,
        "since": rule.since.isoformat(),
        "days": [str(day) for day in DutyDay if day in rule.days],
        "start": rule.start,
        "end": rule.end,
        "kept": None if rule.kept is None else list(rule.kept),
        "kept_from": rule.kept_from,
        "kept_until": rule.kept_until,
    }


def add_cover(tx: Transaction, roster_id: int, cover: Cover, now: datetime) -> int:
    """A new cover (its id is not read); its id."""
    query = sa.insert(roster_covers).values(
        roster_id=roster_id,
        starts_at=cover.start,
        ends_at=cover.end,
        people=list(cover.people),
        for_user_id=cover.instead_of,
        note=cover.note,
        made_by=cover.made_by,
        made_at=now,
    )
    return int(tx.execute(query.returning(roster_covers.c.id)).scalar_one())


def cover(connection: Connection, cover_id: int) -> tuple[int, Cover] | None:
    """A cover by id and its roster's id; None where it was taken back or its roster removed."""
    c = roster_covers.c
    query = (
        sa.select(roster_covers)
        .join(rosters, rosters.c.id == c.roster_id)
        .where(c.id == cover_id, c.removed_at.is_(None), LIVE)
    )
    row = connection.execute(query).first()
    return None if row is None else (row.roster_id, _cover(row))


def remove_cover(tx: Transaction, cover_id: int, now: datetime) -> None:
    tx.execute(sa.update(roster_covers).where(roster_covers.c.id == cover_id).values(removed_at=now))


def remove(tx: Transaction, roster_id: int, now: datetime) -> None:
    """Mark as removed; the caller has seen to it that nothing goes by it."""
    tx.execute(sa.update(rosters).where(rosters.c.id == roster_id).values(removed_at=now))


def uses(connection: Connection, roster_id: int) -> list[groups.Use]:
    """The tasks and alerts that send to whoever is on by it, and the tasks at its hand-overs."""
    by_action = groups.uses(connection, action_recipients.c.roster_id, [roster_id]).get(roster_id, [])
    timed = sa.select(tasks.c.name).where(tasks.c.roster_id == roster_id, tasks.c.removed_at.is_(None))
    found = [groups.Use(name, None) for name in connection.execute(timed.order_by(tasks.c.id)).scalars()]
    return list(dict.fromkeys([*by_action, *found]))


def of_users(connection: Connection, user_ids: Iterable[int]) -> dict[int, list[str]]:
    """The names of the rosters that these users are in, by user; who is in none is not in it."""
    wanted = set(user_ids)
    found: dict[int, list[str]] = {}
    for roster in listing(connection):
        named = {user_id for rule in roster.rules for entry in rule.people for user_id in entry}
        named |= {roster.fallback_user} if roster.fallback_user is not None else set()
        for user_id in wanted & named:
            found.setdefault(user_id, []).append(roster.name)
    return found


def of_group(connection: Connection, group_id: int) -> list[str]:
    """The names of the rosters that fall back on this group."""
    query = sa.select(rosters.c.name).where(rosters.c.fallback_group_id == group_id, LIVE)
    return list(connection.execute(query.order_by(rosters.c.id)).scalars())


def holiday_listing(connection: Connection) -> dict[date, str]:
    """All holidays in the order of the calendar."""
    rows = connection.execute(sa.select(holidays).order_by(holidays.c.day))
    return {date.fromisoformat(row.day): row.name for row in rows}


def set_holidays(tx: Transaction, wanted: Mapping[date, str]) -> None:
    """Make these dates holidays of these names, whether they were or not."""
    for day, name in wanted.items():
        tx.execute(sa.delete(holidays).where(holidays.c.day == day.isoformat()))
        tx.execute(sa.insert(holidays).values(day=day.isoformat(), name=name))


def remove_holiday(tx: Transaction, day: date) -> None:
    tx.execute(sa.delete(holidays).where(holidays.c.day == day.isoformat()))
