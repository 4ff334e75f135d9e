"""Judging: what each answer, number, message and circumstance is said to be, and what to do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from scheduling.diagnose import gateway, message, person, plan, site
from scheduling.diagnose import handler as judge
from scheduling.diagnose.finding import Finding, Result, ok, problem, warning, worst
from scheduling.gateways.outcome import Balance, GatewayError
from scheduling.site_zone import Difference, SiteZone
from scheduling.unheard import Unheard
from storage import integrity
from storage.adoption import COPIED, Hold
from storage.instances import Instance
from storage.leases import Lease
from storage.records import Handler, HandlerStatus, Message, Queue, Task, User
from storage.vocabulary import MessageState, OnUnknown, Origin, OutcomeKind, WhenMissed

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OK, WARNING, PROBLEM = Result.OK, Result.WARNING, Result.PROBLEM

ONE = Handler(
    id=1,
    name="One",
    api_type="one",
    enabled=True,
    settings={"channel": "SMS", "base_url": "https://one.example"},
    secret_hint="",
    allow_plain_http=False,
    retry_rate=MINUTE,
    stop_retrying_after=5 * MINUTE,
    on_unknown=OnUnknown.RESEND,
    useful_life=60 * MINUTE,
    telephone_field_id=None,
    most_parts=3,
    batch_size=100,
    max_connections=8,
    rate_per_minute=None,
    total_timeout=timedelta(seconds=30),
    notes="",
    revision=1,
)
XML = replace(ONE, api_type="xml", settings={"api_uri": "https://xml.example/xml"})


def results(findings: list[Finding]) -> dict[str, Result]:
    return {finding.check: finding.result for finding in findings}


def refused(
    kind: OutcomeKind, error: str, code: str | None = None, status: int | None = None
) -> GatewayError:
    return GatewayError(kind, error, "check it", code=code, http_status=status)


def test_a_good_answer_says_that_way_key_and_credit_are_good() -> None:
    found = gateway.judge(ONE, Balance(Decimal("87.41"), "EUR"))
    assert results(found) == {"Connection": OK, "Key or credentials": OK, "Balance": OK}
    assert found[0].tried == "call https://one.example"
    assert found[2].found == "EUR 87.41"


@pytest.mark.parametrize(
    ("answer", "check"),
    [
        (refused(OutcomeKind.NOT_SENT, "DNS name not found: one.example"), "Connection"),
        (refused(OutcomeKind.NOT_SENT, "TLS failed: certificate expired"), "Connection"),
        (refused(OutcomeKind.UNKNOWN, "no answer within 20 s"), "Connection"),
        (refused(OutcomeKind.ACCOUNT, "1 Invalid or missing API Key", "1", 401), "Key or credentials"),
        (refused(OutcomeKind.ACCOUNT, "HTTP 401: refused", None, 401), "Key or credentials"),
        (refused(OutcomeKind.ACCOUNT, "HTTP 404: the address does not exist", None, 404), "Address"),
        (refused(OutcomeKind.ACCOUNT, "HTTP 301: elsewhere", None, 301), "Address"),
        (refused(OutcomeKind.ACCOUNT, "20 Insufficient account balance", "20", 402), "Balance"),
        (refused(OutcomeKind.ACCOUNT, "301 No credit left", "301", 200), "Balance"),
        (refused(OutcomeKind.UNKNOWN, "HTTP 503: failed", None, 503), "Answer"),
    ],
)
def test_each_failure_is_laid_where_it_lies(answer: GatewayError, check: str) -> None:
    found = gateway.judge(XML, answer)
    assert [one.check for one in found if one.result is PROBLEM] == [check]
    assert found[-1].advice == "check it"
    assert answer.error in found[-1].found


def test_a_busy_gateway_is_only_a_warning() -> None:
    found = gateway.judge(ONE, refused(OutcomeKind.BUSY, "43 Rate limit", "43", 429))
    assert results(found) == {"Connection": OK, "Answer": WARNING}


@pytest.mark.parametrize(
    ("amount", "low", "result"),
    [("0", None, PROBLEM), ("-1", None, PROBLEM), ("5", "10", WARNING), ("10", "10", OK)],
)
def test_the_balance_is_judged_by_the_low_mark(amount: str, low: str | None, result: Result) -> None:
    found = gateway.credit(Decimal(amount), "EUR", Decimal(low) if low else None, "Clickatell")
    assert found.result is result and amount in found.found


def test_the_code_is_named_once() -> None:
    with_code = gateway.judge(XML, refused(OutcomeKind.ACCOUNT, "Authentication failed", "001"))
    assert with_code[-1].found == "001 Authentication failed"


@pytest.mark.parametrize(
    ("rate", "stop", "result"),
    [(1, 5, OK), (5, 5, WARNING), (0, 5, WARNING), (1, 0, WARNING), (10, 1, WARNING)],
)
def test_retry_settings_without_a_retry_are_warned_of(rate: int, stop: int, result: Result) -> None:
    found = judge.retry_settings(replace(ONE, retry_rate=rate * MINUTE, stop_retrying_after=stop * MINUTE))
    assert found.result is result
    assert (found.result is OK) == (found.found == "5 attempts: now, +1, +2, +3, +4 min")


def test_a_disabled_handler_is_a_problem_only_while_messages_wait() -> None:
    off = replace(ONE, enabled=False)
    assert judge.enabled(ONE, Queue(waiting=3)).result is OK
    assert judge.enabled(off, Queue()).result is WARNING
    found = judge.enabled(off, Queue(waiting=2, retrying=1))
    assert found.result is PROBLEM and "3 messages wait" in found.found
    assert found.advice == 'enable it: commsdesk handler enable "One"'


def test_secret_and_telephone_field() -> None:
    assert judge.secret(ONE, True).result is OK
    assert "secret missing" in judge.secret(ONE, False).found
    assert judge.telephone_field("Mobile").result is OK
    assert judge.telephone_field(None).result is WARNING


def test_pauses() -> None:
    assert judge.pause(HandlerStatus(1), NOW).result is OK
    account = HandlerStatus(
        1, pause="account", pause_code="20", error="Insufficient account balance", advice="pay"
    )
    found = judge.pause(account, NOW)
    assert (found.result, found.found) == (PROBLEM, "paused after 20 Insufficient account balance")
    assert found.advice is not None
    assert found.advice.startswith("pay; ")
    assert "commsdesk handler go-on" in found.advice
    busy = HandlerStatus(1, pause="busy", paused_until=NOW + MINUTE)
    assert judge.pause(busy, NOW).result is WARNING
    assert judge.pause(busy, NOW + 2 * MINUTE).result is OK


def test_what_the_engine_last_found() -> None:
    error = HandlerStatus(1, status="Error", error="no answer", advice="look", checked_at=NOW)
    assert judge.last_seen(error, True).result is PROBLEM
    assert judge.last_seen(error, False).result is OK
    running = HandlerStatus(1, status="Running", balance=Decimal("1"), currency="EUR", checked_at=NOW)
    assert "balance EUR 1" in judge.last_seen(running, True).found


JOE = User(7, "Joe", True, "", 1)


@pytest.mark.parametrize(
    ("value", "result", "said"),
    [
        ("+61400000000", OK, "+61 400 000 000 · Australia · mobile"),
        (None, PROBLEM, "has no telephone number"),
        ("", PROBLEM, "has no telephone number"),
        ("0400 000 000", PROBLEM, "needs the country calling code"),
        ("+999123456", PROBLEM, "country calling code that exists"),
        ("+447700900123", WARNING, "looks invalid"),
        ("+61290000000", WARNING, "fixed line"),
    ],
)
def test_a_user_s_number(value: str | None, result: Result, said: str) -> None:
    user, found = person.judge(JOE, [("Mobile", value)])
    assert user.result is OK
    assert found.result is result and said in found.found


def test_a_user_who_is_disabled_or_removed() -> None:
    assert person.judge(replace(JOE, enabled=False), [("Mobile", "+61400000000")])[0].result is PROBLEM
    gone = replace(JOE, removed_at=NOW)
    assert "removed" in person.judge(gone, [("Mobile", "+61400000000")])[0].found


def test_a_second_field_may_be_empty_and_a_site_without_a_field_is_named() -> None:
    found = person.judge(JOE, [("Mobile", "+61400000000"), ("Home", None)])
    assert [one.result for one in found] == [OK, OK, OK]
    assert "no Telephone Number field" in person.judge(JOE, [])[-1].found


def test_all_users_at_once() -> None:
    assert person.everyone("Mobile", [("Joe", "+61400000000")]).found == "1 user, each with a number"
    found = person.everyone("Mobile", [("Joe", None), ("Ann", ""), ("Bob", "+61400000000")])
    assert (found.result, found.found) == (WARNING, "2 users have no number in Mobile: Joe, Ann")
    bad = person.everyone("Mobile", [("Joe", "12"), ("Ann", None)])
    assert bad.result is PROBLEM and "1 user has a number in Mobile that cannot be sent to: Joe" in bad.found
    assert person.everyone(None, []).result is WARNING
    assert person.everyone(None, [("Joe", None)]).result is PROBLEM
    many = person.everyone("Mobile", [(f"P{n}", None) for n in range(8)])
    assert many.found.endswith("P0, P1, P2, P3, P4 and 3 more")


def sent(state: MessageState, **values: Any) -> Message:
    base: dict[str, Any] = dict.fromkeys(Message.__dataclass_fields__)
    base |= {
        "id": 5,
        "handler": "One",
        "handler_id": 1,
        "to": "+61400000000",
        "text": "x",
        "origin": Origin.MANUAL,
        "queued_at": NOW - MINUTE,
        "expires_at": NOW + 60 * MINUTE,
        "attempts": 0,
        "plan_attempts": 0,
        "state": state,
    }
    return Message(**{**base, **values})


@pytest.mark.parametrize(
    ("state", "values", "result", "said"),
    [
        (MessageState.QUEUED, {"next_attempt_at": NOW}, OK, "waiting, not tried yet"),
        (MessageState.QUEUED, {"next_attempt_at": NOW - 5 * MINUTE}, PROBLEM, "due for 300 s"),
        (
            MessageState.QUEUED,
            {"next_attempt_at": NOW + MINUTE, "plan_attempts": 2, "error": "Rate limit", "error_code": "43"},
            WARNING,
            "2 attempts so far; next at",
        ),
        (MessageState.QUEUED, {}, PROBLEM, "without a planned attempt"),
        (MessageState.SENDING, {"plan_attempts": 1}, OK, "attempt 1 is under way"),
        (MessageState.ACCEPTED, {"gateway_id": "abc"}, OK, "id abc"),
        (MessageState.DELIVERED, {}, OK, "delivered"),
        (MessageState.UNDELIVERED, {}, PROBLEM, "not delivered"),
        (MessageState.UNKNOWN, {"error": "no answer"}, PROBLEM, "its outcome is unknown: no answer"),
        (MessageState.EXPIRED, {}, PROBLEM, "expired before it could be sent"),
        (MessageState.CANCELLED, {}, OK, "cancelled by an operator"),
        (
            MessageState.FAILED,
            {"error_code": "25", "error": "Invalid recipient"},
            PROBLEM,
            "25 Invalid recipient",
        ),
    ],
)
def test_a_message_s_state(state: MessageState, values: dict[str, Any], result: Result, said: str) -> None:
    found = message.state(sent(state, **values), "one", NOW)
    assert found.result is result and said in found.found
    assert bool(found.advice) == (result is not OK)


def test_the_advice_after_a_failure_is_the_code_s_own() -> None:
    failed = sent(MessageState.FAILED, error_code="105", error="Invalid destination address")
    assert "country calling code" in message.state(failed, "xml", NOW).advice
    assert "resend 5" in message.state(failed, "xml", NOW).advice
    assert message.state(sent(MessageState.FAILED), "xml", NOW).found == "failed: no reason is known"


def test_a_message_s_number() -> None:
    assert message.number(sent(MessageState.QUEUED)).result is OK
    assert message.number(sent(MessageState.QUEUED, to="12")).result is PROBLEM


HELD = Lease(3, 9, "x", "run", "b", "n", 42, "1", NOW)


def test_the_engine() -> None:
    assert site.engine(HELD, True, NOW).found == "commsdesk run, process 42"
    assert site.engine(HELD, False, NOW).result is PROBLEM
    assert site.engine(replace(HELD, holder=None), False, NOW).result is PROBLEM
    silent = site.engine(HELD, True, NOW + MINUTE)
    assert silent.result is PROBLEM and "no life for 60 s" in silent.found


def test_hold_disk_file_system_and_rights() -> None:
    assert site.held(None).result is OK
    assert "commsdesk adopt" in site.held(Hold(NOW, COPIED)).advice
    assert [site.disk(free).result for free in (integrity.LEAST - 1, integrity.SCARCE - 1, 10**12)] == [
        PROBLEM,
        WARNING,
        OK,
    ]
    assert [site.file_system(kind).result for kind in ("ext4", "", "nfs4", "fuse.sshfs")] == [
        OK,
        OK,
        PROBLEM,
        PROBLEM,
    ]
    assert site.rights(0o40700, ["secret.key"]).result is OK
    assert site.rights(0o40755, []).result is OK
    assert site.rights(0o40755, ["secret.key"]).result is WARNING


def test_active_alerts_of_which_nobody_was_told() -> None:
    assert site.told(Unheard()).result is Result.OK
    nobody = site.told(Unheard((1,), ()))
    assert nobody.result is Result.PROBLEM and "nobody was told" in nobody.found
    unsure = site.told(Unheard((), (1,)))
    assert unsure.result is Result.WARNING and "unknown" in (unsure.advice or "")


def test_an_old_sqlite_library_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.sqlite.library_version", lambda: (3, 40, 1))
    assert site.library().result is WARNING
    monkeypatch.setattr("storage.sqlite.library_version", lambda: (3, 51, 3))
    assert site.library() == ok("SQLite library", "read the version of the SQLite library", "3.51.3")


def test_the_clock() -> None:
    assert site.clock(NOW, NOW - MINUTE, None).result is OK
    assert site.clock(NOW, None, None).result is OK
    back = site.clock(NOW, NOW - MINUTE, NOW + 10 * MINUTE)
    assert back.result is PROBLEM and "10 min behind" in back.found
    assert site.clock(datetime(1970, 1, 1, tzinfo=UTC), None, None).result is PROBLEM


def test_queue_unknown_failures_review_database_and_processes() -> None:
    assert site.queue(3, NOW - MINUTE, NOW).result is OK
    assert "oldest due for 5 min" in site.queue(3, NOW - 5 * MINUTE, NOW).found
    assert site.unknown(0).result is OK
    assert site.unknown(1).found == "1 message waits for a person"
    assert site.failures([], 24).result is OK
    assert "3 messages" in site.failures([("25 Invalid", 2), ("x", 1)], 24).found
    assert site.review(None, 5, ()).result is OK
    unjudged = site.review(None, 5, ["3 entries of a key that is not here"])
    assert unjudged.result is WARNING and "3 entries of a key" in unjudged.found
    assert site.review("entry 3 was altered", 5, ()).result is PROBLEM
    assert site.sound([]).result is OK
    assert site.sound(["bad page", "another"]).found == "damaged: bad page (and 1 more)"
    here = Instance("a", "run", "h", "b", "n", 42, "1", "1.0", 2, None, NOW, NOW)
    assert site.processes([here], "1.0").found == "run 42"
    assert site.processes([here], "1.1").result is WARNING


TASK = Task(
    id=1,
    name="Report",
    cron="0 9 * * *",
    zone="UTC",
    enabled=True,
    starts_at=None,
    ends_at=None,
    once_at=None,
    when_missed=WhenMissed.LATEST,
    grace=15 * MINUTE,
    most_catch_up=10,
    useful_life=None,
    notes="",
    next_due_at=NOW + MINUTE,
    last_due_at=None,
    last_run_at=None,
    problem=None,
    revision=1,
    actions=(),
)


@pytest.mark.parametrize(
    ("changes", "reached", "troubles", "said"),
    [
        ({}, 3, (), "reaching 3"),
        ({}, 0, (), "it reaches nobody"),
        ({}, 3, ("its handler Old was removed: choose another",), "its handler Old was removed"),
        ({"cron": "x y z"}, 3, (), "its schedule cannot be read: this has 3 fields"),
        ({"zone": "Mars/Base"}, 3, (), "Mars/Base"),
        ({"problem": "ValueError: no"}, 3, (), "could not be fired: ValueError: no"),
        ({"next_due_at": None}, 3, (), "never comes due again"),
        ({"next_due_at": NOW - 5 * MINUTE}, 3, (), "has been due since"),
    ],
)
def test_tasks(changes: dict[str, Any], reached: int, troubles: tuple[str, ...], said: str) -> None:
    found = plan.task(replace(TASK, **changes), reached, troubles, NOW)
    assert len(found) == 1 and found[0].about == "Report"
    assert said.lower() in found[0].found.lower()
    assert (found[0].result is OK) == (not changes and bool(reached) and not troubles)


def test_alerts() -> None:
    assert plan.alert("Fire", [])[0].result is OK
    assert [one.result for one in plan.alert("Fire", ["a", "b"])] == [PROBLEM, PROBLEM]


def test_the_worst_of_several() -> None:
    fine, doubtful, bad = ok("a", "b", "c"), warning("a", "b", "c", "d"), problem("a", "b", "c", "d")
    assert worst([]) is OK
    assert worst([fine, doubtful]) is WARNING
    assert worst([bad, doubtful, fine]) is PROBLEM


def test_the_time_zone() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    hour = timedelta(hours=1)
    sure, guessed = (
        SiteZone("Europe/Paris", "TZ"),
        SiteZone("UTC", "nothing", "no zone is named; UTC is taken"),
    )
    fine = site.zone(sure, None, now)
    assert (fine.result, fine.found) == ("ok", "Europe/Paris (UTC+01:00)")
    assert (site.zone(guessed, None, now).result, site.zone(guessed, None, now).found) == (
        "warning", guessed.doubt,
    )  # fmt: skip
    today = site.zone(sure, Difference(now, hour, timedelta(0)), now)
    assert today.found == "this machine shows UTC+00:00, Europe/Paris UTC+01:00"
    later = site.zone(sure, Difference(now + timedelta(days=110), hour, -4.5 * hour), now)
    assert "shows UTC-04:30 from 13 Mar 2027 on, Europe/Paris UTC+01:00" in later.found
    assert later.result == "warning" and "COMMSDESK_ZONE" in str(later.advice)
