"""`commsdesk field`."""

from storage.database import Database
from tests.cli.conftest import CommandLine
from tests.people import add_task


def test_fields_are_added_listed_and_changed(cli: CommandLine) -> None:
    added = cli.ok("field", "add", "Mobile", "--type", "Telephone Number", "--help-text", "With country code")
    assert added.out == "added field 1: Mobile (Telephone Number)\n"
    choices = ("--choice", "Day", "--choice", "Night")
    made = cli.ok("field", "add", "Shift", "--type", "choice", "--required", *choices, "--json").one
    assert made == {
        "id": 2,
        "name": "Shift",
        "type": "Choice",
        "order": 2,
        "required": True,
        "help": "",
        "choices": ["Day", "Night"],
    }
    cli.ok("field", "edit", "shift", "--order", 1, "--optional", "--name", "Watch")
    cli.ok("user", "add", "Joe", "--set", "Mobile=+61400000000")
    listed = cli.ok("field", "list", "--json").json
    assert [(field["name"], field["required"], field["users"]) for field in listed] == [
        ("Watch", False, 0),
        ("Mobile", False, 1),
    ]
    lines = cli.ok("field", "list").lines
    assert lines[0].split() == ["Id", "Name", "Type", "Required", "Users", "Choices", "or", "help"]
    assert lines[2].split() == ["1", "Mobile", "Telephone", "Number", "1", "With", "country", "code"]
    assert "Telephone Number" in cli.ok("field", "show", "id:1").out


def test_an_empty_list_says_what_to_do(cli: CommandLine) -> None:
    cli.ok("group", "add", "Ops")
    assert "commsdesk field add" in cli.ok("field", "list").out
    assert cli.ok("field", "list", "--json").out == ""


def test_removal_is_refused_until_it_is_confirmed(cli: CommandLine, database: Database) -> None:
    cli.ok("field", "add", "Mobile", "--type", "Telephone Number")
    cli.ok("user", "add", "Joe", "--set", "Mobile=+61400000000")
    add_task(database, "Report", [], "Call {Mobile}")
    refused = cli("field", "remove", "mobile")
    assert refused.status == 1 and refused.out == ""
    assert refused.err == (
        "commsdesk: Mobile is in use: 1 user has a value; the messages of task Report mention it."
        " Confirm the removal to go on (--yes)\n"
    )
    assert cli.ok("field", "show", "mobile", "--json").one["mentioned_by"] == ["task Report"]
    assert cli.ok("field", "remove", "mobile", "--yes").out == "removed field Mobile\n"
    assert cli.ok("user", "list", "--json").one["fields"] == {}


def test_exit_status_tells_refusal_from_wrong_usage(cli: CommandLine) -> None:
    refused = cli("field", "add", "X", "--type", "Phone")
    assert refused.status == 1 and len(refused.err.splitlines()) == 1 and "Phone" in refused.err
    assert cli("field", "add", "X").status == 2
    assert cli("field", "show", "X").status == 1
    assert cli.ok("field", "list", "--json").out == ""
