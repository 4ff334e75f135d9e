"""What the sample site's administrators entered: custom fields, users, groups and handlers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from demo_data.clickatell.settings import SAMPLE_API_ID, SAMPLE_API_KEY, SAMPLE_PASSWORD, SAMPLE_USER
from demo_data.sample_clickatell import Addresses
from demo_data.sample_people import everyone
from scheduling.gateways import registry
from storage import custom_fields, groups, handlers, users
from storage.database import Database, Transaction
from storage.records import TOLD, Recipient, ReviewEntry
from storage.vocabulary import Category, EntryKind, OnUnknown

ADMINISTRATOR = "ana"
MINUTE = timedelta(minutes=1)

FINE, XML, FLAKY = "Clickatell", "Clickatell XML", "Clickatell backup"

FIELDS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("Mobile", "Telephone Number", "With the country calling code", ()),
    ("Home phone", "Telephone Number", "", ()),
    ("Email", "Email", "", ()),
    ("Position", "Text", "", ()),
    ("Shift", "Choice", "", ("Day", "Night")),
    ("Badge", "Number", "Printed on the gate card", ()),
    ("Start date", "Date", "", ()),
    ("First aider", "Yes/No", "", ()),
)

GROUPS = {
    "Control room": "Whoever sits at the desk, and the desk's own phone",
    "Maintenance": "",
    "Tank farm": "",
    "Drivers": "Tanker drivers on our payroll",
    "Security": "",
    "Fire wardens": "One a building",
    "Managers": "Priority 1 and 2 only",
    "Head office": "Berlin",
}


@dataclass(slots=True)
class Cast:
    """Ids by name, for the rest of the sample site to refer to."""

    users: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    handlers: dict[str, int] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)

    def to(self, *names: str) -> tuple[Recipient, ...]:
        """Recipients by the names of groups or users, or as +NUMBER."""
        return tuple(self._recipient(name) for name in names)

    def _recipient(self, name: str) -> Recipient:
        if name == TOLD.kind:
            return TOLD
        if name.startswith("+"):
            return Recipient(number=name, name=name)
        if name in self.groups:
            return Recipient(group_id=self.groups[name], name=name)
        return Recipient(user_id=self.users[name], name=name)


def set_up(database: Database, tx: Transaction, addresses: Addresses, at: datetime) -> Cast:
    """Enter it all as of `at`; it takes ten minutes, the handlers come last."""
    cast = Cast()
    _add_fields(tx, cast, at)
    _add_groups(tx, cast, at + 2 * MINUTE)
    _add_users(tx, cast, at + 5 * MINUTE)
    _add_handlers(database, tx, cast, addresses, at + 8 * MINUTE)
    return cast


def _add_fields(tx: Transaction, cast: Cast, at: datetime) -> None:
    for place, (name, kind, help_text, choices) in enumerate(FIELDS):
        values = {"name": name, "type": kind, "required": False, "help": help_text, "choices": choices}
        when = at + timedelta(seconds=12 * place)
        cast.fields[name] = custom_fields.add(tx, values, when)
        _note_set_up(tx, Category.USER, f"custom field {name} added: {kind}", when)


def _add_groups(tx: Transaction, cast: Cast, at: datetime) -> None:
    for place, (name, notes) in enumerate(GROUPS.items()):
        when = at + timedelta(seconds=14 * place)
        cast.groups[name] = groups.add(tx, name, notes, when)
        _note_set_up(tx, Category.USER, f"group {name} added", when)


def _add_users(tx: Transaction, cast: Cast, at: datetime) -> None:
    members: dict[str, list[int]] = {name: [] for name in cast.groups}
    for person in everyone():
        user_id = users.add(tx, person.name, person.notes, person.enabled, at)
        users.set_values(tx, user_id, {cast.fields[name]: value for name, value in person.values.items()})
        cast.users[person.name] = user_id
        for group in person.groups:
            members[group].append(user_id)
    for group, ids in members.items():
        groups.join(tx, cast.groups[group], ids)
    _note_set_up(tx, Category.USER, f"users imported from people.csv: {len(everyone())} added", at)


def _add_handlers(
    database: Database, tx: Transaction, cast: Cast, addresses: Addresses, at: datetime
) -> None:
    login = {"user_name": SAMPLE_USER, "api_id": SAMPLE_API_ID, "sender_id": "NorthGate"}
    rows: tuple[tuple[str, str, dict[str, Any]], ...] = (
        (
            FINE,
            SAMPLE_API_KEY,
            {**_one_api(addresses.fine), "low_balance": Decimal("20"), "notes": "The first choice"},
        ),
        (
            XML,
            SAMPLE_PASSWORD,
            {
                "api_type": "xml",
                "settings": {**login, "api_uri": addresses.xml},
                "batch_size": 1,
                "notes": "Legacy account, kept for reports",
            },
        ),
        (
            FLAKY,
            SAMPLE_API_KEY,
            {
                **_one_api(addresses.flaky),
                "batch_size": 1,
                "max_connections": 3,
                "total_timeout": timedelta(seconds=4),
                "notes": "Often busy: watch the retries here",
            },
        ),
    )
    for place, (name, secret, values) in enumerate(rows):
        when = at + timedelta(seconds=25 * place)
        made = handlers.add(tx, {**_PRESETS, **values, "name": name}, when)
        handlers.keep_secret(database, tx, made, secret)
        cast.handlers[name] = made
        account = registry.of(values["api_type"]).account_in_words(values["settings"])
        text = f"{name} added: {account}"
        _note_set_up(tx, Category.HANDLER, text, when, handler_id=made, handler=name)


_PRESETS: Mapping[str, Any] = {
    "enabled": True,
    "retry_rate": MINUTE,
    "stop_retrying_after": 5 * MINUTE,
    "on_unknown": OnUnknown.RESEND,
    "useful_life": 60 * MINUTE,
    "most_parts": 3,
    "batch_size": 100,
    "max_connections": 8,
    "total_timeout": timedelta(seconds=30),
}


def _one_api(base_url: str) -> dict[str, Any]:
    return {"api_type": "one", "settings": {"channel": "SMS", "base_url": base_url}}


def _note_set_up(tx: Transaction, category: Category, text: str, at: datetime, **about: Any) -> None:
    tx.review(at, ReviewEntry(category, text, operator=ADMINISTRATOR, kind=EntryKind.CHANGE, **about))
