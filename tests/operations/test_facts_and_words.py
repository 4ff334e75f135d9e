"""Names that look like sentences: no fact is read back out of the words that hold them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduling import delivery_reports, lifecycle, outlived
from scheduling.gateways.outcome import DeliveryStatus, DeliveryVerdict, Outcome
from storage import integrity
from storage.errors import Damaged
from storage.folder import DataFolder
from storage.records import Message, Recipient, Review
from storage.review import kind_told_by_message
from storage.site import open_site
from storage.vocabulary import Category, EntryKind, Level, MessageState, OnUnknown, Origin, OutcomeKind
from tests.operations.arrange import make_handler
from tests.people import add_task
from tui.operations import handlers, occurrences, sending, users
from tui.operations.desk import Desk
from tui.operations.errors import Refused, on_command_line
from tui.review.kinds import SIGNS, kind_of
from tui.review.lines import PROBLEMS

HOSTILE = [
    "Desk: accepted",
    "Joe: delivered (OK)",
    "outcome unknown",
    "left unknown",
    "next at",
    "Gate; night",
    "Night (message desk)",
    "Night (commsdesk adopt)",
    "refused for good",
]
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def message(name: str, **changes: object) -> Message:
    values = dict.fromkeys(Message.__dataclass_fields__)
    values |= {
        "id": 1,
        "handler_id": 1,
        "handler": name,
        "user": name,
        "to": "447700900000",
        "text": name,
        "origin": Origin.MANUAL,
        "state": MessageState.SENDING,
        "attempts": 1,
        "plan_attempts": 1,
        "unknowns": 0,
        "reports_asked": 0,
        "first_attempt_at": NOW,
        "last_planned_at": NOW,
        "window_closes_at": NOW + timedelta(minutes=5),
        "retry_rate": timedelta(minutes=1),
        "stop_retrying_after": timedelta(minutes=5),
        "may_arrive_twice": False,
        "query_first": False,
    }
    return Message(**values | changes)  # type: ignore[arg-type]


def signs(step: lifecycle.Step) -> list[str]:
    """The signs of what a step says, as a reader of the review gets them."""
    return [kind_of(Review(each.category, each.text, each.level, kind=each.kind)) for each in step.review]


OUTCOMES = {
    OutcomeKind.ACCEPTED: ["accepted"],
    OutcomeKind.REJECTED: ["warning", "failed"],
    OutcomeKind.BUSY: ["retry"],
    OutcomeKind.UNKNOWN: ["unknown"],
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", OUTCOMES)
def test_the_sign_is_that_of_what_happened_whatever_names_say(name: str, kind: OutcomeKind) -> None:
    outcome = Outcome(kind, error=f"x: accepted, {name}: delivered")
    step = lifecycle.after_attempt(message(name), outcome, NOW, on_unknown=OnUnknown.RESEND)
    assert signs(step) == OUTCOMES[kind]
    assert (OUTCOMES[kind][-1] in PROBLEMS) is (kind is not OutcomeKind.ACCEPTED)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_delivery_report_and_an_end_have_their_own_signs(name: str) -> None:
    report = DeliveryStatus(DeliveryVerdict.UNDELIVERED, f"{name}: delivered")
    assert signs(delivery_reports.after_report(message(name), report, NOW)) == ["failed"]
    report = DeliveryStatus(DeliveryVerdict.DELIVERED, "outcome unknown")
    assert signs(delivery_reports.after_report(message(name), report, NOW)) == ["delivered"]
    (entry,) = outlived.entries([message(name, first_attempt_at=None)])
    assert entry.kind is EntryKind.EXPIRED


def test_every_kind_has_a_sign() -> None:
    for kind in EntryKind:
        for level in Level:
            sign = kind_of(Review(Category.MESSAGE, ": accepted", level, kind=kind))
            assert (sign in ("accepted", "delivered")) is (
                kind in (EntryKind.ACCEPTED, EntryKind.DELIVERED)
            ), kind
    assert set(SIGNS) <= set(EntryKind)


OLD = [
    (Category.MESSAGE, Level.ERROR, "rejected", "failed", "failed"),
    (Category.MESSAGE, Level.ERROR, "unknown", "cancelled", "unknown"),
    (Category.MESSAGE, Level.ERROR, None, "expired", "failed"),
    (Category.MESSAGE, Level.ERROR, None, None, "failed"),
    (Category.MESSAGE, Level.INFO, "accepted", "delivered", "accepted"),
    (Category.MESSAGE, Level.INFO, None, "delivered", "delivered"),
    (Category.MESSAGE, Level.INFO, None, "failed", "info"),
    (Category.MESSAGE, Level.WARNING, "busy", "queued", "retry"),
    (Category.RETRY, Level.WARNING, "unknown", "accepted", "unknown"),
    (Category.OPERATOR, Level.INFO, "accepted", "accepted", "info"),
]


@pytest.mark.parametrize(("category", "level", "outcome", "state", "sign"), OLD)
def test_an_entry_without_a_kind_goes_by_its_message(
    category: Category, level: Level, outcome: str | None, state: str | None, sign: str
) -> None:
    kind = kind_told_by_message(category, level, outcome, state)
    assert kind_of(Review(category, "Desk: accepted: delivered", level, kind=kind)) == sign


def test_a_hint_for_the_command_line_stands_apart(desk: Desk) -> None:
    with pytest.raises(Refused) as caught:
        occurrences.add_note(desk, 99, "hello")
    assert caught.value.message == "no occurrence has the id 99" == str(caught.value)
    assert caught.value.on_command_line == "no occurrence has the id 99 (see commsdesk alert occurrences)"


@pytest.mark.parametrize("name", ["Night (message desk)", "Night (--force)", "Night (commsdesk adopt)"])
def test_a_name_in_brackets_stays_whole_in_a_refusal(desk: Desk, name: str) -> None:
    key = make_handler(desk, name)
    sending.send(
        desk, sending.Request(key, [Recipient(number="+447700900000", name="+447700900000")], "hello")
    )
    with pytest.raises(Refused) as caught:
        handlers.remove(desk, key)
    assert f"waits at {name}: let them be sent, or cancel them with it" in caught.value.message
    assert caught.value.hint == "--cancel-waiting"


@pytest.mark.parametrize("name", ["Gate; night", "a; b; c", "; ", "Gate. night"])
def test_what_hangs_on_a_user_is_a_sentence_for_each_whatever_names_hold(desk: Desk, name: str) -> None:
    joe = users.add(desk, f"Joe {name}").user
    add_task(desk.database, f"Task {name}", [Recipient(user_id=joe.id)])
    (sentence,) = users.hanging(desk, [joe.id])
    assert sentence == f"{joe.name} is a recipient of task Task {name}"


def test_a_damaged_file_names_the_command_on_the_command_line_only(tmp_path: Path) -> None:
    site = tmp_path / "site"
    open_site(site).close()
    file = DataFolder(site).database
    whole = bytearray(file.read_bytes())
    whole[4096:12288] = b"\xff" * 8192
    file.write_bytes(whole)
    with pytest.raises(Damaged) as caught:
        integrity.require_sound(file)
    assert str(caught.value).endswith("restore the newest backup")
    assert on_command_line(caught.value) == f"{caught.value} (commsdesk restore FILE)"
    refused = Refused.by(caught.value)
    assert refused.message == str(caught.value)
    assert refused.on_command_line == on_command_line(caught.value)
