"""Putting people, handlers and tasks into a site for a test, straight through storage."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from storage.database import Database
from storage.names import key_of
from storage.records import Recipient
from storage.tables import custom_fields, group_members, groups, leases, messages, user_values, users
from tests.handler_values import made
from tui.operations import handlers
from tui.operations.desk import Desk

THEN = datetime(2026, 1, 1, tzinfo=UTC)
JOE, ANN, BOB = "+447700900123", "+447700900124", "+447700900125"


def make_people(
    database: Database,
    people: Mapping[str, str | None],
    in_groups: Mapping[str, Sequence[str]] | None = None,
    *,
    disabled: Sequence[str] = (),
    field: str = "Mobile",
) -> dict[str, int]:
    """Users with a number each, or None, in a Telephone Number field; the ids of users and groups by name."""
    found: dict[str, int] = {}
    with database.write() as tx:
        field_id = _field(tx, field)
        for name, number in people.items():
            values = {
                "name": name,
                "name_key": key_of(name),
                "enabled": name not in disabled,
                "notes": "",
                "revision": 1,
                "created_at": THEN,
                "changed_at": THEN,
            }
            found[name] = tx.execute(sa.insert(users).values(**values).returning(users.c.id)).scalar_one()
            if number:
                tx.execute(
                    sa.insert(user_values).values(user_id=found[name], field_id=field_id, value=number)
                )
        for group, members in (in_groups or {}).items():
            made = sa.insert(groups).values(name=group, name_key=key_of(group), notes="", created_at=THEN)
            found[group] = tx.execute(made.returning(groups.c.id)).scalar_one()
            for member in members:
                tx.execute(sa.insert(group_members).values(group_id=found[group], user_id=found[member]))
    return found


def _field(tx, name: str, kind: str = "Telephone Number") -> int:  # type: ignore[no-untyped-def]
    there = tx.execute(sa.select(custom_fields.c.id).where(custom_fields.c.name_key == key_of(name))).scalar()
    if there is not None:
        return int(there)
    values = {
        "name": name,
        "name_key": key_of(name),
        "type": kind,
        "position": 1,
        "required": False,
        "help": "",
        "choices": [],
        "created_at": THEN,
    }
    return int(
        tx.execute(sa.insert(custom_fields).values(**values).returning(custom_fields.c.id)).scalar_one()
    )


def make_field(database: Database, name: str, kind: str = "Telephone Number") -> int:
    with database.write() as tx:
        return _field(tx, name, kind)


def make_handler(desk: Desk, name: str = "Clickatell", **fields: object) -> int:
    form = made(handlers.HandlerForm, name=name, secret="key-000000001f3a", **fields)
    return handlers.add(desk, form).handler.id


def to(*numbers: str) -> list[Recipient]:
    return [Recipient(number=number, name=number) for number in numbers]


def set_message(database: Database, message_id: int, **values: object) -> None:
    """Put a message into a state as the engine would leave it."""
    with database.write() as tx:
        tx.execute(sa.update(messages).where(messages.c.id == message_id).values(**values))


def run_engine_here(database: Database) -> None:
    """Make it look as if this very process held the lease."""
    from storage.leases import current, take

    with database.write() as tx:
        take(tx, current(tx.connection), "test", "run", datetime.now(UTC))


def stop_engine(database: Database) -> None:
    with database.write() as tx:
        tx.execute(sa.update(leases).values(holder=None))
