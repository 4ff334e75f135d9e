"""Operators: who may work at the site, as what, and with which public keys."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from storage import operators as stored
from storage.database import Transaction
from storage.operators import Operator, OperatorKey
from storage.records import ReviewEntry
from storage.vocabulary import Category, EntryKind, Level, Role
from tui.operations import names
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.operator_keys import FIELD as KEY
from tui.operations.operator_keys import fingerprint
from tui.operations.views import iso

RESERVED = "local:"
MOST_KEYS = 20


def named(connection: sa.Connection, text: str) -> Operator:
    """An operator by name or id. Raises `Refused` with the nearest name."""

    def by_id(operator_id: int) -> Operator | None:
        found = stored.get(connection, operator_id)
        return found if found and found.removed_at is None else None

    return names.one_of(
        text,
        "operator",
        by_id,
        lambda name: stored.by_name(connection, name),
        lambda: [known.name for known in stored.listing(connection)],
    )


def role_of(text: str) -> Role:
    """The role as people write it, in any case. Raises `Refused`."""
    try:
        return Role(text.strip().lower())
    except ValueError:
        said = names.mentioned(list(Role))
        raise Refused(f"Role: {text[:40]!r} is none of {said}", "Role") from None


def listing(desk: Desk) -> list[Operator]:
    """All operators, the newest last."""
    with desk.database.read() as connection:
        return stored.listing(connection)


def get(desk: Desk, operator_id: int) -> Operator:
    with desk.database.read() as connection:
        return _known_operator(connection, operator_id)


def add(desk: Desk, name: str, role: Role, keys: Sequence[OperatorKey] = ()) -> Operator:
    """Let someone work at the site. Without a key they can only be named with --operator."""
    name = _check_name(name)
    with desk.write(Role.ADMINISTRATOR, "adding an operator") as tx:
        _check_free(tx.connection, name)
        now = desk.now()
        operator_id = stored.add(tx, name, role, now)
        _add_keys(tx, desk, operator_id, keys)
        also = f" with {_keys_said(keys)}" if keys else ""
        _note_operator(tx, desk, f"operator {name} added as {role}{also}")
        return _known_operator(tx.connection, operator_id)


def edit(
    desk: Desk,
    operator_id: int,
    *,
    name: str | None = None,
    role: Role | None = None,
    add_keys: Sequence[OperatorKey] = (),
    remove_keys: Sequence[str] = (),
    seen_revision: int | None = None,
) -> Operator:
    """Change what is given. `remove_keys` are fingerprints or comments.

    Refused when the operator's revision is not `seen_revision` any more.
    """
    wanted: dict[str, Any] = {}
    if name is not None:
        wanted["name"] = _check_name(name)
    if role is not None:
        wanted["role"] = role
    with desk.write(Role.ADMINISTRATOR, "changing an operator") as tx:
        before = _known_operator(tx.connection, operator_id)
        if seen_revision is not None and before.revision != seen_revision:
            raise Refused(f"{before.name} was changed by someone else meanwhile: look at it again")
        changed = {key: value for key, value in wanted.items() if value != getattr(before, key)}
        if changed:
            _not_oneself(desk, before, "change their own name or role")
        if "name" in changed:
            _check_free(tx.connection, changed["name"], operator_id)
        gone = _find_keys(before, remove_keys)
        stored.remove_keys(tx, operator_id, gone)
        added = _add_keys(tx, desk, operator_id, add_keys)
        if changed or gone or added:
            stored.change(tx, operator_id, changed, desk.now())
            what = [f"{key} now {value}" for key, value in changed.items()]
            what += [f"{_keys_said(gone)} removed"] if gone else []
            what += [f"{_keys_said(added)} added"] if added else []
            _note_operator(tx, desk, f"operator {before.name} changed: {', '.join(what)}")
        return _known_operator(tx.connection, operator_id)


def set_enabled(desk: Desk, operator_id: int, enabled: bool) -> Operator:
    """A disabled operator's next login is refused, and an open console closes within seconds."""
    word = "enabled" if enabled else "disabled"
    with desk.write(Role.ADMINISTRATOR, f"an operator being {word}") as tx:
        before = _known_operator(tx.connection, operator_id)
        if not enabled:
            _not_oneself(desk, before, "disable themselves")
        if before.enabled != enabled:
            stored.change(tx, operator_id, {"enabled": enabled}, desk.now())
            _note_operator(
                tx, desk, f"operator {before.name} {word}", Level.INFO if enabled else Level.WARNING
            )
        return _known_operator(tx.connection, operator_id)


def remove(desk: Desk, operator_id: int) -> Operator:
    """Take an operator and all keys away; the review still names them."""
    with desk.write(Role.ADMINISTRATOR, "removing an operator") as tx:
        found = _known_operator(tx.connection, operator_id)
        _not_oneself(desk, found, "remove themselves")
        stored.remove(tx, operator_id, desk.now())
        _note_operator(tx, desk, f"operator {found.name} removed", Level.WARNING)
        return found


def as_json(operator: Operator) -> dict[str, Any]:
    return {
        "id": operator.id,
        "name": operator.name,
        "role": operator.role,
        "enabled": operator.enabled,
        "keys": [
            {"type": key.type, "fingerprint": fingerprint(key), "comment": key.comment}
            for key in operator.keys
        ],
        "last_seen_at": iso(operator.last_seen_at),
        "revision": operator.revision,
    }


def _check_name(name: str) -> str:
    name = names.check_name(name, "operator")
    if name.casefold().startswith(RESERVED):
        raise Refused(
            f"Name begins with {RESERVED}, which names accounts of this machine: choose another", "Name"
        )
    return name


def _check_free(connection: sa.Connection, name: str, own_id: int | None = None) -> None:
    other = stored.by_name(connection, name)
    if other is not None and other.id != own_id:
        raise Refused(f"Name {other.name} is taken by another operator: choose another", "Name")


def _known_operator(connection: sa.Connection, operator_id: int) -> Operator:
    found = stored.get(connection, operator_id)
    if found is None or found.removed_at is not None:
        raise Refused(f"no operator has the id {operator_id}: it may have been removed meanwhile", "Operator")
    return found


def _not_oneself(desk: Desk, operator: Operator, what: str) -> None:
    """Nobody locks themselves out by mistake; the account that owns the site can undo the rest."""
    if operator.id == desk.operator_id:
        raise Refused(f"nobody may {what}: ask another administrator")


def _add_keys(
    tx: Transaction, desk: Desk, operator_id: int, keys: Sequence[OperatorKey]
) -> list[OperatorKey]:
    """The keys that were not there yet. One key belongs to one operator: it says who is there."""
    known = {key.data for key in _known_operator(tx.connection, operator_id).keys}
    new = list({key.data: key for key in keys if key.data not in known}.values())
    for key in new:
        owner = stored.owner_of_key(tx.connection, key.data)
        if owner is not None:
            raise Refused(
                f"{KEY} {fingerprint(key)} belongs to {owner}: everyone needs a key of their own", KEY
            )
    if len(known) + len(new) > MOST_KEYS:
        raise Refused(f"{KEY}: {MOST_KEYS} keys at most: remove old ones first", KEY)
    stored.add_keys(tx, operator_id, new, desk.now())
    return new


def _find_keys(operator: Operator, wanted: Sequence[str]) -> list[OperatorKey]:
    found = []
    for text in wanted:
        fits = [key for key in operator.keys if text in (fingerprint(key), key.comment)]
        if len(fits) != 1:
            said = "several keys are" if fits else "no key is"
            raise Refused(
                f"{KEY}: {said} named {text[:60]!r}: give the fingerprint of a key of {operator.name}",
                KEY,
                hint="commsdesk operator list shows it",
            )
        found += fits
    return found


def _keys_said(keys: Sequence[OperatorKey]) -> str:
    return f"key {names.mentioned([fingerprint(key) for key in keys], 3)}"


def _note_operator(tx: Transaction, desk: Desk, text: str, level: Level = Level.INFO) -> None:
    tx.review(
        desk.now(), ReviewEntry(Category.OPERATOR, text, level, operator=desk.operator, kind=EntryKind.CHANGE)
    )
