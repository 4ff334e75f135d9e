"""Values of custom fields: read as people write them, kept in one form for each type."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from scheduling import phone
from storage.names import key_of
from storage.records import CustomField
from storage.vocabulary import FieldType
from tui.operations.errors import Refused
from tui.operations.names import check_text, nearest

LONGEST_VALUE = 1000
_MOST_DIGITS = 30

YES, NO = "Yes", "No"
_YES = frozenset({"yes", "y", "true", "t", "on", "1"})
_NO = frozenset({"no", "n", "false", "f", "off", "0"})
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f.]+(\.[^@\s\x00-\x1f\x7f.]+)*")


@dataclass(frozen=True, slots=True)
class Checked:
    """A value as it is stored, and a sentence about what may be wrong with it all the same."""

    value: str
    warning: str | None = None


def check_value(field: CustomField, text: str) -> Checked | None:
    """The value in its stored form; None for an empty one. Raises `Refused` naming the field.

    Stored forms: Telephone Number E.164, Number plain decimal, Date ISO 8601, Yes/No those
    words, Choice as the site wrote it; Text and Email as typed without space around them.
    """
    value = check_text(text, field.name).strip()
    if not value:
        if field.required:
            raise Refused(f"{field.name} is required: give it a value", field.name)
        return None
    if len(value) > LONGEST_VALUE:
        raise Refused(f"{field.name} has {len(value):,} characters: {LONGEST_VALUE:,} at most", field.name)
    return _CHECKS[field.type](field, value)


def read_yes_no(text: str) -> bool | None:
    """True or false for the words people use for yes and no; None for anything else."""
    word = key_of(text)
    return True if word in _YES else False if word in _NO else None


def shown(field: CustomField, value: str) -> str:
    """A stored value for people: a telephone number in groups, the rest as it is."""
    return phone.readable(value) if field.type is FieldType.TELEPHONE_NUMBER else value


def _text(field: CustomField, value: str) -> Checked:
    return Checked(value)


def _telephone(field: CustomField, value: str) -> Checked:
    try:
        found = phone.parse(value)
    except phone.PhoneError as error:
        raise Refused(f"{field.name}: {str(error).rstrip('.')}", field.name) from error
    warning = f"{field.name} {found.readable}: {found.warning}" if found.warning else None
    return Checked(found.e164, warning)


def _number(field: CustomField, value: str) -> Checked:
    plain = value.replace("−", "-").replace("\u00a0", "").replace("\u202f", "")
    if not _NUMBER.fullmatch(plain) or len(plain) > _MOST_DIGITS:
        remedy = "write a decimal point and no other separators, e.g. 1234.5"
        raise Refused(f"{field.name}: {_quote(value)} is not a number: {remedy}", field.name)
    figures = format(Decimal(plain), "f")
    figures = figures.rstrip("0").rstrip(".") if "." in figures else figures
    return Checked("0" if figures in ("-0", "") else figures)


def _date(field: CustomField, value: str) -> Checked:
    parts = _DATE.fullmatch(value)
    try:
        found = date(*(int(part) for part in parts.groups())) if parts else None
    except ValueError:
        found = None
    if found is None:
        remedy = "write year, month and day as 2026-11-23"
        raise Refused(f"{field.name}: {_quote(value)} is not a date: {remedy}", field.name)
    return Checked(found.isoformat())


def _yes_no(field: CustomField, value: str) -> Checked:
    found = read_yes_no(value)
    if found is None:
        raise Refused(f"{field.name}: {_quote(value)} is neither Yes nor No: write one of them", field.name)
    return Checked(YES if found else NO)


def _email(field: CustomField, value: str) -> Checked:
    if not _EMAIL.fullmatch(value) or len(value) > 254:
        raise Refused(
            f"{field.name}: {_quote(value)} is not an email address: write it as name@example.com", field.name
        )
    if "." not in value.partition("@")[2]:
        return Checked(value, f"{field.name} {value}: the part after @ has no dot. Check it.")
    return Checked(value)


def _choice(field: CustomField, value: str) -> Checked:
    for choice in field.choices:
        if key_of(choice) == key_of(value):
            return Checked(choice)
    near = nearest(value, field.choices)
    hint = f"did you mean {_quote(near)}?" if near else f"choose one of {', '.join(field.choices[:20])}"
    raise Refused(f"{field.name}: {_quote(value)} is not one of its choices: {hint}", field.name)


_CHECKS: dict[FieldType, Callable[[CustomField, str], Checked]] = {
    FieldType.TEXT: _text,
    FieldType.TELEPHONE_NUMBER: _telephone,
    FieldType.NUMBER: _number,
    FieldType.DATE: _date,
    FieldType.YES_NO: _yes_no,
    FieldType.EMAIL: _email,
    FieldType.CHOICE: _choice,
}


def _quote(text: str) -> str:
    return f'"{text}"' if len(text) <= 40 else f'"{text[:39]}…"'
