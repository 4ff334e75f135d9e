"""Things by name or id, as people write them on a command line or in a form.

Ids are taken wherever a name is: `7` and `id:7`. A name is matched without regard to case.
`user:…` and `group:…` say which of the two is meant. What is unknown or ambiguous is refused
with what might have been meant.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import sqlalchemy as sa

from scheduling import phone
from storage import custom_fields, groups, handlers, rosters, tasks, users
from storage.names import key_of, tidy
from storage.records import TOLD, CustomField, Group, Handler, Recipient, Task, User, duty_recipient
from storage.roster_records import Roster
from storage.texts import line_breaks
from tui.operations.errors import Refused

LONGEST_NAME = 100
PREFIXES = ("id:", "user:", "group:", "duty:")

_ID = re.compile(r"(?:id:\s*)?([0-9]{1,18})", re.IGNORECASE)
_QUOTED = 60
# C0 and C1 controls, and what changes the direction of the text around it.
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
T = TypeVar("T")


def check_name(text: str, what: str) -> str:
    """The name as it is kept; `what` is how the thing is called in the sentence ("handler").

    Refused: nothing visible, only digits (that is an id), more than 100 characters, a lead of
    `id:`, `user:`, `group:`, `duty:` or `+`, and what is not text.
    """
    name = tidy(check_text(text, "Name"))
    if _STEERING.search(name):
        raise Refused("Name holds a control character, or one that turns text round: type it again", "Name")
    if not any(char.isprintable() and not char.isspace() for char in name):
        raise Refused(f"Name is empty: give the {what} a name", "Name")
    if len(name) > LONGEST_NAME:
        raise Refused(
            f"Name has {len(name)} characters: a {what}'s name may have {LONGEST_NAME} at most", "Name"
        )
    if name.replace(" ", "").isdigit():
        raise Refused(f"Name is only digits, which would be taken for an id: add a word to {name}", "Name")
    if name.casefold().startswith(PREFIXES):
        prefix = name.partition(":")[0]
        raise Refused(f"Name begins with {prefix}:, which has a meaning of its own: choose another", "Name")
    if name.startswith("+"):
        raise Refused("Name begins with +, as telephone numbers do: choose another", "Name")
    return name


def check_text(text: str, field: str) -> str:
    """The text with \\n between its lines; refused when it holds bytes that are no text.

    (Such bytes arrive from a command line as halves of surrogate pairs.)
    """
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise Refused(f"{field} holds bytes that are not UTF-8 text: enter it again", field)
    return line_breaks(text)


def handler(connection: sa.Connection, text: str) -> Handler:
    def by_id(handler_id: int) -> Handler | None:
        found = handlers.get(connection, handler_id)
        return found if found and found.removed_at is None else None

    return one_of(
        text,
        "handler",
        by_id,
        lambda name: handlers.by_name(connection, name),
        lambda: [known.name for known in handlers.listing(connection)],
    )


def field(connection: sa.Connection, text: str) -> CustomField:
    return one_of(
        text,
        "custom field",
        lambda field_id: custom_fields.get(connection, field_id),
        lambda name: custom_fields.by_name(connection, name),
        lambda: [known.name for known in custom_fields.listing(connection)],
    )


def group(connection: sa.Connection, text: str) -> Group:
    return one_of(
        _without("group:", text),
        "group",
        lambda group_id: groups.get(connection, group_id),
        lambda name: groups.by_name(connection, name),
        lambda: [known.name for known in groups.listing(connection)],
    )


def task(connection: sa.Connection, text: str) -> Task:
    return one_of(
        text,
        "scheduled task",
        lambda task_id: next(iter(tasks.present(connection, task_id)), None),
        lambda name: tasks.by_name(connection, name),
        lambda: [known.name for known in tasks.listing(connection)],
    )


def roster(connection: sa.Connection, text: str) -> Roster:
    return one_of(
        _without("duty:", text),
        "roster",
        lambda roster_id: rosters.get(connection, roster_id),
        lambda name: rosters.by_name(connection, name),
        lambda: [name for _, name in rosters.names(connection)],
    )


def user(connection: sa.Connection, text: str) -> User:
    """A user by id or by a name that only one user has."""
    text = _without("user:", text)
    return one_of(
        text,
        "user",
        lambda user_id: _user_by_id(connection, user_id),
        lambda name: _only(users.by_name(connection, name), name),
        lambda: users.near_names(connection, text),
    )


def recipient(connection: sa.Connection, text: str) -> Recipient:
    """USER, GROUP, +NUMBER, duty:ROSTER, or `told` (a user or group of that name: user:told)."""
    text = text.strip()
    if key_of(text) == TOLD.kind:
        return TOLD
    if text.startswith("+"):
        try:
            number = phone.parse(text).e164
        except phone.PhoneError as error:
            raise Refused(str(error).rstrip("."), "To") from error
        return Recipient(number=number, name=number)
    if text.casefold().startswith("user:"):
        return _to_user(user(connection, text))
    if text.casefold().startswith("group:"):
        return _to_group(group(connection, text))
    if text.casefold().startswith("duty:"):
        found_roster = roster(connection, text)
        return duty_recipient(found_roster.id, found_roster.name)
    number_given = _id_in(text)
    if number_given is not None:
        people = [found] if (found := _user_by_id(connection, number_given)) else []
        belongs = groups.get(connection, number_given)
    else:
        people, belongs = users.by_name(connection, text), groups.by_name(connection, text)
    if people and belongs:
        raise Refused(f"{_quote(text)} is both a user and a group: write user:{text} or group:{text}", "To")
    if belongs:
        return _to_group(belongs)
    if people:
        return _to_user(_only(people, text, "To") or people[0])
    raise Refused(_unknown_recipient(connection, text, number_given), "To")


def mentioned(names: Sequence[str], most: int = 5) -> str:
    """Names in a sentence: "A, B and C", or the first few "and 7 more"."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most:,} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def nearest(text: str, known: Iterable[str]) -> str | None:
    """The known name most like the text, if any is."""
    keys = {key_of(name): name for name in known}
    wanted = key_of(text)
    found = difflib.get_close_matches(wanted, keys, n=1, cutoff=0.6)
    if not found and wanted:
        holding = [key for key in keys if wanted in key]
        found = holding if len(holding) == 1 else []
    return keys[found[0]] if found else None


def one_of(
    text: str,
    what: str,
    by_id: Callable[[int], T | None],
    by_name: Callable[[str], T | None],
    known: Callable[[], Iterable[str]],
) -> T:
    label = what[0].upper() + what[1:]
    if not text.strip():
        raise Refused(f"{label} is empty: give a name or an id", label)
    number = _id_in(text)
    found = by_name(text) if number is None else by_id(number)
    if found is not None:
        return found
    if number is not None:
        raise Refused(f"no {what} has the id {number}", label)
    near = nearest(text, known())
    hint = f": did you mean {_quote(near)}?" if near else ""
    raise Refused(f"no {what} is named {_quote(text)}{hint}", label)


def _id_in(text: str) -> int | None:
    found = _ID.fullmatch(text.strip())
    return int(found[1]) if found else None


def _without(prefix: str, text: str) -> str:
    text = text.strip()
    return text[len(prefix) :].strip() if text.casefold().startswith(prefix) else text


def _user_by_id(connection: sa.Connection, user_id: int) -> User | None:
    found = users.get(connection, user_id)
    return found if found and found.removed_at is None else None


def _only(people: Sequence[User], name: str, label: str = "User") -> User | None:
    if len(people) > 1:
        candidates = mentioned([f"id:{person.id}{_first_value(person)}" for person in people])
        raise Refused(f"{len(people)} users are named {_quote(name)}: use an id: {candidates}", label)
    return people[0] if people else None


def _first_value(person: User) -> str:
    """What tells people of one name apart: the first thing known of each."""
    value = next(iter(person.values.values()), "")
    return f" ({value})" if value else ""


def _unknown_recipient(connection: sa.Connection, text: str, number: int | None) -> str:
    if not text:
        return "To is empty: name a user, a group or a +NUMBER"
    if number is not None:
        return f"no user or group has the id {number}; a telephone number begins with +"
    near = nearest(text, [*users.near_names(connection, text), *(g.name for g in groups.listing(connection))])
    hint = f": did you mean {_quote(near)}?" if near else ""
    return f"no user or group is named {_quote(text)}{hint}"


def _to_user(found: User) -> Recipient:
    return Recipient(user_id=found.id, name=found.name)


def _to_group(found: Group) -> Recipient:
    return Recipient(group_id=found.id, name=found.name)


def _quote(text: str) -> str:
    text = tidy(text)
    return f'"{text}"' if len(text) <= _QUOTED else f'"{text[: _QUOTED - 1]}…"'
