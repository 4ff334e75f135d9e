"""`commsdesk handler` from end to end, against a local Clickatell where one is called."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from demo_data.clickatell.settings import SAMPLE_API_KEY
from demo_data.clickatell.threaded import ThreadedClickatell
from storage import handlers
from storage.database import Database
from tests.cli.conftest import CommandLine
from tests.operations.arrange import run_engine_here

KEY = "c2VjcmV0LWtleS0xZjNh"
ADD = ("handler", "add", "Clickatell", "--api", "one", "--api-key-file", "-")


@pytest.fixture
def clickatell() -> Iterator[ThreadedClickatell]:
    with ThreadedClickatell() as running:
        yield running


def test_add_list_show(cli: CommandLine) -> None:
    assert cli.ok(*ADD, stdin=KEY).out == "added handler 1: Clickatell\n"
    cli.ok(
        "handler", "add", "Old", "--api", "xml", "--user-name", "plant7", "--password-file", "-", "--api-id",
        "3000001", "--from", "ACME", "--retry-rate", "2", "--stop-retrying-after", "10", stdin="pass word",
    )  # fmt: skip
    first, second = cli.ok("handler", "list", "--json").json
    assert (first["id"], first["name"], first["api_type"], first["channel"]) == (
        1,
        "Clickatell",
        "one",
        "SMS",
    )
    assert (first["retry_rate_mins"], first["stop_retrying_after_mins"], first["queued"]) == (1, 5, 0)
    assert (first["status"], first["enabled"], first["balance"]) == ("Stopped", True, None)
    assert (second["channel"], second["retry_rate_mins"], second["from"]) == (None, 2, "ACME")
    shown = cli.ok("handler", "show", "old").out
    assert "6" not in shown or "5 attempts: now, +2, +4, +6, +8 min" in shown
    assert "pass word" not in shown and KEY not in cli.ok("handler", "show", "1", "--json").out
    assert "Clickatell  ○ Stopped" in cli.ok("handler", "list").out


def test_every_option_is_kept(cli: CommandLine) -> None:
    cli.ok("field", "add", "Pager", "--type", "Telephone Number")
    made = cli.ok(
        *ADD, "--channel", "whatsapp", "--on-unknown", "hold", "--useful-life", "15", "--most-parts", "1",
        "--rate-per-minute", "30", "--telephone-field", "pager", "--batch-size", "10", "--connections", "4",
        "--total-timeout", "20", "--notes", "n", "--disabled", "--json", stdin=KEY,
    ).one  # fmt: skip
    expected = {
        "channel": "whatsapp", "on_unknown": "hold", "useful_life_mins": 15, "most_parts": 1,
        "rate_per_minute": 30, "telephone_field": "Pager", "batch_size": 10, "connections": 4,
        "total_timeout_secs": 20.0, "notes": "n", "enabled": False, "status": "Disabled",
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected
    edited = cli.ok("handler", "edit", "1", "--rate-per-minute", "0", "--name", "Renamed", "--json").one
    assert (edited["rate_per_minute"], edited["name"], edited["channel"]) == (None, "Renamed", "whatsapp")


def test_secrets_are_no_arguments(cli: CommandLine) -> None:
    for option in ("--api-key", "--password"):
        assert cli("handler", "add", "C", "--api", "one", option, KEY).status == 2


def test_the_other_apis_options_are_wrong_usage(cli: CommandLine) -> None:
    assert cli("handler", "add", "C", "--api", "one", "--password-file", "-", stdin=KEY).status == 2
    cli.ok(*ADD, stdin=KEY)
    ended = cli("handler", "edit", "Clickatell", "--from", "ACME")
    assert ended.status == 2 and "--from does not belong to the One API" in ended.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--retry-rate", "1.5"), "Retry Rate (mins) must be whole minutes"),
        (("--retry-rate", "-1"), "Retry Rate (mins) must be 0"),
        (("--stop-retrying-after", "x"), "Stop Retrying After (mins)"),
        (("--base-url", "http://example.com"), "--allow-plain-http"),
        (("--telephone-field", "Mobile"), "Mobile"),
    ],
)
def test_bad_input_is_one_line_that_names_the_field(
    cli: CommandLine, options: tuple[str, ...], words: str
) -> None:
    ended = cli(*ADD, *options, stdin=KEY)
    assert ended.status == 1 and words in ended.err and ended.err.count("\n") == 1
    assert cli.ok("handler", "list", "--json").json == []


def test_plain_http_is_warned_of(cli: CommandLine) -> None:
    ended = cli.ok(*ADD, "--base-url", "http://example.com", "--allow-plain-http", stdin=KEY)
    assert "warning: plain http to example.com" in ended.err


def test_moving_the_secret_asks_for_it_again(cli: CommandLine) -> None:
    cli.ok(*ADD, stdin=KEY)
    ended = cli("handler", "edit", "Clickatell", "--base-url", "https://other.example")
    assert ended.status == 1 and "Base URL changed: enter the API Key again" in ended.err
    cli.ok(
        "handler",
        "edit",
        "Clickatell",
        "--base-url",
        "https://other.example",
        "--api-key-file",
        "-",
        stdin=KEY,
    )
    ended = cli("handler", "edit", "Clickatell", "--api", "xml", "--user-name", "u", "--api-id", "1")
    assert "enter the Password again" in ended.err


def test_enable_disable_remove(cli: CommandLine) -> None:
    cli.ok(*ADD, stdin=KEY)
    cli.ok("send", "--handler", "Clickatell", "--to", "+61400000000", "x")
    assert cli.ok("handler", "disable", "Clickatell").out == "disabled Clickatell: 1 message kept waiting\n"
    assert cli.ok("handler", "list", "--json").one["status"] == "Disabled"
    assert cli.ok("handler", "enable", "Clickatell").out == "enabled Clickatell: 1 message waiting\n"
    assert "--cancel-waiting" in cli("handler", "remove", "Clickatell").err
    assert cli.ok("handler", "remove", "Clickatell", "--cancel-waiting").out == (
        "removed Clickatell, cancelled 1 message\n"
    )
    assert cli.ok("handler", "list").out.startswith("No handler yet.")


def add_local(cli: CommandLine, url: str, key: str = SAMPLE_API_KEY) -> None:
    cli.ok(*ADD, "--base-url", url, stdin=key)


def test_testing_asks_for_the_balance_and_sends_nothing(
    cli: CommandLine, clickatell: ThreadedClickatell
) -> None:
    add_local(cli, clickatell.clickatell.base_url)
    assert "Clickatell reaches Clickatell: balance EUR 100" in cli.ok("handler", "test", "Clickatell").out
    found = cli.ok("handler", "test", "Clickatell", "--json").one
    assert (found["ok"], found["status"], found["balance"], found["currency"]) == (
        True,
        "Running",
        100,
        "EUR",
    )
    assert list(clickatell.clickatell.inbox) == []
    assert any("tested" in entry["text"] for entry in cli.ok("review", "--json").json)


def test_testing_the_xml_api(cli: CommandLine, clickatell: ThreadedClickatell) -> None:
    cli.ok(
        "handler", "add", "Old", "--api", "xml", "--user-name", "plant7", "--api-id", "3000001", "--api-uri",
        clickatell.clickatell.api_uri, "--password-file", "-", stdin="simulator",
    )  # fmt: skip
    found = cli.ok("handler", "test", "Old", "--json").one
    assert (found["ok"], found["currency"], found["channel"]) == (True, "credits", None)


def test_testing_a_refused_key_says_what_to_check(cli: CommandLine, clickatell: ThreadedClickatell) -> None:
    add_local(cli, clickatell.clickatell.base_url, "wrong-key-000001")
    ended = cli("handler", "test", "Clickatell")
    assert ended.status == 1 and "API Key" in ended.err and "wrong-key" not in ended.err
    ended = cli("handler", "test", "Clickatell", "--json")
    assert ended.status == 1 and ended.one["status"] == "Error" and ended.one["error"]


def test_testing_what_does_not_answer(cli: CommandLine) -> None:
    add_local(cli, "http://127.0.0.1:9")
    ended = cli("handler", "test", "Clickatell")
    assert ended.status == 1 and "connection refused by 127.0.0.1:9" in ended.err


def test_testing_with_a_number_goes_through_the_outbox(
    cli: CommandLine, clickatell: ThreadedClickatell, database: Database
) -> None:
    add_local(cli, clickatell.clickatell.base_url)
    ended = cli("handler", "test", "Clickatell", "--to", "+61400000000", "--json")
    assert ended.status == 1  # nobody sends: it stays queued
    assert ended.one["state"] == "queued" and ended.one["to"] == "+61400000000"
    assert "no engine is running" in ended.err


def test_a_paused_handler_says_so_everywhere_and_goes_on(cli: CommandLine, database: Database) -> None:
    cli.ok(*ADD, stdin=KEY)
    run_engine_here(database)
    until = datetime.now(UTC) + timedelta(minutes=9)
    with database.write() as tx:
        busy = {"pause": "busy", "pause_code": "43", "pause_ends": "at_time", "paused_until": until}
        handlers.set_status(tx, 1, status="Running", checked_revision=1, **busy)
    said = re.compile(r"busy, paused until \d\d:\d\d")
    for command in (("handler", "list"), ("handler", "show", "1")):
        assert said.search(cli.ok(*command).out)
    assert len(said.findall(cli("status").out)) == 2, "in the table, and as a warning"
    (found,) = cli.ok("handler", "list", "--json").json
    assert (found["status"], found["pause"]) == ("Running", "busy")
    assert datetime.fromisoformat(found["paused_until"]) == until
    (found,) = cli("status", "--json").one["handlers"]
    assert (found["pause"], datetime.fromisoformat(found["paused_until"])) == ("busy", until)
    assert cli.ok("handler", "go-on", "clickatell").out == "Clickatell goes on\n"
    assert "busy" not in cli.ok("handler", "list").out
    (last,) = cli.ok("review", "--json").json[-1:]
    assert "goes on by hand (it was: busy, paused until" in last["text"]
    assert last["operator"]
    again = cli("handler", "go-on", "1")
    assert (again.status, again.out) == (1, "")
    assert "Clickatell is not paused: there is nothing to go on with" in again.err
    assert cli("handler", "go-on", "nobody").status == 1


def test_a_refused_key_that_a_test_met_is_the_status(
    cli: CommandLine, database: Database, clickatell: ThreadedClickatell
) -> None:
    add_local(cli, clickatell.clickatell.base_url)
    run_engine_here(database)
    cli.ok("handler", "test", "1")
    assert cli.ok("handler", "list", "--json").one["status"] == "Running"
    clickatell.clickatell.settings.keys_refused = True
    assert cli("handler", "test", "1").status == 1
    (found,) = cli.ok("handler", "list", "--json").json
    assert (found["status"], found["code"]) == ("Error", "1")
    assert "API Key" in cli.ok("handler", "list").out
