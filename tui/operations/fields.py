"""Custom fields: what an operator may do with them. Values are checked in `field_values`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scheduling import templates
from storage import custom_fields
from storage.custom_fields import ActionText
from storage.database import Transaction
from storage.names import key_of, tidy
from storage.records import CustomField, ReviewEntry
from storage.vocabulary import Category, EntryKind, FieldType, Role
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.field_values import LONGEST_VALUE
from tui.operations.names import check_name, check_text, mentioned, nearest

# The columns of a user CSV that are no custom fields, and the field of a message that every user has.
RESERVED = ("Id", "Name", "Groups", "Enabled", "Notes")
MOST_CHOICES = 500
_IN_THE_WAY = "{}=;"


@dataclass(frozen=True, slots=True)
class Hanging:
    """What a custom field holds up: how many users have a value, and who reads it by name."""

    users: int = 0
    handlers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.users or self.handlers or self.texts)

    def __str__(self) -> str:
        parts = []
        if self.users:
            parts.append("1 user has a value" if self.users == 1 else f"{self.users:,} users have a value")
        if self.handlers:
            verb = "sends" if len(self.handlers) == 1 else "send"
            parts.append(f"{mentioned(self.handlers)} {verb} to it")
        if self.texts:
            parts.append(f"the messages of {mentioned(self.texts)} mention it")
        return "; ".join(parts)


def listing(desk: Desk) -> list[CustomField]:
    """All fields, in the site's order."""
    with desk.database.read() as connection:
        return custom_fields.listing(connection)


def value_counts(desk: Desk) -> dict[int, int]:
    """How many users have a value, by field id."""
    with desk.database.read() as connection:
        return custom_fields.value_counts(connection)


def hanging(desk: Desk, field_id: int) -> Hanging:
    """What to name before the field is removed or renamed."""
    with desk.database.read() as connection:
        return _hanging(connection, _known_field(connection, field_id))


def add(
    desk: Desk,
    name: str,
    type: FieldType | str,
    *,
    required: bool = False,
    help: str = "",
    choices: Sequence[str] = (),
) -> CustomField:
    """A new field, after all others. `choices` are for the type Choice only."""
    kind = read_type(type)
    values: dict[str, Any] = {
        "name": _check_field_name(name),
        "type": str(kind),
        "required": required,
        "help": _check_help(help),
        "choices": _check_choices(kind, choices),
    }
    with desk.write(Role.ADMINISTRATOR, "adding a custom field") as tx:
        _check_free(tx, values["name"])
        field_id = custom_fields.add(tx, values, desk.now())
        _review(desk, tx, f"custom field {values['name']} added: {kind}{', required' if required else ''}")
        return _known_field(tx.connection, field_id)


def edit(
    desk: Desk,
    field_id: int,
    *,
    name: str | None = None,
    order: int | None = None,
    required: bool | None = None,
    help: str | None = None,
    choices: Sequence[str] | None = None,
    seen: CustomField | None = None,
    confirmed: bool = False,
) -> CustomField:
    """Change what is given. `order` is the place among the fields, 1 the first.

    `seen` is the field as the operator last saw it: refused when it is not so any more. A new
    name is refused, unless `confirmed`, while messages mention the old one. A choice cannot go
    while users have it. The type never changes: values were checked by it.
    """
    with desk.write(Role.ADMINISTRATOR, "changing a custom field") as tx:
        field = _known_field(tx.connection, field_id)
        if seen is not None and seen != field:
            raise Refused(f"{field.name} was changed by someone else meanwhile: look at it again")
        values: dict[str, Any] = {}
        if name is not None and (tidied := _check_field_name(name)) != field.name:
            values["name"] = tidied
            _check_free(tx, tidied, field_id)
            _check_rename(tx, field, tidied, confirmed)
        if required is not None and required != field.required:
            values["required"] = required
        if help is not None and (text := _check_help(help)) != field.help:
            values["help"] = text
        if choices is not None and (wanted := _check_choices(field.type, choices)) != field.choices:
            _check_dropped(tx, field, wanted)
            values["choices"] = wanted
        if values:
            custom_fields.change(tx, field_id, values)
        if order is not None:
            _move(tx, field, order)
        changed = _known_field(tx.connection, field_id)
        if changed != field:
            _review(desk, tx, f"custom field {field.name} changed: {_differences(field, changed)}")
        return changed


def remove(desk: Desk, field_id: int, *, confirmed: bool = False) -> None:
    """Remove a field and its values. Refused, unless `confirmed`, while something hangs on it."""
    with desk.write(Role.ADMINISTRATOR, "removing a custom field") as tx:
        field = _known_field(tx.connection, field_id)
        held = _hanging(tx.connection, field)
        if held and not confirmed:
            raise Refused(f"{field.name} is in use: {held}. Confirm the removal to go on", hint="--yes")
        custom_fields.remove(tx, field_id, desk.now())
        _review(desk, tx, f"custom field {field.name} removed{f': {held}' if held else ''}")


def read_type(text: FieldType | str) -> FieldType:
    """A field type by its name, without regard to case."""
    for kind in FieldType:
        if key_of(text) == key_of(kind):
            return kind
    near = nearest(text, list(FieldType))
    hint = f'did you mean "{near}"?' if near else f"choose one of {', '.join(FieldType)}"
    raise Refused(f'Type "{tidy(text)[:40]}" is not known: {hint}', "Type")


def as_json(field: CustomField, users: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": field.id,
        "name": field.name,
        "type": str(field.type),
        "order": field.position,
        "required": field.required,
        "help": field.help,
        "choices": list(field.choices),
    }
    return found if users is None else {**found, "users": users}


def _known_field(connection: sa.Connection, field_id: int) -> CustomField:
    found = custom_fields.get(connection, field_id)
    if found is None:
        raise Refused(f"no custom field has the id {field_id}: it may have been removed meanwhile")
    return found


def _check_field_name(text: str) -> str:
    name = check_name(text, "custom field")
    if key_of(name) in map(key_of, RESERVED):
        raise Refused(f"Name {name} is taken: every user has it already; choose another", "Name")
    wrong = next((char for char in _IN_THE_WAY if char in name), None)
    if wrong:
        raise Refused(f"Name holds {wrong}, which messages and lists use themselves: leave it out", "Name")
    return name


def _check_free(tx: Transaction, name: str, own_id: int | None = None) -> None:
    other = custom_fields.by_name(tx.connection, name)
    if other is not None and other.id != own_id:
        raise Refused(f"Name {other.name} is taken by another custom field: choose another", "Name")


def _check_help(text: str) -> str:
    text = check_text(text, "Help").strip()
    if len(text) > LONGEST_VALUE:
        raise Refused(f"Help has {len(text):,} characters: {LONGEST_VALUE:,} at most", "Help")
    return text


def _check_choices(kind: FieldType, choices: Sequence[str]) -> tuple[str, ...]:
    tidied = [tidy(check_text(choice, "Choices")) for choice in choices]
    if kind is not FieldType.CHOICE:
        if tidied:
            raise Refused(f"Choices belong to fields of the type Choice, this one is {kind}", "Choices")
        return ()
    if not tidied:
        raise Refused("Choices are missing: give at least one", "Choices")
    if len(tidied) > MOST_CHOICES or any(len(choice) > LONGEST_VALUE for choice in tidied):
        raise Refused(f"Choices are too many or too long: {MOST_CHOICES} at most", "Choices")
    seen: set[str] = set()
    for choice in tidied:
        if not choice:
            raise Refused("Choices hold an empty one: leave it out", "Choices")
        if key_of(choice) in seen:
            raise Refused(f"Choices name {choice} twice: leave one out", "Choices")
        seen.add(key_of(choice))
    return tuple(tidied)


def _check_dropped(tx: Transaction, field: CustomField, wanted: Sequence[str]) -> None:
    for choice in field.choices:
        if choice not in wanted and (count := custom_fields.users_with(tx.connection, field.id, choice)):
            people = "1 user has" if count == 1 else f"{count:,} users have"
            raise Refused(f"Choices: {people} {choice}: change their value first", "Choices")


def _check_rename(tx: Transaction, field: CustomField, name: str, confirmed: bool) -> None:
    texts = _texts_with(tx.connection, field.name)
    if texts and not confirmed and key_of(name) != key_of(field.name):
        raise Refused(
            f"the messages of {mentioned(texts)} mention {{{field.name}}} and would show a dash instead:"
            f" change them, or confirm the new name",
            "Name",
            hint="--yes",
        )


def _move(tx: Transaction, field: CustomField, order: int) -> None:
    ids = [known.id for known in custom_fields.listing(tx.connection)]
    if not 1 <= order <= len(ids):
        raise Refused(f"Order is {order}: it must lie between 1 and {len(ids)}", "Order")
    ids.remove(field.id)
    ids.insert(order - 1, field.id)
    custom_fields.put_in_order(tx, ids)


def _hanging(connection: sa.Connection, field: CustomField) -> Hanging:
    return Hanging(
        users=custom_fields.users_with(connection, field.id),
        handlers=tuple(custom_fields.handlers_sending_to(connection, field.id)),
        texts=tuple(_texts_with(connection, field.name)),
    )


def _texts_with(connection: sa.Connection, name: str) -> list[str]:
    """The tasks and alerts whose messages mention the field, each once."""
    found: dict[str, None] = {}
    for text in custom_fields.action_texts(connection):
        if key_of(name) in map(key_of, templates.fields_in(text.text)):
            found[_owner(text)] = None
    return list(found)


def _owner(text: ActionText) -> str:
    return f"task {text.task}" if text.task is not None else f"alert {text.alert} ({text.stage})"


def _differences(old: CustomField, new: CustomField) -> str:
    found = []
    if new.name != old.name:
        found.append(f"name now {new.name}")
    if new.required != old.required:
        found.append("now required" if new.required else "no longer required")
    if new.help != old.help:
        found.append("help text")
    if new.choices != old.choices:
        found.append(f"choices now {', '.join(new.choices)}")
    if new.position != old.position:
        found.append(f"order {old.position} to {new.position}")
    return ", ".join(found)


def _review(desk: Desk, tx: Transaction, text: str) -> None:
    tx.review(desk.now(), ReviewEntry(Category.USER, text, operator=desk.operator, kind=EntryKind.CHANGE))
