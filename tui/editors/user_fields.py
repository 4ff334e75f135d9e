"""The controls for custom fields, and what is said below each while one types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from scheduling import phone
from storage.records import CustomField
from storage.vocabulary import FieldType
from tui.operations.errors import Refused
from tui.operations.field_values import NO, YES, check_value, shown
from tui.widgets.fields import ChoiceField, Field, TextField
from tui.widgets.form import NoteKind

_PLACEHOLDERS = {
    FieldType.TELEPHONE_NUMBER: f"e.g. {phone.EXAMPLE}",
    FieldType.DATE: "e.g. 2026-11-23",
    FieldType.EMAIL: "e.g. name@example.com",
    FieldType.NUMBER: "e.g. 1234.5",
}
_ANY_DIGITS = "23456789012345"


@dataclass(frozen=True)
class Note:
    """A line below a field: how its value is read, or what may be wrong with it."""

    text: str
    kind: NoteKind = "note"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a value."""

    text: str


def key_of_field(field: CustomField) -> str:
    """The name of the field among a form's values, and for the operations on users."""
    return f"id:{field.id}"


@dataclass(frozen=True, kw_only=True)
class ValueField(TextField):
    """A value that is typed; it is checked as the operations on users check it."""

    custom: CustomField

    def problem(self, control: Any) -> str | None:
        return _refusal(self.custom, self.read(control))


def form_fields(fields: Sequence[CustomField]) -> list[Field]:
    """One form field for each custom field, in the site's order."""
    return [_form_field(field) for field in fields]


def form_values(fields: Sequence[CustomField], values: Mapping[int, str]) -> dict[str, Any]:
    """The values of a user as the form holds them: numbers readable, the rest as it is kept."""
    return {key_of_field(field): _as_typed(field, values.get(field.id)) for field in fields}


def note_for(field: CustomField, text: str | None, *, done: bool = False) -> Note | Problem | None:
    """What to say about a value as it is being typed, or, when `done`, as it was left.

    What may still become right with more digits is no error yet.
    """
    text = (text or "").strip()
    if not text:
        return None
    if field.type is FieldType.TELEPHONE_NUMBER:
        return _note_for_number(text, done)
    if (problem := _refusal(field, text)) is not None:
        return Problem(problem) if done else None
    checked = check_value(field, text)
    if checked and checked.warning:
        return Note(checked.warning, "warning")
    if checked and field.type is FieldType.DATE:
        return Note(f"{date.fromisoformat(checked.value):%A %-d %B %Y}")
    return None


def _note_for_number(text: str, done: bool) -> Note | Problem:
    try:
        found = phone.parse(text)
    except phone.PhoneError as error:
        if not done and _may_become_one(text):
            return Note(f"Go on: the country code, then the number, e.g. {phone.EXAMPLE}")
        return Problem(str(error))
    described = phone.describe(found)
    if found.warning:
        return Note(f"{described}. {found.warning}", "warning")
    return Note(described)


def _may_become_one(text: str) -> bool:
    """Whether more digits could make it a number."""
    if text in ("+", "0", "00"):
        return True
    for more in range(1, len(_ANY_DIGITS) + 1):
        try:
            phone.parse(text + _ANY_DIGITS[:more])
        except phone.PhoneError:
            continue
        return True
    return False


def _refusal(field: CustomField, text: str) -> str | None:
    try:
        check_value(field, text)
    except Refused as refusal:
        return refusal.message
    return None


def _form_field(field: CustomField) -> Field:
    given: dict[str, Any] = {
        "key": key_of_field(field),
        "label": field.name,
        "help": field.help,
        "required": field.required,
    }
    if field.type is FieldType.YES_NO:
        return ChoiceField(**given, options=((YES, YES), (NO, NO)), prompt="–")
    if field.type is FieldType.CHOICE:
        return ChoiceField(**given, options=tuple((choice, choice) for choice in field.choices))
    return ValueField(**given, custom=field, placeholder=_PLACEHOLDERS.get(field.type, ""))


def _as_typed(field: CustomField, value: str | None) -> str | None:
    if field.type in (FieldType.YES_NO, FieldType.CHOICE):
        return value
    return shown(field, value) if value is not None else ""
