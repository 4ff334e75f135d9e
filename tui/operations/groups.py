"""Groups of users: what an operator may do with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage import groups, rosters
from storage.database import Transaction
from storage.records import Group, ReviewEntry
from storage.vocabulary import Category, EntryKind, Role
from tui.operations import names
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.users import check_notes, known_people


@dataclass(frozen=True, slots=True)
class Membership:
    """A group and those who belong to it, (id, name) by name."""

    group: Group
    people: tuple[tuple[int, str], ...]


def listing(desk: Desk) -> list[Group]:
    """All groups, the newest last."""
    with desk.database.read() as connection:
        return groups.listing(connection)


def get(desk: Desk, group_id: int) -> Membership:
    with desk.database.read() as connection:
        return Membership(_known_group(connection, group_id), tuple(groups.members(connection, group_id)))


def add(desk: Desk, name: str, *, notes: str = "") -> Group:
    name, notes = names.check_name(name, "group"), check_notes(notes)
    with desk.write(Role.ADMINISTRATOR, "adding a group") as tx:
        _check_free(tx, name)
        group_id = groups.add(tx, name, notes, desk.now())
        _review(desk, tx, f"group {name} added")
        return _known_group(tx.connection, group_id)


def edit(
    desk: Desk,
    group_id: int,
    *,
    name: str | None = None,
    notes: str | None = None,
    seen_revision: int | None = None,
) -> Group:
    """Change what is given. Refused when the group's revision is not `seen_revision` any more."""
    wanted: dict[str, Any] = {}
    if name is not None:
        wanted["name"] = names.check_name(name, "group")
    if notes is not None:
        wanted["notes"] = check_notes(notes)
    with desk.write(Role.ADMINISTRATOR, "changing a group") as tx:
        before = _known_group(tx.connection, group_id)
        if seen_revision is not None and before.revision != seen_revision:
            raise Refused(f"{before.name} was changed by someone else meanwhile: look at it again")
        changed = {key: value for key, value in wanted.items() if value != getattr(before, key)}
        if not changed:
            return before
        if "name" in changed:
            _check_free(tx, changed["name"], group_id)
        groups.change(tx, group_id, changed)
        what = [f"name now {changed['name']}"] if "name" in changed else []
        what += ["notes"] if "notes" in changed else []
        _review(desk, tx, f"group {before.name} changed: {', '.join(what)}")
        return _known_group(tx.connection, group_id)


def join(desk: Desk, group_id: int, user_ids: Sequence[int]) -> int:
    """Make these users members; gives how many were not members before."""
    with desk.write(Role.ADMINISTRATOR, "changing a group") as tx:
        group, people = _known_group(tx.connection, group_id), _people(tx.connection, user_ids)
        already = groups.members_among(tx.connection, group_id, list(people))
        new = {user_id: name for user_id, name in people.items() if user_id not in already}
        groups.join(tx, group_id, list(new))
        _review_people(desk, tx, new, f"joined group {group.name}")
        return len(new)


def leave(desk: Desk, group_id: int, user_ids: Sequence[int]) -> int:
    """End these users' membership; gives how many were members."""
    with desk.write(Role.ADMINISTRATOR, "changing a group") as tx:
        group, people = _known_group(tx.connection, group_id), _people(tx.connection, user_ids)
        members = groups.members_among(tx.connection, group_id, list(people))
        gone = {user_id: name for user_id, name in people.items() if user_id in members}
        groups.leave(tx, group_id, list(gone))
        _review_people(desk, tx, gone, f"left group {group.name}")
        return len(gone)


def hanging(desk: Desk, group_id: int) -> tuple[str, ...]:
    """What to name before the group is removed, a sentence each; none when no task or alert sends to it."""
    with desk.database.read() as connection:
        return _hanging(connection, _known_group(connection, group_id))


def remove(desk: Desk, group_id: int, *, confirmed: bool = False) -> None:
    """Remove a group, not its users. Refused, unless `confirmed`, while something sends to it."""
    with desk.write(Role.ADMINISTRATOR, "removing a group") as tx:
        group = _known_group(tx.connection, group_id)
        held = "; ".join(_hanging(tx.connection, group))
        if held and not confirmed:
            raise Refused(f"{held}. Confirm the removal to go on", hint="--yes")
        groups.remove(tx, group_id, desk.now())
        _review(desk, tx, f"group {group.name} removed{f': {held}' if held else ''}")


def as_json(group: Group, people: Sequence[tuple[int, str]] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": group.id,
        "name": group.name,
        "members": group.members,
        "notes": group.notes,
        "revision": group.revision,
    }
    if people is None:
        return found
    return {**found, "users": [{"user_id": user_id, "user": name} for user_id, name in people]}


def _known_group(connection: sa.Connection, group_id: int) -> Group:
    found = groups.get(connection, group_id)
    if found is None:
        raise Refused(f"no group has the id {group_id}: it may have been removed meanwhile", "Group")
    return found


def _check_free(tx: Transaction, name: str, own_id: int | None = None) -> None:
    other = groups.by_name(tx.connection, name)
    if other is not None and other.id != own_id:
        raise Refused(f"Name {other.name} is taken by another group: choose another", "Name")
    if ";" in name:
        raise Refused("Name holds ; which parts the groups of a CSV file: leave it out", "Name")


def _people(connection: sa.Connection, user_ids: Sequence[int]) -> dict[int, str]:
    return {person.id: person.name for person in known_people(connection, user_ids)}


def _hanging(connection: sa.Connection, group: Group) -> tuple[str, ...]:
    uses, falling = groups.uses_of_group(connection, group.id), rosters.of_group(connection, group.id)
    found = []
    if uses:
        found.append(f"{group.name} is a recipient of {names.mentioned([str(use) for use in uses])}")
    if falling:
        found.append(f"{group.name} is the fallback of the roster {names.mentioned(falling)}")
    return tuple(found)


def _review(desk: Desk, tx: Transaction, text: str) -> None:
    tx.review(desk.now(), ReviewEntry(Category.USER, text, operator=desk.operator, kind=EntryKind.CHANGE))


def _review_people(desk: Desk, tx: Transaction, people: dict[int, str], what: str) -> None:
    if not people:
        return
    alone = next(iter(people.items())) if len(people) == 1 else (None, None)
    text = f"{names.mentioned(list(people.values()))} {what}"
    entry = ReviewEntry(
        Category.USER, text, operator=desk.operator, user_id=alone[0], user=alone[1], kind=EntryKind.CHANGE
    )
    tx.review(desk.now(), entry)
