"""Custom fields: defined, changed and removed without harm to what hangs on them."""

from collections.abc import Callable

import pytest

from storage import handlers
from storage.records import Recipient
from storage.vocabulary import FieldType
from tests.people import add_handler, add_task
from tui.operations import fields, users
from tui.operations.desk import Desk
from tui.operations.errors import NotAllowed, Refused


def test_fields_come_in_the_sites_order(desk: Desk, texts: Callable[[], list[str]]) -> None:
    mobile = fields.add(desk, "Mobile", "telephone NUMBER", required=True, help="With country code")
    shift = fields.add(desk, " Shift ", FieldType.CHOICE, choices=["Day", " Night "])
    assert (mobile.type, mobile.required, mobile.position) == (FieldType.TELEPHONE_NUMBER, True, 1)
    assert (shift.name, shift.choices, shift.position) == ("Shift", ("Day", "Night"), 2)
    moved = fields.edit(desk, shift.id, order=1, help="When", required=True)
    assert [field.name for field in fields.listing(desk)] == ["Shift", "Mobile"]
    assert (moved.position, moved.help, moved.required) == (1, "When", True)
    assert texts() == [
        "custom field Mobile added: Telephone Number, required",
        "custom field Shift added: Choice",
        "custom field Shift changed: now required, help text, order 2 to 1",
    ]


@pytest.mark.parametrize(
    ("name", "kind", "choices", "said"),
    [
        ("mobile", "Text", (), "Mobile is taken by another"),
        ("Groups", "Text", (), "every user has it"),
        ("a{b", "Text", (), "holds {"),
        ("a=b", "Text", (), "holds ="),
        ("7", "Text", (), "only digits"),
        ("X", "Telephone", (), 'did you mean "Telephone Number"'),
        ("X", "Choice", (), "give at least one"),
        ("X", "Choice", ("Day", "day"), "twice"),
        ("X", "Text", ("Day",), "belong to fields of the type Choice"),
    ],
)
def test_a_field_that_would_not_work_is_refused(
    desk: Desk, name: str, kind: str, choices: tuple[str, ...], said: str
) -> None:
    fields.add(desk, "Mobile", "Telephone Number")
    with pytest.raises(Refused) as refusal:
        fields.add(desk, name, kind, choices=choices)
    assert said in refusal.value.message
    assert len(fields.listing(desk)) == 1


def test_removal_names_what_hangs_on_the_field(desk: Desk, texts: Callable[[], list[str]]) -> None:
    mobile = fields.add(desk, "Mobile", "Telephone Number")
    joe = users.add(desk, "Joe", values={"Mobile": "+61400000000"}).user
    handler_id = add_handler(desk.database, telephone_field_id=mobile.id)
    add_task(desk.database, "Report", [Recipient(user_id=joe.id)], "Call {mobile} or {{Mobile}}")
    add_task(desk.database, "Other", [], "no field {{Mobile}}")
    with pytest.raises(Refused) as refusal:
        fields.remove(desk, mobile.id)
    expected = "1 user has a value; Clickatell sends to it; the messages of task Report mention it"
    assert expected in refusal.value.message and str(fields.hanging(desk, mobile.id)) == expected
    assert users.get(desk, joe.id).values == {mobile.id: "+61400000000"}

    fields.remove(desk, mobile.id, confirmed=True)
    assert fields.listing(desk) == []
    assert users.get(desk, joe.id).values == {}
    with desk.database.read() as connection:
        handler = handlers.get(connection, handler_id)
    assert handler is not None and handler.telephone_field_id is None and handler.revision == 2
    assert texts()[-1] == f"custom field Mobile removed: {expected}"
    again = fields.add(desk, "mobile", "Telephone Number")
    assert again.id != mobile.id and fields.value_counts(desk) == {}


def test_a_field_on_which_nothing_hangs_goes_without_a_word(desk: Desk) -> None:
    made = fields.add(desk, "Mobile", "Telephone Number")
    assert not fields.hanging(desk, made.id)
    fields.remove(desk, made.id)
    with pytest.raises(Refused, match="no custom field has the id 1"):
        fields.remove(desk, made.id)


def test_a_new_name_is_refused_while_messages_mention_the_old_one(desk: Desk) -> None:
    made = fields.add(desk, "Post", "Text")
    add_task(desk.database, "Report", [], "You are on { POST }")
    with pytest.raises(Refused, match="messages of task Report mention"):
        fields.edit(desk, made.id, name="Place")
    assert fields.edit(desk, made.id, name="POST").name == "POST"
    assert fields.edit(desk, made.id, name="Place", confirmed=True).name == "Place"


def test_a_choice_that_users_have_cannot_go(desk: Desk) -> None:
    made = fields.add(desk, "Shift", "Choice", choices=["Day", "Night"])
    users.add(desk, "Joe", values={"Shift": "day"})
    with pytest.raises(Refused, match="1 user has Day"):
        fields.edit(desk, made.id, choices=["Late", "Night"])
    assert fields.edit(desk, made.id, choices=["Late", "Day"]).choices == ("Late", "Day")


def test_an_edit_of_what_was_changed_meanwhile_is_refused(desk: Desk) -> None:
    seen = fields.add(desk, "Post", "Text")
    fields.edit(desk, seen.id, help="Where")
    with pytest.raises(Refused, match="changed by someone else"):
        fields.edit(desk, seen.id, required=True, seen=seen)
    with pytest.raises(Refused, match="between 1 and 1"):
        fields.edit(desk, seen.id, order=2)


def test_saving_what_is_there_already_writes_no_review(desk: Desk, texts: Callable[[], list[str]]) -> None:
    made = fields.add(desk, "Post", "Text")
    fields.edit(desk, made.id, name="Post", order=1, required=False)
    assert len(texts()) == 1


def test_a_viewer_may_look_only(desk: Desk, viewer: Desk) -> None:
    made = fields.add(desk, "Post", "Text")
    assert fields.listing(viewer) == [made]
    for attempt in (
        lambda: fields.add(viewer, "X", "Text"),
        lambda: fields.edit(viewer, made.id, help="x"),
        lambda: fields.remove(viewer, made.id),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert fields.listing(viewer) == [made]
