"""`commsdesk message`."""

import pytest

from storage.database import Database
from tests.cli.conftest import CommandLine
from tests.operations.arrange import JOE, make_people, run_engine_here, set_message


@pytest.fixture
def site(cli: CommandLine, database: Database) -> CommandLine:
    """Messages 1 to 3: to Joe, to a number, and through another handler."""
    for name in ("One", "Two"):
        cli.ok("handler", "add", name, "--api", "one", "--api-key-file", "-", stdin="key-000000001f3a")
    make_people(database, {"Joe": JOE})
    run_engine_here(database)
    cli.ok("send", "--handler", "One", "--to", "Joe", "first")
    cli.ok("send", "--handler", "One", "--to", "+61400000000", "second")
    cli.ok("send", "--handler", "Two", "--to", "+61400000000", "third")
    return cli


def ids(cli: CommandLine, *words: str) -> list[int]:
    return [message["id"] for message in cli.ok("message", "list", "--json", *words).json]


def test_the_list_is_complete_newest_last_and_can_be_narrowed(site: CommandLine, database: Database) -> None:
    set_message(database, 2, state="failed")
    assert ids(site) == [1, 2, 3]
    assert ids(site, "--state", "failed") == [2]
    assert ids(site, "--handler", "two") == [3]
    assert ids(site, "--user", "Joe") == [1]
    assert ids(site, "--search", "400 000") == [2, 3]
    assert ids(site, "--limit", "2") == [2, 3]
    assert site("message", "list", "--state", "lost").status == 2
    assert site("message", "list", "--handler", "Three").status == 1


def test_people_see_columns(site: CommandLine) -> None:
    heading, *rows = site.ok("message", "list").lines
    assert heading.split() == ["Id", "Queued", "State", "To", "Handler", "Tries", "Text"]
    assert len(rows) == 3 and "… queued" in rows[0] and rows[0].endswith("first")
    assert site.ok("message", "list", "--state", "failed").out == "No message fits.\n"


def test_show(site: CommandLine) -> None:
    found = site.ok("message", "show", "1", "--json").one
    assert (found["user"], found["to"], found["attempt_log"]) == ("Joe", JOE, [])
    shown = site.ok("message", "show", "1").out
    assert "Joe" in shown and "first" in shown
    assert site("message", "show", "99").err == "commsdesk: there is no message 99\n"


def test_cancel_and_resend(site: CommandLine) -> None:
    assert site.ok("message", "cancel", "1").out == f"cancelled message 1: Joe {JOE}\n"
    assert site("message", "cancel", "1").status == 1
    assert site.ok("message", "resend", "1", "--json").one["state"] == "queued"
    ended = site("message", "resend", "1")
    assert ended.status == 1 and "--again" in ended.err
    copy = site.ok("message", "resend", "1", "--again", "--json").one
    assert (copy["id"], copy["resend_of"]) == (4, 1)


def test_an_unknown_one_is_settled_by_hand(site: CommandLine, database: Database) -> None:
    for message_id in (1, 2, 3):
        set_message(database, message_id, state="unknown")
    assert site("message", "cancel", "1").status == 1
    assert site.ok("message", "arrived", "1", "--json").one["state"] == "accepted"
    assert site.ok("message", "drop", "2", "--json").one["state"] == "cancelled"
    ended = site.ok("message", "resend", "3", "--json")
    assert ended.one["may_arrive_twice"] is True and "may arrive twice" in ended.err
    assert site("message", "drop", "3").status == 1
