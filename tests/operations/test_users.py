"""Users: added, changed, disabled and removed, each with a review entry and nothing by halves."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from storage import outbox, review
from storage.records import MessageDraft, Recipient
from storage.vocabulary import Category, Origin
from tests.people import add_handler, add_task
from tui.operations import fields, groups, users
from tui.operations.desk import Desk
from tui.operations.errors import NotAllowed, Refused


@pytest.fixture
def site(desk: Desk) -> Desk:
    fields.add(desk, "Mobile", "Telephone Number", required=True)
    fields.add(desk, "Shift", "Choice", choices=["Day", "Night"])
    groups.add(desk, "Ops")
    groups.add(desk, "Night crew")
    return desk


def test_a_user_is_kept_with_checked_values_and_groups(site: Desk, texts: Callable[[], list[str]]) -> None:
    saved = users.add(
        site,
        "Joe Hart",
        values={"mobile": "+61 400 000 000", "id:2": "DAY"},
        groups=["ops", "2"],
        notes=" dog ",
    )
    user = users.get(site, saved.user.id)
    assert user == saved.user and saved.warnings == ()
    assert user.values == {1: "+61400000000", 2: "Day"}
    assert user.groups == ("Night crew", "Ops") and user.notes == "dog" and user.revision == 1
    assert texts()[-1] == "user Joe Hart added: Mobile +61 400 000 000; Shift Day; groups Night crew, Ops"
    with site.database.read() as connection:
        entry = review.before(connection, None, 1)[0]
    assert (entry.category, entry.operator, entry.user_id, entry.user) == (
        Category.USER,
        "ana",
        1,
        "Joe Hart",
    )


@pytest.mark.parametrize(
    ("values", "in_groups", "said", "field"),
    [
        ({}, [], "Mobile is required", "Mobile"),
        ({"Mobile": " "}, [], "Mobile is required", "Mobile"),
        ({"Mobile": "0400"}, [], "country calling code", "Mobile"),
        ({"Mobile": "+61400000000", "Shift": "x"}, [], "Day, Night", "Shift"),
        ({"Mobile": "+61400000000", "Shifd": "Day"}, [], 'did you mean "Shift"', "Custom field"),
        ({"Mobile": "+61400000000", "id:1": "+61400000001"}, [], "given twice", "Mobile"),
        ({"Mobile": "+61400000000"}, ["Ops", "Opps"], 'did you mean "Ops"', "Group"),
    ],
)
def test_a_refused_user_leaves_nothing_behind(
    site: Desk,
    texts: Callable[[], list[str]],
    values: dict[str, str],
    in_groups: list[str],
    said: str,
    field: str,
) -> None:
    before = texts()
    with pytest.raises(Refused) as refusal:
        users.add(site, "Joe", values=values, groups=in_groups)
    assert said in refusal.value.message and refusal.value.field == field
    assert users.count(site) == 0 and texts() == before
    assert [group.members for group in groups.listing(site)] == [0, 0]


def test_an_edit_changes_what_is_given_only(site: Desk, texts: Callable[[], list[str]]) -> None:
    joe = users.add(site, "Joe", values={"Mobile": "+61400000000", "Shift": "Day"}, groups=["Ops"]).user
    saved = users.edit(
        site,
        joe.id,
        name="Joe Hart",
        values={"Mobile": "+61 400 000 001", "Shift": None},
        join=["Night crew"],
        leave=["Ops"],
        enabled=False,
        seen_revision=1,
    )
    assert saved.user.values == {1: "+61400000001"} and saved.user.groups == ("Night crew",)
    assert (saved.user.name, saved.user.enabled, saved.user.revision) == ("Joe Hart", False, 2)
    assert texts()[-1] == (
        "user Joe changed: name now Joe Hart; Mobile +61 400 000 000 → +61 400 000 001; "
        "Shift Day → none; joined Night crew; left Ops; disabled"
    )
    count = len(texts())
    same = users.edit(site, joe.id, name="Joe Hart", values={"mobile": "+61400000001"}, join=["Night crew"])
    assert same.user == saved.user and len(texts()) == count


def test_edits_meet_required_fields_and_other_peoples_edits(site: Desk) -> None:
    joe = users.add(site, "Joe", values={"Mobile": "+61400000000"}).user
    with pytest.raises(Refused, match="Mobile is required"):
        users.edit(site, joe.id, name="Other", values={"Mobile": ""})
    users.edit(site, joe.id, notes="x", seen_revision=1)
    with pytest.raises(Refused, match="changed by someone else"):
        users.edit(site, joe.id, name="Other", seen_revision=1)
    fields.add(site, "Badge", "Text", required=True)
    users.edit(site, joe.id, name="Joe Hart")  # a field that became required later stops no other edit
    assert users.get(site, joe.id).name == "Joe Hart"


def test_what_is_doubtful_is_a_warning(site: Desk) -> None:
    users.add(site, "Joe", values={"Mobile": "+61400000000"})
    saved = users.add(site, "joe", values={"Mobile": "+61 400 000 00"})
    assert saved.user.values[1] == "+6140000000"
    assert "looks invalid" in saved.warnings[0] and "(id:1)" in saved.warnings[1]


def test_many_users_are_disabled_at_once(site: Desk, texts: Callable[[], list[str]]) -> None:
    made = [users.add(site, f"P{n}", values={"Mobile": "+61400000000"}).user.id for n in range(3)]
    users.set_enabled(site, made[:1], False)
    assert users.set_enabled(site, made, False) == 2
    assert [user.enabled for user in users.page(site)] == [False] * 3
    assert texts()[-3:] == ["user P0 disabled", "user P1 disabled", "user P2 disabled"]
    with pytest.raises(Refused, match="no user has the id 9"):
        users.set_enabled(site, [made[0], 9], True)
    assert not users.get(site, made[0]).enabled


def test_removal_names_tasks_and_waiting_messages(site: Desk, texts: Callable[[], list[str]]) -> None:
    joe = users.add(site, "Joe", values={"Mobile": "+61400000000"}, groups=["Ops"]).user
    ann = users.add(site, "Ann", values={"Mobile": "+61400000001"}).user
    add_task(site.database, "Report", [Recipient(user_id=joe.id)])
    handler_id = add_handler(site.database)
    draft = MessageDraft(handler_id, "+61400000001", "Hi", 1, ann.id, "Ann", site.now() + timedelta(hours=1))
    with site.database.write() as tx:
        outbox.enqueue(tx, outbox.Submission(Origin.MANUAL), [draft], site.now())
    with pytest.raises(Refused) as refusal:
        users.remove(site, [joe.id, ann.id])
    assert refusal.value.message.startswith(
        "Joe is a recipient of task Report; 1 message still waits to be sent to Ann"
    )
    assert users.count(site) == 2
    users.remove(site, [joe.id, ann.id], confirmed=True)
    assert users.count(site) == 0 and groups.listing(site)[0].members == 0
    assert texts()[-2:] == ["user Joe removed", "user Ann removed"]
    with pytest.raises(Refused, match="Joe was removed"):
        users.edit(site, joe.id, name="Back")


def test_a_viewer_may_look_only(site: Desk, viewer: Desk) -> None:
    joe = users.add(site, "Joe", values={"Mobile": "+61400000000"}).user
    assert users.get(viewer, joe.id) == joe and users.ids(viewer, 5) == [1] and users.position(viewer, 1) == 0
    for attempt in (
        lambda: users.add(viewer, "X"),
        lambda: users.edit(viewer, joe.id, name="X"),
        lambda: users.set_enabled(viewer, [joe.id], False),
        lambda: users.remove(viewer, [joe.id]),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert users.get(site, joe.id) == joe


def test_hostile_text_is_kept_as_it_is(site: Desk) -> None:
    name = "balance [/red] due ' OR 1=1 --"
    saved = users.add(site, name, values={"Mobile": "+61400000000"})
    assert users.get(site, saved.user.id).name == name
    assert users.as_json(saved.user, fields.listing(site))["fields"] == {"Mobile": "+61400000000"}


def test_a_name_that_steers_a_terminal_is_refused(site: Desk) -> None:
    with pytest.raises(Refused, match="Name holds a control character"):
        users.add(site, "Ann \x1b]52;c;eA==\x07 Lee", values={"Mobile": "+61400000000"})
    assert list(users.page(site)) == []
    turned = users.add(site, "Ann \u202eLee", values={"Mobile": "+61400000000"})
    assert users.get(site, turned.user.id).name == "Ann Lee", "what turns text round is no part of a name"
