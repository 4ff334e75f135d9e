"""`--to told`, who was told, sending again and `status`, on the command line."""

import pytest

from storage.database import Database
from tests.cli.conftest import CommandLine
from tests.operations.arrange import ANN, JOE, make_people, set_message

OPEN = ("--handler", "Clickatell", "--message", "{Alert} {Key}")


@pytest.fixture
def site(cli: CommandLine) -> CommandLine:
    """An alert that tells two numbers, and those told that it is over."""
    cli.ok("handler", "add", "Clickatell", "--api", "one", "--api-key-file", "-", stdin="key-000000001f3a")
    cli.ok("alert", "add", "Gas")
    cli.ok("alert", "action", "add", "Gas", "Created", *OPEN, "--to", JOE, "--to", ANN)
    cli.ok("alert", "action", "add", "Gas", "Restored", *OPEN, "--to", "told")
    return cli


def refused_for_good(database: Database, message_id: int) -> None:
    set_message(
        database, message_id, state="failed", error_code="25", error="invalid number", next_attempt_at=None
    )


def test_told_in_json_and_in_lists(site: CommandLine) -> None:
    (_, restored) = site.ok("alert", "action", "list", "Gas", "--json").json
    assert restored["recipients"] == [{"kind": "told"}]
    assert "everyone told so far" in site.ok("alert", "action", "list", "Gas").out
    changed = site.ok("alert", "action", "edit", restored["id"], "--to", "Told", "--to", JOE, "--json").one
    assert [each["kind"] for each in changed["recipients"]] == ["told", "number"]


@pytest.mark.parametrize(
    "command",
    [
        ("alert", "action", "add", "Gas", "Created", *OPEN, "--to", "told"),
        ("alert", "action", "edit", "1", "--to", "told"),
        ("alert", "action", "copy", "2", "Created"),
        ("send", "--handler", "Clickatell", "--to", "told", "x"),
        ("task", "add", "Daily", "--cron", "0 9 * * *", "--handler", "Clickatell", "--to", "told",
         "--message", "x"),
    ],
)  # fmt: skip
def test_told_is_refused_in_one_sentence_where_nobody_can_have_been_told(
    site: CommandLine, command: tuple[str, ...]
) -> None:
    ended = site(*command)
    assert ended.status == 1 and ended.out == "" and len(ended.err.splitlines()) == 1
    assert "told means everyone told so far of an alert" in ended.err
    assert site.ok("message", "list", "--json").json == []


def test_a_user_or_group_called_told_is_reached_by_its_prefix(site: CommandLine, database: Database) -> None:
    ids = make_people(database, {"Told": JOE, "Amy": ANN}, {"told": ["Amy"]})
    for name, kind, number in (("user:told", "user", ids["Told"]), ("group:told", "group", ids["told"])):
        made = site.ok("alert", "action", "add", "Gas", "Created", *OPEN, "--to", name, "--json").one
        assert [(each["kind"], each["id"]) for each in made["recipients"]] == [(kind, number)]


def test_who_was_told_of_an_occurrence(site: CommandLine, database: Database) -> None:
    site.ok("alert", "raise", "Gas", "--key", "k")
    refused_for_good(database, 1)
    set_message(database, 2, state="accepted", next_attempt_at=None)
    found = site.ok("alert", "occurrence", "1", "--json").one
    assert [(each["user"], each["to"], each["state"]) for each in found["told"]] == [(None, ANN, "accepted")]
    assert [(each["to"], each["state"], each["why"]) for each in found["not_told"]] == [
        (JOE, "failed", "25 invalid number")
    ]
    assert found["withdrawn"] == 0
    said = site.ok("alert", "occurrence", "1").out
    assert f"Told 1 of 2 · not: {JOE} (25 invalid number)" in said


def test_raised_again_where_nobody_had_been_told(site: CommandLine, database: Database) -> None:
    site.ok("alert", "raise", "Gas", "--key", "k")
    for message_id in (1, 2):
        refused_for_good(database, message_id)
    status = site("status", "--json")
    assert status.status == 1 and status.one["nobody_told"] == 1
    assert status.one["nobody_told_occurrences"] == [1]
    assert "1 active alert of which nobody was told" in site("status").out
    again = site.ok("alert", "raise", "Gas", "--key", "k")
    assert again.out == (
        "occurrence 1, Gas (k): raised again, counted: 2 times now, 2 messages queued; nobody had been told\n"
    )
    assert site.ok("message", "show", "3", "--json").one["why"] == "raised again, nobody had been told"
    assert site.ok("message", "show", "1", "--json").one["why"] == "Gas raised (k)"
    third = site.ok("alert", "raise", "Gas", "--key", "k", "--json").one
    assert (third["counted"], third["messages"]) == (True, [])


def test_over_to_nobody_is_no_failure(site: CommandLine, database: Database) -> None:
    site.ok("alert", "raise", "Gas", "--key", "k")
    for message_id in (1, 2):
        refused_for_good(database, message_id)
    ended = site.ok("alert", "restore", "--key", "k")
    assert ended.out == "occurrence 1, Gas (k): restored, nothing sent (nobody had been told)\n"
    assert ended.err == ""
    event = site.ok("alert", "occurrence", "1", "--json").one["events"][-1]
    assert (event["what"], event["queued"], event["note"]) == ("Restored", 0, "nobody had been told")


def test_send_again_and_what_it_is_refused_for(site: CommandLine, database: Database) -> None:
    site.ok("alert", "raise", "Gas", "--key", "k")
    refused_for_good(database, 1)
    set_message(database, 2, state="accepted", next_attempt_at=None)
    assert "sent again to those not reached, 1 message queued" in site.ok("alert", "send-again", "1").out
    assert site.ok("message", "list", "--json").json[-1]["to"] == JOE
    refused = site("alert", "send-again", "1")
    assert refused.status == 1 and "everyone was told, or will be: 1 message waits" in refused.err
    site.ok("alert", "finalise", "1")
    assert "nobody needs to be told of its beginning any more" in site("alert", "send-again", "1").err


def test_why_of_a_task_and_of_a_send(site: CommandLine) -> None:
    site.ok("send", "--handler", "Clickatell", "--to", JOE, "x")
    command = ("task", "add", "Daily", "--cron", "0 9 * * *", "--handler", "Clickatell", "--to", JOE)
    site.ok(*command, "--message", "x")
    site.ok("task", "run", "Daily")
    by_hand, by_task = site.ok("message", "list", "--json").json
    assert (by_hand["why"], by_task["why"]) == (None, "task Daily, run now")
