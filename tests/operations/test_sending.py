"""Sending by hand: who gets what, who is left out, and what is refused as a whole."""

from datetime import timedelta

import pytest

from scheduling.send_size import SendSize
from storage import message_history, outbox
from storage.records import Recipient
from storage.vocabulary import MessageState, Origin
from tests.operations.arrange import ANN, BOB, JOE, make_handler, make_people, to
from tui.operations import handlers, messages, review, sending
from tui.operations.desk import Desk
from tui.operations.errors import NotAllowed, Refused
from tui.operations.message_rules import EMPTY


def user(people: dict[str, int], name: str) -> Recipient:
    return Recipient(user_id=people[name], name=name)


def group(people: dict[str, int], name: str) -> Recipient:
    return Recipient(group_id=people[name], name=name)


def queued(desk: Desk) -> list[tuple[str | None, str, str]]:
    return [(message.user, message.to, message.text) for message in messages.listing(desk)]


def test_one_message_a_person_in_the_order_named(desk: Desk) -> None:
    handler_id = make_handler(desk)
    people = make_people(desk.database, {"Joe": JOE, "Ann": ANN}, {"Shift": ["Ann", "Joe"]})
    sent = sending.send(
        desk,
        sending.Request(handler_id, [user(people, "Joe"), group(people, "Shift"), *to(BOB)], "Hi {Name}"),
    )
    assert queued(desk) == [("Joe", JOE, "Hi {Name}"), ("Ann", ANN, "Hi {Name}"), (None, BOB, "Hi {Name}")]
    with desk.database.read() as connection:
        found = outbox.current(connection, sent.ids)
    first = found[sent.ids[0]]
    assert (first.state, first.origin, first.operator) == (MessageState.QUEUED, Origin.MANUAL, "ana")
    assert first.expires_at - first.queued_at == timedelta(minutes=60)
    assert first.next_attempt_at == desk.now()


def test_the_review_has_one_entry_for_the_act(desk: Desk) -> None:
    handler_id = make_handler(desk)
    sending.send(desk, sending.Request(handler_id, to(JOE, ANN), "Fire drill\nat noon"))
    entry = list(review.listing(desk))[-1]
    assert (entry.category, entry.operator, entry.handler_id) == ("Operator", "ana", handler_id)
    assert entry.text == f"2 messages by hand through Clickatell to {JOE} and {ANN}: “Fire drill at noon”"


def test_the_same_number_and_text_go_once(desk: Desk) -> None:
    handler_id = make_handler(desk)
    people = make_people(desk.database, {"Joe": JOE, "Jo": JOE})
    both = [user(people, "Joe"), user(people, "Jo")]
    sent = sending.send(desk, sending.Request(handler_id, both, "same"))
    assert len(sent.ids) == 1 and sent.joined == ("Jo",)
    assert len(sending.send(desk, sending.Request(handler_id, both, "Hi {Name}", fields=True)).ids) == 2


@pytest.mark.parametrize(
    ("number", "disabled", "reason"), [(None, (), "has no telephone number"), (ANN, ("Ann",), "is disabled")]
)
def test_someone_named_who_cannot_be_reached_stops_it_all(
    desk: Desk, number: str | None, disabled: tuple[str, ...], reason: str
) -> None:
    handler_id = make_handler(desk)
    people = make_people(desk.database, {"Joe": JOE, "Ann": number}, disabled=disabled)
    with pytest.raises(Refused, match=f"Ann {reason}") as caught:
        sending.send(desk, sending.Request(handler_id, [user(people, "Joe"), user(people, "Ann")], "x"))
    assert caught.value.field == "To"
    assert queued(desk) == []


def test_members_of_a_group_are_left_out_by_name(desk: Desk, texts) -> None:
    handler_id = make_handler(desk)
    people = make_people(
        desk.database,
        {"Joe": JOE, "Ann": None, "Bob": BOB},
        {"Shift": ["Joe", "Ann", "Bob"]},
        disabled=["Bob"],
    )
    sent = sending.send(desk, sending.Request(handler_id, [group(people, "Shift")], "x"))
    assert [str(person) for person in sent.left_out] == ["Ann has no telephone number", "Bob is disabled"]
    assert queued(desk) == [("Joe", JOE, "x")]
    assert texts()[-1] == "Left out by hand: Ann has no telephone number; Bob is disabled"


def test_a_group_that_reaches_nobody_is_refused(desk: Desk) -> None:
    handler_id = make_handler(desk)
    people = make_people(desk.database, {"Ann": None}, {"Shift": ["Ann"], "Empty": []})
    with pytest.raises(Refused, match="nobody can be reached: Ann has no telephone number"):
        sending.send(desk, sending.Request(handler_id, [group(people, "Shift")], "x"))
    with pytest.raises(Refused, match="Empty has no members"):
        sending.send(desk, sending.Request(handler_id, [group(people, "Empty")], "x"))


def test_a_number_needs_no_telephone_field_and_a_user_does(desk: Desk) -> None:
    from storage.tables import users

    handler_id = make_handler(desk)
    sending.send(desk, sending.Request(handler_id, to(JOE), "x"))
    people = make_people(desk.database, {"Ann": ANN})
    with desk.database.write() as tx:
        import sqlalchemy as sa

        tx.execute(sa.text("UPDATE custom_field SET removed_at = 1"))
        assert tx.execute(sa.select(users.c.id)).scalar() == people["Ann"]
    with pytest.raises(Refused, match="no Telephone Number field yet") as refusal:
        sending.send(desk, sending.Request(handler_id, [user(people, "Ann")], "x"))
    assert "field add" in refusal.value.hint


def test_the_handlers_own_telephone_field_is_used(desk: Desk) -> None:
    from tests.operations.arrange import make_field

    work = make_field(desk.database, "Work")
    handler_id = make_handler(desk, telephone_field_id=work)
    people = make_people(desk.database, {"Joe": JOE}, field="Mobile")
    with pytest.raises(Refused, match="Joe has no telephone number"):
        sending.send(desk, sending.Request(handler_id, [user(people, "Joe")], "x"))


def test_fields_are_filled_in_only_when_asked_for(desk: Desk) -> None:
    handler_id = make_handler(desk)
    people = make_people(desk.database, {"Joe Hart": JOE})
    sent = sending.send(
        desk,
        sending.Request(handler_id, [user(people, "Joe Hart"), *to(BOB)], "Hi {first name}", fields=True),
    )
    assert [text for _, _, text in queued(desk)] == ["Hi Joe", "Hi -"]
    assert sent.warnings == ("no value for {first name} for some: it shows as -",)
    with pytest.raises(Refused, match=r"\{Nam\}: did you mean \{Name\}"):
        sending.send(desk, sending.Request(handler_id, [user(people, "Joe Hart")], "Hi {Nam}", fields=True))


def test_a_text_that_is_too_long_is_refused_and_says_why(desk: Desk) -> None:
    handler_id = make_handler(desk)
    with pytest.raises(Refused, match="4 parts; Clickatell sends at most 3") as caught:
        sending.send(desk, sending.Request(handler_id, to(JOE), "x" * 460))
    assert caught.value.field == "Message"
    with pytest.raises(Refused, match="right single quotation mark"):
        sending.send(desk, sending.Request(handler_id, to(JOE), "it’s " + "x" * 300))
    sending.send(desk, sending.Request(handler_id, to(JOE), "x" * 459))
    assert next(iter(messages.listing(desk))).segments == 3


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_is_refused(desk: Desk, text: str) -> None:
    with pytest.raises(Refused, match="empty"):
        sending.send(desk, sending.Request(make_handler(desk), to(JOE), text))


def test_a_disabled_or_removed_handler_is_refused(desk: Desk) -> None:
    handler_id = make_handler(desk)
    handlers.set_enabled(desk, handler_id, False)
    with pytest.raises(Refused, match="Clickatell is disabled"):
        sending.send(desk, sending.Request(handler_id, to(JOE), "x"))
    handlers.remove(desk, handler_id)
    with pytest.raises(Refused, match="was removed"):
        sending.send(desk, sending.Request(handler_id, to(JOE), "x"))


def test_a_viewer_may_not_send(desk: Desk, viewer: Desk) -> None:
    handler_id = make_handler(desk)
    with pytest.raises(NotAllowed):
        sending.send(viewer, sending.Request(handler_id, to(JOE), "x"))
    assert queued(desk) == []


def test_line_ends_and_lone_surrogates_are_made_sendable(desk: Desk) -> None:
    sending.send(desk, sending.Request(make_handler(desk), to(JOE), "a\r\nb\ud800"))
    assert queued(desk)[0][2] == "a\nb?"


def test_what_is_planned_is_what_is_sent_and_writes_nothing(desk: Desk) -> None:
    handler_id = make_handler(desk)
    people = make_people(desk.database, {"Joe": JOE, "Ann": None}, {"Shift": ["Joe", "Ann"]})
    request = sending.Request(handler_id, [group(people, "Shift"), *to(BOB)], "x" * 200)
    seen = sending.planned(desk, request)
    assert seen.size == SendSize(people=2, messages=2, parts=4)
    assert [str(person) for person in seen.left_out] == ["Ann has no telephone number"]
    assert not seen.size.must_ask
    assert queued(desk) == []
    assert sending.send(desk, request).left_out == seen.left_out
    assert [(draft.to, draft.text) for draft in seen.composed.drafts] == [row[1:] for row in queued(desk)]


@pytest.mark.parametrize(
    ("recipients", "text", "sentence"),
    [([], "hello", "To is empty"), (to(JOE), "", EMPTY), (to(JOE), "x" * 500, "4 parts")],
)
def test_what_cannot_be_sent_is_refused_alike_by_both(
    desk: Desk, recipients: list[Recipient], text: str, sentence: str
) -> None:
    request = sending.Request(make_handler(desk), recipients, text)
    with pytest.raises(Refused, match=sentence) as asked:
        sending.planned(desk, request)
    with pytest.raises(Refused) as sent:
        sending.send(desk, request)
    assert str(asked.value) == str(sent.value)


def test_more_than_twenty_people_are_asked_about(desk: Desk) -> None:
    handler_id = make_handler(desk)
    numbers = [f"+4477009001{n:02}" for n in range(21)]
    sizes = [
        sending.planned(desk, sending.Request(handler_id, to(*some), "x")).size
        for some in (numbers, numbers[:20])
    ]
    assert [size.must_ask for size in sizes] == [True, False]


def test_many_left_out_are_all_named(desk: Desk, texts) -> None:
    handler_id = make_handler(desk)
    people = {"Joe": JOE, **{f"P{n}": None for n in range(45)}}
    ids = make_people(desk.database, people, {"All": list(people)})
    sending.send(desk, sending.Request(handler_id, [group(ids, "All")], "x"))
    said = "; ".join(text for text in texts() if text.startswith("Left out"))
    assert all(f"P{n} has" in said for n in range(45))


def test_who_was_left_out_is_kept_with_the_submission(desk: Desk) -> None:
    import sqlalchemy as sa

    from storage.tables import submissions

    handler_id = make_handler(desk)
    people = make_people(desk.database, {"Joe": JOE, "Ann": None}, {"Shift": ["Joe", "Ann"]})
    sent = sending.send(desk, sending.Request(handler_id, [group(people, "Shift")], "x"))
    with desk.database.read() as connection:
        message = message_history.get(connection, sent.ids[0])
        assert message is not None
        kept = connection.execute(
            sa.select(submissions.c.left_out).where(submissions.c.id == message.submission_id)
        ).scalar_one()
    assert kept == [{"name": "Ann", "reason": "has no telephone number"}]
