"""Message templates: texts kept for the Send Message dialog and `commsdesk send --template`."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scheduling import sms_text, templates
from storage import message_templates as stored
from storage.database import Transaction
from storage.message_templates import MessageTemplate
from storage.records import ReviewEntry
from storage.vocabulary import Category, EntryKind, Role
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.names import check_name, check_text, one_of
from tui.operations.sending import known_fields

LONGEST_TEXT = 10_000


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved, and sentences about what looks doubtful in it."""

    template: MessageTemplate
    warnings: tuple[str, ...] = ()


def named(connection: sa.Connection, text: str) -> MessageTemplate:
    """A template by name or id. Raises `Refused` with the nearest name."""
    return one_of(
        text,
        "message template",
        lambda template_id: stored.get(connection, template_id),
        lambda name: stored.by_name(connection, name),
        lambda: [known.name for known in stored.listing(connection)],
    )


def listing(desk: Desk) -> list[MessageTemplate]:
    """All templates, the newest last."""
    with desk.database.read() as connection:
        return stored.listing(connection)


def add(desk: Desk, name: str, text: str) -> Saved:
    """Keep a text under a name."""
    name, text = check_name(name, "message template"), _check_body(text)
    with desk.write(Role.OPERATOR, "adding a message template") as tx:
        _name_is_free(tx.connection, name)
        made = _known_template(tx.connection, stored.add(tx, name, text, desk.now()))
        _note_template(tx, desk, f"message template {name} added")
        return Saved(made, _warnings(tx.connection, text))


def edit(desk: Desk, template_id: int, *, name: str | None = None, text: str | None = None) -> Saved:
    """Change what is given, keep the rest."""
    wanted: dict[str, str] = {}
    if name is not None:
        wanted["name"] = check_name(name, "message template")
    if text is not None:
        wanted["text"] = _check_body(text)
    with desk.write(Role.OPERATOR, "changing a message template") as tx:
        before = _known_template(tx.connection, template_id)
        changed = {key: value for key, value in wanted.items() if value != getattr(before, key)}
        if changed:
            _name_is_free(tx.connection, changed.get("name", before.name), template_id)
            stored.change(tx, template_id, changed)
            what = [f"name now {changed['name']}"] if "name" in changed else []
            what += ["text"] if "text" in changed else []
            _note_template(tx, desk, f"message template {before.name} changed: {', '.join(what)}")
        after = _known_template(tx.connection, template_id)
        return Saved(after, _warnings(tx.connection, after.text))


def remove(desk: Desk, template_id: int) -> MessageTemplate:
    """Remove a template. Messages that were sent with it stay as they are."""
    with desk.write(Role.OPERATOR, "removing a message template") as tx:
        found = _known_template(tx.connection, template_id)
        stored.remove(tx, template_id, desk.now())
        _note_template(tx, desk, f"message template {found.name} removed")
        return found


def as_json(template: MessageTemplate) -> dict[str, Any]:
    measured = sms_text.measure(template.text)
    return {
        "id": template.id,
        "name": template.name,
        "text": template.text,
        "characters": len(template.text),
        "segments": measured.parts,
    }


def _check_body(text: str) -> str:
    text = sms_text.normalise(check_text(text, "Message"))
    if not text.strip():
        raise Refused("Message is empty: write a text", "Message")
    if len(text) > LONGEST_TEXT:
        raise Refused(f"Message has {len(text):,} characters: {LONGEST_TEXT:,} at most", "Message")
    return text


def _warnings(connection: sa.Connection, text: str) -> tuple[str, ...]:
    """Fields that are not known are no error here: the text may be sent literally."""
    return tuple(problem.rstrip(".") for problem in templates.check(text, known_fields(connection)))


def _known_template(connection: sa.Connection, template_id: int) -> MessageTemplate:
    found = stored.get(connection, template_id)
    if found is None:
        raise Refused("the message template was removed meanwhile: choose another")
    return found


def _name_is_free(connection: sa.Connection, name: str, own_id: int | None = None) -> None:
    other = stored.by_name(connection, name)
    if other is not None and other.id != own_id:
        raise Refused(
            f'Name: there is a message template named "{other.name}" already: choose another name', "Name"
        )


def _note_template(tx: Transaction, desk: Desk, text: str) -> None:
    tx.review(desk.now(), ReviewEntry(Category.OPERATOR, text, operator=desk.operator, kind=EntryKind.CHANGE))
