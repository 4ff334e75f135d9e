"""`quiet`, `silence`, `limit`, `held` and `message held` on the command line."""

import pytest

from storage.database import Database
from tests.cli.conftest import CommandLine
from tests.operations.arrange import make_people


@pytest.fixture
def site(cli: CommandLine, database: Database) -> CommandLine:
    cli.ok("handler", "add", "Clickatell", "--api", "one", "--api-key-file", "-", stdin="key-000000001f3a")
    make_people(database, {"Joe Hart": "+447700900123", "Amy Lee": "+447700900124"}, {"Night": ["Amy Lee"]})
    assert cli("alert", "add", "Fire door").status == 0
    made = cli(
        "alert",
        "action",
        "add",
        "Fire door",
        "Created",
        "--handler",
        "Clickatell",
        "--to",
        "Joe Hart",
        "--message",
        "OPEN",
    )
    assert made.status == 0, made.err
    return cli


def test_a_held_message_is_listed_released_and_dropped(site: CommandLine) -> None:
    made = site(
        "quiet",
        "set",
        "Joe Hart",
        "--window",
        "Mon-Sat 00:00-24:00",
        "--window",
        "Sun 00:00-23:59",
        "--zone",
        "UTC",
        "--json",
    )
    assert made.one["windows"] == ["Mon-Sat 00:00-24:00", "Sun 00:00-23:59"] and made.one["through"] == 2
    for key in ("a", "b"):
        raised = site("alert", "raise", "Fire door", "--key", key, "--json")
        assert raised.one["messages"] == [] and raised.one["held"][0]["user"] == "Joe Hart"
        assert "held until" in raised.err
    first, second = site("message", "held", "--json").json
    assert {
        "id",
        "user",
        "to",
        "handler",
        "alert",
        "occurrence",
        "text",
        "held_at",
        "until",
        "why",
        "hold",
    } <= set(first)
    assert (first["user"], first["alert"], first["text"]) == ("Joe Hart", "Fire door", "OPEN")
    assert site("status", "--json").one["held_messages"] == 2
    assert site("held", "release", first["id"]).status == 0
    assert site("held", "release", first["id"]).status == 1
    assert site("held", "drop", second["id"]).status == 0
    assert site("message", "held", "--json").json == []
    (sent,) = site("message", "list", "--json").json
    assert sent["text"] == "OPEN" and "released by" in sent["why"]
    assert site("quiet", "remove", "Joe Hart").status == 0
    assert site("quiet", "list", "--json").json == []


def test_a_dry_run_says_who_would_be_held_and_until_when(site: CommandLine) -> None:
    site("quiet", "set", "Joe Hart", "--window", "22:00-07:00", "--zone", "UTC")
    tried = site("alert", "raise", "Fire door", "--dry-run", "--at", "2026-11-24T03:00:00Z", "--json")
    assert tried.status == 0
    assert (tried.one["would"], tried.one["user"]) == ("hold", "Joe Hart")
    assert tried.one["until"].startswith("2026-11-24T07:00:00")


def test_a_silence_has_an_end_a_reason_and_who_made_it(site: CommandLine) -> None:
    made = site("silence", "add", "Fire door", "--for", "2h", "--reason", "works on door 7", "--json")
    assert set(made.one) == {
        "id", "alert", "key", "from", "until", "reason", "by", "ended_at", "ended_by", "held",
    }  # fmt: skip
    raised = site("alert", "raise", "Fire door", "--json")
    assert raised.one["messages"] == [] and "silenced until" in raised.one["kept"]
    assert site("silence", "list", "--json").one["held"] == 1
    assert site("status", "--json").one["silences"] == 1
    assert site("silence", "end", made.one["id"]).status == 0
    assert site("silence", "list", "--json").json == []
    assert site("silence", "list", "--all", "--json").one["ended_by"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("quiet", "set", "Joe Hart"), "Window"),
        (("quiet", "set", "Joe Hart", "--window", "25:00-07:00"), "Window"),
        (("quiet", "set", "Joe Hart", "--window", "22:00-07:00", "--zone", "Mars"), "time zone"),
        (("quiet", "set", "Joe Hart", "--window", "22:00-07:00", "--through", "12"), "Through"),
        (("quiet", "set", "nobody", "--window", "22:00-07:00"), "no user"),
        (("quiet", "set", "everyone", "--window", "00:00-24:00"), "Window"),
        (("quiet", "remove", "Joe Hart"), "no quiet hours"),
        (("silence", "add", "Fire door", "--for", "2h"), "Reason"),
        (("silence", "add", "Fire door", "--reason", "x"), "--for"),
        (("silence", "add", "--for", "2h", "--reason", "x"), "--all"),
        (("silence", "add", "Fire door", "--for", "31d", "--reason", "x"), "30 days"),
        (("silence", "add", "Fire door", "--for", "0m", "--reason", "x"), "For"),
        (("silence", "add", "Fire door", "--until", "2020-01-01", "--reason", "x"), "past"),
        (("silence", "end", 9), "no silence"),
        (("limit", "set", "0", "--per", "10"), "Limit"),
        (("limit", "set", "10"), "Per"),
        (("limit", "set", "10", "--per", "5000"), "Per"),
        (("limit", "set", "none"), "no limit"),
        (("held", "release", 9), "no held message"),
        (("held", "drop", 9), "no held message"),
        (("alert", "edit", "Fire door", "--settle", "2000"), "Settle"),
    ],
)
def test_bad_input_is_one_sentence(site: CommandLine, arguments: tuple[object, ...], said: str) -> None:
    ended = site(*arguments)
    assert ended.status == 1 and said in ended.err and len(ended.err.splitlines()) == 1


def test_an_operator_silences_up_to_a_day_and_defines_nothing(site: CommandLine) -> None:
    site("operator", "add", "ana", "--role", "administrator")
    site("operator", "add", "olga", "--role", "operator")
    day = site("silence", "add", "Fire door", "--for", "24h", "--reason", "x", operator="olga")
    assert day.status == 0, day.err
    for arguments in (
        ("silence", "add", "Fire door", "--for", "25h", "--reason", "x"),
        ("quiet", "set", "everyone", "--window", "22:00-07:00"),
        ("limit", "set", "10", "--per", "10"),
    ):
        ended = site(*arguments, operator="olga")
        assert ended.status == 1 and "administrator" in ended.err


def test_a_limit_and_settling_are_shown_as_they_were_set(site: CommandLine) -> None:
    assert site("limit", "set", "10", "--per", "10", "--json").one == {
        "most": 10,
        "per_mins": 10,
        "through": 1,
    }
    assert site("limit", "set", "none").status == 0
    assert site("alert", "edit", "Fire door", "--settle", "3", "--json").one["settle_mins"] == 3


def test_quiet_hours_that_leave_nothing_together_are_refused(site: CommandLine) -> None:
    site.ok("quiet", "set", "everyone", "--window", "06:00-23:00", "--zone", "UTC")
    ended = site("quiet", "set", "Joe Hart", "--window", "22:00-07:00", "--zone", "UTC")
    assert ended.status == 1 and "no time of the week is left to Joe Hart" in ended.err
    assert [each["about"] for each in site("quiet", "list", "--json").json] == ["everyone"]
