"""Who may have heard, who is told, and when a tab is sent again: as tables (docs/alerts.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from scheduling import told
from scheduling.told import Then
from storage.hearing import MessageFact, MissedPerson
from storage.vocabulary import MessageState, OnUnknown

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
S = MessageState


def fact(state: str = "accepted", number: int = 1, **values: object) -> MessageFact:
    given: dict[str, object] = {
        "message_id": number,
        "occurrence_id": 1,
        "stage": "Created",
        "handler_id": 1,
        "user_id": 7,
        "user": "Joe Hart",
        "to": "+447700900123",
        "state": MessageState(state),
        "on_unknown": OnUnknown.RESEND,
        "retry_rate": MINUTE,
        "queued_at": NOW,
        "last_attempt_at": NOW,
    }
    return MessageFact(**(given | values))  # type: ignore[arg-type]


# state, may arrive twice, unknowns, on unknown, since the last attempt -> may have heard, is told
TABLE = [
    ("queued", False, 0, "resend", None, False, False),
    ("queued", False, 0, "resend", SECOND, False, False),  # busy: a retry waits
    ("queued", True, 1, "resend", 59 * SECOND, True, True),
    ("queued", True, 1, "resend", MINUTE, True, False),
    ("sending", False, 0, "resend", SECOND, True, True),
    ("sending", False, 0, "resend", 9 * MINUTE, True, True),
    ("accepted", False, 0, "resend", SECOND, True, True),
    ("accepted", True, 1, "resend", 90 * MINUTE, True, True),
    ("delivered", False, 0, "resend", 90 * MINUTE, True, True),
    ("undelivered", False, 0, "resend", SECOND, False, False),
    ("undelivered", True, 1, "resend", 2 * MINUTE, True, False),
    ("failed", False, 0, "resend", SECOND, False, False),
    ("failed", True, 1, "resend", 2 * MINUTE, True, False),
    ("expired", False, 0, "resend", None, False, False),
    ("cancelled", False, 0, "resend", SECOND, False, False),
    ("unknown", False, 1, "resend", 59 * SECOND, True, True),
    ("unknown", False, 1, "resend", MINUTE, True, False),
    ("unknown", False, 1, "hold", 90 * MINUTE, True, True),
    ("unknown", False, 0, "resend", None, True, False),  # held in a copy, never tried here
]


@pytest.mark.parametrize(("state", "twice", "unknowns", "on", "since", "heard", "is_told"), TABLE)
@pytest.mark.parametrize("stage", ["Created", "Escalated"])
def test_what_a_message_tells(
    stage: str,
    state: str,
    twice: bool,
    unknowns: int,
    on: str,
    since: timedelta | None,
    heard: bool,
    is_told: bool,
) -> None:
    found = fact(
        state,
        stage=stage,
        may_arrive_twice=twice,
        unknowns=unknowns,
        on_unknown=OnUnknown(on),
        last_attempt_at=None if since is None else NOW - since,
    )
    assert (told.may_have_heard(found), told.is_told(found, NOW)) == (heard, is_told)


@pytest.mark.parametrize("stage", ["Claimed", "Actioned", "Restored", "Finalised"])
def test_the_other_tabs_tell_of_nothing(stage: str) -> None:
    for state in MessageState:
        assert not told.may_have_heard(fact(state, stage=stage))
        assert not told.is_told(fact(state, stage=stage), NOW)


@pytest.mark.parametrize("state", list(MessageState))
def test_whoever_is_told_may_have_heard(state: MessageState) -> None:
    for twice in (False, True):
        for on in OnUnknown:
            found = fact(state, may_arrive_twice=twice, on_unknown=on)
            assert told.may_have_heard(found) or not told.is_told(found, NOW)


def test_nobody_is_told_only_where_nothing_waits_either() -> None:
    assert told.nobody_told([], NOW)
    assert told.nobody_told([fact("failed"), fact("expired", 2)], NOW)
    assert not told.nobody_told([fact("failed"), fact("accepted", 2)], NOW)
    assert not told.nobody_told([fact("failed"), fact("queued", 2)], NOW)
    assert not told.nobody_told([fact("unknown", unknowns=1)], NOW)
    assert told.nobody_told([fact("unknown", unknowns=1)], NOW + MINUTE)


def test_an_operator_hears_of_it_once_what_waits_has_waited_a_minute() -> None:
    waiting = [fact("queued")]
    assert not told.nobody_knows(waiting, NOW, NOW + 59 * SECOND)
    assert told.nobody_knows(waiting, NOW, NOW + MINUTE)
    assert told.nobody_knows([fact("failed")], NOW, NOW)
    assert told.nobody_knows([], NOW, NOW)
    assert not told.nobody_knows([fact("sending")], NOW, NOW + 9 * MINUTE)
    held = [fact("unknown", unknowns=1, on_unknown=OnUnknown.HOLD)]
    assert not told.nobody_knows(held, NOW, NOW + 9 * MINUTE)
    assert told.only_unsure(held, NOW + 9 * MINUTE)
    assert not told.only_unsure([*held, fact("accepted", 2)], NOW)


def refused(number: int = 1, **values: object) -> MessageFact:
    return fact("failed", number, outcome="rejected", **values)


def test_a_tab_is_sent_again_at_most_once_a_retry_rate_and_a_minute() -> None:
    passing = [fact("failed", outcome="not_sent", retry_rate=3 * MINUTE)]
    assert told.pause_needed(passing, None, None, NOW) == timedelta(0)
    assert told.pause_needed(passing, NOW, MINUTE, NOW + MINUTE) == 2 * MINUTE
    assert told.pause_needed(passing, NOW, 60 * MINUTE, NOW + 3 * MINUTE) == timedelta(0)
    quick = [fact("failed", outcome="busy", retry_rate=2 * SECOND)]
    assert told.pause_needed(quick, NOW, MINUTE, NOW + 59 * SECOND) == SECOND
    assert told.next_pause(quick, 8 * MINUTE) == MINUTE


def test_the_pause_doubles_where_every_failure_was_for_good() -> None:
    pauses, pause = [], None
    for _ in range(9):
        pause = told.next_pause([refused()], pause)
        pauses.append(int(pause / MINUTE))
        assert told.pause_needed([refused()], NOW, pause, NOW + pause) == timedelta(0)
        assert told.pause_needed([refused()], NOW, pause, NOW + pause - SECOND) == SECOND
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert told.next_pause([], 4 * MINUTE) == 8 * MINUTE, "nobody could be reached"


def test_a_clock_that_was_set_back_holds_nothing_up() -> None:
    assert told.pause_needed([refused()], NOW + 60 * MINUTE, 2 * MINUTE, NOW) == timedelta(0)


def test_everyone_who_may_have_heard_once_and_on_whose_answer_it_depends() -> None:
    facts = [
        fact("sending", 1, user_id=1, user="Ann", to="+1"),
        fact("accepted", 2, user_id=2, user="Bob", to="+2"),
        fact("failed", 3, user_id=3, user="Cy", to="+3"),
        fact("sending", 4, user_id=2, user="Bob", to="+2"),
        fact("sending", 5, user_id=None, user=None, to="+5"),
        fact("sending", 6, user_id=1, user="Ann", to="+1", handler_id=2),
        fact("sending", 7, user_id=8, user="Eve", to="+8", may_arrive_twice=True, unknowns=1),
        fact("accepted", 8, user_id=9, user="Max", to="+9", stage="Claimed"),
    ]
    found = [(person.user, person.to, person.told_by) for person in told.heard(facts)]
    assert found == [("Bob", "+2", None), ("Eve", "+8", None), ("Ann", "+1", 6), (None, "+5", 5)]


@pytest.mark.parametrize(
    ("state", "values", "expected"),
    [
        ("sending", {}, (Then.WAIT, 1)),
        ("queued", {}, (Then.WAIT, 1)),  # busy, and it will be tried again
        ("queued", {"may_arrive_twice": True, "unknowns": 1}, (Then.GO, 1)),
        ("accepted", {}, (Then.GO, 1)),
        ("unknown", {"unknowns": 1}, (Then.GO, 1)),
        ("failed", {}, (Then.WITHDRAW, 1)),
        ("expired", {}, (Then.WITHDRAW, 1)),
        ("cancelled", {}, (Then.WITHDRAW, 1)),
        ("undelivered", {}, (Then.WITHDRAW, 1)),
    ],
)
def test_what_becomes_of_a_message_that_waits_for_an_answer(
    state: str, values: dict[str, object], expected: tuple[Then, int]
) -> None:
    assert told.then([fact(state, **values)], 7, 1) == expected
    other_person = fact("accepted", 2, user_id=8)
    assert told.then([fact(state, **values), other_person], 7, 1) == expected
    if expected[0] is Then.WITHDRAW:
        assert told.then([fact(state, **values), fact("sending", 2)], 7, 1) == (Then.WAIT, 2)
        assert told.then([fact(state, **values), fact("accepted", 2)], 7, 1)[0] is Then.GO


def test_a_tally_names_each_person_once_with_what_counts_for_them() -> None:
    facts = [
        fact("failed", 1, user_id=1, user="Ann", to="+1", error="invalid number", error_code="25"),
        fact("failed", 2, user_id=2, user="Bob", to="+2", error="busy"),
        fact("accepted", 3, user_id=2, user="Bob", to="+2", finished_at=NOW + MINUTE),
        fact("delivered", 4, user_id=2, user="Bob", to="+2", finished_at=NOW + 2 * MINUTE),
        fact("queued", 5, user_id=3, user="Cy", to="+3"),
    ]
    missed = [MissedPerson("Dee", "is disabled", 4), MissedPerson("Bob", "is disabled", 2)]
    found = told.tally(facts, missed, NOW + 3 * MINUTE)
    assert [person.name for person in found.people] == ["Ann", "Bob", "Cy", "Dee"]
    assert [(person.name, person.at) for person in found.told] == [("Bob", NOW + MINUTE)]
    assert [person.name for person in found.waiting] == ["Cy"]
    assert [person.name for person in found.missed] == ["Ann", "Dee"]
