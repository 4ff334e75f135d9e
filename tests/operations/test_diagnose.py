"""Diagnose on a real site: the checks find what was arranged, and Clickatell is really asked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from demo_data.clickatell.settings import (
    SAMPLE_API_ID,
    SAMPLE_API_KEY,
    SAMPLE_PASSWORD,
    SAMPLE_USER,
    Settings,
)
from demo_data.clickatell.threaded import ThreadedClickatell
from scheduling.diagnose.finding import Finding, Result
from storage import actions as stored_actions
from storage import adoption, handlers, leases
from storage.database import Database
from storage.secrets import SecretBox
from storage.tables import messages
from tests.handler_values import made
from tests.operations.arrange import JOE, make_handler, make_people, set_message, to
from tests.operations.conftest import StandingClock
from tui.operations import diagnose, handler_status, sending, tasks
from tui.operations.desk import Desk
from tui.operations.diagnose_bench import Scope
from tui.operations.errors import Refused
from tui.operations.handler_form import Doubt, Doubtful
from tui.operations.handlers import HandlerForm
from tui.operations.handlers import add as add_handler


@pytest.fixture
def clickatell() -> Iterator[ThreadedClickatell]:
    with ThreadedClickatell() as running:
        yield running


def found(findings: Iterator[Finding]) -> dict[str, Finding]:
    """By check; where several handlers have one, the last."""
    return {one.check: one for one in findings}


def problems(desk: Desk, **scope: int) -> list[str]:
    return [
        f"{one.check}: {one.found}"
        for one in diagnose.run(desk, Scope(**scope), live=False)
        if one.result is Result.PROBLEM
    ]


def at(desk: Desk, running: ThreadedClickatell, key: str = SAMPLE_API_KEY, **fields: object) -> int:
    form = made(HandlerForm, name="Clickatell", secret=key, base_url=running.base_url, **fields)
    return add_handler(desk, form).handler.id


def test_a_site_in_order_has_no_problem(
    desk: Desk, database: Database, clickatell: ThreadedClickatell
) -> None:
    at(desk, clickatell)
    make_people(database, {"Joe": JOE})
    with database.write() as tx:
        leases.take(tx, leases.current(tx.connection), "here", "run", desk.now())
    said = list(diagnose.run(desk, Scope()))
    assert [one for one in said if one.result is Result.PROBLEM] == []
    by_check = found(iter(said))
    assert by_check["Balance"].found.startswith("EUR 100")
    assert by_check["Key or credentials"].result is Result.OK
    assert all(one.tried and one.found for one in said)
    assert list(clickatell.clickatell.inbox) == []  # nothing was sent


def test_an_empty_site_is_told_what_comes_first(desk: Desk) -> None:
    by_check = found(diagnose.run(desk, Scope()))
    assert "commsdesk handler add" in by_check["Handlers"].advice
    assert by_check["Users"].result is Result.WARNING and "field add" in by_check["Users"].advice
    assert by_check["Engine"].result is Result.PROBLEM


def test_a_refused_key_is_found_live(desk: Desk, clickatell: ThreadedClickatell) -> None:
    handler = at(desk, clickatell, "a-wrong-key-0000001")
    by_check = found(diagnose.run(desk, Scope(handler_id=handler)))
    assert by_check["Connection"].result is Result.OK
    key = by_check["Key or credentials"]
    assert key.result is Result.PROBLEM and key.found.startswith("1 ") and "API Key" in key.advice
    assert "a-wrong-key" not in repr(by_check)


def test_an_empty_balance_is_found_live(desk: Desk) -> None:
    with ThreadedClickatell(Settings(balance=Decimal(0))) as poor:
        assert found(diagnose.run(desk, Scope(handler_id=at(desk, poor))))["Balance"].result is Result.PROBLEM


def test_the_xml_api_is_asked_too(desk: Desk, clickatell: ThreadedClickatell) -> None:
    form = made(
        HandlerForm,
        name="Old",
        api_type="xml",
        secret=SAMPLE_PASSWORD,
        user_name=SAMPLE_USER,
        api_id=SAMPLE_API_ID,
        api_uri=clickatell.api_uri,
    )
    good = add_handler(desk, form).handler.id
    assert found(diagnose.run(desk, Scope(handler_id=good)))["Balance"].found.startswith("500.00 credits")


def test_no_connection_is_found_live_and_one_handler_does_not_hide_another(
    desk: Desk, clickatell: ThreadedClickatell
) -> None:
    make_handler(desk, "Dead", base_url="http://127.0.0.1:9")
    at(desk, clickatell)
    said = [one for one in diagnose.run(desk, Scope()) if one.check == "Connection"]
    assert [(one.about, one.result) for one in said] == [("Dead", Result.PROBLEM), ("Clickatell", Result.OK)]


def test_a_missing_secret_is_found_and_that_handler_is_not_called(desk: Desk) -> None:
    handler = make_handler(desk)
    desk.database.box = SecretBox([Fernet.generate_key().decode()])
    by_check = found(diagnose.run(desk, Scope(handler_id=handler)))
    assert by_check["Secret"].result is Result.PROBLEM
    assert "Connection" not in by_check


def test_a_disabled_handler_with_waiting_messages(desk: Desk, database: Database) -> None:
    handler = make_handler(desk)
    sending.send(desk, sending.Request(handler, to(JOE), "hello"))
    with database.write() as tx:
        handlers.change(tx, handler, {"enabled": False}, desk.now())
    assert any("disabled, and 1 message waits" in text for text in problems(desk))


def test_what_keeps_a_user_from_being_reached(desk: Desk, database: Database) -> None:
    people = make_people(database, {"Joe": JOE, "Ann": None, "Bob": "0770"}, disabled=["Joe"])
    assert any("disabled" in text for text in problems(desk, user_id=people["Joe"]))
    assert any("has no telephone number" in text for text in problems(desk, user_id=people["Ann"]))
    assert any("country calling code" in text for text in problems(desk, user_id=people["Bob"]))
    assert any("1 user has a number in Mobile that cannot be sent to: Bob" in text for text in problems(desk))


def test_a_message_s_own_story(desk: Desk, database: Database, clock: StandingClock) -> None:
    handler = make_handler(desk)
    make_people(database, {"Joe": JOE})
    (message_id,) = sending.send(desk, sending.Request(handler, to("+61400000000"), "hello")).ids
    assert problems(desk, message_id=message_id) == [
        "Engine: no scheduler is running: nothing is fired or sent"
    ]
    clock.move(minutes=5)
    assert any("due for 300 s" in text for text in problems(desk, message_id=message_id))
    set_message(database, message_id, state="failed", error_code="25", error="Invalid recipient address")
    assert "State: failed: 25 Invalid recipient address" in problems(desk, message_id=message_id)
    set_message(database, message_id, state="unknown", error="no answer")
    by_check = found(diagnose.run(desk, Scope(message_id=message_id), live=False))
    assert f"drop {message_id}" in by_check["State"].advice
    assert found(diagnose.run(desk, Scope(), live=False))["Unknown outcomes"].result is Result.WARNING


def test_what_is_not_there_is_refused(desk: Desk) -> None:
    with pytest.raises(Refused, match="there is no message 9"):
        list(diagnose.run(desk, Scope(message_id=9)))
    with pytest.raises(Refused, match="the handler was removed"):
        list(diagnose.run(desk, Scope(handler_id=9)))


def test_the_queue_the_failures_and_the_clock(desk: Desk, database: Database, clock: StandingClock) -> None:
    handler = make_handler(desk)
    requests = [sending.Request(handler, to(number), "x") for number in (JOE, "+61400000000")]
    one, two = (sending.send(desk, request).ids[0] for request in requests)
    clock.move(minutes=10)
    set_message(database, two, state="failed", error="Rate limit", finished_at=desk.now())
    by_check = found(diagnose.run(desk, Scope(), live=False))
    assert "the oldest due for 10 min" in by_check["Queue"].found
    assert by_check["Failures"].found.endswith("(1): Rate limit")
    clock.move(days=2)
    assert found(diagnose.run(desk, Scope(), live=False))["Failures"].result is Result.OK
    clock.move(days=-3)
    assert found(diagnose.run(desk, Scope(), live=False))["Clock"].result is Result.PROBLEM
    assert one


def test_a_held_site_says_so_in_every_diagnosis(desk: Desk, database: Database) -> None:
    handler = make_handler(desk)
    with database.write() as tx:
        adoption.hold(tx, adoption.COPIED, desk.now())
    assert any("Live site: held since" in text for text in problems(desk))
    assert any("Live site: held since" in text for text in problems(desk, handler_id=handler))


def test_a_task_whose_sender_was_removed_or_that_reaches_nobody(desk: Desk, database: Database) -> None:
    handler = make_handler(desk)
    make_people(database, {"Ann": None, "Joe": JOE}, {"Empty": ["Ann"], "Night": ["Joe"]})
    for name, group in (("Quiet", "Empty"), ("Loud", "Night")):
        with database.write() as tx:
            add_task(tx, desk, name, handler, group)
    assert any(text == "Task: it reaches nobody" for text in problems(desk))
    with database.write() as tx:
        handlers.change(tx, handler, {"removed_at": desk.now()}, desk.now())
    assert sum("its handler Clickatell was removed" in text for text in problems(desk)) == 2
    assert tasks


def add_task(tx, desk: Desk, name: str, handler: int, group: str) -> None:  # type: ignore[no-untyped-def]
    from storage import groups
    from storage import tasks as stored
    from storage.records import Action, Recipient

    made = stored.add(
        tx,
        {
            "name": name,
            "cron": "0 9 * * *",
            "zone": "UTC",
            "enabled": True,
            "when_missed": "latest",
            "grace": timedelta(minutes=15),
            "most_catch_up": 10,
            "next_due_at": desk.now() + timedelta(hours=1),
        },
        desk.now(),
    )
    found_group = groups.by_name(tx.connection, group)
    assert found_group is not None
    action = Action(0, handler, "", "hello", (Recipient(group_id=found_group.id, name=group),))
    stored_actions.set_of_task(tx, made, [action])


def test_an_altered_review_and_a_damaged_file_are_found(desk: Desk, database: Database) -> None:
    make_handler(desk)
    with database.write() as tx:
        tx.connection.exec_driver_sql("UPDATE review SET body = 'nothing happened' WHERE id = 1")
        tx.execute(sa.delete(messages))
    assert "Review: entry 1 was altered" in problems(desk)


def test_a_check_that_fails_is_a_finding_and_the_rest_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr("tui.operations.site_checks.integrity.full_check", fail)
    by_check = found(diagnose.run(desk, Scope(), live=False))
    assert by_check["Database"].found == "it failed: RuntimeError: out of order"
    assert by_check["SQLite library"].result is Result.OK


def test_every_check_of_the_list_says_something(desk: Desk, clickatell: ThreadedClickatell) -> None:
    at(desk, clickatell)
    assert len({check.name for check in diagnose.CHECKS}) == len(diagnose.CHECKS)
    assert "Clickatell" not in [c.name for c in diagnose.checks_for(Scope(), live=False)]
    one = next(iter(diagnose.run(desk, Scope())))
    assert set(diagnose.as_json(one)) == {"check", "status", "about", "tried", "found", "advice"}


def test_a_viewer_may_diagnose(viewer: Desk) -> None:
    assert list(diagnose.run(viewer, Scope(), live=False))


def test_a_warning_is_left_out_by_what_it_is_about_and_not_by_its_words(
    desk: Desk, clickatell: ThreadedClickatell
) -> None:
    """Retry settings and the secret have checks of their own; nothing else is hidden with them."""
    handler_id = at(desk, clickatell, retry_rate=timedelta(0))
    view = handler_status.view(desk, handler_id)
    assert view is not None
    (no_retry,) = (doubt for doubt in view.doubts if doubt.about is Doubtful.RETRY)
    same_words = [Doubt(about, no_retry.words) for about in Doubtful]
    other_words = [Doubt(Doubtful.RETRY, "said in another way"), Doubt(Doubtful.SECRET, "and so is this")]
    view = replace(view, doubts=(*same_words, *other_words))
    assert diagnose._other_warnings(view) == (no_retry.words,) * (len(Doubtful) - 2)
