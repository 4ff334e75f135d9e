"""Covers: others on duty instead of those whose turn it is, for a while."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from scheduling import hand_over, on_duty
from storage import rosters as stored
from storage import users
from storage.database import Transaction
from storage.roster_records import Cover, Roster
from storage.vocabulary import Role
from tui.operations import names
from tui.operations.desk import Desk
from tui.operations.duty import moment_words, reachable
from tui.operations.errors import Refused
from tui.operations.moments import moment
from tui.operations.names import check_text
from tui.operations.roster_form import NOBODY, check_moment, covering, people_words
from tui.operations.rosters import known, note

LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverForm:
    """A cover as it is written: times in the roster's zone unless they have an offset."""

    start: str
    end: str
    by: str
    instead_of: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Covered:
    """A cover that was made, and the roster with it."""

    roster: Roster
    cover: Cover


def cover(desk: Desk, roster_id: int, form: CoverForm) -> Covered:
    """Put others on duty for a while; the newest cover counts."""
    with desk.write(Role.OPERATOR, "covering a duty") as tx:
        roster, now = known(tx.connection, roster_id), desk.now()
        start = check_moment(moment(form.start, "From", now, roster.zone), "From")
        end = check_moment(moment(form.end, "To", now, roster.zone), "To")
        people = covering(tx.connection, form.by)
        gone = _person(tx.connection, form.instead_of) if form.instead_of else None
        return _make(desk, tx, roster, start, end, people, gone, form.note)


def take(
    desk: Desk, roster_id: int, *, until: str | None = None, user: str | None = None, text: str = ""
) -> Covered:
    """Take over now, until the shift ends unless `until` says when.

    `user` is who takes over; without it the user who is named as the operator is.
    """
    with desk.write(Role.OPERATOR, "taking over a duty") as tx:
        roster, now = known(tx.connection, roster_id), desk.now()
        person = names.user(tx.connection, user).id if user else _own_user(tx.connection, desk)
        if until is not None:
            end = check_moment(moment(until, "Until", now, roster.zone), "Until")
        else:
            shift = on_duty.on_duty(roster, now)
            if shift.end is None:
                raise Refused("Until is needed: the present shift has no end", "Until", hint="--until T")
            end = shift.end
        return _make(desk, tx, roster, now, end, (person,), None, text, "Until")


def uncover(desk: Desk, cover_id: int) -> Covered:
    """Take a cover back; it is as if it had never been."""
    with desk.write(Role.OPERATOR, "taking a cover back") as tx:
        found = stored.cover(tx, cover_id)
        if found is None:
            raise Refused(f"no cover has the id {cover_id}: it may have been taken back meanwhile", "Cover")
        roster = known(tx.connection, found[0])
        stored.remove_cover(tx, cover_id, desk.now())
        stored.change(tx, roster.id, {}, desk.now())
        note(desk, tx, f"roster {roster.name}: cover {cover_id} taken back: {words(roster, found[1])}")
        after = known(tx.connection, roster.id)
        hand_over.plan(tx, after, desk.now())
        return Covered(after, found[1])


def _make(
    desk: Desk,
    tx: Transaction,
    roster: Roster,
    start: datetime,
    end: datetime,
    people: tuple[int, ...],
    gone: int | None,
    text: str,
    end_field: str = "To",
) -> Covered:
    if end <= start:
        raise Refused(f"{end_field} lies before From: give a later time", end_field)
    text = " ".join(check_text(text, "Note").split())
    if len(text) > LONGEST_NOTE:
        raise Refused(f"Note has {len(text):,} characters: {LONGEST_NOTE} at most", "Note")
    made = Cover(0, start, end, people, gone, text, desk.operator)
    cover_id = stored.add_cover(tx, roster.id, made, desk.now())
    stored.change(tx, roster.id, {}, desk.now())
    after = known(tx.connection, roster.id)
    kept = next(each for each in after.covers if each.id == cover_id)
    note(desk, tx, f"roster {roster.name}: cover {cover_id}: {words(after, kept)}")
    hand_over.plan(tx, after, desk.now())
    return Covered(after, kept)


def words(roster: Roster, found: Cover) -> str:
    """`Sat 07 Mar 10:00 to Sat 07 Mar 14:00 by Amy for Joe (dentist)`."""
    by = people_words(roster, found.people) if found.people else NOBODY
    instead = f" for {people_words(roster, [found.instead_of])}" if found.instead_of is not None else ""
    zone = on_duty.in_zone(roster)
    when = f"{moment_words(found.start, zone)} to {moment_words(found.end, zone)}"
    return f"{when} by {by}{instead}{f' ({found.note})' if found.note else ''}"


def warnings(desk: Desk, done: Covered) -> list[str]:
    """Who covers and cannot be reached as things are, and a cover that lies in the past."""
    with desk.database.read() as connection:
        roster = reachable(connection, done.roster)
    people = [user_id for user_id in done.cover.people if user_id in roster.unreachable]
    found = [f"{roster.names[user_id]} {roster.unreachable[user_id]}" for user_id in people]
    if done.cover.end <= desk.now():
        found.append("the cover lies in the past: it changes nothing any more")
    return found


def _person(connection: sa.Connection, text: str) -> int:
    try:
        return names.user(connection, text).id
    except Refused as error:
        raise Refused(f"For: {error.message}", "For") from None


def _own_user(connection: sa.Connection, desk: Desk) -> int:
    own = users.by_name(connection, desk.operator)
    if len(own) != 1:
        how_many = "more than one user is" if own else "no user is"
        raise Refused(
            f"By is needed: {how_many} named {desk.operator}, so say who takes over", "By", hint="--by USER"
        )
    return own[0].id
