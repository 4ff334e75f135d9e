"""Users: what an operator may do with the people who can be sent to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage import custom_fields, groups, rosters, users
from storage.database import Transaction
from storage.records import CustomField, Group, ReviewEntry, User
from storage.users import BY_NAME, EVERYONE, UserFilter, UserOrder
from storage.vocabulary import Category, EntryKind, Role
from tui.operations import names
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.field_values import check_value, shown

MOST_NOTES = 4000


@dataclass(frozen=True, slots=True)
class Saved:
    """A user as now kept, and what may be wrong with it all the same (numbers that look invalid)."""

    user: User
    warnings: tuple[str, ...] = ()


def get(desk: Desk, user_id: int) -> User:
    with desk.database.read() as connection:
        return _known_user(connection, user_id)


def page(
    desk: Desk,
    wanted: UserFilter = EVERYONE,
    order: UserOrder = BY_NAME,
    *,
    offset: int = 0,
    limit: int = 200,
    after: int | None = None,
) -> list[User]:
    """Part of a list of any length; see `storage.users.page`."""
    with desk.database.read() as connection:
        return users.page(connection, wanted, order, offset=offset, limit=limit, after=after)


def count(desk: Desk, wanted: UserFilter = EVERYONE) -> int:
    with desk.database.read() as connection:
        return users.count(connection, wanted)


def position(
    desk: Desk, user_id: int, wanted: UserFilter = EVERYONE, order: UserOrder = BY_NAME
) -> int | None:
    """The index of a user in that list, None when it is not there."""
    with desk.database.read() as connection:
        return users.position(connection, user_id, wanted, order)


def ids(desk: Desk, limit: int, wanted: UserFilter = EVERYONE, order: UserOrder = BY_NAME) -> list[int]:
    with desk.database.read() as connection:
        return users.ids(connection, limit, wanted, order)


def add(
    desk: Desk,
    name: str,
    *,
    values: Mapping[str, str] | None = None,
    groups: Sequence[str] = (),
    notes: str = "",
    enabled: bool = True,
) -> Saved:
    """A new user. `values` are by custom field name (or id), `groups` by name (or id)."""
    name, notes = names.check_name(name, "user"), check_notes(notes)
    with desk.write(Role.ADMINISTRATOR, "adding a user") as tx:
        fields = custom_fields.listing(tx.connection)
        checked, warnings = _check_values(tx, fields, values or {}, new=True)
        joined = [names.group(tx.connection, group) for group in groups]
        warnings += _same_name(tx, name)
        user_id = users.add(tx, name, notes, enabled, desk.now())
        users.set_values(tx, user_id, checked)
        _join(tx, user_id, joined)
        user = _known_user(tx.connection, user_id)
        details = "; ".join(_described(user, fields))
        _review(desk, tx, user, f"user {name} added{f': {details}' if details else ''}")
        return Saved(user, tuple(warnings))


def edit(
    desk: Desk,
    user_id: int,
    *,
    name: str | None = None,
    values: Mapping[str, str | None] | None = None,
    join: Sequence[str] = (),
    leave: Sequence[str] = (),
    notes: str | None = None,
    enabled: bool | None = None,
    seen_revision: int | None = None,
) -> Saved:
    """Change what is given; an empty or None value takes a custom field's value away.

    Refused when the user's revision is not `seen_revision` any more. Groups are joined and
    left by name, so that what others changed meanwhile stays.
    """
    columns: dict[str, Any] = {}
    if name is not None:
        columns["name"] = names.check_name(name, "user")
    if notes is not None:
        columns["notes"] = check_notes(notes)
    if enabled is not None:
        columns["enabled"] = enabled
    with desk.write(Role.ADMINISTRATOR, "changing a user") as tx:
        before = _known_user(tx.connection, user_id)
        if seen_revision is not None and before.revision != seen_revision:
            raise Refused(f"{before.name} was changed by someone else meanwhile: look at it again")
        fields = custom_fields.listing(tx.connection)
        given = {field: value or "" for field, value in (values or {}).items()}
        checked, warnings = _check_values(tx, fields, given, new=False)
        if columns.get("name", before.name) != before.name:
            warnings += _same_name(tx, columns["name"], user_id)
        joined = [names.group(tx.connection, group) for group in join]
        left = [names.group(tx.connection, group) for group in leave]
        users.set_values(tx, user_id, checked)
        _join(tx, user_id, joined)
        for group in left:
            groups.leave(tx, group.id, [user_id])
        changed = {key: value for key, value in columns.items() if value != getattr(before, key)}
        after = _known_user(tx.connection, user_id)
        if not changed and after == before:
            return Saved(before, tuple(warnings))
        users.change(tx, user_id, changed, desk.now())
        after = _known_user(tx.connection, user_id)
        text = f"user {before.name} changed: {'; '.join(_differences(before, after, fields))}"
        _review(desk, tx, after, text)
        return Saved(after, tuple(warnings))


def set_enabled(desk: Desk, user_ids: Sequence[int], enabled: bool) -> int:
    """Enable or disable; gives how many changed. Nobody disabled is sent anything new."""
    word = "enabled" if enabled else "disabled"
    with desk.write(Role.ADMINISTRATOR, f"changing whether a user is {word}") as tx:
        people = known_people(tx.connection, user_ids)
        changed = [person for person in people if person.enabled is not enabled]
        users.enable(tx, [person.id for person in changed], enabled, desk.now())
        _review_all(desk, tx, changed, word)
        return len(changed)


def hanging(desk: Desk, user_ids: Sequence[int]) -> tuple[str, ...]:
    """What to name before these users are removed, a sentence each; none when nothing hangs on them."""
    with desk.database.read() as connection:
        return _hanging(connection, known_people(connection, user_ids))


def remove(desk: Desk, user_ids: Sequence[int], *, confirmed: bool = False) -> None:
    """Remove users; history still names them. Refused, unless `confirmed`, while something hangs on them."""
    with desk.write(Role.ADMINISTRATOR, "removing a user") as tx:
        people = known_people(tx.connection, user_ids)
        held = _hanging(tx.connection, people)
        if held and not confirmed:
            raise Refused(f"{'; '.join(held)}. Confirm the removal to go on", hint="--yes")
        users.remove(tx, [person.id for person in people], desk.now())
        _review_all(desk, tx, people, "removed")


def as_json(user: User, fields: Sequence[CustomField]) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "enabled": user.enabled,
        "fields": {field.name: user.values[field.id] for field in fields if field.id in user.values},
        "groups": list(user.groups),
        "notes": user.notes,
        "revision": user.revision,
    }


def check_notes(text: str) -> str:
    text = names.check_text(text, "Notes").strip()
    if len(text) > MOST_NOTES:
        raise Refused(f"Notes have {len(text):,} characters: {MOST_NOTES:,} at most", "Notes")
    return text


def known_people(connection: sa.Connection, user_ids: Sequence[int]) -> list[User]:
    """These users, each once; refused when one is not there (any more)."""
    wanted = list(dict.fromkeys(user_ids))
    found = users.several(connection, wanted)
    for user_id in wanted:
        person = found.get(user_id)
        if person is None:
            raise Refused(f"no user has the id {user_id}", "User")
        if person.removed_at is not None:
            raise Refused(f"{person.name} was removed meanwhile", "User")
    return list(found.values())


def _known_user(connection: sa.Connection, user_id: int) -> User:
    return known_people(connection, [user_id])[0]


def _check_values(
    tx: Transaction, fields: Sequence[CustomField], given: Mapping[str, str], *, new: bool
) -> tuple[dict[int, str | None], list[str]]:
    """Stored values by field id, and warnings. A new user needs every required field."""
    checked: dict[int, str | None] = {}
    warnings: list[str] = []
    for label, text in given.items():
        field = names.field(tx.connection, label)
        if field.id in checked:
            raise Refused(f"{field.name} is given twice: leave one out", field.name)
        found = check_value(field, text)
        checked[field.id] = found.value if found else None
        if found and found.warning:
            warnings.append(found.warning)
    for field in fields if new else ():
        if field.required and field.id not in checked:
            raise Refused(f"{field.name} is required: give it a value", field.name)
    return checked, warnings


def _same_name(tx: Transaction, name: str, own_id: int | None = None) -> list[str]:
    others = [other for other in users.by_name(tx.connection, name) if other.id != own_id]
    if not others:
        return []
    which = names.mentioned([f"id:{other.id}" for other in others])
    return [f"another user is named {name} too ({which}): by name neither can be sent to, use the id"]


def _join(tx: Transaction, user_id: int, wanted: Sequence[Group]) -> None:
    for group in {group.id: group for group in wanted}.values():
        if not groups.members_among(tx.connection, group.id, [user_id]):
            groups.join(tx, group.id, [user_id])


def _hanging(connection: sa.Connection, people: Sequence[User]) -> tuple[str, ...]:
    mine = [person.id for person in people]
    uses, waiting = groups.uses_of_users(connection, mine), users.waiting_messages(connection, mine)
    on_rosters = rosters.of_users(connection, mine)
    found: list[str] = []
    for person in people:
        if person.id in uses:
            where = names.mentioned([str(use) for use in uses[person.id]])
            found.append(f"{person.name} is a recipient of {where}")
        if person.id in on_rosters:
            where = names.mentioned(on_rosters[person.id])
            found.append(f"{person.name} is in the roster {where}, whose turns become holes")
        if amount := waiting.get(person.id, 0):
            some = "1 message still waits" if amount == 1 else f"{amount:,} messages still wait"
            found.append(f"{some} to be sent to {person.name}")
    more = (f"and {len(found) - 10} more",) if len(found) > 10 else ()
    return (*found[:10], *more)


def _described(user: User, fields: Sequence[CustomField]) -> list[str]:
    found = [
        f"{field.name} {shown(field, user.values[field.id])}" for field in fields if field.id in user.values
    ]
    if user.groups:
        found.append(f"groups {', '.join(user.groups)}")
    return found if user.enabled else [*found, "disabled"]


def _differences(old: User, new: User, fields: Sequence[CustomField]) -> list[str]:
    found = [f"name now {new.name}"] if new.name != old.name else []
    for field in fields:
        was, now = old.values.get(field.id), new.values.get(field.id)
        if was != now:
            texts = ["none" if value is None else shown(field, value) for value in (was, now)]
            found.append(f"{field.name} {texts[0]} → {texts[1]}")
    found += [f"joined {group}" for group in new.groups if group not in old.groups]
    found += [f"left {group}" for group in old.groups if group not in new.groups]
    if new.enabled is not old.enabled:
        found.append("enabled" if new.enabled else "disabled")
    return found if new.notes == old.notes else [*found, "notes"]


def _review(desk: Desk, tx: Transaction, user: User, text: str) -> None:
    entry = ReviewEntry(
        Category.USER,
        text,
        operator=desk.operator,
        user_id=user.id,
        user=user.name,
        kind=EntryKind.CHANGE,
    )
    tx.review(desk.now(), entry)


def _review_all(desk: Desk, tx: Transaction, people: Sequence[User], what: str) -> None:
    entries = [
        ReviewEntry(
            Category.USER,
            f"user {person.name} {what}",
            operator=desk.operator,
            user_id=person.id,
            user=person.name,
            kind=EntryKind.CHANGE,
        )
        for person in people
    ]
    tx.review(desk.now(), *entries)
