"""`commsdesk group`."""

from storage.database import Database
from storage.records import Recipient
from tests.cli.conftest import CommandLine
from tests.people import add_task


def test_groups_hold_users(cli: CommandLine) -> None:
    for name in ("Joe Hart", "Ann Lee"):
        cli.ok("user", "add", name)
    assert cli.ok("group", "add", "Ops", "--notes", "on call").out == "added group 1: Ops\n"
    assert cli.ok("group", "join", "ops", "joe hart", "2", "id:1").out == "2 joined Ops\n"
    assert cli.ok("group", "join", "Ops", "2").out == "0 joined Ops, 1 belonged already\n"
    assert cli.ok("group", "show", "Ops", "--json").one["users"] == [
        {"user_id": 2, "user": "Ann Lee"},
        {"user_id": 1, "user": "Joe Hart"},
    ]
    assert cli.ok("group", "leave", "1", "Ann Lee").out == "1 left Ops\n"
    cli.ok("group", "rename", "Ops", "Night crew")
    (listed,) = cli.ok("group", "list", "--json").json
    assert (listed["id"], listed["name"], listed["members"], listed["notes"]) == (
        1,
        "Night crew",
        1,
        "on call",
    )
    assert cli.ok("user", "list", "--group", "night crew", "--json").one["groups"] == ["Night crew"]
    assert cli.ok("group", "show", "1").lines[-1].split() == ["1", "Joe", "Hart"]


def test_nobody_joins_when_one_name_is_unknown(cli: CommandLine) -> None:
    cli.ok("user", "add", "Joe Hart")
    cli.ok("group", "add", "Ops")
    refused = cli("group", "join", "Ops", "Joe Hart", "Jo Hurt")
    assert refused.status == 1
    assert refused.err == 'commsdesk: no user is named "Jo Hurt": did you mean "Joe Hart"?\n'
    assert cli.ok("group", "list", "--json").one["members"] == 0
    assert cli("group", "join", "Ops").status == 2


def test_removal_is_refused_while_a_task_sends_to_it(cli: CommandLine, database: Database) -> None:
    cli.ok("group", "add", "Ops")
    add_task(database, "Report", [Recipient(group_id=1)])
    refused = cli("group", "remove", "Ops")
    assert refused.status == 1 and "Ops is a recipient of task Report" in refused.err
    removed = cli.ok("group", "remove", "Ops", "--yes")
    assert removed.out == "removed group Ops\n" and "task Report" in removed.err
    assert cli.ok("group", "list", "--json").out == ""
