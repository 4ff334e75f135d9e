"""Things by name or id, and what is said when a name does not tell."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from storage.names import key_of
from storage.records import Recipient
from tests.people import add_handler, add_task
from tui.operations import fields, groups, names, users
from tui.operations.desk import Desk
from tui.operations.errors import Refused


@pytest.fixture
def site(desk: Desk) -> Desk:
    """Users 1 Joe Hart, 2 and 3 both Ann Lee, 4 Ops; groups 1 Ops, 2 Night Shift; a handler; a task."""
    fields.add(desk, "Mobile", "Telephone Number")
    for name, number in (
        ("Joe Hart", "+61400000001"),
        ("Ann Lee", "+61400000002"),
        ("Ann Lee", ""),
        ("Ops", ""),
    ):
        users.add(desk, name, values={"Mobile": number} if number else {})
    groups.add(desk, "Ops")
    groups.add(desk, "Night Shift")
    add_handler(desk.database)
    add_task(desk.database, "Shift report", [])
    return desk


def refusal(desk: Desk, look: Callable[[sa.Connection, str], Any], text: str) -> str:
    with desk.database.read() as connection, pytest.raises(Refused) as found:
        look(connection, text)
    return found.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Joe Hart", Recipient(user_id=1, name="Joe Hart")),
        (" joe   HART ", Recipient(user_id=1, name="Joe Hart")),
        ("3", Recipient(user_id=3, name="Ann Lee")),
        ("id:3", Recipient(user_id=3, name="Ann Lee")),
        ("user:2", Recipient(user_id=2, name="Ann Lee")),
        ("user:id:2", Recipient(user_id=2, name="Ann Lee")),
        ("USER: ops", Recipient(user_id=4, name="Ops")),
        ("group:ops", Recipient(group_id=1, name="Ops")),
        ("group:2", Recipient(group_id=2, name="Night Shift")),
        ("night shift", Recipient(group_id=2, name="Night Shift")),
        ("+61 400 000 009", Recipient(number="+61400000009", name="+61400000009")),
    ],
)
def test_a_recipient_is_a_user_a_group_or_a_number(site: Desk, text: str, expected: Recipient) -> None:
    with site.database.read() as connection:
        assert names.recipient(connection, text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Ann Lee", '2 users are named "Ann Lee": use an id: id:2 (+61400000002) and id:3'),
        ("user:Ann Lee", "id:2"),
        ("Ops", "write user:Ops or group:Ops"),
        ("1", "write user:1 or group:1"),
        ("Jo Hart", 'did you mean "Joe Hart"'),
        ("nite shift", 'did you mean "Night Shift"'),
        ("zzz", 'no user or group is named "zzz"'),
        ("99", "no user or group has the id 99"),
        ("0400000000", "begins with +"),
        ("+12", "too few digits"),
        ("", "is empty"),
        ("user:", "User is empty"),
        ("group:zzz", 'no group is named "zzz"'),
    ],
)
def test_a_recipient_that_does_not_tell_is_refused_with_the_candidates(
    site: Desk, text: str, said: str
) -> None:
    assert said in refusal(site, names.recipient, text)


def test_a_removed_user_is_not_found(site: Desk) -> None:
    users.remove(site, [1])
    assert 'no user or group is named "Joe Hart"' in refusal(site, names.recipient, "Joe Hart")
    assert "no user has the id 1" in refusal(site, names.recipient, "user:1")


def test_other_things_by_name_and_id(site: Desk) -> None:
    with site.database.read() as connection:
        assert names.handler(connection, "CLICKATELL").id == 1
        assert names.handler(connection, "1").name == "Clickatell"
        assert names.field(connection, "mobile").id == names.field(connection, "id:1").id == 1
        assert names.task(connection, "shift REPORT").id == names.task(connection, "1").id
        assert names.group(connection, "group:Ops").id == 1
    assert (
        refusal(site, names.handler, "Clickatel")
        == 'no handler is named "Clickatel": did you mean "Clickatell"?'
    )
    assert refusal(site, names.field, "7") == "no custom field has the id 7"
    assert (
        refusal(site, names.task, "Shift")
        == 'no scheduled task is named "Shift": did you mean "Shift report"?'
    )


@pytest.mark.parametrize(
    ("typed", "kept"), [("  Night\n shift ", "Night shift"), ("Ops 7", "Ops 7"), ("[/red] {x}", "[/red] {x}")]
)
def test_a_name_is_tidied(typed: str, kept: str) -> None:
    assert names.check_name(typed, "group") == kept


@pytest.mark.parametrize(
    "typed", ["", " \n", "\u200b", "123", "1 2", "id:7", "User: x", "GROUP:x", "+61", "x" * 101, "\udc80"]
)
def test_a_name_that_means_something_else_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as found:
        names.check_name(typed, "group")
    assert found.value.field == "Name"


def test_many_names_in_a_sentence() -> None:
    assert names.mentioned([]) == ""
    assert names.mentioned(["A"]) == "A"
    assert names.mentioned(["A", "B", "C"]) == "A, B and C"
    assert names.mentioned(list("ABCDEFG")) == "A, B, C, D, E and 2 more"


MARKS = ["\ufeff", "\u200b", "\u00ad", "\u2060", "\u200e", "\u202a", "\u00a0", "\u200d"]


@pytest.mark.parametrize("mark", MARKS)
def test_what_cannot_be_seen_is_in_no_name(desk: Desk, mark: str) -> None:
    for typed in (f"{mark}Joe Hart", f"Joe Hart{mark}", f"{mark} Joe Hart {mark}"):
        assert names.check_name(typed, "user") == "Joe Hart"
        assert key_of(typed) == "joe hart"
    groups.add(desk, f"{mark}Night Shift{mark}")
    with desk.database.read() as connection:
        assert names.group(connection, "night shift").name == "Night Shift"
        assert names.group(connection, f"{mark}Night Shift").name == "Night Shift"
    with pytest.raises(Refused, match="empty"):
        names.check_name(f"{mark}{mark}", "user")


def test_joiners_inside_a_name_stay() -> None:
    for name in ("می\u200cخواهم", "👩\u200d👩\u200d👧"):
        assert names.check_name(name, "user") == name
